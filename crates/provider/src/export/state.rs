//! The state of an export as its job keeps it.

use postcard::{from_bytes, to_allocvec};
use serde::{Deserialize, Serialize};

use contracts::Refusal;

/// First byte of the encoding; a later layout takes another.
const LAYOUT: u8 = 1;

/// Between two places of the walk: registry shards first, then people, shard
/// by shard of their list, each in order of id.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Mark {
    pub stage: u64,
    /// The last person passed in this stage; empty at its beginning.
    pub after: String,
}

/// Over whom the walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Walk {
    /// Registries and all people.
    Everything,
    /// All people.
    People,
    /// The people that the job was begun with.
    Listed,
}

/// A file whose end is not known yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Open {
    pub from: Mark,
    pub count: u32,
}

/// A file: the resources of one type in the places from one mark to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct File {
    pub resource_type: String,
    pub from: Mark,
    pub to: Mark,
    pub count: u32,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// Who began it: nobody else is told of it.
    pub owner: String,
    pub url: String,
    pub elements: Option<String>,
    pub transaction_ms: i64,
    pub walk: Walk,
    pub resource_types: Vec<String>,
    pub since_ms: Option<i64>,
    pub filters: Vec<(String, String)>,
    /// Where the walk goes on; absent once it is done.
    pub at: Option<Mark>,
    pub places: u32,
    /// One for each of `resource_types`.
    pub open: Vec<Open>,
}

/// Encodes a part of a job.
pub(super) fn encoded<T: Serialize>(value: &T) -> Result<Vec<u8>, Refusal> {
    let mut bytes = vec![LAYOUT];
    bytes.extend(to_allocvec(value).map_err(|_| unreadable())?);
    Ok(bytes)
}

/// Decodes what [`encoded`] wrote.
pub(super) fn decoded<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, Refusal> {
    match bytes.split_first() {
        Some((&LAYOUT, rest)) => from_bytes(rest).map_err(|_| unreadable()),
        _ => Err(unreadable()),
    }
}

fn unreadable() -> Refusal {
    Refusal::fault("The export's state cannot be understood. Delete it and ask for a new one.")
}
