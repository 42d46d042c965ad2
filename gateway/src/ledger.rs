//! The ledgers of the regions that are served here: a timer sequences what the
//! journal accepted, signs the checkpoint, asks the witnesses, and publishes.

pub mod exchange;
pub mod keys;
mod witnesses;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use access::journal::JournalError;
use ledger::keys::SignerKey;

use crate::limits::{LEDGER_FAILED_MS, LEDGER_MS, LEDGER_WITNESS_AGAIN};
use crate::log::Log;
use crate::record::{Ground, Walls};
pub use witnesses::Witness;
use witnesses::Witnesses;

/// Options of the ledger.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Choice {
    /// Folder with the log key of each region, CODE.key, and CODE.rehearsal.key
    /// while it rehearses [default: made under --data at the first start, for
    /// development]
    #[arg(long, value_name = "DIR")]
    log_keys: Option<std::path::PathBuf>,
    /// Witness to ask for cosignatures: its address and its public key; may be
    /// repeated
    #[arg(long = "witness", value_name = "URL,KEY")]
    witnesses: Vec<Witness>,
}

impl Choice {
    /// What keeps the ledger of a region.
    ///
    /// # Errors
    /// When its key can be neither read nor made.
    pub fn keeper(
        &self,
        data: &std::path::Path,
        region: &str,
        ground: &Ground,
    ) -> anyhow::Result<Keeper> {
        let key = self.key(data, region, ground)?;
        let witnesses = Witnesses::new(self.witnesses.clone());
        Ok(Keeper { key, witnesses, gauges: Arc::default() })
    }

    fn key(
        &self,
        data: &std::path::Path,
        region: &str,
        ground: &Ground,
    ) -> anyhow::Result<SignerKey> {
        match &self.log_keys {
            Some(folder) => keys::of_region(&folder.join(keys::file(region, ground)), ground),
            None => keys::development(data, region, ground),
        }
    }
}

/// How a ledger fares, for metrics.
#[derive(Debug, Default)]
pub struct Gauges {
    /// Leaves.
    pub size: AtomicU64,
    /// Leaves that the published checkpoint covers.
    pub published: AtomicU64,
    /// When everything that was accepted was last published, milliseconds since
    /// 1970; 0 before the first time.
    pub whole_ms: AtomicU64,
    /// Witnesses who cosigned the published checkpoint.
    pub witnesses: AtomicU64,
}

impl Gauges {
    /// Milliseconds since everything that was accepted was published.
    pub fn lag_ms(&self) -> u64 {
        match self.whole_ms.load(Ordering::Relaxed) {
            0 => 0,
            whole_ms => now_ms().saturating_sub(whole_ms),
        }
    }
}

impl Gauges {
    /// The same for the pilot's report.
    pub fn figures(&self) -> report::slice::Ledger {
        report::slice::Ledger {
            size: self.size.load(Ordering::Relaxed),
            published: self.published.load(Ordering::Relaxed),
            lag_ms_max: self.lag_ms(),
        }
    }
}

fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// Keeps the ledger of one region.
pub struct Keeper {
    key: SignerKey,
    witnesses: Witnesses,
    /// See [`Gauges`].
    pub gauges: Arc<Gauges>,
}

impl Keeper {
    /// Runs for as long as the region is served. Safely by several processes at
    /// once: whoever is overtaken has changed nothing.
    pub async fn keep(mut self, walls: Walls, log: Arc<Log>) {
        let mut failed = false;
        let mut rounds: u64 = 0;
        loop {
            rounds += 1;
            let pause = match self.round(&walls, rounds).await {
                Ok(true) => 0,
                Ok(false) => LEDGER_MS,
                Err(error) => {
                    // Said once, not every second of an outage.
                    if !failed {
                        let corrupt = matches!(error, JournalError::Corrupt(_));
                        let what =
                            if corrupt { "the ledger is damaged" } else { "the ledger waits" };
                        log.event(what, Some(&walls.here()));
                    }
                    failed = true;
                    tokio::time::sleep(Duration::from_millis(LEDGER_FAILED_MS)).await;
                    continue;
                }
            };
            failed = false;
            if pause == 0 {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        }
    }

    /// One pass, and a checkpoint when there is nothing left to sequence. Says
    /// whether there is more to do at once.
    async fn round(&mut self, walls: &Walls, rounds: u64) -> Result<bool, JournalError> {
        let began_ms = now_ms();
        let done = walls.sequence().await?;
        self.gauges.size.store(done.size, Ordering::Relaxed);
        if done.more {
            return Ok(true);
        }
        let here = walls.log(&walls.here());
        let names = self.witnesses.keys();
        let again = if rounds.is_multiple_of(LEDGER_WITNESS_AGAIN) { names } else { Vec::new() };
        if let Some(mut due) = here.due(&self.key, &again).await? {
            let cosigned = self.witnesses.ask(&here, &due).await;
            self.gauges.witnesses.store(cosigned.len() as u64, Ordering::Relaxed);
            due.note.add(cosigned);
            let size = due.size;
            here.publish(due).await?;
            self.gauges.published.store(size, Ordering::Relaxed);
        } else {
            self.gauges.published.store(done.size, Ordering::Relaxed);
        }
        if !done.overtaken {
            self.gauges.whole_ms.store(began_ms, Ordering::Relaxed);
        }
        Ok(false)
    }
}
