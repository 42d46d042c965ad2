//! Why a commit or a read did not happen.

use std::fmt;

use crate::table::TableError;

/// What a resource is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Current {
    /// Its newest visible version.
    pub version: u64,
    /// Whether that version is a deletion.
    pub deleted: bool,
}

/// Why a commit left nothing visible (but see [`CommitError::Unavailable`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitError {
    /// What [`crate::Change::expect`] demands does not hold (412, or 404 and
    /// 410 for the caller to tell apart).
    PreconditionFailed {
        /// Which change.
        index: usize,
        /// What the resource is now; absent when it never existed.
        current: Option<Current>,
    },
    /// Another resource holds what this one claims, or the id lives in another
    /// chart (409).
    Conflict {
        /// Which change.
        index: usize,
        /// Type and id of the other resource.
        holder: (String, String),
        /// The claim's key; absent when it is the id itself that is taken.
        claim: Option<String>,
    },
    /// A guard has changed since it was read: search again, then decide again.
    LostRace {
        /// The guard's key.
        key: String,
    },
    /// The retry key was used before for another request (422).
    RetryKeyReused,
    /// Others kept changing the same resources (409 or 503; retry later).
    Contended,
    /// The store could not be reached, or asks to slow down (503).
    Unavailable {
        /// Whether the commit may still have happened, or may happen: repeat
        /// it with the same retry key to learn, or to make it happen once.
        unknown: bool,
        /// What the store said.
        why: String,
    },
    /// The request cannot be committed as such (too large, a resource twice).
    Invalid(String),
}

impl CommitError {
    pub(crate) fn store(error: TableError, unknown: bool) -> Self {
        match error {
            TableError::Rejected(why) if !unknown => Self::Invalid(why),
            // Nothing is wrong with the request.
            TableError::Denied(why) => Self::Unavailable { unknown, why },
            other => Self::Unavailable { unknown, why: other.to_string() },
        }
    }
}

impl fmt::Display for CommitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PreconditionFailed { index, .. } => {
                write!(f, "entry {index} was changed by another since it was read: read it again")
            }
            Self::Conflict { index, claim: Some(_), .. } => {
                write!(f, "entry {index} claims an identifier that another resource holds")
            }
            Self::Conflict { index, claim: None, .. } => {
                write!(f, "the id of entry {index} is taken in another chart")
            }
            Self::LostRace { .. } => f.write_str("another conditional create came first"),
            Self::RetryKeyReused => {
                f.write_str("the retry key was used for another request: use a new key")
            }
            Self::Contended => f.write_str("others are changing the same resources: retry later"),
            Self::Unavailable { unknown: true, why } => {
                write!(f, "unknown whether it was done, repeat with the same retry key: {why}")
            }
            Self::Unavailable { unknown: false, why } => write!(f, "nothing was done: {why}"),
            Self::Invalid(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for CommitError {}

/// Why a read gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The store could not be reached or is overloaded (503).
    Unavailable(String),
    /// Commits of many resources kept landing while it read (503, retry).
    Contended,
    /// A stored item is not in a form that this version knows.
    Corrupt(String),
}

impl From<TableError> for ReadError {
    fn from(error: TableError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(why) => write!(f, "the store is unavailable: {why}"),
            Self::Contended => f.write_str("the chart is changing too fast: retry"),
            Self::Corrupt(what) => write!(f, "stored item not understood: {what}"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<ReadError> for CommitError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Contended => Self::Contended,
            other => Self::Unavailable { unknown: false, why: other.to_string() },
        }
    }
}
