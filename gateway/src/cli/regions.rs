//! `dossier regions`: the region files, and the keys by which gateways know each
//! other.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use regions::{Directory, Phase};

use crate::cli::{Places, shipped};
use crate::peers::{self, AUTHORITY, AUTHORITY_KEY};
use crate::record;

/// Options of `dossier regions`.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Checks region files: each fault with its file, its line and its remedy
    Check(Folder),
    /// Lists the regions: code, phase, opening, line, address, name
    List(Folder),
    /// Makes the keys by which gateways know each other; what is there is kept
    Keys(Keys),
}

#[derive(Args)]
struct Folder {
    /// Folder of the region files [default: found like the manifest]
    #[arg(value_name = "DIR", default_value_os_t = shipped("infra/regions"))]
    #[arg(hide_default_value = true)]
    folder: PathBuf,
}

#[derive(Args)]
struct Keys {
    #[command(flatten)]
    places: Places,
    /// Region to make a certificate for; may be repeated [default: every region
    /// that is not planned]
    #[arg(long = "region", value_name = "CODE")]
    regions: Vec<String>,
    /// Folder to write to [default: peers under --data]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Does it.
///
/// # Errors
/// Faults in the files, or files that cannot be read or written.
pub fn run(options: &Options) -> Result<()> {
    match &options.action {
        Action::Check(options) => check(&options.folder),
        Action::List(options) => list(&options.folder),
        Action::Keys(options) => keys(options),
    }
}

fn check(folder: &Path) -> Result<()> {
    let files = record::region_files(folder)?;
    if files.is_empty() {
        bail!("{} holds no region file; name the folder of NN.toml files", folder.display());
    }
    match Directory::read(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))) {
        Ok(directory) => {
            let regions = directory.regions();
            let count = |phase| regions.iter().filter(|region| region.phase == phase).count();
            println!(
                "{} regions: {} planned, {} in rehearsal, {} live, {} paused",
                regions.len(),
                count(Phase::Planned),
                count(Phase::Rehearsal),
                count(Phase::Live),
                count(Phase::Paused),
            );
            Ok(())
        }
        Err(faults) => {
            for fault in &faults {
                println!("{fault}");
            }
            bail!("{} faults in the region files", faults.len())
        }
    }
}

fn list(folder: &Path) -> Result<()> {
    for region in record::directory(folder)?.regions() {
        println!(
            "{}  {:<9}  {:<10}  {:<9}  {:<32}  {}",
            region.code,
            region.phase.word(),
            region.opens.as_deref().unwrap_or("-"),
            region.link.word(),
            region.endpoint.as_deref().unwrap_or("-"),
            region.name.fr,
        );
    }
    Ok(())
}

fn keys(options: &Keys) -> Result<()> {
    let directory = record::directory(&options.places.regions)?;
    for code in &options.regions {
        if directory.region(code).is_none() {
            bail!("there is no region {code} in the region files");
        }
    }
    let open = directory.regions().iter().filter(|region| region.phase != Phase::Planned);
    let codes: Vec<String> = match options.regions.as_slice() {
        [] => open.map(|region| region.code.clone()).collect(),
        given => given.to_vec(),
    };
    let folder = options.out.clone().unwrap_or_else(|| options.places.data.join("peers"));
    let made = peers::make(&folder, &codes)?;
    for file in &made {
        println!("made {}", folder.join(file).display());
    }
    if made.is_empty() {
        println!("nothing was missing; remove a region's two files to have them made anew");
    }
    println!(
        "each gateway needs {AUTHORITY} and the two files of its own region; keep {AUTHORITY_KEY} \
         apart"
    );
    Ok(())
}
