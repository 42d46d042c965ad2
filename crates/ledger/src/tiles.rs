//! The files of a log (C2SP `tlog-tiles`): their paths, their contents, and the
//! hashes of the tree that are found in them.

use std::collections::{BTreeMap, BTreeSet};

use crate::limits::{ENTRY_BYTES_MAX, LEVEL_MAX, SIZE_MAX, TILE_HEIGHT, TILE_WIDTH};
use crate::text::number;
use crate::tree::{Hash, Node, perfect_root};

#[cfg(test)]
mod tests;

/// A place for hashes: tile `index` of a level, from the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Level: 0 holds leaves, each above the roots of full tiles below.
    pub level: u8,
    /// Place among those of the level.
    pub index: u64,
}

/// A file of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum File {
    /// The signed tree head.
    Checkpoint,
    /// Hashes: the first `width` of the tile; 256 when full.
    Hashes(Tile, u16),
    /// Entries: those of the tile of leaves of this index; 256 when full.
    Entries(u64, u16),
}

/// Width of a full tile.
const FULL: u16 = 256;

impl File {
    /// The path below the log's prefix.
    pub fn path(&self) -> String {
        match self {
            Self::Checkpoint => "checkpoint".to_owned(),
            Self::Hashes(tile, width) => {
                format!("tile/{}/{}", tile.level, placed(tile.index, *width))
            }
            Self::Entries(index, width) => format!("tile/entries/{}", placed(*index, *width)),
        }
    }

    /// The file of this path; `None` unless [`File::path`] would write it so.
    pub fn parse(path: &str) -> Option<Self> {
        if path == "checkpoint" {
            return Some(Self::Checkpoint);
        }
        let (kind, place) = path.strip_prefix("tile/")?.split_once('/')?;
        let (index, width) = parse_placed(place)?;
        if kind == "entries" {
            return Some(Self::Entries(index, width));
        }
        let level = u8::try_from(number(kind)?).ok().filter(|level| *level <= LEVEL_MAX)?;
        Some(Self::Hashes(Tile { level, index }, width))
    }

    /// Whether the file never changes: everything but the checkpoint.
    pub fn is_immutable(&self) -> bool {
        !matches!(self, Self::Checkpoint)
    }
}

/// `x001/x234/067`, with the width of a partial tile behind.
fn placed(index: u64, width: u16) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path.insert_str(0, &format!("x{:03}/", rest % 1000));
        rest /= 1000;
    }
    if width != FULL {
        path.push_str(&format!(".p/{width}"));
    }
    path
}

fn parse_placed(place: &str) -> Option<(u64, u16)> {
    let (place, width) = match place.split_once(".p/") {
        None => (place, FULL),
        Some((place, width)) => {
            let width = u16::try_from(number(width)?).ok()?;
            (place, Some(width).filter(|width| (1..FULL).contains(width))?)
        }
    };
    let (above, last) = match place.rsplit_once('/') {
        None => (None, place),
        Some((above, last)) => (Some(above), last),
    };
    let digits = |text: &str| {
        let plain = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        if plain { text.parse::<u64>().ok() } else { None }
    };
    let mut index = 0_u64;
    for element in above.iter().flat_map(|above| above.split('/')) {
        let digits = digits(element.strip_prefix('x')?)?;
        index = index.checked_mul(1000)?.checked_add(digits)?;
        // A leading element of zeroes is another spelling.
        if index == 0 {
            return None;
        }
    }
    let index = index.checked_mul(1000)?.checked_add(digits(last)?)?;
    (index <= SIZE_MAX / TILE_WIDTH).then_some((index, width))
}

/// How many hashes of a level a tree of `size` leaves has.
pub fn hashes_of_level(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(TILE_HEIGHT) * u32::from(level)).unwrap_or(0)
}

/// How many hashes of a tile a tree of `size` leaves has: 0 to 256.
pub fn width(tile: Tile, size: u64) -> u16 {
    let before = tile.index.saturating_mul(TILE_WIDTH);
    let here = hashes_of_level(tile.level, size).saturating_sub(before).min(TILE_WIDTH);
    u16::try_from(here).unwrap_or(FULL)
}

/// Every tile of a tree of `size` leaves, level by level.
pub fn tiles(size: u64) -> impl Iterator<Item = Tile> {
    (0..=LEVEL_MAX).flat_map(move |level| {
        let count = hashes_of_level(level, size).div_ceil(TILE_WIDTH);
        (0..count).map(move |index| Tile { level, index })
    })
}

/// Every file of a log of `size` leaves but its checkpoint.
pub fn files(size: u64) -> impl Iterator<Item = File> {
    tiles(size).flat_map(move |tile| {
        let width = width(tile, size);
        let entries = (tile.level == 0).then_some(File::Entries(tile.index, width));
        [File::Hashes(tile, width)].into_iter().chain(entries)
    })
}

/// The tile in which a perfect subtree's hash is found or is made from.
pub fn tile_of(node: Node) -> Tile {
    let level = node.height / TILE_HEIGHT;
    let index = node.index >> (TILE_HEIGHT - node.height % TILE_HEIGHT);
    Tile { level, index }
}

/// The tiles in which these hashes are found.
pub fn tiles_of(nodes: &[Node]) -> BTreeSet<Tile> {
    nodes.iter().map(|node| tile_of(*node)).collect()
}

/// The hashes of a tile; `None` when it is not whole hashes, or too many.
pub fn hashes(bytes: &[u8]) -> Option<&[Hash]> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() <= usize::from(FULL)).then_some(hashes)
}

/// Contents of tiles, perhaps wider than asked for.
#[derive(Clone, Debug, Default)]
pub struct Held(BTreeMap<Tile, Vec<Hash>>);

impl Held {
    /// Takes a tile; `None` when the bytes are none.
    pub fn insert(&mut self, tile: Tile, bytes: &[u8]) -> Option<()> {
        self.0.insert(tile, hashes(bytes)?.to_vec());
        Some(())
    }

    /// Hash of a perfect subtree; `None` when its tile is not here or too short.
    pub fn node(&self, node: Node) -> Option<Hash> {
        let held = self.0.get(&tile_of(node))?;
        let within = node.height % TILE_HEIGHT;
        let count = 1_usize << within;
        let from = usize::try_from((node.index << within) % TILE_WIDTH).ok()?;
        perfect_root(held.get(from..from + count)?)
    }
}

/// Appends an entry to a bundle: its length in two bytes, big-endian, and it.
/// `None` when it is longer than [`ENTRY_BYTES_MAX`].
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Option<()> {
    let length = u16::try_from(entry.len()).ok()?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Some(())
}

/// The entries of a bundle; `None` when it is cut short or has too many.
pub fn entries(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bundle = rest;
    }
    (bundle.is_empty() && entries.len() <= usize::from(FULL)).then_some(entries)
}

/// The first `width` entries of a bundle, which may hold more.
pub fn first_entries(bundle: &[u8], width: u16) -> Option<&[u8]> {
    let mut rest = bundle;
    for _ in 0..width {
        let (length, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_be_bytes(*length))..)?;
    }
    bundle.get(..bundle.len() - rest.len())
}

const _: () = assert!(ENTRY_BYTES_MAX == u16::MAX as usize);
const _: () = assert!(FULL as u64 == TILE_WIDTH);
