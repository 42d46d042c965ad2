//! The review of accesses (R-22.1: accesses are gone through every year). Rules
//! put an access on a list, once, and for good; reviewers add what they find.
//!
//! The rules follow the journal's streams from behind, in passes of bounded
//! work, so that nobody who reads a chart waits for them. A pass writes what it
//! found before it moves on, under keys that the entry determines: a pass that
//! dies, or two at once, put nothing there twice and leave nothing out.
//!
//! In the table *access*:
//!
//! | | |
//! |---|---|
//! | `Q#region` · instant#entry | an access on the list, never changed |
//! | `QC#region` · instant#entry#n | the n-th finding of its review, never changed |
//! | `QP#region` · epoch | how far the rules are in a stream |
//! | `QU#region` · `until` | until when everything has been judged |
//! | `QV#region#user` · day | the charts that a user opened that day, by hour |

use serde::{Deserialize, Serialize};

use crate::entry::{Agent, Entry, EntryError};

mod day;
mod judge;
mod list;
mod rows;
mod rule;
#[cfg(test)]
mod tests;

pub use judge::{Judge, Judged, Meeting, Record};
pub use list::{Counted, List, Listed, Wanted};
pub use rows::keep_for_judging;
pub use rule::{Finding, Rule};

/// First byte of the encoding.
const LAYOUT: u8 = 1;

/// An access on the list, with what its review found so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The entry, without its items.
    pub entry: Entry,
    /// What put it on the list.
    pub findings: Vec<Finding>,
    /// What reviewers found, in their order.
    pub conclusions: Vec<Conclusion>,
}

/// What a reviewer found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conclusion {
    /// The verdict.
    pub outcome: Outcome,
    /// Who.
    pub reviewer: Agent,
    /// Why, in the reviewer's words; for reviewers, not for the person.
    pub note: String,
    /// When, milliseconds since 1970 (UTC).
    pub at_ms: u64,
    /// Id of the journal's entry that tells of it.
    pub entry: String,
}

/// How a review ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// The access was rightful.
    Justified,
    /// It was not.
    NotJustified,
    /// More has to be found out; the review stays on the list.
    FollowUp,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Justified, Self::NotJustified, Self::FollowUp];

    /// The word for it in requests and answers.
    pub fn code(self) -> &'static str {
        match self {
            Self::Justified => "justified",
            Self::NotJustified => "not-justified",
            Self::FollowUp => "follow-up",
        }
    }

    /// The outcome of this word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }

    /// Whether nothing may be added after it.
    pub fn is_final(self) -> bool {
        self != Self::FollowUp
    }
}

/// How far a review is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody has looked.
    Open,
    /// Somebody has, and more is to be found out.
    FollowUp,
    /// It has ended.
    Closed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::FollowUp, Self::Closed];

    /// The word for it in requests.
    pub fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::FollowUp => "follow-up",
            Self::Closed => "closed",
        }
    }

    /// The state of this word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// Whether two agents are one person: by what their issuer calls them, or by
/// their licence.
pub fn same_person(one: &Agent, other: &Agent) -> bool {
    let known = !one.subject.is_empty();
    (known && one.subject == other.subject && one.issuer == other.issuer)
        || (one.licence.is_some() && one.licence == other.licence)
}

#[derive(Serialize, Deserialize)]
struct Stored {
    entry: Vec<u8>,
    findings: Vec<Finding>,
    conclusions: Vec<Conclusion>,
}

impl Review {
    /// How far it is.
    pub fn state(&self) -> State {
        match self.conclusions.last() {
            None => State::Open,
            Some(last) if last.outcome.is_final() => State::Closed,
            Some(_) => State::FollowUp,
        }
    }

    /// Whether this rule is among those that put it on the list.
    pub fn is_by(&self, rule: Rule) -> bool {
        self.findings.iter().any(|finding| finding.rule == rule)
    }

    /// The encoding that crosses the walls, and in which the list keeps it.
    ///
    /// # Errors
    /// As [`Entry::to_bytes`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryError> {
        let stored = Stored {
            entry: self.entry.to_bytes()?,
            findings: self.findings.clone(),
            conclusions: self.conclusions.clone(),
        };
        postcard::to_extend(&stored, vec![LAYOUT]).map_err(|_| EntryError::Malformed)
    }

    /// Reads what [`Review::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`EntryError::Malformed`] and [`EntryError::Layout`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        match bytes.split_first() {
            Some((&LAYOUT, rest)) => {
                let stored: Stored =
                    postcard::from_bytes(rest).map_err(|_| EntryError::Malformed)?;
                let entry = Entry::from_bytes(&stored.entry)?;
                Ok(Self { entry, findings: stored.findings, conclusions: stored.conclusions })
            }
            Some((&other, _)) => Err(EntryError::Layout(other)),
            None => Err(EntryError::Malformed),
        }
    }
}
