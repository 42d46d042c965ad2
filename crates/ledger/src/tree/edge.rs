//! The right edge of a tree: all that growth needs to know of it.

use super::{Hash, empty_root, node_hash};
use crate::limits::SIZE_MAX;

/// The perfect subtrees that a tree of `size` leaves divides into, from the
/// largest to the smallest: one for each bit that is set in the size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    hashes: Vec<Hash>,
}

impl Edge {
    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends the hash of a leaf. A tree that is full ([`SIZE_MAX`]) stays as
    /// it is; whoever appends one entry a nanosecond gets there in 146 years.
    pub fn append(&mut self, leaf: Hash) {
        self.append_perfect(leaf, 0);
    }

    /// Appends the root of 2^`height` leaves, which spares their hashing. Leaves
    /// the tree as it is, and says no, when it would be too large ([`SIZE_MAX`]) or
    /// has another number of leaves than a multiple of these.
    pub fn append_perfect(&mut self, root: Hash, height: u8) -> bool {
        let leaves = 1_u64.checked_shl(height.into()).unwrap_or(u64::MAX);
        let fits = self.size.checked_add(leaves).is_some_and(|size| size <= SIZE_MAX);
        if !fits || !self.size.is_multiple_of(leaves) {
            return false;
        }
        let mut hash = root;
        for _ in 0..(self.size / leaves).trailing_ones() {
            let Some(left) = self.hashes.pop() else { break };
            hash = node_hash(&left, &hash);
        }
        self.hashes.push(hash);
        self.size += leaves;
        true
    }

    /// Root of the tree.
    pub fn root(&self) -> Hash {
        let from_the_right = self.hashes.iter().rev().copied();
        from_the_right.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }

    /// The hashes one after another.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.concat()
    }

    /// The edge of a tree of `size` leaves, as [`Edge::to_bytes`] wrote it.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        let whole = rest.is_empty() && size <= SIZE_MAX;
        let expected = usize::try_from(size.count_ones()).ok();
        (whole && Some(hashes.len()) == expected).then(|| Self { size, hashes: hashes.to_vec() })
    }
}
