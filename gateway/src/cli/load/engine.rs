//! The loading engine: a reader, several senders, one reconciliation.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use tokio::sync::{mpsc, watch};

use super::client::{Client, Target};
use super::count::{Fate, Reconciliation};
use super::journal::Journal;
use super::judge::{Verdict, is_conflict, judge};
use super::limits::{CLOCKS_APART_MS, Insistence, TOKEN_AGE_MAX};
use super::parcel::{Parcel, Piece};
use super::progress::Progress;
use super::retry::Patience;

/// Makes the token that the loader shows.
pub type Mint = Box<dyn Fn() -> Result<String> + Send + Sync>;

/// Pieces, in the order in which they are to be sent.
pub type Source = Box<dyn Iterator<Item = Piece> + Send>;

/// What is sent before anything of the next phase is.
pub struct Phase {
    /// What to send.
    pub source: Source,
    /// How many bundles are under way at one time.
    pub at_once: usize,
}

/// What the engine needs.
pub struct Setup {
    /// Where to.
    pub target: Target,
    /// With which token.
    pub mint: Mint,
    /// What is done already.
    pub journal: Journal,
    /// How long it insists.
    pub insistence: Insistence,
    /// Who is told how far it is.
    pub progress: Arc<Progress>,
}

/// The engine of one load.
pub struct Engine {
    setup: Setup,
    counts: Mutex<Reconciliation>,
    met: Mutex<HashSet<[u8; 32]>>,
    token: Mutex<Option<(Instant, String)>>,
    stop: watch::Sender<Option<String>>,
}

impl Engine {
    /// An engine that has loaded nothing yet.
    pub fn new(setup: Setup) -> Arc<Self> {
        Arc::new(Self {
            setup,
            counts: Mutex::default(),
            met: Mutex::default(),
            token: Mutex::default(),
            stop: watch::Sender::new(None),
        })
    }

    /// Ends the load: what is under way is finished, the rest is not begun.
    /// The first reason is kept.
    pub fn stop(&self, reason: &str) {
        self.stop.send_if_modified(|held| {
            let first = held.is_none();
            held.get_or_insert_with(|| reason.to_owned());
            first
        });
    }

    /// Why it was ended, if it was.
    pub fn stopped(&self) -> Option<String> {
        self.stop.borrow().clone()
    }

    /// The reconciliation so far.
    pub fn reconciliation(&self) -> Reconciliation {
        self.counts().clone()
    }

    /// Sends everything, phase after phase.
    pub async fn run(self: &Arc<Self>, phases: Vec<Phase>) {
        for phase in phases {
            if self.stopped().is_none() {
                self.phase(phase).await;
            }
        }
    }

    async fn phase(self: &Arc<Self>, phase: Phase) {
        // One piece waits, so that the reader is never more than that ahead.
        let (send, receive) = mpsc::channel(1);
        let receive = tokio::sync::Mutex::new(receive);
        let engine = Arc::clone(self);
        let reader = tokio::task::spawn_blocking(move || engine.read(phase.source, &send));
        let senders = (0..phase.at_once.max(1)).map(|_| self.sender(&receive));
        futures::future::join_all(senders).await;
        if reader.await.is_err() {
            self.stop("the files could not be read to their end");
        }
    }

    fn read(&self, source: Source, send: &mpsc::Sender<Parcel>) {
        for piece in source {
            match piece {
                Piece::Parcel(parcel) => {
                    self.counts().read(&parcel);
                    if let Err(unsent) = send.blocking_send(parcel) {
                        let parcel = unsent.0;
                        self.settle(&parcel, &unsettled(&parcel, "It was not sent."));
                    }
                }
                Piece::Unfit(unfit) => {
                    self.counts().unfit(&unfit);
                    self.setup.progress.unfit();
                }
                Piece::Passed(weight) => self.setup.progress.passed(weight),
            }
            if self.stopped().is_some() {
                return;
            }
        }
    }

    async fn sender(&self, receive: &tokio::sync::Mutex<mpsc::Receiver<Parcel>>) {
        let mut client = Client::new(self.setup.target.clone(), self.setup.insistence.attempt);
        loop {
            let parcel = receive.lock().await.recv().await;
            let Some(parcel) = parcel else { return };
            let fates = match self.stopped() {
                Some(reason) => unsettled(&parcel, &format!("It was not sent: {reason}.")),
                None if self.setup.journal.holds(&parcel.hash) => {
                    vec![Fate::There; parcel.items.len()]
                }
                None => self.deliver(&mut client, &parcel).await,
            };
            self.settle(&parcel, &fates);
        }
    }

    fn settle(&self, parcel: &Parcel, fates: &[Fate]) {
        self.counts().settled(parcel, fates);
        self.setup.progress.done(parcel.items.len() as u64, parcel.weight);
    }

    /// Sends one parcel until there is an answer for each entry, or no more
    /// hope of one.
    async fn deliver(&self, client: &mut Client, parcel: &Parcel) -> Vec<Fate> {
        let since_ms = self.since_ms(parcel);
        let mut patience = Patience::new(self.setup.insistence);
        let mut settled: Vec<Option<Fate>> = vec![None; parcel.items.len()];
        let mut stopped = self.stop.subscribe();
        loop {
            let (after, status, reason) = match self.attempt(client, parcel, since_ms).await {
                Ok(Verdict::Entries(fates)) => {
                    let again = fates.iter().flatten().any(is_conflict)
                        && !parcel.whole
                        && patience.takes_conflict();
                    keep(&mut settled, fates, again);
                    if settled.iter().all(Option::is_some) {
                        return self.finish(parcel, settled).await;
                    }
                    (None, Some(503), "The door did not take this entry in time.".to_owned())
                }
                Ok(Verdict::Again { after, status, reason }) => (after, Some(status), reason),
                Ok(Verdict::Shut(reason)) => {
                    self.stop("the door does not know the token");
                    return completed(settled, Some(401), &reason);
                }
                Err(error) => (None, None, format!("There was no answer: {error:#}.")),
            };
            let Some(pause) = patience.pause(Instant::now(), after, chance()) else {
                self.stop("the door did not answer in time; start the load again, it goes on");
                return completed(settled, status, &reason);
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                // Whoever ends the load does not wait for a door that is away.
                _ = stopped.wait_for(Option::is_some) => return completed(settled, status, &reason),
            }
        }
    }

    async fn attempt(
        &self,
        client: &mut Client,
        parcel: &Parcel,
        since_ms: i64,
    ) -> Result<Verdict> {
        let token = self.token()?;
        let answer = client.post(&token, &parcel.key(), parcel.body.clone()).await?;
        Ok(judge(parcel, answer, since_ms))
    }

    /// The instant before which nothing of this parcel was made by this load.
    fn since_ms(&self, parcel: &Parcel) -> i64 {
        let first = self.met.lock().unwrap_or_else(PoisonError::into_inner).insert(parcel.hash);
        // The same content twice in one load: the second makes nothing.
        if !first {
            return i64::MAX;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        if self.setup.target.is_here() { now_ms } else { now_ms - CLOCKS_APART_MS }
    }

    async fn finish(&self, parcel: &Parcel, settled: Vec<Option<Fate>>) -> Vec<Fate> {
        let fates: Vec<Fate> = settled.into_iter().flatten().collect();
        let whole = !fates.iter().any(|fate| matches!(fate, Fate::Refused { .. }));
        if whole && let Err(error) = self.setup.journal.add(&parcel.hash) {
            self.stop(&format!("the journal of the load cannot be written: {error:#}"));
        }
        fates
    }

    fn token(&self) -> Result<String> {
        let mut held = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made, token)) = held.as_ref()
            && made.elapsed() < TOKEN_AGE_MAX
        {
            return Ok(token.clone());
        }
        let token = (self.setup.mint)().context("making a token")?;
        *held = Some((Instant::now(), token.clone()));
        Ok(token)
    }

    fn counts(&self) -> MutexGuard<'_, Reconciliation> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps each entry's first answer. A conflict is none while it is tried again.
fn keep(settled: &mut [Option<Fate>], fates: Vec<Option<Fate>>, again: bool) {
    for (held, fate) in settled.iter_mut().zip(fates) {
        if held.is_none() {
            *held = fate.filter(|fate| !again || !is_conflict(fate));
        }
    }
}

/// Every entry's fate, where those without an answer are refused.
fn completed(settled: Vec<Option<Fate>>, status: Option<u16>, reason: &str) -> Vec<Fate> {
    let refused = || Fate::Refused { status, reason: reason.to_owned() };
    settled.into_iter().map(|fate| fate.unwrap_or_else(refused)).collect()
}

fn unsettled(parcel: &Parcel, reason: &str) -> Vec<Fate> {
    completed(vec![None; parcel.items.len()], None, reason)
}

/// Any number. Without random numbers all wait the same, which is no harm.
fn chance() -> u32 {
    let mut bytes = [0; 4];
    let _ = getrandom::fill(&mut bytes);
    u32::from_ne_bytes(bytes)
}

/// Waits until the door answers.
///
/// # Errors
/// When there is no connection for this long.
pub async fn wait_for(target: &Target, url: &str, within: Duration) -> Result<()> {
    let until = Instant::now() + within;
    loop {
        match target.connect().await {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() >= until => {
                return Err(error).with_context(|| {
                    format!("{url} cannot be reached; start the region with `dossier up`")
                });
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}
