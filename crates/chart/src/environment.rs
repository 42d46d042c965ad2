//! What the record needs from the outside: a clock, chance, and patience.

use std::future::Future;

/// The clock, the randomness and the timer of the process, so that the protocol
/// runs natively, in WebAssembly and in a simulation alike.
pub trait Environment: Send + Sync {
    /// Milliseconds since 1970, UTC.
    fn now_ms(&self) -> i64;
    /// Fills `bytes` from a source fit for identifiers that nobody can guess.
    fn fill_random(&self, bytes: &mut [u8]);
    /// Returns after about `ms` milliseconds.
    fn sleep(&self, ms: u64) -> impl Future<Output = ()> + Send;
}
