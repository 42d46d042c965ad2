use std::collections::BTreeSet;
use std::sync::Arc;

use futures::executor::block_on;
use ledger::checkpoint::Policy;
use ledger::keys::{Kind, SignerKey};
use ledger::leaf::Opening;
use ledger::proof_file::Proof;
use ledger::tiles::File;
use store::memory::MemoryTable;

use super::entry;
use super::world::{World, settle, write};
use crate::entry::Entry;
use crate::journal::Environment;
use crate::ledger::{Log, ProofState, export};

fn key() -> SignerKey {
    SignerKey::from_seed("example.org/ledger/06", Kind::Log, &[4; 32]).unwrap()
}

fn house(count: u32) -> (Arc<MemoryTable>, Vec<Entry>) {
    let world = World::new(3);
    let table = Arc::new(MemoryTable::with_clock(world.clock()));
    let all: Vec<_> =
        (0..count).map(|each| entry(world.now_ms() + u64::from(each), each)).collect();
    let mut stream = None;
    block_on(write(&*table, &world, &mut stream, &all)).unwrap();
    block_on(settle(&table, &world));
    (table, all)
}

#[test]
fn each_entry_is_proven_and_no_other_by_its_proof() {
    let (table, all) = house(600);
    let log = Log::new(Arc::clone(&table), "06");
    assert_eq!(block_on(log.proof(&all[0])), Ok(ProofState::NotYet), "no checkpoint yet");
    let due = block_on(log.due(&key(), &[])).unwrap().unwrap();
    block_on(log.publish(due)).unwrap();
    let policy = Policy { logs: vec![key().verifier().clone()], ..Policy::default() };
    for entry in all.iter().step_by(37) {
        let ProofState::Proven(proof) = block_on(log.proof(entry)).unwrap() else {
            panic!("{} is not proven", entry.id)
        };
        let read = Proof::parse(proof.to_text().as_bytes()).unwrap();
        let opening = Opening::from_bytes(read.extra.as_deref().unwrap()).unwrap();
        assert_eq!(Entry::from_bytes(&opening.entry).as_ref(), Ok(entry));
        assert!(read.verify(&opening.hash(), &policy).is_ok());
    }
    // What is not in the log is not proven, nor is what was changed afterwards.
    assert_eq!(block_on(log.proof(&entry(5, 5))), Ok(ProofState::NotYet));
    let bent = Entry { establishment: "another".to_owned(), ..all[9].clone() };
    assert!(block_on(log.proof(&bent)).is_err());
}

#[test]
fn a_partial_tile_is_served_for_ever() {
    let (table, _) = house(600);
    let log = Log::new(table, "06");
    let read = |path: &str| block_on(log.file(&File::parse(path).unwrap())).unwrap();
    let full = read("tile/0/000").unwrap();
    assert_eq!(full.len(), 8192);
    assert_eq!(read("tile/0/000.p/17").unwrap(), full[..17 * 32]);
    assert_eq!(read("tile/0/002.p/88").unwrap().len(), 88 * 32);
    assert_eq!(read("tile/0/002.p/89"), None);
    assert_eq!(read("tile/0/002"), None);
    assert_eq!(read("tile/0/003.p/1"), None);
    assert_eq!(read("tile/1/000.p/2").unwrap().len(), 64);
    assert_eq!(read("tile/entries/002.p/3").unwrap().len(), 3 * 35);
    assert_eq!(read("checkpoint"), None);
}

#[test]
fn an_export_holds_every_entry_once_with_its_leaf() {
    let (table, all) = house(300);
    let mut leaves = BTreeSet::new();
    let mut ids = BTreeSet::new();
    block_on(export(&*table, "06", |exported| {
        let (leaf, opening) = exported.place.unwrap();
        assert_eq!(opening.entry, exported.bytes);
        assert!(leaves.insert(leaf) && ids.insert(exported.entry.id));
        Ok(())
    }))
    .unwrap();
    assert_eq!(leaves, (0..300).collect());
    assert_eq!(ids, all.into_iter().map(|entry| entry.id).collect());
}
