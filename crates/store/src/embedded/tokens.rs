//! Idempotency tokens of transactions (`ClientRequestToken`).
//!
//! DynamoDB remembers a token for ten minutes; so does this, in memory, for at
//! most [`TOKENS_MAX`] of them. What is forgotten early, or by a restart, makes
//! a repetition run again and fail its conditions, which the commit protocol
//! has to bear anyway: replies can be lost for longer than ten minutes.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// How long a token is remembered.
const REMEMBERED: Duration = Duration::from_secs(600);
/// Most tokens remembered: 16 MB.
const TOKENS_MAX: usize = 1 << 18;

/// The refusal of a transaction whose token was another one's.
pub(super) const OTHER_UNDER_TOKEN: &str = "another transaction was made under this token";

/// What is known of a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing: run the transaction.
    No,
    /// The same transaction was committed under it.
    Same,
    /// Another transaction was committed under it.
    Other,
}

/// Tokens of committed transactions.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    requests: HashMap<(u64, u64), u64>,
    order: VecDeque<(Instant, (u64, u64))>,
}

impl Tokens {
    /// What is known of `token` at `now`, of a transaction with this digest.
    pub(super) fn look_up(&mut self, token: &str, request: u64, now: Instant) -> Known {
        self.forget(now);
        match self.requests.get(&digest(token)) {
            None => Known::No,
            Some(held) if *held == request => Known::Same,
            Some(_) => Known::Other,
        }
    }

    /// Remembers that the transaction with this digest was committed.
    pub(super) fn remember(&mut self, token: &str, request: u64, now: Instant) {
        let token = digest(token);
        if self.requests.insert(token, request).is_none() {
            self.order.push_back((now, token));
        }
        self.forget(now);
    }

    fn forget(&mut self, now: Instant) {
        while let Some((since, token)) = self.order.front() {
            let expired = now.saturating_duration_since(*since) >= REMEMBERED;
            if !expired && self.order.len() <= TOKENS_MAX {
                break;
            }
            self.requests.remove(token);
            self.order.pop_front();
        }
    }
}

/// 128 bits of a token: two tokens that share them are not to be expected.
fn digest(token: &str) -> (u64, u64) {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        token.hash(&mut hasher);
        hasher.finish()
    };
    (half(0), half(1))
}
