//! Alters an exported log at random, and checks that each alteration is found:
//! those without any key by the log's public key, those that the log's own key
//! signed by the witness that is missing under them.
//!
//! `alterations DIR LOG_PRIVATE_KEY_FILE WITNESS_PUBLIC_KEY HOW_MANY`

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a demonstration")]

#[path = "../tests/altering/mod.rs"]
mod altering;

use std::path::Path;

use altering::{Chance, Files, altered, files_of, forked};
use ledger::check::whole;
use ledger::checkpoint::Policy;
use ledger::keys::{SignerKey, VerifierKey};
use ledger::tiles::{entries, files};

/// One in so many alterations is a fork that the region signs.
const FORKS: usize = 20;

fn sound(files: &Files, policy: &Policy) -> bool {
    let Some(checkpoint) = files.0.get("checkpoint") else { return false };
    let Ok(believed) = policy.open(checkpoint) else { return false };
    whole(files, &believed.checkpoint).is_none()
}

fn read(folder: &Path, policy: &Policy) -> Files {
    let checkpoint = std::fs::read(folder.join("checkpoint")).unwrap();
    let size = policy.open(&checkpoint).unwrap().checkpoint.size;
    let mut held = Files([("checkpoint".to_owned(), checkpoint)].into());
    for file in files(size) {
        held.0.insert(file.path(), std::fs::read(folder.join(file.path())).unwrap());
    }
    held
}

fn main() {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [folder, key, witness, many] = given.as_slice() else {
        panic!("DIR LOG_PRIVATE_KEY_FILE WITNESS_PUBLIC_KEY HOW_MANY");
    };
    let key = SignerKey::parse(std::fs::read_to_string(key).unwrap().trim()).unwrap();
    let logs = vec![key.verifier().clone()];
    let witnessed = Policy {
        logs: logs.clone(),
        witnesses: vec![VerifierKey::parse(witness).unwrap()],
        quorum: 1,
    };
    let alone = Policy { logs, ..Policy::default() };
    let good = read(Path::new(folder), &witnessed);
    assert!(sound(&good, &witnessed), "the log is whole before it is altered");
    let bundles = good.0.iter().filter(|(path, _)| path.starts_with("tile/entries/"));
    let leaves: Vec<Vec<u8>> = bundles
        .flat_map(|(_, bytes)| entries(bytes).unwrap().into_iter().map(<[u8]>::to_vec))
        .collect();
    let many: usize = many.parse().unwrap();
    let halves = [(1_u64, many / 2), (2, many - many / 2)];
    let forks: usize = std::thread::scope(|scope| {
        let each = halves.map(|(seed, many)| {
            let (good, leaves, witnessed, alone, key) = (&good, &leaves, &witnessed, &alone, &key);
            scope.spawn(move || alter(good, leaves, (witnessed, alone), key, (seed, many)))
        });
        each.into_iter().map(|one| one.join().unwrap()).sum()
    });
    println!(
        "{many} alterations of a log of {} entries, {forks} of them signed by its own key: all found",
        leaves.len()
    );
}

/// How many of the alterations were forks; panics at one that is not found.
fn alter(
    good: &Files,
    leaves: &[Vec<u8>],
    (witnessed, alone): (&Policy, &Policy),
    key: &SignerKey,
    (seed, many): (u64, usize),
) -> usize {
    let (mut chance, mut done, mut forks) = (Chance(seed), 0, 0);
    while done < many {
        if done % FORKS == 0 {
            let (files, _) = files_of(&forked(leaves, &mut chance), key);
            assert!(sound(&files, alone), "fork {done} is no log");
            assert!(!sound(&files, witnessed), "fork {done} was not found");
            forks += 1;
        } else {
            let files = altered(good, &mut chance);
            if files == *good {
                continue;
            }
            assert!(!sound(&files, witnessed), "alteration {done} was not found");
        }
        done += 1;
    }
    forks
}
