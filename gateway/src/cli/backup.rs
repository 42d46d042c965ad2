//! `dossier backup`: a copy of the record in files, and its check.

use std::path::PathBuf;

use access::entry::Interaction;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use crate::backup::manifest::Manifest;
use crate::backup::source::Source;
use crate::backup::{give, take};
use crate::cli::{Places, operator};
use crate::record::{self, Choice, GroundChoice};

/// Options of `dossier backup`.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    ground: GroundChoice,
    #[command(flatten)]
    by: operator::By,
    /// Folder for the copy: a new one, or one where a copy was not finished. It
    /// will hold everything that the record holds
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Action {
    /// Reads a copy and checks every byte of it
    Verify(Verify),
}

#[derive(Args)]
struct Verify {
    /// Folder of the copy
    folder: PathBuf,
    /// What `dossier backup` said of its manifest: without it, a copy that
    /// somebody else made is not told apart
    #[arg(long, value_name = "HEX")]
    digest: Option<String>,
}

/// Does it, and says what was done.
///
/// # Errors
/// When the store cannot be read, the folder not be written, or the copy is not
/// as it was written.
pub async fn run(options: Options) -> Result<()> {
    if let Some(Action::Verify(options)) = options.action {
        let (manifest, digest) = read(&options.folder, options.digest.as_deref())?;
        give::verify(&options.folder, &manifest)?;
        println!("{} items as they were written", manifest.items());
        println!("manifest {digest}");
        return Ok(());
    }
    let Options { places, choice, by, out, .. } = &options;
    let out = out.as_deref().context("say where the copy goes, with --out DIR")?;
    let ground = options.ground.ground(&places.regions)?;
    let codes = operator::regions_on(&ground, &record::directory(&places.regions)?);
    // Where nothing is held, nothing is made for an entry.
    drop(Source::open(&ground, &places.data, choice).await?);
    let [_, access] = ground.tables(&places.data, choice).await?;
    // Before anything is read, as every access; the copy holds it as well.
    operator::tell(&access, &codes, ("backup", by), (Interaction::Copy, "backup")).await?;
    let mut source = Source::open(&ground, &places.data, choice).await?;
    let (manifest, digest) = take::take(&mut source, out).await?;
    println!("record: {} items, access: {} items", manifest.record.items, manifest.access.items);
    println!("as they were at {} ({})", manifest.taken_at, manifest.point);
    println!("manifest {digest}");
    Ok(())
}

/// The manifest of a copy, and its digest, which is the one that was said.
///
/// # Errors
/// When it is another, or damaged.
pub fn read(folder: &std::path::Path, said: Option<&str>) -> Result<(Manifest, String)> {
    let (manifest, digest) = Manifest::read(folder)?;
    if said.is_some_and(|said| !said.eq_ignore_ascii_case(&digest)) {
        anyhow::bail!("the manifest is another one: its digest is {digest}");
    }
    Ok((manifest, digest))
}
