//! Bounded reuse of instances: off unless asked for, never across callers, and
//! never across threads.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use http::header::{self, HeaderMap};
use sha2::{Digest, Sha256};

use crate::limits;
use crate::sandbox::Instance;

/// Whose instance it is: the caller by its whole `Authorization`, the door, the
/// function, and the generation of functions that it was made of.
#[derive(Clone, PartialEq, Eq)]
pub struct Owner {
    caller: [u8; 32],
    region: String,
    function: (usize, u64),
}

impl Owner {
    /// The owner that a request speaks for; nobody without an authorization.
    pub fn of(headers: &HeaderMap, region: &str, function: (usize, u64)) -> Option<Self> {
        let authorization = headers.get(header::AUTHORIZATION)?;
        let caller = Sha256::digest(authorization.as_bytes()).into();
        Some(Self { caller, region: region.to_owned(), function })
    }
}

/// An instance between two requests of its owner.
pub struct Kept {
    /// The instance.
    pub instance: Instance,
    /// Requests that it has answered.
    pub answered: u32,
}

struct Resting {
    owner: Owner,
    kept: Kept,
    since: Instant,
}

impl Resting {
    fn is_young(&self) -> bool {
        self.since.elapsed() < Duration::from_millis(limits::KEPT_IDLE_MS)
    }
}

thread_local! {
    /// Newest last.
    static RESTING: RefCell<Vec<Resting>> = const { RefCell::new(Vec::new()) };
}

/// Takes this owner's instance, if one rests on this thread.
pub fn take(owner: &Owner) -> Option<Kept> {
    RESTING.with_borrow_mut(|resting| {
        resting.retain(Resting::is_young);
        let at = resting.iter().rposition(|held| held.owner == *owner)?;
        Some(resting.remove(at).kept)
    })
}

/// Lets go of the instances of this thread that rested too long, for as long as
/// the thread runs: their owners may never come again.
pub async fn expire() {
    loop {
        tokio::time::sleep(Duration::from_millis(limits::KEPT_IDLE_MS)).await;
        RESTING.with_borrow_mut(|resting| resting.retain(Resting::is_young));
    }
}

/// Lets an instance rest for its owner. The one that rested longest goes when
/// there are too many.
pub fn keep(owner: Owner, kept: Kept) {
    RESTING.with_borrow_mut(|resting| {
        if resting.len() >= limits::KEPT_MAX {
            resting.remove(0);
        }
        resting.push(Resting { owner, kept, since: Instant::now() });
    });
}

#[cfg(test)]
mod tests;
