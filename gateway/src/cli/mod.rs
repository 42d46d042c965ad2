//! The command line: one subcommand, one file.

pub mod backup;
pub mod compile;
pub mod demo;
pub mod ledger;
pub mod load;
pub mod operator;
pub mod region;
pub mod regions;
pub mod register;
pub mod report;
pub mod restore;
pub mod store;
pub mod tables;
pub mod token;
pub mod up;
pub mod upgrade;
pub mod verify;
pub mod yearly;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};

/// One electronic health record per person, behind the doors of the health
/// regions.
#[derive(Parser)]
#[command(name = "dossier", version, arg_required_else_help = true)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts the doors of regions
    Up(Box<up::Options>),
    /// Compiles the functions beforehand, so that the first start is quick
    Compile(compile::Options),
    /// Serves the embedded store by the DynamoDB protocol, on loopback
    Store(store::Options),
    /// Makes or checks the store's tables
    Tables(tables::Options),
    /// Checks and lists region files, and makes the keys of gateways
    Regions(regions::Options),
    /// Makes what a new region needs, and moves a region from phase to phase
    Region(region::Options),
    /// Prints one token of the development issuer
    Token(token::Options),
    /// Loads bundles, or NDJSON such as an export gives, through a region's door
    #[command(visible_alias = "import")]
    Load(load::Options),
    /// Makes synthetic people and loads them
    Demo(demo::Options),
    /// Makes keys of ledgers, and exports them for whoever audits
    Ledger(ledger::Options),
    /// Checks a ledger, with nothing but public keys and files
    Verify(verify::Options),
    /// Writes the register of accesses, through a region's door
    Register(register::Options),
    /// Counts the accesses of a year, through a region's door
    Yearly(yearly::Options),
    /// Copies the record into files, or checks such a copy
    Backup(Box<backup::Options>),
    /// Puts a copy back into empty tables, or rehearses that
    Restore(Box<restore::Options>),
    /// Has running gateways take the components that are built now
    Upgrade(upgrade::Options),
    /// Tells how the pilot fared: latencies, refusals, loads, the questions that decide
    Report(report::Options),
}

/// Where things are; every subcommand takes these.
#[derive(Args, Clone, Debug)]
pub struct Places {
    /// Folder of everything that is kept
    #[arg(long, value_name = "DIR", default_value = "./data")]
    pub data: PathBuf,
    /// Spin manifest that says which component answers what [here, or beside
    /// the build that this program comes from]
    #[arg(long, value_name = "FILE", default_value_os_t = shipped("spin.toml"))]
    #[arg(hide_default_value = true)]
    pub manifest: PathBuf,
    /// Folder of the region files [found like the manifest]
    #[arg(id = "region_files", long = "region-files", value_name = "DIR")]
    #[arg(default_value_os_t = shipped("infra/regions"), hide_default_value = true)]
    pub regions: PathBuf,
}

/// What the project ships: in the working folder, or in a folder above the
/// program's own, so that a command copied into another terminal works there.
fn shipped(name: &str) -> PathBuf {
    let here = Path::new(".").join(name);
    if here.exists() {
        return here;
    }
    let program = std::env::current_exe().unwrap_or_default();
    let beside = program.ancestors().map(|folder| folder.join(name)).find(|path| path.exists());
    beside.unwrap_or(here)
}

/// Reads the command line and does what it says.
///
/// # Errors
/// Told to the user on the last line.
pub fn run() -> Result<()> {
    let command = Line::parse().command;
    // The doors have runtimes of their own; this one accepts connections and
    // does whatever is not a request.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Up(options) => up::run(*options).await,
            Command::Compile(options) => compile::run(&options),
            Command::Store(options) => store::run(options).await,
            Command::Tables(options) => tables::run(options).await,
            Command::Regions(options) => regions::run(&options),
            Command::Region(options) => region::run(options).await,
            Command::Token(options) => token::run(options).await,
            Command::Load(options) => load::run(options).await,
            Command::Demo(options) => demo::run(options).await,
            Command::Ledger(options) => ledger::run(options).await,
            Command::Verify(options) => verify::run(options).await,
            Command::Register(options) => register::run(options).await,
            Command::Yearly(options) => yearly::run(options).await,
            Command::Backup(options) => backup::run(*options).await,
            Command::Restore(options) => restore::run(*options).await,
            Command::Upgrade(options) => upgrade::run(&options),
            Command::Report(options) => report::run(options).await,
        }
    })
}

/// Writes a file anew, whole or not at all: whoever reads it meanwhile sees the
/// old text or the new one.
///
/// # Errors
/// When it cannot be written.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    let written = || -> std::io::Result<()> {
        let draft = path.with_extension(format!("{}.draft", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&draft)?;
        file.write_all(text.as_bytes())?;
        if let Ok(held) = fs::metadata(path) {
            file.set_permissions(held.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&draft, path)?;
        match path.parent() {
            Some(folder) => fs::File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    written().with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests;
