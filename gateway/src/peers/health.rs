//! Whether a region can be reached: hysteresis over probes, a breaker over
//! requests, and a budget of second attempts. All of it without a clock of its
//! own.

use std::time::{Duration, Instant};

use super::limits;

/// What probes say. A region is taken to be there until they say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hysteresis {
    up: bool,
    /// Probes in a row that say the contrary.
    contrary: u32,
}

impl Default for Hysteresis {
    fn default() -> Self {
        Self { up: true, contrary: 0 }
    }
}

impl Hysteresis {
    /// Takes in a probe; the new state when it changed.
    pub fn note(&mut self, answered: bool) -> Option<bool> {
        if answered == self.up {
            self.contrary = 0;
            return None;
        }
        self.contrary += 1;
        let enough = if self.up { limits::DOWN_AFTER } else { limits::UP_AFTER };
        if self.contrary < enough {
            return None;
        }
        *self = Self { up: answered, contrary: 0 };
        Some(answered)
    }
}

/// Keeps requests from a region whose answers fail although it answers probes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    /// Nothing goes before this instant.
    until: Option<Instant>,
}

impl Breaker {
    /// Whether a request may go.
    pub fn allows(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now >= until)
    }

    /// A request goes. After a pause it is a trial: others wait for its end.
    pub fn going(&mut self, now: Instant) {
        if self.until.is_some() {
            self.until = Some(now + Duration::from_millis(limits::BREAKER_MS));
        }
    }

    /// How it ended.
    pub fn note(&mut self, answered: bool, now: Instant) {
        if answered {
            *self = Self::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= limits::BREAKER_FAILURES {
            self.until = Some(now + Duration::from_millis(limits::BREAKER_MS));
        }
    }
}

/// How many second attempts are left, in hundredths of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget(u32);

impl Default for Budget {
    fn default() -> Self {
        Self(limits::RETRIES_SAVED_MAX * 100)
    }
}

impl Budget {
    /// A first attempt earns a part of a second one.
    pub fn earn(&mut self) {
        self.0 = (self.0 + limits::RETRY_PERCENT).min(limits::RETRIES_SAVED_MAX * 100);
    }

    /// Takes one; `false` when none is left.
    pub fn take(&mut self) -> bool {
        let left = self.0.checked_sub(100);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

#[cfg(test)]
mod tests;
