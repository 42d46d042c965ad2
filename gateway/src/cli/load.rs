//! `dossier load`: files of FHIR bundles through a region's door, with a
//! reconciliation at the end.
//!
//! Every bundle goes under an `Idempotency-Key` that is its content, so that a
//! load which is repeated, cut off or answered twice changes nothing more.

pub mod client;
mod count;
mod engine;
mod files;
mod journal;
mod judge;
mod limits;
mod parcel;
mod peek;
mod progress;
mod reading;
mod retry;
#[cfg(test)]
mod tests;

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chart::Environment;
use clap::Args;
use sha2::{Digest, Sha256};

use crate::cli::{Places, token, up};
use crate::engine::hexadecimal;
use crate::pilot::records;
use crate::record::{self, Ground, System};
use client::Target;
use engine::{Engine, Mint, Setup};
use files::Found;
use journal::Journal;
use limits::{AT_ONCE_MAX, FIRST_ANSWER_WITHIN, Insistence};
use peek::Rank;
use progress::Progress;
use reading::Pieces;

pub use engine::Phase;
pub use parcel::{Piece, Place, Sorting};

/// Options of `dossier load`.
#[derive(Args)]
pub struct Options {
    /// Files and folders: .json and .ndjson, also with .gz or .bz2
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    through: Through,
}

/// Which door a load goes through, and how.
#[derive(Args)]
pub struct Through {
    #[command(flatten)]
    places: Places,
    /// Region whose door it goes through
    #[arg(long, value_name = "CODE", default_value = "06")]
    region: String,
    /// Base address of the door [default: the one of the region file]
    #[arg(long, value_name = "URL", conflicts_with = "ports")]
    url: Option<String>,
    /// Ports of the doors, when `dossier up` was given others
    #[arg(long, value_name = "06=8406,04=8404", value_delimiter = ',', value_parser = port)]
    ports: Vec<(String, u16)>,
    /// File of a bearer token, or - for the standard input [default: a system's
    /// token of the development issuer]
    #[arg(long, value_name = "FILE|-")]
    token: Option<PathBuf>,
    /// Certificates of the authorities to trust when the door speaks TLS, in
    /// PEM [default: those that the system trusts; for a door on this machine,
    /// the development certificate under --data]
    #[arg(long, value_name = "FILE")]
    authorities: Option<PathBuf>,
    /// Bundles under way at one time
    #[arg(long, value_name = "N", default_value_t = 4,
          value_parser = clap::value_parser!(u64).range(1..=AT_ONCE_MAX))]
    at_once: u64,
    /// Write the reconciliation to this file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Loads, and prints the reconciliation.
///
/// # Errors
/// What keeps the load from beginning. What is refused later is in the
/// reconciliation and in the exit code.
pub async fn run(options: Options) -> Result<()> {
    let found = files::find(&options.paths)?;
    if found.is_empty() {
        bail!("there are no files of resources in what was given");
    }
    let weight = found.iter().map(|file| file.bytes).sum();
    let phases = phases(found, options.through.at_once());
    options.through.load(phases, weight).await
}

fn port(text: &str) -> Result<(String, u16), String> {
    let (code, port) = text.split_once('=').ok_or("write ports as 06=8406,04=8404")?;
    Ok((code.to_owned(), port.parse().map_err(|_| format!("{port} is not a port"))?))
}

/// The files by rank; batches go one at a time.
fn phases(found: Vec<Found>, at_once: usize) -> Vec<Phase> {
    let of = |rank: Rank| found.iter().filter(|file| file.rank == rank).cloned().collect();
    let phase = |rank: Rank| {
        let files: Vec<Found> = of(rank);
        let at_once = if rank == Rank::Batches { 1 } else { at_once };
        Phase { source: Box::new(Pieces::new(files)), at_once }
    };
    [Rank::Batches, Rank::Registries, Rank::People, Rank::Charts].map(phase).into()
}

impl Through {
    /// Bundles under way at one time.
    pub fn at_once(&self) -> usize {
        usize::try_from(self.at_once).unwrap_or(1)
    }

    /// Sends the phases and prints the reconciliation. `weight` is all their
    /// work, in the unit of their pieces. Ends the process when anything was
    /// refused (1) or the counts do not add up (2).
    ///
    /// # Errors
    /// What keeps the load from beginning.
    pub async fn load(&self, phases: Vec<Phase>, weight: u64) -> Result<()> {
        let url = self.address()?;
        let target = self.target(&url)?;
        let mint = self.mint()?;
        engine::wait_for(&target, &url, FIRST_ANSWER_WITHIN).await?;
        let journal = Journal::open(&self.journal()?)?;
        let progress = Arc::new(Progress::new(weight));
        let insistence = Insistence::default();
        let setup = Setup { target, mint, journal, insistence, progress: Arc::clone(&progress) };
        let engine = Engine::new(setup);
        {
            let running = engine.run(phases);
            let showing = progress.show();
            tokio::pin!(running, showing);
            tokio::select! {
                () = &mut running => {}
                () = &mut showing => {}
                signal = up::stop_signal() => {
                    signal?;
                    engine.stop("it was interrupted; start it again, it goes on");
                    // Asked twice, it does not even finish what is under way.
                    tokio::select! {
                        () = &mut running => {}
                        _ = up::stop_signal() => {}
                    }
                }
            }
        }
        progress.close();
        self.conclude(&engine)
    }

    fn conclude(&self, engine: &Engine) -> Result<()> {
        let counts = engine.reconciliation();
        let stopped = engine.stopped();
        if let Some(file) = &self.json {
            let mut told = counts.json();
            if let Some(told) = told.as_object_mut() {
                told.insert("stopped".to_owned(), stopped.clone().into());
            }
            let text = serde_json::to_string_pretty(&told)?;
            std::fs::write(file, text).with_context(|| format!("writing {}", file.display()))?;
        }
        self.leave(&counts, stopped.is_none());
        print!("{}", counts.table());
        if let Some(reason) = &stopped {
            eprintln!("dossier: the load was ended early: {reason}");
        }
        match (counts.exit_code(), stopped) {
            (0, None) => Ok(()),
            (code, _) => std::process::exit(code.max(1)),
        }
    }

    /// Leaves the balance for the pilot's report. A load is not undone because
    /// that cannot be written.
    fn leave(&self, counts: &count::Reconciliation, whole: bool) {
        let total = counts.total();
        let load = report::record::Load {
            at_ms: System.now_ms(),
            region: self.region.clone(),
            balanced: whole && counts.balances(),
            read: total.read,
            created: total.created,
            updated: total.updated,
            there: total.there,
            refused: total.refused,
        };
        let left = self.data().and_then(|data| records::leave(&data, &report::Record::Load(load)));
        if let Err(why) = left {
            eprintln!("dossier: the balance is not in the pilot's report: {why:#}");
        }
    }

    fn target(&self, url: &str) -> Result<Target> {
        let development = self.places.data.join("tls/certificate.pem");
        let loopback = ["https://127.0.0.1", "https://localhost", "https://[::1]"];
        let own = loopback.iter().any(|here| url.starts_with(here)) && development.exists();
        let authorities = self.authorities.clone().or(own.then_some(development));
        Target::parse(url, authorities.as_deref())
    }

    fn address(&self) -> Result<String> {
        if let Some(url) = &self.url {
            return Ok(url.clone());
        }
        if let Some((_, port)) = self.ports.iter().find(|(code, _)| *code == self.region) {
            return Ok(format!("http://127.0.0.1:{port}/fhir"));
        }
        let directory = record::directory(&self.places.regions)?;
        let region = directory.region(&self.region);
        let region = region
            .with_context(|| format!("there is no region {} in the region files", self.region))?;
        region.endpoint.clone().with_context(|| {
            format!("region {} has no endpoint in its file; give one with --url", self.region)
        })
    }

    fn mint(&self) -> Result<Mint> {
        let Some(file) = &self.token else {
            let (places, region) = (self.places.clone(), self.region.clone());
            return Ok(Box::new(move || token::token(&places, token::Role::System, &region, None)));
        };
        let mut text = String::new();
        if file.as_os_str() == "-" {
            std::io::stdin().read_to_string(&mut text)?;
        } else {
            text = std::fs::read_to_string(file)
                .with_context(|| format!("reading the token in {}", file.display()))?;
        }
        let text = text.trim().to_owned();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            bail!("there is no token in {}", file.display());
        }
        Ok(Box::new(move || Ok(text.clone())))
    }

    /// One journal for each record: the doors of a region lead to the same one
    /// wherever their ports are, an address that was given may not.
    fn journal(&self) -> Result<PathBuf> {
        let folder = self.data()?.join("load");
        let Some(url) = &self.url else {
            return Ok(folder.join(format!("{}.done", self.region)));
        };
        let mut hash = hexadecimal(&Sha256::digest(url.as_bytes()));
        hash.truncate(12);
        Ok(folder.join(format!("{}-{hash}.done", self.region)))
    }

    /// Where what this load leaves is kept: what was loaded to rehearse is not in
    /// the record.
    fn data(&self) -> Result<PathBuf> {
        let directory = record::directory(&self.places.regions)?;
        Ok(Ground::of_code(&directory, &self.region).data(&self.places.data))
    }
}
