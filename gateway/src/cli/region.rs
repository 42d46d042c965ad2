//! `dossier region`: one region on its way from a file to live. What is decided
//! is in `crates/regions`; here it is measured and done.

mod checklist;
mod derived;
mod entry;
mod new;
mod phase;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};

/// Options of `dossier region`.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Makes everything that a new region needs: its file, its parameters, its
    /// overlay, its keys. Nothing is overwritten
    New(Box<new::Options>),
    /// Moves a region to another phase, once what must hold was measured
    Phase(Box<phase::Options>),
}

/// Does it.
///
/// # Errors
/// What stands in the way, and what to do about it.
pub async fn run(options: Options) -> Result<()> {
    match options.action {
        Action::New(options) => new::run(&options),
        Action::Phase(options) => phase::run(&options).await,
    }
}

/// Folder of the infrastructure, in which the region files have one of their own.
fn infra(regions: &Path) -> PathBuf {
    regions.parent().unwrap_or(Path::new(".")).to_owned()
}
