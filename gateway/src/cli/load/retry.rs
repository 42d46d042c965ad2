//! How the loader insists: pauses that grow, spread by chance, and an end.

use std::time::{Duration, Instant};

use super::limits::Insistence;

/// What was met so far with one bundle.
#[derive(Debug)]
pub struct Patience {
    insistence: Insistence,
    since: Option<Instant>,
    failures: u32,
    conflicts: u32,
}

impl Patience {
    /// Nothing was met yet.
    pub fn new(insistence: Insistence) -> Self {
        Self { insistence, since: None, failures: 0, conflicts: 0 }
    }

    /// How long to wait after a failure before the next attempt; nothing when
    /// it is time to give up. `asked` is the door's Retry-After, `chance` any
    /// number.
    pub fn pause(
        &mut self,
        now: Instant,
        asked: Option<Duration>,
        chance: u32,
    ) -> Option<Duration> {
        let since = *self.since.get_or_insert(now);
        let pause = self.spread(asked, chance);
        self.failures = self.failures.saturating_add(1);
        let end = now.saturating_duration_since(since).saturating_add(pause);
        (end <= self.insistence.give_up).then_some(pause)
    }

    /// Whether a conflict is worth another attempt.
    pub fn takes_conflict(&mut self) -> bool {
        self.conflicts = self.conflicts.saturating_add(1);
        self.conflicts <= self.insistence.conflicts_max
    }

    fn spread(&self, asked: Option<Duration>, chance: u32) -> Duration {
        let doubled = self.insistence.pause.saturating_mul(1 << self.failures.min(16));
        let grown = doubled.min(self.insistence.pause_max);
        let least = asked.unwrap_or(grown / 2).min(self.insistence.pause_max);
        // The other half is chance, so that those who failed together do not
        // come back together.
        least + (grown / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }
}

/// Whether an answer of this status says that a later attempt may succeed. A
/// conflict says so only with Retry-After.
pub fn is_passing(status: u16, asked: Option<Duration>) -> bool {
    matches!(status, 408 | 425 | 429 | 502 | 503 | 504) || (status == 409 && asked.is_some())
}
