//! Versions (V) and the pieces (Y) of bodies too long for one item.

use crate::codec;
use crate::keys;
use crate::limits::PIECE_BYTES_MAX;
use crate::table::{Condition, Item, Key, Value, Write};

/// One version of a resource, with its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its type.
    pub resource_type: String,
    /// Its id.
    pub id: String,
    /// Its number, from 1, without gaps.
    pub version: u64,
    /// When it was made, in milliseconds since 1970.
    pub last_updated_ms: i64,
    /// Whether it is a deletion.
    pub deleted: bool,
    /// The stored text; absent for a deletion.
    pub body: Option<String>,
    /// The commit that made it.
    pub commit: String,
}

/// What a V item says besides its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub version: u64,
    pub last_updated_ms: i64,
    pub deleted: bool,
    pub commit: String,
    /// Present while the commit may be unfinished.
    pub unfinished: bool,
    /// Pieces of the body, when it is not in the item.
    pub pieces: usize,
}

impl Head {
    pub fn parse(sort_key: &str, item: &Item) -> Option<Self> {
        let (_, version) = sort_key.rsplit_once('#')?;
        Some(Self {
            version: version.parse().ok()?,
            last_updated_ms: item.num("at")?,
            deleted: item.num("del").is_some(),
            commit: item.str("c")?.to_owned(),
            unfinished: item.str("cx").is_some(),
            pieces: usize::try_from(item.num("y").unwrap_or(0)).ok()?,
        })
    }
}

/// A version about to be written.
#[derive(Clone, Debug)]
pub(crate) struct NewVersion {
    pub key: Key,
    /// Without `cx`.
    pub item: Item,
    pub pieces: Vec<Write>,
}

/// What a new version is made of.
pub(crate) struct Making<'a> {
    pub key: Key,
    /// `Type#id`.
    pub resource: String,
    pub commit: &'a str,
    pub last_updated_ms: i64,
    /// Absent for a deletion.
    pub body: Option<String>,
}

impl NewVersion {
    pub fn make(making: Making<'_>) -> Self {
        let Making { key, resource, commit, last_updated_ms, body } = making;
        let mut item = Item::default()
            .with("at", Value::N(last_updated_ms))
            .with("c", Value::S(commit.to_owned()));
        let mut pieces = Vec::new();
        match body.map(|text| codec::pack(text.as_bytes())) {
            None => {
                item.set("del", Value::N(1));
            }
            Some(packed) if packed.len() <= PIECE_BYTES_MAX => {
                item.set("b", Value::B(packed));
            }
            Some(packed) => {
                for (index, piece) in packed.chunks(PIECE_BYTES_MAX).enumerate() {
                    let at = keys::piece(&key.pk, commit, &resource, index);
                    let held = Item::default().with("b", Value::B(piece.to_vec()));
                    pieces.push(Write::put(at, held, Condition::Always));
                }
                item.set("y", Value::N(i64::try_from(pieces.len()).unwrap_or(i64::MAX)));
            }
        }
        Self { key, item, pieces }
    }

    /// The item while its commit is not finished.
    pub fn staged(&self, commit: &str) -> Item {
        self.item.clone().with("cx", Value::S(commit.to_owned()))
    }
}

/// Holds when there is no such version, or only what a dead commit left.
pub(crate) fn free_of(dead: &[String]) -> Condition {
    let left = dead.iter().map(|commit| staged_by(commit));
    Condition::Any(std::iter::once(Condition::Absent).chain(left).collect())
}

/// Holds for a version that `commit` staged and that was not finished.
pub(crate) fn staged_by(commit: &str) -> Condition {
    Condition::Equals("cx".into(), Value::S(commit.to_owned()))
}

/// About how many bytes the store counts for a write.
pub(crate) fn weight(write: &Write) -> usize {
    let item = match &write.action {
        crate::table::Action::Put(item) => item.0.iter().map(|(n, v)| n.len() + size(v)).sum(),
        _ => 0,
    };
    write.key.pk.len() + write.key.sk.len() + item + 32
}

fn size(value: &Value) -> usize {
    match value {
        Value::S(text) => text.len(),
        Value::N(_) => 12,
        Value::B(bytes) => bytes.len(),
        Value::L(values) => 3 + values.iter().map(|value| size(value) + 1).sum::<usize>(),
    }
}
