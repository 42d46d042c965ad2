//! A log altered in thousands of ways, each of them found: with the log's public
//! key where its key did not sign, and with a witness's where it did.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use ledger::check::{Source, grew, range, whole};
use ledger::checkpoint::{Checkpoint, Policy};
use ledger::growth::Growth;
use ledger::keys::{Kind, SignerKey};
use ledger::leaf::leaf;
use ledger::tiles::{File, Tile, entries, push_entry, width};
use ledger::tree::Edge;

const ALTERATIONS: u64 = 10_000;
const SIZE: u64 = 1_500;

/// Seeded chance (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % most.max(1) as u64).unwrap()
    }
}

#[derive(Clone, PartialEq)]
struct Files(BTreeMap<String, Vec<u8>>);

impl Source for Files {
    fn read(&self, file: &File) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.get(&file.path()).cloned())
    }
}

fn log_key() -> SignerKey {
    SignerKey::from_seed("example.org/ledger/06", Kind::Log, &[1; 32]).unwrap()
}

fn witness_key() -> SignerKey {
    SignerKey::from_seed("witness.example", Kind::Witness, &[2; 32]).unwrap()
}

fn all_leaves() -> Vec<Vec<u8>> {
    (0..SIZE).map(|number| leaf(&[number as u8; 16], &number.to_be_bytes()).to_vec()).collect()
}

/// The files of a log of these leaves, signed by its key.
fn published(leaves: &[Vec<u8>], cosigned: bool) -> Files {
    let mut growth = Growth::new(Edge::default(), &[], &[]).unwrap();
    leaves.iter().for_each(|leaf| growth.append(leaf).unwrap());
    let (size, root) = (growth.edge().size(), growth.edge().root());
    let origin = log_key().verifier().name().to_owned();
    let mut note = Checkpoint { origin, size, root }.sign(&log_key()).unwrap();
    if cosigned {
        let cosignature = witness_key().sign(&note.text, 1_790_000_000).unwrap();
        note.add([cosignature]);
    }
    let (tiles, bundles) = growth.changed();
    let mut files = BTreeMap::from([("checkpoint".to_owned(), note.to_text().into_bytes())]);
    for (tile, bytes) in tiles {
        files.insert(File::Hashes(tile, width(tile, size)).path(), bytes);
    }
    for (index, bytes) in bundles {
        let width = width(Tile { level: 0, index }, size);
        files.insert(File::Entries(index, width).path(), bytes);
    }
    Files(files)
}

/// Everything that a verifier does with the files and two public keys.
fn sound(files: &Files, quorum: usize) -> bool {
    let policy = Policy {
        logs: vec![log_key().verifier().clone()],
        witnesses: vec![witness_key().verifier().clone()],
        quorum,
    };
    let Some(checkpoint) = files.0.get("checkpoint") else { return false };
    let Ok(believed) = policy.open(checkpoint) else { return false };
    whole(files, &believed.checkpoint).is_none()
}

/// Alters files without any key.
fn altered(good: &Files, chance: &mut Chance) -> Files {
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
            let bundle = format!("tile/entries/{:03}", chance.below(5));
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

/// Another log, whole and signed by the region's own key.
fn forked(chance: &mut Chance) -> Files {
    let mut leaves = all_leaves();
    let (one, two) = (chance.below(leaves.len()), chance.below(leaves.len()));
    match chance.below(5) {
        0 => leaves[one] = leaf(&[9; 16], &chance.0.to_be_bytes()).to_vec(),
        1 => drop(leaves.remove(one)),
        2 if leaves[one] != leaves[two] => leaves.swap(one, two),
        3 => leaves.truncate(one),
        _ => leaves.insert(one, leaf(&[8; 16], b"forged").to_vec()),
    }
    published(&leaves, false)
}

#[test]
fn alterations_without_the_key_are_found_with_the_public_key() {
    let good = published(&all_leaves(), true);
    assert!(sound(&good, 1) && sound(&good, 0));
    let mut chance = Chance(4);
    let mut done = 0;
    while done < ALTERATIONS {
        let files = altered(&good, &mut chance);
        if files == good {
            continue;
        }
        assert!(!sound(&files, 1), "alteration {done} was not found");
        done += 1;
    }
}

#[test]
fn forks_that_the_region_signs_are_found_with_the_witness() {
    let good = published(&all_leaves(), true);
    let witnessed = good.0["checkpoint"].clone();
    let policy = Policy {
        logs: vec![log_key().verifier().clone()],
        witnesses: vec![witness_key().verifier().clone()],
        quorum: 1,
    };
    let seen = policy.open(&witnessed).unwrap().checkpoint;
    let mut chance = Chance(5);
    for number in 0..300 {
        let files = forked(&mut chance);
        // In itself it is sound: only the witness can tell.
        assert!(sound(&files, 0), "fork {number} is no log");
        assert!(!sound(&files, 1), "fork {number} was not found");
        // With the witness's cosignature put under it, it is forged.
        let mut posing = files.clone();
        let line = String::from_utf8(witnessed.clone()).unwrap();
        let line = line.lines().last().unwrap().to_owned() + "\n";
        posing.0.get_mut("checkpoint").unwrap().extend(line.into_bytes());
        assert!(!sound(&posing, 1), "fork {number} with a cosignature was not found");
        // And the witness's own checkpoint does not begin it.
        let unwitnessed = Policy { quorum: 0, ..policy.clone() };
        let head = unwitnessed.open(&files.0["checkpoint"]).unwrap().checkpoint;
        assert!(grew(&files, &seen, &head).is_err(), "fork {number} began as the log");
    }
}

#[test]
fn a_range_is_checked_without_the_others() {
    let good = published(&all_leaves(), true);
    let policy = Policy { logs: vec![log_key().verifier().clone()], ..Policy::default() };
    let head = policy.open(&good.0["checkpoint"]).unwrap().checkpoint;
    let mut files = good.clone();
    // Entries elsewhere may be gone.
    for index in [0, 1, 3, 4] {
        files.0.remove(&format!("tile/entries/{index:03}"));
    }
    assert_eq!(range(&files, &head, 600, 700).unwrap().len(), 100);
    assert!(range(&files, &head, 300, 700).is_err());
    files.0.get_mut("tile/entries/002").unwrap()[40] ^= 1;
    assert!(range(&files, &head, 600, 700).is_err());
}
