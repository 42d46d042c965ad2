//! The ledger's items in the table, written and read.

use std::collections::BTreeMap;

use chart::table::{Condition, Item, Key, Value};
use ledger::Hash;
use ledger::leaf::{SALT_BYTES, Salt};
use ledger::tiles::Tile;
use ledger::tree::Edge;

use crate::journal::JournalError;
use crate::journal::stream::counter_sk;

/// Attribute of the head and the checkpoint: leaves.
pub const SIZE: &str = "size";
/// Attribute of the head: the right edge.
const EDGE: &str = "edge";
/// Attribute of the head: counts the transactions; no two see the same.
pub const TURN: &str = "turn";
/// Attribute of the head: ids of the entries that the last transaction
/// appended. A query may still miss their places (it can see half of a
/// transaction); the head it cannot miss.
const LAST: &str = "last";
/// Attribute of the checkpoint: the signed note.
pub const NOTE: &str = "note";
/// Attribute of tiles, bundles and places: their bytes.
pub const BYTES: &str = "b";
/// Attribute of a position: the stream's next counter.
const NEXT: &str = "next";
/// Attribute of a position: entries of that item that are sequenced already.
const TAKEN: &str = "taken";

/// Tiles of one partition.
const TILES_PER_PART: u64 = 4096;
/// Bytes of an entry's id, unpacked from its text.
pub const ID_BYTES: usize = 16;
/// Bytes of one place.
const PLACE_BYTES: usize = ID_BYTES + 8 + SALT_BYTES;

/// An entry's id in sixteen bytes.
pub type Id = [u8; ID_BYTES];

/// Where the log is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Right edge of the tree: its size and root.
    pub edge: Edge,
    pub(super) turn: i64,
    pub(super) last: Vec<Id>,
}

impl Head {
    /// Leaves.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// Root of the tree.
    pub fn root(&self) -> Hash {
        self.edge.root()
    }

    pub(super) fn to_item(&self) -> Item {
        Item::default()
            .with(SIZE, number(self.size()))
            .with(EDGE, Value::B(self.edge.to_bytes()))
            .with(TURN, Value::N(self.turn))
            .with(LAST, Value::B(self.last.concat()))
    }

    pub(super) fn from_item(item: &Item) -> Result<Self, JournalError> {
        let size = item.num(SIZE).and_then(|size| u64::try_from(size).ok());
        let edge = size.zip(item.bytes(EDGE)).and_then(|(size, edge)| Edge::from_bytes(size, edge));
        let last = item.bytes(LAST).map(<[u8]>::as_chunks::<ID_BYTES>);
        match (edge, item.num(TURN), last) {
            (Some(edge), Some(turn), Some((last, []))) => {
                Ok(Self { edge, turn, last: last.to_vec() })
            }
            _ => Err(JournalError::Corrupt("the ledger's head is damaged")),
        }
    }
}

pub fn number(number: u64) -> Value {
    Value::N(i64::try_from(number).unwrap_or(i64::MAX))
}

pub fn head_key(region: &str) -> Key {
    Key::new(format!("LH#{region}"), "head")
}

pub fn checkpoint_key(region: &str) -> Key {
    Key::new(format!("LH#{region}"), "checkpoint")
}

pub fn tile_key(region: &str, tile: Tile) -> Key {
    let part = tile.index / TILES_PER_PART;
    Key::new(format!("LT#{region}#{}#{part}", tile.level), counter_sk(tile.index))
}

pub fn bundle_key(region: &str, index: u64) -> Key {
    Key::new(format!("LE#{region}#{}", index / TILES_PER_PART), counter_sk(index))
}

pub fn places_pk(region: &str, second: u64) -> String {
    format!("LP#{region}#{second}")
}

pub fn positions_pk(region: &str) -> String {
    format!("LS#{region}")
}

pub fn finished_pk(region: &str) -> String {
    format!("LZ#{region}")
}

/// Bytes under [`BYTES`].
pub fn bytes(bytes: Vec<u8>) -> Item {
    Item::default().with(BYTES, Value::B(bytes))
}

/// How far a stream is sequenced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Counter of the next item.
    pub next: u64,
    /// Entries of it that are sequenced already.
    pub taken: u64,
}

impl Position {
    pub fn to_item(self) -> Item {
        Item::default().with(NEXT, number(self.next)).with(TAKEN, number(self.taken))
    }

    pub fn from_item(item: &Item) -> Result<Self, JournalError> {
        let number = |name: &str| item.num(name).and_then(|number| u64::try_from(number).ok());
        match (number(NEXT), number(TAKEN)) {
            (Some(next), Some(taken)) => Ok(Self { next, taken }),
            _ => Err(JournalError::Corrupt("a stream's position in the ledger is damaged")),
        }
    }

    /// That the stored position is this one.
    pub fn unmoved(self) -> Condition {
        Condition::All(vec![
            Condition::Equals(NEXT.to_owned(), number(self.next)),
            Condition::Equals(TAKEN.to_owned(), number(self.taken)),
        ])
    }
}

/// Which leaf an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index of the leaf.
    pub leaf: u64,
    /// The entry's salt.
    pub salt: Salt,
}

/// Appends the place of an entry to those of its second.
pub fn push_place(places: &mut Vec<u8>, id: &Id, place: &Place) {
    places.extend_from_slice(id);
    places.extend_from_slice(&place.leaf.to_be_bytes());
    places.extend_from_slice(&place.salt);
}

/// The places in an item.
pub fn places(item: &Item) -> Result<Vec<(Id, Place)>, JournalError> {
    let damaged = JournalError::Corrupt("the ledger's place index is damaged");
    let bytes = item.bytes(BYTES).ok_or(damaged.clone())?;
    let (rows, rest) = bytes.as_chunks::<PLACE_BYTES>();
    if !rest.is_empty() {
        return Err(damaged);
    }
    let place = |row: &[u8; PLACE_BYTES]| {
        let (id, rest) = row.split_first_chunk::<ID_BYTES>()?;
        let (leaf, salt) = rest.split_first_chunk::<8>()?;
        let leaf = u64::from_be_bytes(*leaf);
        Some((*id, Place { leaf, salt: salt.try_into().ok()? }))
    };
    rows.iter().map(|row| place(row).ok_or(damaged.clone())).collect()
}

/// Every place of one second.
pub async fn places_of<T: chart::table::Table>(
    table: &T,
    region: &str,
    second: u64,
) -> Result<BTreeMap<Id, Place>, JournalError> {
    let mut found = BTreeMap::new();
    for (_, item) in super::whole_partition(table, places_pk(region, second)).await? {
        found.extend(places(&item)?);
    }
    Ok(found)
}
