//! Ways to alter a log, without its key and with it.

use std::collections::BTreeMap;

use ledger::check::Source;
use ledger::checkpoint::Checkpoint;
use ledger::growth::Growth;
use ledger::keys::SignerKey;
use ledger::leaf::leaf;
use ledger::note::Note;
use ledger::tiles::{File, Tile, entries, push_entry, width};
use ledger::tree::Edge;

/// Seeded chance (SplitMix64).
pub struct Chance(pub u64);

impl Chance {
    /// A number under `most`.
    pub fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % most.max(1) as u64).unwrap()
    }
}

/// A log's files, by their paths.
#[derive(Clone, PartialEq)]
pub struct Files(pub BTreeMap<String, Vec<u8>>);

impl Source for Files {
    fn read(&self, file: &File) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.get(&file.path()).cloned())
    }
}

/// The files of a log of these leaves, and its checkpoint, which its key signed.
pub fn files_of(leaves: &[Vec<u8>], key: &SignerKey) -> (Files, Note) {
    let mut growth = Growth::new(Edge::default(), &[], &[]).unwrap();
    leaves.iter().for_each(|leaf| growth.append(leaf).unwrap());
    let (size, root) = (growth.edge().size(), growth.edge().root());
    let origin = key.verifier().name().to_owned();
    let note = Checkpoint { origin, size, root }.sign(key).unwrap();
    let (tiles, bundles) = growth.changed();
    let mut files = BTreeMap::from([("checkpoint".to_owned(), note.to_text().into_bytes())]);
    for (tile, bytes) in tiles {
        files.insert(File::Hashes(tile, width(tile, size)).path(), bytes);
    }
    for (index, bytes) in bundles {
        let width = width(Tile { level: 0, index }, size);
        files.insert(File::Entries(index, width).path(), bytes);
    }
    (Files(files), note)
}

/// Alters files without any key.
pub fn altered(good: &Files, chance: &mut Chance) -> Files {
    let mut files = good.clone();
    let paths: Vec<String> = good.0.keys().cloned().collect();
    let path = paths[chance.below(paths.len())].clone();
    let bytes = files.0.get_mut(&path).unwrap();
    match chance.below(7) {
        0 => drop(files.0.remove(&path)),
        1 => {
            let at = chance.below(bytes.len());
            bytes[at] ^= 1 << chance.below(8);
        }
        2 => bytes.truncate(chance.below(bytes.len())),
        3 => {
            let at = chance.below(bytes.len());
            let piece = bytes[at..].to_vec();
            bytes.extend(piece);
        }
        4 => {
            let other = files.0[&paths[chance.below(paths.len())]].clone();
            files.0.insert(path, other);
        }
        // An entry is deleted, or two are swapped, within their bundle.
        5 | 6 => {
            let bundles = || paths.iter().filter(|path| path.starts_with("tile/entries/"));
            let bundle = bundles().nth(chance.below(bundles().count())).unwrap().clone();
            let held = files.0[&bundle].clone();
            let mut all = entries(&held).unwrap();
            let (one, two) = (chance.below(all.len()), chance.below(all.len()));
            if chance.below(2) == 0 {
                let _ = all.remove(one);
            } else {
                all.swap(one, two);
            }
            let mut again = Vec::new();
            all.iter().for_each(|entry| push_entry(&mut again, entry).unwrap());
            files.0.insert(bundle, again);
        }
        _ => {}
    }
    files
}

/// The leaves of another log.
pub fn forked(leaves: &[Vec<u8>], chance: &mut Chance) -> Vec<Vec<u8>> {
    let mut leaves = leaves.to_vec();
    let (one, two) = (chance.below(leaves.len()), chance.below(leaves.len()));
    match chance.below(5) {
        0 => leaves[one] = leaf(&[9; 16], &chance.0.to_be_bytes()).to_vec(),
        1 => drop(leaves.remove(one)),
        2 if leaves[one] != leaves[two] => leaves.swap(one, two),
        3 => leaves.truncate(one),
        _ => leaves.insert(one, leaf(&[8; 16], b"forged").to_vec()),
    }
    leaves
}
