//! `dossier`: a region's front door, and the command line around it.

mod admin;
mod cli;
mod compiled;
mod door;
mod engine;
mod host;
mod limits;
mod log;
mod manifest;
mod metrics;
mod record;
mod region;
mod routes;
mod sandbox;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dossier: {error:#}");
            ExitCode::FAILURE
        }
    }
}
