//! The Merkle tree of RFC 6962 §2.1: hashing, growth, and proofs.

use sha2::{Digest, Sha256};

use crate::limits::{PROOF_HASHES_MAX, SIZE_MAX};

mod edge;
#[cfg(test)]
mod tests;

pub use edge::Edge;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// Hash of a leaf (RFC 6962 §2.1).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// Hash of two neighbouring subtrees (RFC 6962 §2.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Root of the tree without leaves: the hash of nothing.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// A perfect subtree: the `index`-th from the left of those of 2^`height` leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Levels above the leaves.
    pub height: u8,
    /// Place among those of its height.
    pub index: u64,
}

/// Root of perfect neighbours, whose number is a power of two.
pub fn perfect_root(hashes: &[Hash]) -> Option<Hash> {
    if !hashes.len().is_power_of_two() {
        return None;
    }
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        let pairs = row.chunks_exact(2).filter_map(|pair| match pair {
            [left, right] => Some(node_hash(left, right)),
            _ => None,
        });
        row = pairs.collect();
    }
    row.first().copied()
}

/// Where the leaves from `from` to `to` divide (RFC 6962 §2.1): the largest
/// power of two of them, short of all.
fn split(from: u64, to: u64) -> u64 {
    let count = to - from;
    from + (1 << (count - 1).ilog2())
}

/// Hash of the leaves from `from` up to `to`, which the tree divides there: of
/// the perfect subtrees in it, as `nodes` gives them.
///
/// # Errors
/// The first of `nodes`.
pub fn subtree<E>(
    from: u64,
    to: u64,
    nodes: &mut impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Hash, E> {
    let count = to.saturating_sub(from);
    if count == 0 {
        return Ok(empty_root());
    }
    if count.is_power_of_two() && from.is_multiple_of(count) {
        // At most 63.
        let height = u8::try_from(count.ilog2()).unwrap_or(u8::MAX);
        return nodes(Node { height, index: from / count });
    }
    let middle = split(from, to);
    Ok(node_hash(&subtree(from, middle, nodes)?, &subtree(middle, to, nodes)?))
}

/// The audit path of leaf `index` in a tree of `size` leaves, from the leaf's
/// sibling upwards (RFC 6962 §2.1.1). Empty as well when there is no such leaf.
///
/// # Errors
/// The first of `nodes`.
pub fn inclusion<E>(
    index: u64,
    size: u64,
    nodes: &mut impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let (mut from, mut to) = (0, size);
    let mut path = Vec::new();
    while index < size && to - from > 1 {
        let middle = split(from, to);
        if index < middle {
            path.push(subtree(middle, to, nodes)?);
            to = middle;
        } else {
            path.push(subtree(from, middle, nodes)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `size` leaves begins with that of `old` leaves
/// (RFC 6962 §2.1.2). Empty when `old` is 0, `size`, or more.
///
/// # Errors
/// The first of `nodes`.
pub fn consistency<E>(
    old: u64,
    size: u64,
    nodes: &mut impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let mut path = Vec::new();
    if old == 0 || old >= size {
        return Ok(path);
    }
    let (mut from, mut to) = (0, size);
    while old != to {
        let middle = split(from, to);
        if old <= middle {
            path.push(subtree(middle, to, nodes)?);
            to = middle;
        } else {
            path.push(subtree(from, middle, nodes)?);
            from = middle;
        }
    }
    // A tree that is a left part of the new one is known to who verifies.
    if from != 0 {
        path.push(subtree(from, to, nodes)?);
    }
    path.reverse();
    Ok(path)
}

/// The perfect subtrees that [`inclusion`] asks for.
pub fn inclusion_nodes(index: u64, size: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    let _ = inclusion(index, size, &mut record(&mut nodes));
    nodes
}

/// The perfect subtrees that [`consistency`] asks for.
pub fn consistency_nodes(old: u64, size: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    let _ = consistency(old, size, &mut record(&mut nodes));
    nodes
}

fn record(nodes: &mut Vec<Node>) -> impl FnMut(Node) -> Result<Hash, std::convert::Infallible> {
    |node| {
        nodes.push(node);
        Ok([0; 32])
    }
}

/// Whether `path` leads from the leaf to the root (RFC 9162 §2.1.3.2).
pub fn includes(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size || size > SIZE_MAX || path.len() > PROOF_HASHES_MAX {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether the tree of `size` leaves begins with the one of `old` leaves (RFC
/// 9162 §2.1.4.2). The empty tree begins every one, without a proof.
pub fn extends(old: u64, old_root: &Hash, size: u64, root: &Hash, path: &[Hash]) -> bool {
    if old > size || size > SIZE_MAX || path.len() > PROOF_HASHES_MAX {
        return false;
    }
    if old == 0 {
        return path.is_empty() && *old_root == empty_root();
    }
    if old == size {
        return path.is_empty() && old_root == root;
    }
    let mut hashes = path.iter();
    let first = if old.is_power_of_two() { Some(old_root) } else { hashes.next() };
    let (Some(first), false) = (first, path.is_empty()) else { return false };
    let (mut at, mut last) = (old - 1, size - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut before, mut after) = (*first, *first);
    for hash in hashes {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            before = node_hash(hash, &before);
            after = node_hash(hash, &after);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            after = node_hash(&after, hash);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && before == *old_root && after == *root
}
