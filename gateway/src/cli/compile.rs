//! `dossier compile`: compiles the functions before they are needed.

use anyhow::Result;
use clap::Args;

use crate::cli::Places;
use crate::functions;
use crate::manifest::Manifest;

/// Options of `dossier compile`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    places: Places,
}

/// Compiles what the cache under `--data` lacks.
///
/// # Errors
/// When a component is missing or cannot be compiled.
pub fn run(options: &Options) -> Result<()> {
    let manifest = Manifest::read(&options.places.manifest)?;
    let compiled = functions::compile(&manifest, &options.places.data)?;
    println!("{compiled} of {} functions compiled", manifest.functions.len());
    Ok(())
}
