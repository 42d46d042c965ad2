//! Another region's gateway, as this door sees it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use rustls_pki_types::ServerName;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::health::{Breaker, Budget, Hysteresis};
use super::{keys, limits};

/// How a request that was passed on ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With the region's own answer, whatever it says.
    Answered,
    /// Nothing was sent: no connection, or no room.
    Unsent,
    /// It was sent, and no answer came that can be trusted.
    Garbled,
    /// It was sent, and no answer came in time.
    Late,
}

impl Ended {
    /// Every way, as metrics name it.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Answered, "answered"),
        (Self::Unsent, "unsent"),
        (Self::Garbled, "garbled"),
        (Self::Late, "late"),
    ];
}

#[derive(Default)]
struct State {
    probes: Hysteresis,
    breaker: Breaker,
    budget: Budget,
}

/// One region's gateway.
pub struct Peer {
    /// Two-digit code.
    pub code: String,
    /// `host:port` of its door for gateways.
    pub address: String,
    /// What its certificate must say.
    pub name: ServerName<'static>,
    /// The line to it is narrow and slow.
    pub narrow: bool,
    state: Mutex<State>,
    up: watch::Sender<bool>,
    room: Arc<Semaphore>,
    ended: [AtomicU64; Ended::ALL.len()],
    changes: AtomicU64,
}

impl Peer {
    /// A gateway of which nothing bad is known.
    ///
    /// # Errors
    /// When the code is not one that a certificate can name.
    pub fn new(code: &str, address: String, narrow: bool) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            name: keys::name(code)?,
            code: code.to_owned(),
            address,
            narrow,
            state: Mutex::default(),
            up: watch::Sender::new(true),
            room: Arc::new(Semaphore::new(limits::IN_FLIGHT_MAX)),
            ended: Default::default(),
            changes: AtomicU64::new(0),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether requests may be passed on to it now.
    pub fn is_up(&self) -> bool {
        *self.up.borrow() && self.state().breaker.allows(Instant::now())
    }

    /// Whether it answers probes.
    pub fn answers_probes(&self) -> bool {
        *self.up.borrow()
    }

    /// How long a probe may take.
    pub fn probe_within(&self) -> Duration {
        let ms = if self.narrow { limits::PROBE_SATELLITE_MS } else { limits::PROBE_FIBRE_MS };
        Duration::from_millis(ms)
    }

    /// Takes in a probe; the new state when it changed.
    pub fn probed(&self, answered: bool) -> Option<bool> {
        let changed = self.state().probes.note(answered);
        if let Some(up) = changed {
            self.changes.fetch_add(1, Ordering::Relaxed);
            self.up.send_replace(up);
        }
        changed
    }

    /// Returns when the region goes away, at once when it is.
    pub async fn gone(&self) {
        let mut up = self.up.subscribe();
        // The sender lives as long as `self`.
        let _ = up.wait_for(|up| !*up).await;
    }

    /// A place for one request on its way there, if there is room.
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room).try_acquire_owned().ok()
    }

    /// Requests on their way there.
    pub fn in_flight(&self) -> usize {
        limits::IN_FLIGHT_MAX.saturating_sub(self.room.available_permits())
    }

    /// A first attempt is on its way.
    pub fn going(&self) {
        let mut state = self.state();
        state.budget.earn();
        state.breaker.going(Instant::now());
    }

    /// Whether what failed here may be tried elsewhere.
    pub fn may_retry(&self) -> bool {
        self.state().budget.take()
    }

    /// How an attempt ended.
    pub fn note(&self, ended: Ended) {
        self.state().breaker.note(ended == Ended::Answered, Instant::now());
        let row = Ended::ALL.iter().position(|(one, _)| *one == ended);
        if let Some(count) = row.and_then(|row| self.ended.get(row)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How attempts ended so far, by their names.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.ended.iter().map(|count| count.load(Ordering::Relaxed));
        Ended::ALL.iter().map(|(_, name)| *name).zip(counts)
    }

    /// How often it went away or came back.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
