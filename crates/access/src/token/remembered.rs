//! Verified tokens, remembered while they live: checking a signature costs more
//! than all the rest of a read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::{Issuers, Refusal};
use crate::claims::Claims;
use crate::limits::{LEEWAY_S, TOKENS_REMEMBERED_MAX};

/// Issuers that remember the tokens they verified. A change of issuers or keys
/// needs a new one of these, which begins with no memory.
#[derive(Debug)]
pub struct Remembering {
    issuers: Issuers,
    held: Mutex<HashMap<[u8; 32], Arc<Claims>>>,
}

impl Remembering {
    /// Issuers with an empty memory.
    pub fn new(issuers: Issuers) -> Self {
        Self { issuers, held: Mutex::default() }
    }

    /// As [`Issuers::verify`]; a token seen before costs one hash of it, and is
    /// refused when it has expired since.
    ///
    /// # Errors
    /// A [`Refusal`], to be answered with 401. Refusals are not remembered.
    pub fn verify(&self, token: &str, now_s: i64) -> Result<Arc<Claims>, Refusal> {
        if token.len() > crate::limits::TOKEN_BYTES_MAX {
            return Err(Refusal::TooLong);
        }
        let name: [u8; 32] = Sha256::digest(token).into();
        // No code panics while it holds the lock.
        let known = self.held.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        if let Some(claims) = known {
            return if lives(&claims, now_s) { Ok(claims) } else { Err(Refusal::Expired) };
        }
        let claims = Arc::new(self.issuers.verify(token, now_s)?);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= TOKENS_REMEMBERED_MAX {
            held.retain(|_, claims| lives(claims, now_s));
        }
        if held.len() >= TOKENS_REMEMBERED_MAX {
            held.clear();
        }
        held.insert(name, Arc::clone(&claims));
        Ok(claims)
    }
}

fn lives(claims: &Claims, now_s: i64) -> bool {
    now_s < claims.expires_at_s.saturating_add(LEEWAY_S)
}
