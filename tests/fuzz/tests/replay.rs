//! Every target over its seeds, over what fuzzing found before, and over cut
//! and bent copies of them: the short, deterministic part of fuzzing.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};

/// Bent copies of each seed.
const BENT: usize = 40;
const BYTES_MAX: usize = 20_000;
/// Bytes that mean something to one parser or another.
const TELLING: &[u8] = b"\"{}[]:,.\\0-9eE?&=%|$ \xff\x00";

fn corpus(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The seed with a few bytes cut out, doubled or replaced, by `turn`.
fn bent(seed: &[u8], turn: usize) -> Vec<u8> {
    let mut state = (turn as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ seed.len() as u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % (below.max(1) as u64)).unwrap()
    };
    let mut bytes = seed.to_vec();
    for _ in 0..=next(3) {
        let at = next(bytes.len());
        let end = (at + 1 + next(12)).min(bytes.len());
        match next(4) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            2 if at < bytes.len() => bytes[at] = TELLING[next(TELLING.len())],
            _ => bytes.truncate(end),
        }
    }
    bytes
}

fn replay(name: &str) {
    let (_, target) = fuzz::TARGETS.iter().find(|(known, _)| *known == name).unwrap();
    let seeds = corpus(name);
    assert!(seeds.len() >= 5, "{name} has {} seeds", seeds.len());
    for path in seeds {
        let seed = fs::read(&path).unwrap();
        target(&seed);
        if seed.len() <= BYTES_MAX {
            (0..BENT).for_each(|turn| target(&bent(&seed, turn)));
        }
    }
}

macro_rules! replays {
    ($($name:ident)*) => {
        $(#[test] fn $name() { replay(stringify!($name)); })*

        #[test]
        fn every_target_is_replayed() {
            let mut known: Vec<&str> = fuzz::TARGETS.iter().map(|(name, _)| *name).collect();
            let mut replayed = vec![$(stringify!($name)),*];
            known.sort_unstable();
            replayed.sort_unstable();
            assert_eq!(known, replayed);
        }
    };
}

replays!(
    resource search json_patch fhirpath_patch fhirpath bundle_entry headers token
    note ledger_file tlog_proof witness_request
);
