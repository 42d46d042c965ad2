//! The access journal: entries durable before the answer.
//!
//! Each gateway writes a *stream* of its own, named by an epoch: items with
//! dense counters, each holding every entry that waited when it was written.
//! A *register* lists the open streams. A *drain* copies what the streams and
//! the commit outbox hold into an *index* by person and time, and moves each
//! stream's watermark behind it. A *search* reads the outbox, then the streams
//! beyond their watermarks, then the index: in the order in which entries move,
//! so that none falls between.
//!
//! What a death leaves: an entry still queued was never answered; an item is
//! written whole or not at all; an index item written twice is the same item; an
//! entry moved twice is shown once, by its id.

use std::future::Future;

use chart::table::TableError;

use crate::entry::EntryError;

pub(crate) mod append;
pub(crate) mod batch;
pub(crate) mod drain;
mod outbox;
mod search;
pub(crate) mod stream;
#[cfg(test)]
pub(crate) mod tests;

pub use append::Journal;
pub use drain::{Drain, Drained};
pub use outbox::{NoOutbox, Outbox};
pub use search::{Page, Reader, Search, cursor_after};

/// What the journal needs from the world.
pub trait Environment: Send + Sync {
    /// Milliseconds since 1970 (UTC).
    fn now_ms(&self) -> u64;
    /// Fills with bytes nobody can guess.
    fn fill_random(&self, bytes: &mut [u8]);
    /// Waits before a write is tried again.
    fn pause(&self, ms: u64) -> impl Future<Output = ()> + Send;
}

/// Why the journal could not do its work. Nothing of the record may be sent
/// then: answer 503.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalError {
    /// Too many entries wait already; retry later.
    Full,
    /// The journal was closed or its flusher is gone.
    Stopped,
    /// Somebody else wrote into the stream, again and again.
    Fenced,
    /// The table did not take it.
    Table(TableError),
    /// The entry cannot be stored.
    Entry(EntryError),
    /// What the table holds is no journal.
    Corrupt(&'static str),
    /// The cursor of a search is none that a search gave.
    Cursor,
}

impl std::fmt::Display for JournalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full => f.write_str("the access journal is full; retry in a second"),
            Self::Stopped => f.write_str("the access journal is closed; retry at another gateway"),
            Self::Fenced => f.write_str("the access journal's stream was taken over; retry"),
            Self::Table(error) => {
                write!(f, "the access journal cannot be reached ({error}); retry")
            }
            Self::Entry(error) => write!(f, "the access cannot be journaled: {error}"),
            Self::Corrupt(what) => write!(f, "the access journal is damaged: {what}"),
            Self::Cursor => f.write_str("the cursor is not one that a search gave; begin again"),
        }
    }
}

impl std::error::Error for JournalError {}

impl From<TableError> for JournalError {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

impl From<EntryError> for JournalError {
    fn from(error: EntryError) -> Self {
        Self::Entry(error)
    }
}
