//! Verified tokens, remembered while they live: checking a signature costs more
//! than all the rest of a read.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Issuers, Refusal};
use crate::claims::Claims;
use crate::limits::{LEEWAY_S, TOKENS_REMEMBERED_MAX};

/// Issuers that remember the tokens they verified, until a key changes: one
/// that was withdrawn may have signed any of them.
#[derive(Debug)]
pub struct Remembering {
    issuers: Issuers,
    held: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// [`Issuers::changes`] when the first of them was verified.
    changes: u64,
    /// By the whole token: a digest of it would cost more than all the rest of a
    /// request that is refused for want of a place.
    claims: HashMap<Box<str>, Arc<Claims>>,
}

/// Tells how many there are: a token in a log is a key left in a door.
impl fmt::Debug for Memory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { changes, claims } = self;
        out.debug_struct("Memory").field("changes", changes).field("tokens", &claims.len()).finish()
    }
}

impl Remembering {
    /// Issuers with an empty memory.
    pub fn new(issuers: Issuers) -> Self {
        Self { issuers, held: Mutex::default() }
    }

    /// As [`Issuers::verify`]; a token seen before costs a look at it, and is
    /// refused when it has expired since.
    ///
    /// # Errors
    /// A [`Refusal`], to be answered with 401. Refusals are not remembered.
    pub fn verify(&self, token: &str, now_s: i64) -> Result<Arc<Claims>, Refusal> {
        if token.len() > crate::limits::TOKEN_BYTES_MAX {
            return Err(Refusal::TooLong);
        }
        let changes = self.issuers.changes();
        if let Some(claims) = self.memory(changes).claims.get(token) {
            return if lives(claims, now_s) {
                Ok(Arc::clone(claims))
            } else {
                Err(Refusal::Expired)
            };
        }
        let claims = Arc::new(self.issuers.verify(token, now_s)?);
        let mut held = self.memory(changes);
        if held.claims.len() >= TOKENS_REMEMBERED_MAX {
            held.claims.retain(|_, claims| lives(claims, now_s));
        }
        if held.claims.len() >= TOKENS_REMEMBERED_MAX {
            held.claims.clear();
        }
        // Verified by keys that another request has seen change: not kept.
        if held.changes == changes {
            held.claims.insert(token.into(), Arc::clone(&claims));
        }
        Ok(claims)
    }

    /// The issuers.
    pub fn issuers(&self) -> &Issuers {
        &self.issuers
    }

    /// What was verified by the keys as they are after so many changes.
    fn memory(&self, changes: u64) -> MutexGuard<'_, Memory> {
        // No code panics while it holds the lock.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.changes < changes {
            *held = Memory { changes, claims: HashMap::new() };
        }
        held
    }
}

fn lives(claims: &Claims, now_s: i64) -> bool {
    now_s < claims.expires_at_s.saturating_add(LEEWAY_S)
}
