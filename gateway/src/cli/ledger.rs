//! `dossier ledger`: keys of logs, and the export that `dossier verify record`
//! reads.

use std::fs;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use access::entry::{Change, Entry, Interaction};
use access::journal::JournalError;
use access::ledger::{Log as RegionLog, export};
use anyhow::{Context, Result, anyhow};
use chart::{Record, Settings};
use clap::{Args, Subcommand};
use ledger::checkpoint::Checkpoint;
use ledger::keys::Kind;
use ledger::tiles::{File, files};
use serde::{Deserialize, Serialize};

use crate::cli::{Places, operator};
use crate::engine::hexadecimal;
use crate::ledger::keys;
use crate::record::{self, AnyTable, Choice, Ground, System};

/// File of a region's entries within an export.
pub const ENTRIES: &str = "entries.ndjson";
/// File of the record's versions within an export.
pub const VERSIONS: &str = "versions.ndjson";
/// File, beside these, of the versions that entries tell of which the checkpoint
/// does not cover yet.
pub const LATER: &str = "later.ndjson";
/// Commits read at once.
const COMMITS_AT_ONCE: u32 = 1_000;

/// One line of [`ENTRIES`]. It holds a person's data.
#[derive(Serialize, Deserialize)]
pub struct Exported {
    /// Index of its leaf; `None` when it is not sequenced.
    pub leaf: Option<u64>,
    /// Its salt, hexadecimal.
    pub salt: String,
    /// Its stored bytes, hexadecimal.
    pub entry: String,
}

/// One line of [`VERSIONS`]: type, id, number.
#[derive(Serialize, Deserialize)]
pub struct Version(pub String, pub String, pub u64);

/// Options of `dossier ledger`.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Makes a log's key: the private one into a file, the public one onto the
    /// screen
    Key(Key),
    /// Writes logs, entries with their salts, and the list of the record's
    /// versions: personal data, for whoever audits
    Export(Export),
}

#[derive(Args)]
struct Key {
    /// Name of the log, which its checkpoints bear, such as
    /// dossier.example.org/ledger/06
    name: String,
    /// Where the private key goes; nothing is overwritten
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args)]
struct Export {
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    by: operator::By,
    /// Region whose log to write; may be repeated [default: every region that
    /// has one]
    #[arg(long = "region", value_name = "CODE")]
    regions: Vec<String>,
    /// Folder to write to; it must not be there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Does it.
///
/// # Errors
/// When a file cannot be written, or the store not be reached.
pub async fn run(options: Options) -> Result<()> {
    match options.action {
        Action::Key(options) => {
            let key = keys::make(&options.name, Kind::Log)?;
            writeln!(private(&options.out)?, "{}", key.to_text())?;
            println!("{}", key.verifier());
            Ok(())
        }
        Action::Export(options) => exported(&options).await,
    }
}

/// A new file that only this user reads.
fn private(path: &Path) -> Result<fs::File> {
    let mut open = fs::OpenOptions::new();
    let file = open.write(true).create_new(true).mode(0o600).open(path);
    file.with_context(|| format!("making {}", path.display()))
}

async fn exported(options: &Export) -> Result<()> {
    let tables = record::tables(&options.places, &options.choice).await?;
    let chosen = |code: &String| options.regions.is_empty() || options.regions.contains(code);
    let directory = record::directory(&options.places.regions)?;
    let codes = directory.regions().iter().map(|region| region.code.clone()).filter(chosen);
    let codes: Vec<String> = codes.collect();
    // Whichever logs are chosen: the list of versions is everybody's.
    let told = operator::regions_on(&Ground::Central, &directory);
    let asked = (Interaction::Copy, "ledger-export");
    operator::tell(&tables[1], &told, ("ledger", &options.by), asked).await?;
    for (code, size, count) in write(tables, &codes, &options.out).await? {
        println!("{code}: {size} leaves, {count} entries");
    }
    Ok(())
}

/// Writes the logs of regions, their entries and the record's versions into a new
/// folder. Gives code, leaves and entries of each region that has a log.
///
/// # Errors
/// When the folder is there, a file cannot be written, or the store not be
/// reached.
pub async fn write(
    [record, access]: [AnyTable; 2],
    codes: &[String],
    out: &Path,
) -> Result<Vec<(String, u64, u64)>> {
    fs::create_dir(out).with_context(|| format!("making {}", out.display()))?;
    let access = Arc::new(access);
    // What is committed meanwhile has its entry and not its version here: export
    // again when nobody writes.
    versions(record, &out.join(VERSIONS)).await?;
    let mut written = Vec::new();
    for code in codes {
        let log = RegionLog::new(Arc::clone(&access), code);
        if let Some(note) = log.published().await? {
            let folder = out.join(code);
            let size = Checkpoint::parse(&note.text)?.size;
            write_log(&log, size, note.to_text().as_bytes(), &folder).await?;
            let count = entries(&access, code, size, &folder.join(ENTRIES)).await?;
            written.push((code.clone(), size, count));
        }
    }
    Ok(written)
}

async fn write_log(
    log: &RegionLog<AnyTable>,
    size: u64,
    checkpoint: &[u8],
    folder: &Path,
) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(File::Checkpoint.path()), checkpoint)?;
    for file in files(size) {
        let bytes = log.file(&file).await?;
        let bytes = bytes.with_context(|| format!("the ledger lacks {}", file.path()))?;
        let path = folder.join(file.path());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}

/// Entries that the checkpoint covers. Of those after it, what they changed is
/// listed beside them.
async fn entries(access: &AnyTable, region: &str, size: u64, path: &Path) -> Result<u64> {
    let mut file = BufWriter::new(private(path)?);
    let mut later = BufWriter::new(private(&path.with_file_name(LATER))?);
    let mut count = 0;
    let mut failed = Ok(());
    export(access, region, |exported| {
        let Some((leaf, opening)) = exported.place.filter(|(leaf, _)| *leaf < size) else {
            return told(&exported.entry, &mut later).map_err(|error| {
                failed = Err(error);
                JournalError::Stopped
            });
        };
        count += 1;
        let salt = hexadecimal(&opening.salt);
        let line = Exported { leaf: Some(leaf), salt, entry: hexadecimal(&opening.entry) };
        let written = serde_json::to_writer(&mut file, &line).map_err(std::io::Error::from);
        if let Err(error) = written.and_then(|()| file.write_all(b"\n")) {
            failed = Err(error);
            return Err(JournalError::Stopped);
        }
        Ok(())
    })
    .await
    .or_else(|error| if failed.is_err() { Ok(()) } else { Err(anyhow!(error)) })?;
    failed?;
    file.flush()?;
    later.flush()?;
    Ok(count)
}

/// The versions that an entry tells of which no checkpoint covers yet.
fn told(entry: &Entry, file: &mut impl Write) -> std::io::Result<()> {
    // What was refused changed nothing.
    if entry.outcome.status >= 400 {
        return Ok(());
    }
    for item in entry.items.iter().filter(|item| item.change != Change::Read) {
        let line = Version(item.resource_type.clone(), item.id.clone(), item.version);
        serde_json::to_writer(&mut *file, &line)?;
        file.write_all(b"\n")?;
    }
    Ok(())
}

/// Every version that the record's feed tells of, each looked up.
async fn versions(table: AnyTable, path: &Path) -> Result<()> {
    let settings = Settings {
        body_partitions: provider::limits::BODY_PARTITIONS,
        never_in_chart: fhir::types::is_registry_type,
    };
    let record = Record::new(table, System, settings);
    let mut file = BufWriter::new(private(path)?);
    let mut upto = None;
    loop {
        let page = record.feed(upto.as_ref(), 0, COMMITS_AT_ONCE).await?;
        let last = page.items.last().map(|item| item.place.clone());
        // The place that a page begins at was on the one before.
        for item in page.items.into_iter().filter(|item| upto.as_ref() != Some(&item.place)) {
            let places: Vec<_> = item.changes.into_iter().map(|change| change.at).collect();
            for version in record.fetch(&places).await? {
                let line = Version(version.resource_type, version.id, version.version);
                serde_json::to_writer(&mut file, &line)?;
                file.write_all(b"\n")?;
            }
        }
        if !page.more || last == upto {
            break;
        }
        upto = last;
    }
    file.flush()?;
    Ok(())
}
