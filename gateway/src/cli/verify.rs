//! `dossier verify`: a ledger checked with public keys and files, and nothing
//! else.

mod files;
pub mod record;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use access::entry::Entry;
use anyhow::{Context, Result, anyhow, bail};
use chart::Environment;
use clap::{Args, Subcommand};
use ledger::check::{self, Source};
use ledger::checkpoint::{Believed, Policy};
use ledger::keys::{Kind, VerifierKey};
use ledger::leaf::Opening;
use ledger::proof_file::Proof;
use ledger::tiles::File;

use crate::pilot::records;
use crate::record::{Ground, System};
use files::Place;

/// Options of `dossier verify`.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
    /// Leave the outcome for the pilot's report in this data folder of a gateway
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Subcommand)]
enum What {
    /// A whole log: every entry, every tile, the root, and that it only grew
    Log(Whole),
    /// Some entries of a log, without the others
    Range(Range),
    /// The proof of one entry, and what the entry says
    Proof(OneProof),
    /// That log and record agree, from what `dossier ledger export` wrote
    Record(Recorded),
}

/// Whom to believe.
#[derive(Args, Clone)]
pub struct Keys {
    /// Public key of the log, or a file that holds it; may be repeated
    #[arg(long = "key", value_name = "KEY|FILE", required = true)]
    logs: Vec<String>,
    /// Public key of a witness, or a file that holds it; may be repeated
    #[arg(long = "witness", value_name = "KEY|FILE")]
    witnesses: Vec<String>,
    /// How many of the witnesses must have cosigned [default: all]
    #[arg(long, value_name = "N")]
    quorum: Option<usize>,
}

#[derive(Args)]
struct Whole {
    /// Folder of the log's files, or the address they are served at, such as
    /// http://127.0.0.1:8406/ledger/06
    #[arg(long, value_name = "DIR|URL")]
    log: Place,
    /// Checkpoint from before, or from a witness, that the log must begin
    /// with; may be repeated
    #[arg(long, value_name = "FILE")]
    since: Vec<PathBuf>,
    #[command(flatten)]
    keys: Keys,
}

#[derive(Args)]
struct Range {
    /// Folder of the log's files, or the address they are served at
    #[arg(long, value_name = "DIR|URL")]
    log: Place,
    /// First entry
    #[arg(long, value_name = "N")]
    first: u64,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: u64,
    #[command(flatten)]
    keys: Keys,
}

#[derive(Args)]
struct OneProof {
    /// The file, such as GET AuditEvent/{id}/$proof gives
    file: PathBuf,
    #[command(flatten)]
    keys: Keys,
}

#[derive(Args)]
struct Recorded {
    /// Folder that `dossier ledger export` wrote
    folder: PathBuf,
    #[command(flatten)]
    keys: Keys,
}

impl Keys {
    /// These.
    pub fn new(logs: Vec<String>, witnesses: Vec<String>, quorum: Option<usize>) -> Self {
        Self { logs, witnesses, quorum }
    }

    /// The policy that they make.
    ///
    /// # Errors
    /// When one is no key, or of the other kind.
    pub fn policy(&self) -> Result<Policy> {
        let logs = keys(&self.logs, Kind::Log)?;
        let witnesses = keys(&self.witnesses, Kind::Witness)?;
        let quorum = self.quorum.unwrap_or(witnesses.len());
        if quorum > witnesses.len() {
            bail!("--quorum asks for more witnesses than there are keys");
        }
        Ok(Policy { logs, witnesses, quorum })
    }
}

fn keys(given: &[String], kind: Kind) -> Result<Vec<VerifierKey>> {
    let key = |text: &String| {
        let held = match std::fs::read_to_string(text) {
            Ok(held) => held,
            Err(_) => text.clone(),
        };
        let key = VerifierKey::parse(&held).with_context(|| format!("{text}: no public key"))?;
        if key.kind() != kind {
            bail!("{text} is a key of the other kind: --key is a log's, --witness a witness's");
        }
        Ok(key)
    };
    given.iter().map(key).collect()
}

/// Checks, and says what was found.
///
/// # Errors
/// What is wrong.
pub async fn run(options: Options) -> Result<()> {
    // Files are read, and addresses asked, one after another.
    tokio::task::spawn_blocking(move || {
        let (name, keys) = match &options.what {
            What::Log(options) => ("log", &options.keys),
            What::Range(options) => ("range", &options.keys),
            What::Proof(options) => ("proof", &options.keys),
            What::Record(options) => ("record", &options.keys),
        };
        let policy = keys.policy()?;
        let size = AtomicU64::new(0);
        let done = match &options.what {
            What::Log(options) => whole(options, &size),
            What::Range(options) => range(options),
            What::Proof(options) => proof(options),
            What::Record(options) => record::verify(&options.folder, &policy).map(drop),
        };
        if let Some(data) = &options.data {
            leave(data, name, &policy, size.into_inner(), &done)?;
        }
        done
    })
    .await?
}

/// Leaves the outcome for the pilot's report, under the region that ends the
/// name of the log's key (dossier.example.org/ledger/06); of a rehearsal
/// (…/rehearsal/08) where it rehearses.
fn leave(data: &Path, what: &str, policy: &Policy, size: u64, done: &Result<()>) -> Result<()> {
    for key in &policy.logs {
        let mut parts = key.name().rsplit('/');
        let region = parts.next().unwrap_or_default().to_owned();
        let ground = match parts.next() {
            Some("rehearsal") => Ground::Rehearsal(region.clone()),
            _ => Ground::Central,
        };
        let verification = report::record::Verification {
            at_ms: System.now_ms(),
            region,
            what: what.to_owned(),
            size,
            whole: done.is_ok(),
            fault: done.as_ref().err().map(|why| report::record::shortened(&why.to_string())),
        };
        records::leave(&ground.data(data), &report::Record::Verification(verification))?;
    }
    Ok(())
}

/// The checkpoint of a log, believed.
///
/// # Errors
/// When it is missing, or not believed.
pub fn head<S: Source>(source: &S, policy: &Policy) -> Result<Believed> {
    let checkpoint = source.read(&File::Checkpoint).map_err(|why| anyhow!(why))?;
    let checkpoint = checkpoint.context("checkpoint: the file is missing")?;
    policy.open(&checkpoint).context("checkpoint")
}

fn told(believed: &Believed) {
    let head = &believed.checkpoint;
    println!("{}: {} entries, signed by the log", head.origin, head.size);
    for (name, time_s) in &believed.witnessed {
        println!("cosigned by {name} at {time_s} (seconds since 1970)");
    }
    if believed.witnessed.is_empty() {
        println!("no witness asked for: another log signed by the same key cannot be told apart");
    }
}

fn whole(options: &Whole, size: &AtomicU64) -> Result<()> {
    let policy = options.keys.policy()?;
    let source = options.log.open()?;
    let believed = head(&source, &policy)?;
    told(&believed);
    size.store(believed.checkpoint.size, Ordering::Relaxed);
    is_whole(&source, &believed)?;
    for file in &options.since {
        let old = since(file, &policy)?;
        check::grew(&source, &old.checkpoint, &believed.checkpoint)
            .map_err(|why| anyhow!("{}: {why}", file.display()))?;
        println!("begins with the {} entries of {}", old.checkpoint.size, file.display());
    }
    println!("complete and consistent");
    Ok(())
}

fn is_whole<S: Source>(source: &S, believed: &Believed) -> Result<()> {
    let faults = check::whole(source, &believed.checkpoint);
    if !faults.is_none() {
        bail!("the log is not whole:\n{faults}");
    }
    Ok(())
}

/// Reads the whole log that is served at an address, and leaves the outcome for
/// the pilot's report in this data folder. Entries that it holds. Blocks.
///
/// # Errors
/// What is wrong with it.
pub fn served(address: &str, key: VerifierKey, data: &Path) -> Result<u64> {
    let policy = Policy { logs: vec![key], witnesses: Vec::new(), quorum: 0 };
    let size = AtomicU64::new(0);
    let verify = || {
        let source = Place::Address(address.to_owned()).open()?;
        let believed = head(&source, &policy)?;
        size.store(believed.checkpoint.size, Ordering::Relaxed);
        is_whole(&source, &believed)
    };
    let done = verify();
    let size = size.into_inner();
    leave(data, "log", &policy, size, &done)?;
    done.map(|()| size)
}

/// An earlier checkpoint: signed by the log; which witnesses signed it matters
/// no less than of the new one, when they are asked for.
fn since(file: &Path, policy: &Policy) -> Result<Believed> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    policy.open(&bytes).with_context(|| file.display().to_string())
}

fn range(options: &Range) -> Result<()> {
    let source = options.log.open()?;
    let believed = head(&source, &options.keys.policy()?)?;
    told(&believed);
    let end = options.first.saturating_add(options.count);
    let found = check::range(&source, &believed.checkpoint, options.first, end);
    let found = found.map_err(|why| anyhow!(why))?;
    println!("{} entries from {} on are in the log", found.len(), options.first);
    Ok(())
}

fn proof(options: &OneProof) -> Result<()> {
    let bytes = std::fs::read(&options.file)
        .with_context(|| format!("reading {}", options.file.display()))?;
    let proof = Proof::parse(&bytes)?;
    let opening = proof.extra.as_deref().and_then(Opening::from_bytes);
    let opening = opening.context("the proof has no entry in its line extra")?;
    let believed = proof.verify(&opening.hash(), &options.keys.policy()?)?;
    told(&believed);
    println!("entry {} of the log:", proof.index);
    let entry = Entry::from_bytes(&opening.entry)?;
    println!("{entry:#?}");
    println!("proven");
    Ok(())
}
