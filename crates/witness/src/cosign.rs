//! The decision to cosign: looking at what was seen, and remembering, are one
//! step.

use std::sync::{Mutex, PoisonError};

use ledger::checkpoint::Policy;
use ledger::keys::SignerKey;
use ledger::note::Note;
use ledger::witness::{AddCheckpoint, Refusal, judge, open};

use crate::state::State;

#[cfg(test)]
mod tests;

/// A witness.
pub struct Witness {
    key: SignerKey,
    logs: Policy,
    state: Mutex<State>,
}

/// Why a request got no cosignature.
#[derive(Debug)]
pub enum Declined {
    /// The protocol's refusals.
    Refused(Refusal),
    /// This witness cannot remember, or not sign: it must not cosign.
    Failed(anyhow::Error),
}

impl From<Refusal> for Declined {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Witness {
    /// A witness with this key, of these logs.
    pub fn new(key: SignerKey, logs: Policy, state: State) -> Self {
        Self { key, logs, state: Mutex::new(state) }
    }

    /// The signature line for a request, when the ledger only grew.
    ///
    /// # Errors
    /// [`Declined`].
    pub fn add_checkpoint(&self, body: &[u8], now_s: u64) -> Result<String, Declined> {
        let request = AddCheckpoint::parse(body).map_err(Refusal::Malformed)?;
        let head = open(&request, &self.logs)?;
        // Held from looking to remembering: two requests at once cannot both
        // stand on the same size.
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = state.seen(&head.origin).map_err(Declined::Failed)?;
        judge(&request, &head, seen)?;
        let text = request.checkpoint.text;
        let own = self.key.sign(&text, now_s).map_err(|error| Declined::Failed(error.into()))?;
        let line = own.to_line();
        // Of the log's lines only those that were verified.
        let logs = request.checkpoint.signatures.into_iter();
        let mut signatures: Vec<_> =
            logs.filter(|line| self.logs.logs.iter().any(|key| key.made(line))).collect();
        signatures.push(own);
        let kept = Note { text, signatures };
        state.remember(&head.origin, &kept).map_err(Declined::Failed)?;
        Ok(line)
    }

    /// The checkpoint of a log that was cosigned last, by the hash of its origin.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn checkpoint(&self, origin_hash: &str) -> anyhow::Result<Option<String>> {
        let named = |name: &&str| crate::state::origin_hash(name) == origin_hash;
        let Some(origin) = self.logs.logs.iter().map(|key| key.name()).find(named) else {
            return Ok(None);
        };
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(state.checkpoint(origin)?.map(|note| note.to_text()))
    }
}
