//! What the items of a table add up to: their number, and the sum of their
//! BLAKE3 hashes, which is the same in whatever order they are read. Tells in one
//! pass, and without memory, whether two tables hold the same.
//!
//! It finds what was lost, added or altered by accident; who may forge items at
//! will is found by the hash of each segment, and by the ledger.

use chart::table::{Item, Key};
use serde::{Deserialize, Serialize};
use store::definition::EXPIRY;

use super::item;
use crate::engine::hexadecimal;

/// The sum of some items. Those that carry a time to live are counted only: a
/// store may delete them at any moment, and nobody misses them.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    items: u64,
    passing: u64,
    lanes: [u64; 4],
}

/// A sum as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// How many items that last.
    pub items: u64,
    /// The sum of their hashes: 64 hexadecimal digits.
    pub sum: String,
    /// How many that carry a time to live.
    pub passing: u64,
}

impl Written {
    /// Whether the same items last in both.
    pub fn agrees(&self, other: &Self) -> bool {
        self.items == other.items && self.sum == other.sum
    }
}

impl Sum {
    /// Adds an item, and its written form ([`item::put`]).
    pub fn add(&mut self, held: &Item, written: &[u8]) {
        if held.num(EXPIRY).is_some() {
            self.passing += 1;
            return;
        }
        self.items += 1;
        let hash = blake3::hash(written);
        let (parts, _) = hash.as_bytes().as_chunks::<8>();
        for (lane, part) in self.lanes.iter_mut().zip(parts) {
            *lane = lane.wrapping_add(u64::from_le_bytes(*part));
        }
    }

    /// Adds items as a store gives them.
    pub fn add_page(&mut self, page: &[(Key, Item)]) {
        let mut written = Vec::new();
        for (key, held) in page {
            written.clear();
            item::put(key, held, &mut written);
            self.add(held, &written);
        }
    }

    /// As it is written down.
    pub fn written(&self) -> Written {
        let bytes: Vec<u8> = self.lanes.iter().flat_map(|lane| lane.to_le_bytes()).collect();
        Written { items: self.items, sum: hexadecimal(&bytes), passing: self.passing }
    }
}

#[cfg(test)]
mod tests;
