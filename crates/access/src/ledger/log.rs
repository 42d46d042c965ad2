//! The log as it is read: its files, its published checkpoint, and the proof of
//! one entry.

use std::collections::BTreeSet;
use std::sync::Arc;

use chart::table::{Key, Table};
use ledger::Hash;
use ledger::checkpoint::Checkpoint;
use ledger::leaf::Opening;
use ledger::note::Note;
use ledger::proof_file::Proof;
use ledger::tiles::{File, Held, Tile, first_entries, tiles_of};
use ledger::tree::{Node, consistency, consistency_nodes, includes, inclusion, inclusion_nodes};

use super::rows::{
    BYTES, Head, NOTE, Place, bundle_key, checkpoint_key, head_key, places_of, tile_key,
};
use crate::entry::{Entry, id_time_ms, packed_id};
use crate::journal::JournalError;

/// The log of one region, read.
pub struct Log<T> {
    pub(super) table: Arc<T>,
    pub(super) region: String,
}

/// Whether an entry can be proven yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofState {
    /// Its proof.
    Proven(Box<Proof>),
    /// It is not in a published checkpoint yet: within seconds.
    NotYet,
}

impl<T: Table> Log<T> {
    /// The log of `region`, in the table *access*.
    pub fn new(table: Arc<T>, region: impl Into<String>) -> Self {
        Self { table, region: region.into() }
    }

    /// Where the log is; `None` before its first entry.
    ///
    /// # Errors
    /// What the table says.
    pub async fn head(&self) -> Result<Option<Head>, JournalError> {
        let item = self.table.get(&head_key(&self.region)).await?;
        item.map(|item| Head::from_item(&item)).transpose()
    }

    /// The published checkpoint.
    ///
    /// # Errors
    /// What the table says.
    pub async fn published(&self) -> Result<Option<Note>, JournalError> {
        let Some(item) = self.table.get(&checkpoint_key(&self.region)).await? else {
            return Ok(None);
        };
        let note = item.str(NOTE).and_then(|text| Note::parse(text.as_bytes()).ok());
        note.map(Some).ok_or(JournalError::Corrupt("the ledger's checkpoint is damaged"))
    }

    /// A file of the log; `None` when there is none, or it is not so wide yet.
    ///
    /// # Errors
    /// What the table says.
    pub async fn file(&self, file: &File) -> Result<Option<Vec<u8>>, JournalError> {
        match file {
            File::Checkpoint => Ok(self.published().await?.map(|note| note.to_text().into_bytes())),
            File::Hashes(tile, width) => {
                let held = self.bytes(tile_key(&self.region, *tile)).await?;
                // A partial tile is the beginning of what it becomes.
                Ok(held.and_then(|held| held.get(..usize::from(*width) * 32).map(<[u8]>::to_vec)))
            }
            File::Entries(index, width) => {
                let held = self.bytes(bundle_key(&self.region, *index)).await?;
                Ok(held.and_then(|held| first_entries(&held, *width).map(<[u8]>::to_vec)))
            }
        }
    }

    async fn bytes(&self, key: Key) -> Result<Option<Vec<u8>>, JournalError> {
        let item = self.table.get(&key).await?;
        Ok(item.and_then(|item| item.bytes(BYTES).map(<[u8]>::to_vec)))
    }

    /// The tiles in which these hashes are found. One round trip.
    async fn tiles(&self, nodes: &[Node]) -> Result<Held, JournalError> {
        let mut held = Held::default();
        let tiles: BTreeSet<Tile> = tiles_of(nodes);
        let keys: Vec<Key> = tiles.iter().map(|tile| tile_key(&self.region, *tile)).collect();
        let items = if keys.is_empty() { Vec::new() } else { self.table.get_many(&keys).await? };
        for (tile, item) in tiles.into_iter().zip(items) {
            let bytes = item.as_ref().and_then(|item| item.bytes(BYTES));
            let taken = bytes.and_then(|bytes| held.insert(tile, bytes));
            taken.ok_or(JournalError::Corrupt("a tile of the ledger is missing"))?;
        }
        Ok(held)
    }

    /// The audit path of a leaf in the tree of `size` leaves.
    ///
    /// # Errors
    /// What the table says.
    pub async fn inclusion(&self, leaf: u64, size: u64) -> Result<Vec<Hash>, JournalError> {
        let held = self.tiles(&inclusion_nodes(leaf, size)).await?;
        inclusion(leaf, size, &mut |node| found(&held, node))
    }

    /// The proof that the tree of `size` leaves begins with that of `old`.
    ///
    /// # Errors
    /// What the table says.
    pub async fn consistency(&self, old: u64, size: u64) -> Result<Vec<Hash>, JournalError> {
        let held = self.tiles(&consistency_nodes(old, size)).await?;
        consistency(old, size, &mut |node| found(&held, node))
    }

    /// Which leaf an entry is; `None` when it is not sequenced.
    ///
    /// # Errors
    /// What the table says.
    pub async fn place(&self, entry_id: &str) -> Result<Option<Place>, JournalError> {
        let (Some(id), Some(at_ms)) = (packed_id(entry_id), id_time_ms(entry_id)) else {
            return Ok(None);
        };
        Ok(places_of(&*self.table, &self.region, at_ms / 1000).await?.get(&id).copied())
    }

    /// The proof of an entry, which opens that entry and no other.
    ///
    /// # Errors
    /// What the table says; [`JournalError::Corrupt`] when the entry is not the
    /// one that was logged.
    pub async fn proof(&self, entry: &Entry) -> Result<ProofState, JournalError> {
        let (Some(place), Some(checkpoint)) =
            (self.place(&entry.id).await?, self.published().await?)
        else {
            return Ok(ProofState::NotYet);
        };
        let head = Checkpoint::parse(&checkpoint.text)
            .map_err(|_| JournalError::Corrupt("the ledger's checkpoint is damaged"))?;
        if place.leaf >= head.size {
            return Ok(ProofState::NotYet);
        }
        let opening = Opening { salt: place.salt, entry: entry.to_bytes()? };
        let path = self.inclusion(place.leaf, head.size).await?;
        if !includes(&opening.hash(), place.leaf, head.size, &path, &head.root) {
            return Err(JournalError::Corrupt("an entry is not the one that was logged"));
        }
        let extra = Some(opening.to_bytes());
        Ok(ProofState::Proven(Box::new(Proof { extra, index: place.leaf, path, checkpoint })))
    }
}

fn found(held: &Held, node: Node) -> Result<Hash, JournalError> {
    held.node(node).ok_or(JournalError::Corrupt("a tile of the ledger is shorter than the log"))
}
