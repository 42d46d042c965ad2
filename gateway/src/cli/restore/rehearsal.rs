//! The rehearsal of a restore: everything but the last step, and the proof that it
//! would have been right.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::ledger::checkpoint::Policy;
use access::token::Issuers;
use anyhow::{Context, Result, bail};
use chart::Environment;
use clap::Args;
use provider::{Journaling, Provider, Setup};
use store::definition::TableKind;
use store::embedded::Embedded;

use crate::backup::give;
use crate::backup::manifest::Manifest;
use crate::backup::outcome::{self, Outcome};
use crate::backup::source::Source;
use crate::cli::{ledger, replace, verify};
use crate::record::{self, AnyTable, Ground, System};

/// Passes of sweeping and draining after which the rest is left.
const PASSES_MAX: u32 = 100_000;

/// Options of the rehearsal.
#[derive(Args)]
pub struct Options {
    /// Public key of a region's log, or a file that holds it; may be repeated
    /// [default: those below --data/ledger]
    #[arg(long = "key", value_name = "KEY|FILE")]
    logs: Vec<String>,
    /// Public key of a witness, or a file that holds it; may be repeated
    #[arg(long = "witness", value_name = "KEY|FILE")]
    witnesses: Vec<String>,
    /// How many of the witnesses must have cosigned [default: all]
    #[arg(long, value_name = "N")]
    quorum: Option<usize>,
    /// Compare with the tables where the record is, too; while nobody writes
    #[arg(long)]
    live: bool,
}

impl Options {
    /// Whether any was given.
    pub fn is_any(&self) -> bool {
        self.live || self.quorum.is_some() || !(self.logs.is_empty() && self.witnesses.is_empty())
    }

    fn policy(&self, data: &Path) -> Result<Policy> {
        let mut logs = self.logs.clone();
        if logs.is_empty() {
            let found = fs::read_dir(data.join("ledger")).into_iter().flatten().flatten();
            let keys = found.map(|entry| entry.path());
            let keys = keys.filter(|path| path.extension().is_some_and(|kind| kind == "vkey"));
            logs.extend(keys.map(|path| path.display().to_string()));
        }
        if logs.is_empty() {
            bail!("say which public keys the logs have, with --key");
        }
        verify::Keys::new(logs, self.witnesses.clone(), self.quorum).policy()
    }
}

/// Puts the copy back into files of its own, and proves it.
///
/// # Errors
/// What is wrong with the copy, the files or the ledgers.
pub async fn run(
    options: &super::Options,
    ground: &Ground,
    manifest: &Manifest,
    digest: &str,
) -> Result<()> {
    let policy = options.rehearsal.policy(&options.places.data)?;
    let data = ground.data(&options.places.data);
    let scratch = Scratch::new(&data.join(outcome::FOLDER))?;
    let sizes = rehearsed((options, ground), manifest, digest, &policy, &scratch.0).await?;
    println!("equal: {} items, as they were at {}", manifest.items(), manifest.taken_at);
    for (region, size) in &sizes {
        println!("{region}: ledger verified to size {size}");
        let outcome = Outcome {
            region: region.clone(),
            backup: digest.to_owned(),
            taken_at: manifest.taken_at.clone(),
            restored_at: fhir::resource::instant(System.now_ms()),
            equal: true,
            items: manifest.items(),
            ledger: outcome::VERIFIED.to_owned(),
            ledger_size: *size,
        };
        replace(&outcome::path(&data, region), &serde_json::to_string_pretty(&outcome)?)?;
    }
    Ok(())
}

async fn rehearsed(
    (options, ground): (&super::Options, &Ground),
    manifest: &Manifest,
    digest: &str,
    policy: &Policy,
    scratch: &Path,
) -> Result<BTreeMap<String, u64>> {
    let folder = scratch.join("store");
    let embedded = Embedded::open(&folder)?;
    let tables = TableKind::ALL.map(|kind| AnyTable::embedded(kind, embedded.table(kind)));
    let before = Source::files(&folder)?;
    give::put_back(&tables, (&options.from, manifest, digest), before).await?;
    give::compare(&mut Source::files(&folder)?, manifest).await?;
    give::release(&tables).await?;
    if options.rehearsal.live {
        let mut live = Source::open(ground, &options.places.data, &options.choice).await?;
        give::compare(&mut live, manifest).await.context("the live tables")?;
        println!("the live tables hold the same");
    }
    let directory = record::directory(&options.places.regions)?;
    let codes: Vec<String> = directory.regions().iter().map(|region| region.code.clone()).collect();
    for code in &codes {
        settle(&tables, &directory, code).await?;
    }
    let audit = scratch.join("audit");
    let written = ledger::write(tables, &codes, &audit).await?;
    if written.is_empty() {
        bail!("the copy holds no ledger that was published");
    }
    let policy = policy.clone();
    tokio::task::spawn_blocking(move || verify::record::verify(&audit, &policy)).await?
}

/// What a gateway does with tables that another one left: undoes or finishes
/// commits that were under way, and moves entries on. Signs nothing: a second
/// checkpoint of the same size would be another log by the region's own key.
async fn settle(tables: &[AnyTable; 2], directory: &regions::Directory, code: &str) -> Result<()> {
    let [record, access] = tables.clone();
    let (walls, _) = Provider::new(Setup {
        record,
        access,
        body_partitions: provider::limits::BODY_PARTITIONS,
        issuers: Issuers::default(),
        elsewhere: None,
        authority: None,
        fetch: None,
        directory: directory.clone(),
        region: code.to_owned(),
        environment: System,
        journaling: Journaling::Shared,
        background: None,
        unique_systems: Vec::new(),
        away: Some(Arc::new(Vec::new)),
    });
    walls.sweep().await.map_err(anyhow::Error::msg)?;
    for _ in 0..PASSES_MAX {
        if !walls.drain().await.map_err(anyhow::Error::msg)? {
            return Ok(());
        }
    }
    bail!("entries of region {code} do not come to an end")
}

/// A folder that goes when it is no longer needed: it holds the whole record.
struct Scratch(PathBuf);

impl Scratch {
    fn new(operations: &Path) -> Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.mode(0o700);
        builder.recursive(true).create(operations)?;
        let path = operations.join(format!("rehearsal-{}", std::process::id()));
        // What a rehearsal of the same number left when it was killed.
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        builder.recursive(false).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{} could not be removed ({error}): remove it", self.0.display());
        }
    }
}
