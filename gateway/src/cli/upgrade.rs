//! `dossier upgrade`: running gateways take the components that are built now.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::control;

/// Options of `dossier upgrade`.
#[derive(Args)]
pub struct Options {
    /// Data folder of the gateways; all of them on this machine that run over it
    /// are upgraded, one after another
    #[arg(long, value_name = "DIR", default_value = "./data")]
    data: PathBuf,
}

/// Asks them, and says what each did.
///
/// # Errors
/// At the first that refuses; it and those after it go on as they are.
pub fn run(options: &Options) -> Result<()> {
    control::upgrade_all(&options.data, |gateway, done| println!("gateway {gateway}: {done}"))
}
