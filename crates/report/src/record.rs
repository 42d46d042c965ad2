//! What loads, verifications and reviews leave for the report: one JSON line
//! each, which names no person.

use serde::{Deserialize, Serialize};

use crate::limits::{REASON_CHARS_MAX, RECORD_BYTES_MAX};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Record {
    /// The balance of one run of `dossier load`.
    Load(Load),
    /// The outcome of one run of `dossier verify`.
    Verification(Verification),
    /// How many declared emergencies were looked at.
    Reviews(Reviews),
}

/// The balance of a load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// When it ended, milliseconds since 1970.
    pub at_ms: i64,
    /// Region whose door it went through.
    pub region: String,
    /// Whether everything read has exactly one fate, and nothing ended it early.
    pub balanced: bool,
    /// Items read.
    pub read: u64,
    /// New.
    pub created: u64,
    /// New versions.
    pub updated: u64,
    /// There before.
    pub there: u64,
    /// Not taken.
    pub refused: u64,
}

/// The outcome of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// Region whose ledger it is.
    pub region: String,
    /// What was checked: `log`, `range`, `proof` or `record`.
    pub what: String,
    /// Entries that the checkpoint covered; 0 when it was not believed.
    pub size: u64,
    /// Whether all of it held.
    pub whole: bool,
    /// What did not.
    pub fault: Option<String>,
}

/// Reviews of emergencies, of those since [`EMERGENCIES_COUNTED_MS`] before they
/// were counted.
///
/// [`EMERGENCIES_COUNTED_MS`]: crate::limits::EMERGENCIES_COUNTED_MS
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviews {
    /// When it was counted, milliseconds since 1970.
    pub at_ms: i64,
    /// Region.
    pub region: String,
    /// Emergencies that wait for a review.
    pub open: u64,
    /// Reviews that were closed with an outcome.
    pub closed: u64,
}

impl Record {
    /// When, milliseconds since 1970.
    pub fn at_ms(&self) -> i64 {
        match self {
            Self::Load(load) => load.at_ms,
            Self::Verification(verification) => verification.at_ms,
            Self::Reviews(reviews) => reviews.at_ms,
        }
    }

    /// Region.
    pub fn region(&self) -> &str {
        match self {
            Self::Load(load) => &load.region,
            Self::Verification(verification) => &verification.region,
            Self::Reviews(reviews) => &reviews.region,
        }
    }

    /// One line, without its end.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a line; `None` when it is none of ours.
    pub fn from_line(line: &str) -> Option<Self> {
        if line.len() > RECORD_BYTES_MAX {
            return None;
        }
        serde_json::from_str(line).ok()
    }
}

/// A reason, short enough to be kept, on one line.
pub fn shortened(reason: &str) -> String {
    let plain = reason.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    plain.take(REASON_CHARS_MAX).collect()
}
