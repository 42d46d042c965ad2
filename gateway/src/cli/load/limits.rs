//! What bounds the loader, and why.

use std::time::Duration;

/// Largest body that is sent: the doors take no larger one.
pub const BODY_BYTES_MAX: usize = crate::limits::BODY_BYTES_MAX;

/// Largest answer that is taken: about 240 bytes for each of a bundle's
/// entries, or their OperationOutcomes.
pub const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Lines of NDJSON that travel together: enough that the round trip does not
/// count, few enough that a lost connection repeats little.
pub const LINES_PER_BATCH: usize = 200;

/// A batch of lines is sent when it has this many bytes, however few they are.
pub const LINES_BYTES: usize = 4 * 1024 * 1024;

/// Entries of a collection that travel in one transaction, so that their
/// references to each other hold; a door takes no more of them.
pub const COLLECTION_ENTRIES_MAX: usize = 6_000;

/// Folders within folders.
pub const FOLDERS_DEEP_MAX: usize = 32;

/// Refusals that are told one by one; the rest is only counted.
pub const REFUSALS_TOLD_MAX: usize = 10_000;

/// Characters of a reason.
pub const REASON_CHARS_MAX: usize = 400;

/// Issues of one OperationOutcome that are told.
pub const ISSUES_TOLD_MAX: usize = 3;

/// Bundles under way at one time, at most.
pub const AT_ONCE_MAX: u64 = 64;

/// How long the loader insists. Tests shorten these.
#[derive(Clone, Copy, Debug)]
pub struct Insistence {
    /// From the first failure of a bundle until it is given up: longer than a
    /// door takes to start again, or a store to come back.
    pub give_up: Duration,
    /// One attempt: the body over a satellite link, and the longest answer.
    pub attempt: Duration,
    /// Pause after the first failure; it doubles with each further one.
    pub pause: Duration,
    /// Longest pause, also when the door asks for more.
    pub pause_max: Duration,
    /// How often a conflict with somebody else's change is tried again.
    pub conflicts_max: u32,
}

impl Default for Insistence {
    fn default() -> Self {
        Self {
            give_up: Duration::from_secs(300),
            attempt: Duration::from_secs(180),
            pause: Duration::from_millis(200),
            pause_max: Duration::from_secs(15),
            conflicts_max: 8,
        }
    }
}

/// A door that was asked for the first time may still be starting.
pub const FIRST_ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A token that the loader made itself is replaced at this age.
pub const TOKEN_AGE_MAX: Duration = Duration::from_secs(3_600);

/// How far the clock of a door on another machine may be from ours.
pub const CLOCKS_APART_MS: i64 = 60_000;
