//! A log checked from its files: the whole of it, a range, or that it only grew.

use std::collections::BTreeMap;
use std::fmt;

use crate::checkpoint::Checkpoint;
use crate::leaf::is_leaf;
use crate::limits::{FAULTS_LISTED_MAX, TILE_HEIGHT, TILE_WIDTH};
use crate::tiles::{self, File, Held, Tile, entries, hashes, tile_of, width};
use crate::tree::{Edge, Hash, Node, consistency, extends, leaf_hash, node_hash, perfect_root};

#[cfg(test)]
mod tests;

/// Where the files of a log are.
pub trait Source {
    /// The contents of a file; `None` when there is none.
    ///
    /// # Errors
    /// In words, when it cannot be read.
    fn read(&self, file: &File) -> Result<Option<Vec<u8>>, String>;
}

/// What was found wrong, in words; the first so many of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first [`FAULTS_LISTED_MAX`].
    pub listed: Vec<String>,
    /// All.
    pub count: u64,
}

impl Faults {
    /// Adds one.
    pub fn add(&mut self, fault: impl Into<String>) {
        self.count += 1;
        if self.listed.len() < FAULTS_LISTED_MAX {
            self.listed.push(fault.into());
        }
    }

    /// Whether nothing is wrong.
    pub fn is_none(&self) -> bool {
        self.count == 0
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.listed {
            writeln!(f, "{fault}")?;
        }
        let more = self.count.saturating_sub(self.listed.len() as u64);
        if more > 0 { writeln!(f, "and {more} more") } else { Ok(()) }
    }
}

/// A file as a tree of this size has it. Whoever serves the log may have kept
/// only the full tile of a partial one.
fn file<S: Source>(source: &S, file: File) -> Result<Vec<u8>, String> {
    source.read(&file)?.ok_or_else(|| format!("{}: the file is missing", file.path()))
}

fn tile<S: Source>(source: &S, at: Tile, size: u64) -> Result<Vec<Hash>, String> {
    let named = File::Hashes(at, width(at, size));
    let bytes = file(source, named)?;
    let held = hashes(&bytes).filter(|held| held.len() == usize::from(width(at, size)));
    held.map(<[Hash]>::to_vec)
        .ok_or_else(|| format!("{}: the file has another number of hashes", named.path()))
}

/// Hashes of the leaves of one bundle, from its entries.
fn bundle<S: Source>(source: &S, index: u64, size: u64) -> Result<Vec<Hash>, String> {
    let expected = width(Tile { level: 0, index }, size);
    let named = File::Entries(index, expected);
    let bytes = file(source, named)?;
    let held = entries(&bytes).filter(|held| held.len() == usize::from(expected));
    let held =
        held.ok_or_else(|| format!("{}: the file has another number of entries", named.path()))?;
    if let Some(at) = held.iter().position(|entry| !is_leaf(entry)) {
        let at = index * TILE_WIDTH + at as u64;
        return Err(format!("{}: entry {at} is not of the form of this log", named.path()));
    }
    Ok(held.into_iter().map(leaf_hash).collect())
}

/// Checks every file of a log against its checkpoint: each entry against the
/// tile of leaves, each tile against the tiles below, the root against all.
pub fn whole<S: Source>(source: &S, head: &Checkpoint) -> Faults {
    let mut faults = Faults::default();
    let mut edge = Edge::default();
    // What the tiles above must hold, by level, as far as it is known.
    let mut above: BTreeMap<u8, Vec<Hash>> = BTreeMap::new();
    let mut whole = true;
    for index in 0..head.size.div_ceil(TILE_WIDTH) {
        match bundle(source, index, head.size) {
            Ok(leaves) => {
                let at = Tile { level: 0, index };
                compare(source, at, head.size, &leaves, &mut faults);
                if leaves.len() as u64 == TILE_WIDTH
                    && let Some(root) = perfect_root(&leaves)
                {
                    edge.append_perfect(root, TILE_HEIGHT);
                    raise(source, at, root, head.size, &mut above, &mut faults);
                } else {
                    leaves.into_iter().for_each(|leaf| edge.append(leaf));
                }
            }
            Err(fault) => {
                faults.add(fault);
                whole = false;
                if let Err(fault) = tile(source, Tile { level: 0, index }, head.size) {
                    faults.add(fault);
                }
            }
        }
    }
    if !whole {
        faults.add("the root cannot be computed: entries are missing or damaged");
        return faults;
    }
    for (level, held) in above {
        let index = tiles::hashes_of_level(level, head.size) / TILE_WIDTH;
        if !held.is_empty() {
            compare(source, Tile { level, index }, head.size, &held, &mut faults);
        }
    }
    if edge.root() != head.root {
        faults.add("checkpoint: its root is not the one of the entries");
    }
    faults
}

/// Passes the root of a full tile on to the level above, and so on.
fn raise<S: Source>(
    source: &S,
    below: Tile,
    root: Hash,
    size: u64,
    above: &mut BTreeMap<u8, Vec<Hash>>,
    faults: &mut Faults,
) {
    let (mut at, mut root) = (below, Some(root));
    while let Some(one) = root {
        let level = at.level + 1;
        let row = above.entry(level).or_default();
        row.push(one);
        if (row.len() as u64) < TILE_WIDTH {
            return;
        }
        let held = std::mem::take(row);
        at = Tile { level, index: at.index / TILE_WIDTH };
        compare(source, at, size, &held, faults);
        root = perfect_root(&held);
    }
}

fn compare<S: Source>(source: &S, at: Tile, size: u64, held: &[Hash], faults: &mut Faults) {
    match tile(source, at, size) {
        Err(fault) => faults.add(fault),
        Ok(found) => {
            let wrong = found.iter().zip(held).position(|(found, held)| found != held);
            if let Some(place) = wrong.or((found.len() != held.len()).then_some(held.len())) {
                let path = File::Hashes(at, width(at, size)).path();
                faults.add(format!("{path}: hash {place} is not the one of the entries"));
            }
        }
    }
}

/// Reads hashes from the tiles of a source, each tile once.
struct Tiles<'a, S> {
    source: &'a S,
    size: u64,
    held: Held,
    known: std::collections::BTreeSet<Tile>,
}

impl<'a, S: Source> Tiles<'a, S> {
    fn new(source: &'a S, size: u64) -> Self {
        Self { source, size, held: Held::default(), known: Default::default() }
    }

    fn node(&mut self, node: Node) -> Result<Hash, String> {
        let at = tile_of(node);
        if !self.known.contains(&at) {
            let hashes = tile(self.source, at, self.size)?;
            self.held.insert(at, &hashes.concat());
            self.known.insert(at);
        }
        self.held.node(node).ok_or_else(|| "a tile is too short".to_owned())
    }
}

/// Checks that the log of the checkpoint `head` begins with that of `old`.
///
/// # Errors
/// What is wrong, in words.
pub fn grew<S: Source>(source: &S, old: &Checkpoint, head: &Checkpoint) -> Result<(), String> {
    if old.origin != head.origin {
        return Err("the checkpoints are of two logs".to_owned());
    }
    if old.size > head.size {
        let (old, new) = (old.size, head.size);
        return Err(format!("the log was shortened: it had {old} entries, and has {new}"));
    }
    let mut tiles = Tiles::new(source, head.size);
    let proof = consistency(old.size, head.size, &mut |node| tiles.node(node))?;
    if extends(old.size, &old.root, head.size, &head.root, &proof) {
        return Ok(());
    }
    Err(format!("the log was changed: its first {} entries are not those it had", old.size))
}

/// Checks the entries from `first` up to, without, `end`: that they are those
/// which the checkpoint's root covers. Other entries are not read.
///
/// # Errors
/// What is wrong, in words.
pub fn range<S: Source>(
    source: &S,
    head: &Checkpoint,
    first: u64,
    end: u64,
) -> Result<Vec<Hash>, String> {
    let end = end.min(head.size);
    if first >= end {
        return Err(format!("there are no such entries: the log has {}", head.size));
    }
    let mut leaves = Vec::new();
    for index in first / TILE_WIDTH..end.div_ceil(TILE_WIDTH) {
        leaves.extend(bundle(source, index, head.size)?);
    }
    let base = first / TILE_WIDTH * TILE_WIDTH;
    let mut ranged = Ranged { tiles: Tiles::new(source, head.size), base, leaves };
    let whole = base..(base + ranged.leaves.len() as u64);
    let root = ranged.subtree(0, head.size, &whole)?;
    if root != head.root {
        return Err("the entries are not those that the checkpoint covers".to_owned());
    }
    let from = usize::try_from(first - base).unwrap_or(usize::MAX);
    let count = usize::try_from(end - first).unwrap_or(usize::MAX);
    Ok(ranged.leaves.into_iter().skip(from).take(count).collect())
}

struct Ranged<'a, S> {
    tiles: Tiles<'a, S>,
    base: u64,
    leaves: Vec<Hash>,
}

impl<S: Source> Ranged<'_, S> {
    /// Hash of the leaves from `from` up to `to`: from entries within `whole`,
    /// from tiles elsewhere.
    fn subtree(
        &mut self,
        from: u64,
        to: u64,
        whole: &std::ops::Range<u64>,
    ) -> Result<Hash, String> {
        let count = to - from;
        let outside = to <= whole.start || from >= whole.end;
        if count.is_power_of_two() && from.is_multiple_of(count) && outside {
            // At most 62.
            let height = u8::try_from(count.ilog2()).unwrap_or(u8::MAX);
            return self.tiles.node(Node { height, index: from / count });
        }
        if count == 1 {
            let at = usize::try_from(from - self.base).unwrap_or(usize::MAX);
            return self.leaves.get(at).copied().ok_or_else(|| "an entry is missing".to_owned());
        }
        let middle = from + (1 << (count - 1).ilog2());
        Ok(node_hash(&self.subtree(from, middle, whole)?, &self.subtree(middle, to, whole)?))
    }
}

const _: () = assert!(1_u64 << TILE_HEIGHT == TILE_WIDTH);
