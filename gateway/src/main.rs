//! `dossier`: a region's front door, and the command line around it.

mod admin;
mod backup;
mod cli;
mod compiled;
mod control;
mod door;
mod engine;
mod functions;
mod host;
mod keys;
mod ledger;
mod limits;
mod log;
mod manifest;
mod metrics;
mod native;
mod observed;
mod otlp;
mod outbound;
mod peers;
mod pilot;
mod readiness;
mod record;
mod region;
mod routes;
mod sandbox;
mod trace;
mod upgrade;
mod worlds;

use std::process::ExitCode;

/// Many threads allocate and free bundles of tens of megabytes; the C library
/// keeps what they freed in arenas of each thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dossier: {error:#}");
            ExitCode::FAILURE
        }
    }
}
