//! Leaves appended to a log: the tiles and bundles of its right edge that
//! change, and the edge itself.

use std::collections::BTreeMap;

use crate::limits::{LEVEL_MAX, SIZE_MAX, TILE_WIDTH};
use crate::tiles::{Tile, first_entries, hashes, push_entry, width};
use crate::tree::{Edge, Hash, leaf_hash, perfect_root};

#[cfg(test)]
mod tests;

/// A log being appended to.
#[derive(Clone, Debug)]
pub struct Growth {
    edge: Edge,
    before: u64,
    /// Hashes of the last tile of each level that has a partial one.
    rows: BTreeMap<u8, Vec<Hash>>,
    bundle: Vec<u8>,
    tiles: BTreeMap<Tile, Vec<u8>>,
    bundles: BTreeMap<u64, Vec<u8>>,
}

/// The tiles that are partial in a log of `size` leaves, of which appending
/// must know the contents. The bundle beside the one of level 0 as well.
pub fn partial(size: u64) -> impl Iterator<Item = Tile> {
    (0..=LEVEL_MAX).filter_map(move |level| {
        let index = crate::tiles::hashes_of_level(level, size) / TILE_WIDTH;
        let tile = Tile { level, index };
        (width(tile, size) > 0).then_some(tile)
    })
}

impl Growth {
    /// Begins at this edge. `tiles` are the contents of [`partial`]'s, in their
    /// order, and `bundle` that of the partial bundle; either may hold more
    /// than the log of this size has, which is left out. `None` when they are
    /// not of such a log.
    pub fn new(edge: Edge, tiles: &[Vec<u8>], bundle: &[u8]) -> Option<Self> {
        let size = edge.size();
        let mut rows = BTreeMap::new();
        let mut given = tiles.iter();
        for tile in partial(size) {
            let held = hashes(given.next()?)?.get(..usize::from(width(tile, size)))?;
            rows.insert(tile.level, held.to_vec());
        }
        let bundle = first_entries(bundle, u16::try_from(size % TILE_WIDTH).ok()?)?.to_vec();
        let (tiles, bundles) = (BTreeMap::new(), BTreeMap::new());
        Some(Self { edge, before: size, rows, bundle, tiles, bundles })
    }

    /// Appends one entry; `None` when it is too long or the log is full.
    pub fn append(&mut self, entry: &[u8]) -> Option<()> {
        if self.edge.size() >= SIZE_MAX {
            return None;
        }
        push_entry(&mut self.bundle, entry)?;
        let leaf = leaf_hash(entry);
        let index = self.edge.size();
        self.edge.append(leaf);
        if self.edge.size().is_multiple_of(TILE_WIDTH) {
            self.bundles.insert(index / TILE_WIDTH, std::mem::take(&mut self.bundle));
        }
        let (mut level, mut index, mut hash) = (0, index, leaf);
        loop {
            let row = self.rows.entry(level).or_default();
            row.push(hash);
            if (row.len() as u64) < TILE_WIDTH {
                return Some(());
            }
            let full = std::mem::take(row);
            index /= TILE_WIDTH;
            self.tiles.insert(Tile { level, index }, full.concat());
            hash = perfect_root(&full)?;
            level += 1;
        }
    }

    /// The edge now.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// The tiles and bundles that were filled or grew, with all they hold now.
    pub fn changed(mut self) -> (BTreeMap<Tile, Vec<u8>>, BTreeMap<u64, Vec<u8>>) {
        let (before, size) = (self.before, self.edge.size());
        for (level, row) in self.rows {
            let tile = |size| {
                let index = crate::tiles::hashes_of_level(level, size) / TILE_WIDTH;
                let tile = Tile { level, index };
                (tile, width(tile, size))
            };
            if !row.is_empty() && tile(before) != tile(size) {
                self.tiles.insert(tile(size).0, row.concat());
            }
        }
        if before != size && !self.bundle.is_empty() {
            self.bundles.insert(size / TILE_WIDTH, self.bundle);
        }
        (self.tiles, self.bundles)
    }
}
