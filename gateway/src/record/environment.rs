//! The process's own clock, chance and timer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chart::Environment;

/// The operating system's.
#[derive(Clone, Copy, Debug)]
pub struct System;

impl Environment for System {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        // A kernel without chance leaves nothing that could be done safely:
        // ids would repeat and retries be mistaken for one another.
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    }

    async fn sleep(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}
