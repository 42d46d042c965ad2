//! The provider itself, and how every access is made durable.

use crate::atlas::Atlas;
use crate::convert::{journal_failed, random_id};
use crate::exchange::Authority;
use crate::keys::Fetch;
use crate::limits::JUDGE_EVERY_MS;
use crate::outbox::Pending;
use crate::search::charts::Listed;
use crate::session::{Session, Told, entries, entries_needed};
use access::entry::Entry;
use access::journal::{Drain, Journal};
use access::ledger::Sequencer;
use access::review::Judge;
use access::token::{Issuers, Remembering};
use chart::table::Table;
use chart::{Environment, Record, Settings};
use contracts::Refusal;
use fhir::outcome::Status;
use futures::future::try_join_all;
use ledger::keys::SignerKey;
use regions::Directory;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock, RwLock};

/// Work that may happen after the answer.
pub type Later = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes work that may happen after the answer.
pub type Background = Arc<dyn Fn(Later) + Send + Sync>;

/// Told of each entry of a read or a refusal once it is durable, in the task of
/// its request: for counts, which must not hold what it says of a person.
pub type Watch = Box<dyn Fn(&Entry) + Send + Sync>;

/// How entries reach the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journaling {
    /// Entries of all requests share writes; somebody runs the flusher.
    Shared,
    /// Each entry is one write: for a component, which lives for one request.
    Alone,
}

/// What a provider is made of.
pub struct Setup<T, E> {
    /// The table *record*.
    pub record: T,
    /// The table *access*.
    pub access: T,
    /// Partitions over which bodies are spread (`chart::Settings`).
    pub body_partitions: u32,
    /// Trusted issuers of tokens.
    pub issuers: Issuers,
    /// The same issuers as doors of the other kind know them, those that rehearse
    /// or those that do not: only to tell to which region a token belongs.
    pub elsewhere: Option<Issuers>,
    /// What gives tokens at this door, if it gives any.
    pub authority: Option<Authority>,
    /// Fetches keys that are published at addresses; `None` where none are.
    pub fetch: Option<Fetch>,
    /// The regions.
    pub directory: Directory,
    /// Two-digit code of the region whose door this is.
    pub region: String,
    /// The clock, randomness and timer of the process.
    pub environment: E,
    /// How entries reach the journal.
    pub journaling: Journaling,
    /// Where to put what may happen after the answer; `None` does it before.
    pub background: Option<Background>,
    /// Identifier systems whose values belong to one person at a time.
    pub unique_systems: Vec<String>,
    /// Tells which regions this door cannot reach; `None` where nobody probes.
    pub away: Option<Away>,
}

/// Codes of the regions that cannot be reached now.
pub type Away = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

/// One region's side of the walls. Cheap to clone; clones share everything.
pub struct Provider<T, E> {
    pub(crate) inner: Arc<Inner<T, E>>,
}

impl<T, E> Clone for Provider<T, E> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

pub(crate) struct Inner<T, E> {
    pub record: Arc<Record<T, E>>,
    pub journal: Journal<T, Clock<E>>,
    pub outbox: Arc<Pending<T, E>>,
    pub drain: Drain<T, Clock<E>, Pending<T, E>>,
    pub access: Arc<T>,
    pub sequencer: Sequencer<T, Clock<E>>,
    /// Signs the ledger's checkpoints, where functions may publish them.
    pub log_key: OnceLock<SignerKey>,
    pub judge: Judge<T, Clock<E>>,
    /// When the rules of review last took part in the upkeep.
    pub judged_ms: AtomicI64,
    pub journaling: Journaling,
    pub issuers: Remembering,
    /// How doors of the other kind know the same issuers: to find out whose a
    /// token is that is not for here.
    pub elsewhere: Option<Remembering>,
    pub authority: Option<Authority>,
    pub fetch: Option<Fetch>,
    pub atlas: RwLock<Arc<Atlas<T, E>>>,
    pub region: String,
    pub environment: E,
    pub background: Option<Background>,
    pub watch: OnceLock<Watch>,
    pub unique_systems: Vec<String>,
    /// Issuers of tokens, as Consents may name them.
    pub issuer_urls: Vec<String>,
    /// Charts known to be on the list of all.
    pub listed: Listed,
    pub away: Option<Away>,
}

/// The record's environment, as the journal wants it.
pub struct Clock<E>(pub E);

impl<E: Environment> access::journal::Environment for Clock<E> {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.now_ms()).unwrap_or_default()
    }
    fn fill_random(&self, bytes: &mut [u8]) {
        self.0.fill_random(bytes);
    }
    fn pause(&self, ms: u64) -> impl Future<Output = ()> + Send {
        self.0.sleep(ms)
    }
}

impl<T, E> Provider<T, E>
where
    T: Table + Clone + 'static,
    E: Environment + Clone + 'static,
{
    /// A provider from its parts, and the journal's flusher: with
    /// [`Journaling::Shared`] some thread must run it until it ends.
    pub fn new(setup: Setup<T, E>) -> (Self, impl Future<Output = ()> + Send + use<T, E>) {
        let settings = Settings {
            body_partitions: setup.body_partitions,
            never_in_chart: fhir::types::is_registry_type,
        };
        let record = Arc::new(Record::new(setup.record, setup.environment.clone(), settings));
        let access = Arc::new(setup.access);
        let clock = Arc::new(Clock(setup.environment.clone()));
        let (journal, flusher) =
            Journal::new(Arc::clone(&access), Arc::clone(&clock), &setup.region);
        let outbox =
            Arc::new(Pending { record: Arc::clone(&record), region: setup.region.clone() });
        let atlas = Atlas::new(setup.directory, &setup.region, &access, &outbox);
        let judge = Judge::new(Arc::clone(&access), Arc::clone(&clock), &setup.region);
        let sequencer = Sequencer::new(Arc::clone(&access), Arc::clone(&clock), &setup.region);
        let drain = Drain::new(Arc::clone(&access), clock, Arc::clone(&outbox), &setup.region);
        let inner = Inner {
            record,
            journal,
            outbox,
            drain,
            access,
            sequencer,
            log_key: OnceLock::new(),
            judge,
            judged_ms: AtomicI64::new(0),
            journaling: setup.journaling,
            issuer_urls: setup.issuers.urls().map(str::to_owned).collect(),
            issuers: Remembering::new(setup.issuers),
            elsewhere: setup.elsewhere.map(Remembering::new),
            authority: setup.authority,
            fetch: setup.fetch,
            atlas: RwLock::new(atlas),
            region: setup.region,
            environment: setup.environment,
            background: setup.background,
            watch: OnceLock::new(),
            unique_systems: setup.unique_systems,
            listed: Listed::default(),
            away: setup.away,
        };
        (Self { inner: Arc::new(inner) }, flusher)
    }
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// The region whose door this is.
    pub fn here(&self) -> String {
        self.inner.region.clone()
    }

    /// Lets functions publish checkpoints of this region's ledger, signed with
    /// its key. Said once; a later key is not heard.
    pub fn sign_ledger_with(&self, key: SignerKey) {
        let _ = self.inner.log_key.set(key);
    }

    /// `directory.away`.
    pub fn away(&self) -> Vec<String> {
        self.inner.away.as_ref().map(|away| away()).unwrap_or_default()
    }

    pub(crate) fn record(&self) -> &Record<T, E> {
        &self.inner.record
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.inner.environment.now_ms()
    }

    /// Makes an access durable. Until this returns `Ok`, nothing of what was
    /// read may leave.
    pub(crate) async fn witness(&self, session: &Session, told: Told) -> Result<(), Refusal> {
        let now_ms = self.now_ms();
        let ids = self.entry_ids(entries_needed(told.seen.len()), now_ms);
        let entries = entries(session, &self.inner.region, &ids, now_ms, told);
        try_join_all(entries.iter().map(|entry| self.journaled(entry))).await?;
        Ok(())
    }

    /// Ids for so many new entries.
    pub(crate) fn entry_ids(&self, count: usize, now_ms: i64) -> Vec<String> {
        (0..count).map(|_| random_id(&self.inner.environment, now_ms)).collect()
    }

    /// Returns once the entry is durable.
    pub(crate) async fn journaled(&self, entry: &Entry) -> Result<(), Refusal> {
        let done = match self.inner.journaling {
            Journaling::Shared => self.inner.journal.append(entry).await,
            Journaling::Alone => self.inner.journal.append_alone(entry).await,
        };
        done.map_err(|error| journal_failed(&error))?;
        if let Some(watch) = self.inner.watch.get() {
            watch(entry);
        }
        Ok(())
    }

    /// Takes no more entries; the flusher writes what waits and ends.
    pub fn close_journal(&self) {
        self.inner.journal.close();
    }

    /// One round of what must happen now and then, safely by several at once:
    /// commits that a dead process left are finished or undone, entries move
    /// from the outbox and the streams to the index, and the rules of review go
    /// through a bounded number of them. Returns whether there is more to do at
    /// once.
    ///
    /// # Errors
    /// In words for the log; nothing is lost, the next round goes on.
    pub async fn maintain(&self) -> Result<bool, String> {
        let swept = self.sweep().await;
        let drained = self.drain().await;
        swept?;
        drained
    }

    /// The first half of [`Self::maintain`]: commits that a dead process left.
    ///
    /// # Errors
    /// As there.
    pub async fn sweep(&self) -> Result<(), String> {
        let swept = self.record().sweep().await;
        swept.map(drop).map_err(|error| format!("sweep: {error}"))
    }

    /// The other half: entries move on. Returns whether there is more.
    ///
    /// # Errors
    /// As there.
    pub async fn drain(&self) -> Result<bool, String> {
        let drained = self.inner.drain.run().await;
        let drained = drained.map_err(|error| format!("drain: {error}"))?;
        // Rounds follow each other at once under load: the rules take part in one
        // of a second, since those who read and write go first.
        let now_ms = self.now_ms();
        let judged_ms = self.inner.judged_ms.load(Ordering::Relaxed);
        if !drained.more || now_ms.saturating_sub(judged_ms) >= JUDGE_EVERY_MS {
            self.inner.judged_ms.store(now_ms, Ordering::Relaxed);
            let judged = self.inner.judge.run(self, !drained.more).await;
            judged.map_err(|error| format!("review: {error}"))?;
        }
        Ok(drained.more)
    }

    /// Journals a refusal, and gives it back; when the journal cannot take it,
    /// that is the refusal, unless it was to try again later anyway: that tells
    /// nothing of the record, but may tell that a change is not known to be
    /// undone.
    pub(crate) async fn deny(
        &self,
        session: &Session,
        mut told: Told,
        refusal: Refusal,
    ) -> Refusal {
        told.status = refusal.status.code();
        told.basis = None;
        told.denied.get_or_insert_with(|| refusal.code.code().to_owned());
        match self.witness(session, told).await {
            Err(unavailable) if refusal.status != Status::ServiceUnavailable => unavailable,
            _ => refusal,
        }
    }

    /// Does `work` after the answer where that is possible.
    pub(crate) async fn afterwards(&self, work: Later) {
        match &self.inner.background {
            Some(background) => background(work),
            None => work.await,
        }
    }
}
