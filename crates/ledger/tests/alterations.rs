//! A log altered in thousands of ways, each of them found: with the log's public
//! key where its key did not sign, and with a witness's where it did.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod altering;

use altering::{Chance, Files, altered, files_of, forked};
use ledger::check::{grew, range, whole};
use ledger::checkpoint::Policy;
use ledger::keys::{Kind, SignerKey};
use ledger::leaf::leaf;

const ALTERATIONS: u64 = 10_000;
const SIZE: u64 = 1_500;

fn log_key() -> SignerKey {
    SignerKey::from_seed("example.org/ledger/06", Kind::Log, &[1; 32]).unwrap()
}

fn witness_key() -> SignerKey {
    SignerKey::from_seed("witness.example", Kind::Witness, &[2; 32]).unwrap()
}

fn all_leaves() -> Vec<Vec<u8>> {
    (0..SIZE).map(|number| leaf(&[number as u8; 16], &number.to_be_bytes()).to_vec()).collect()
}

fn published(leaves: &[Vec<u8>], cosigned: bool) -> Files {
    let (mut files, mut note) = files_of(leaves, &log_key());
    if cosigned {
        note.add([witness_key().sign(&note.text, 1_790_000_000).unwrap()]);
    }
    files.0.insert("checkpoint".to_owned(), note.to_text().into_bytes());
    files
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
        let files = published(&forked(&all_leaves(), &mut chance), false);
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
