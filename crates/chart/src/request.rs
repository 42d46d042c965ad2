//! What the planner asks of the record, and what it gets back.

use std::fmt;
use std::sync::Arc;

use crate::error::Current;
use crate::finish::Fold;
use crate::ids::Home;
use crate::table::{Item, Key};

/// What a change demands of the resource as it is visible now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It never existed or is deleted.
    Absent,
    /// Nothing.
    Any,
    /// It exists, is not deleted, and this is its version (`If-Match`).
    Version(u64),
    /// It exists and is not deleted.
    Exists,
}

impl Expect {
    pub(crate) fn holds(self, current: Option<Current>) -> bool {
        let live = current.filter(|current| !current.deleted);
        match self {
            Self::Any => true,
            Self::Absent => live.is_none(),
            Self::Exists => live.is_some(),
            Self::Version(version) => live.is_some_and(|current| current.version == version),
        }
    }
}

/// A digest of a resource's content.
pub type Digest = [u8; 16];

/// Makes a body once its version and last update (milliseconds) are known. It
/// may be called several times and must then give the same text.
pub type MakeBody = Arc<dyn Fn(u64, i64) -> String + Send + Sync>;
/// Makes bytes from what a commit did, and its id.
pub type MakeEntry = Arc<dyn Fn(&[Done], &str) -> Vec<u8> + Send + Sync>;
/// Makes bytes from what a commit did.
pub type MakeResult = Arc<dyn Fn(&[Done]) -> Vec<u8> + Send + Sync>;

/// The new content of a resource.
#[derive(Clone)]
pub enum Content {
    /// A body.
    Body(MakeBody),
    /// None: this version is a deletion, and releases every claim.
    Deleted,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Body(_) => "Body",
            Self::Deleted => "Deleted",
        })
    }
}

/// From (included) to (excluded), in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Absent: since ever.
    pub from_ms: Option<i64>,
    /// Absent: for ever.
    pub to_ms: Option<i64>,
}

impl Period {
    /// Since ever and for ever.
    pub const ALWAYS: Self = Self { from_ms: None, to_ms: None };

    /// Whether some instant lies in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let before = |to: Option<i64>, from: Option<i64>| match (to, from) {
            (Some(to), Some(from)) => to <= from,
            _ => false,
        };
        !before(self.to_ms, other.from_ms) && !before(other.to_ms, self.from_ms)
    }
}

/// The change's resource is to own `key` for a period; an overlapping period
/// of another owner is a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// From [`crate::keys::claim_key`].
    pub key: String,
    /// When it owns it.
    pub period: Period,
}

/// A hint for searches across people, written before the commit is visible;
/// readers verify it against the cell, so a stale one does no harm. Its sort
/// key should end in the resource it speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Partition `I#…`, and a sort key.
    pub key: Key,
    /// What it holds.
    pub item: Item,
}

/// One resource's change.
#[derive(Clone, Debug)]
pub struct Change {
    /// Where it lives. A resource never moves.
    pub home: Home,
    /// Its type.
    pub resource_type: String,
    /// Its id.
    pub id: String,
    /// What must hold of it now.
    pub expect: Expect,
    /// What it becomes.
    pub content: Content,
    /// Search tokens for the cell.
    pub tokens: Vec<u8>,
    /// Digest of what the body says, whatever its version, for the cell. When
    /// the resource is live and its cell holds the same, the change makes no
    /// version. Absent: not to be compared.
    pub digest: Option<Digest>,
    /// Hint rows that this version wants. All of them, each time.
    pub rows: Vec<Row>,
    /// Hint rows of the version before that are no longer wanted. Removed only
    /// by a commit of one resource; otherwise they stay, and readers see that
    /// they are stale.
    pub drop_rows: Vec<Key>,
    /// Everything that this version owns. What the version before owned and
    /// this one does not is released.
    pub claims: Vec<Claim>,
    /// Other compartments that it belongs to.
    pub pointers: Vec<Home>,
    /// Whether a locator must tell its home ([`crate::ids::home_of`]).
    pub locator: bool,
}

/// A conditional create's promise that nothing matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// From [`crate::keys::claim_key`] or [`crate::keys::criteria_key`].
    pub key: String,
    /// As [`crate::Record::generation`] told **before** the search.
    pub generation: i64,
}

/// A client's key for repeating a request safely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Whose key it is.
    pub caller: String,
    /// The key; one that starts with `sha-256=` is its content, and kept for
    /// ever, any other for 24 hours.
    pub key: String,
    /// Hash of the request: another one under the same key is refused.
    pub request_hash: Vec<u8>,
}

/// Changes that become visible together or not at all.
#[derive(Clone)]
pub struct Commit {
    /// The changes, each of another resource.
    pub changes: Vec<Change>,
    /// Guards of conditional creates.
    pub guards: Vec<Guard>,
    /// The region whose journal takes the entry.
    pub region: String,
    /// The retry key.
    pub retry: Option<Retry>,
    /// The access entry. May be called several times, with what is then about
    /// to be committed; the last call counts.
    pub entry: MakeEntry,
    /// What is kept under the retry key and returned; called like `entry`.
    pub result: MakeResult,
}

impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commit")
            .field("changes", &self.changes.len())
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// What a commit did to one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Its type.
    pub resource_type: String,
    /// Its id.
    pub id: String,
    /// The new version; the current one when `unchanged`.
    pub version: u64,
    /// When that was made, in milliseconds since 1970.
    pub last_updated_ms: i64,
    /// Whether the new version is a deletion.
    pub deleted: bool,
    /// Whether the resource held just this already, so that no version was made.
    pub unchanged: bool,
    /// The visible version before; absent when it never existed.
    pub previous: Option<u64>,
    /// Whether the resource was live before; with `previous`, tells an update
    /// from a creation after a deletion.
    pub was_live: bool,
}

/// A commit that is durable and visible.
#[derive(Debug)]
pub struct Committed {
    /// Its id.
    pub id: String,
    /// In the order of the changes; empty when replayed.
    pub done: Vec<Done>,
    /// Whether the retry key was found, so that nothing was done now.
    pub replayed: bool,
    /// Whether the access entry was kept with it. Not when nothing was written:
    /// when replayed, or when every change is `unchanged` and there is no retry
    /// key; then the caller makes an entry for what it read.
    pub journaled: bool,
    /// [`Commit::result`], of the first time when replayed.
    pub result: Vec<u8>,
    /// What is left to tidy; give it to [`crate::Record::fold`], best after
    /// the answer. Dropped, a sweeper does it.
    pub fold: Option<Box<Fold>>,
}
