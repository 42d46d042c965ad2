use std::convert::Infallible;

use ledger::Hash;
use ledger::checkpoint::Checkpoint;
use ledger::keys::Kind;
use ledger::tree::{Edge, Node, consistency, leaf_hash, perfect_root};

use super::*;

fn log() -> SignerKey {
    SignerKey::from_seed("example.org/ledger/06", Kind::Log, &[1; 32]).unwrap()
}

fn witness(folder: &std::path::Path) -> Witness {
    let key = SignerKey::from_seed("witness.example", Kind::Witness, &[2; 32]).unwrap();
    let logs = Policy { logs: vec![log().verifier().clone()], ..Policy::default() };
    Witness::new(key, logs, State::open(folder).unwrap())
}

fn asks(old: u64, size: u64, fork: u64) -> Vec<u8> {
    let leaf =
        |at: u64| leaf_hash(&[at.to_be_bytes(), u64::from(at >= fork).to_be_bytes()].concat());
    let leaves: Vec<Hash> = (0..size).map(leaf).collect();
    let mut edge = Edge::default();
    leaves.iter().for_each(|leaf| edge.append(*leaf));
    let mut nodes = |node: Node| -> Result<Hash, Infallible> {
        let width = 1_usize << node.height;
        let from = usize::try_from(node.index).unwrap() * width;
        Ok(perfect_root(&leaves[from..from + width]).unwrap())
    };
    let proof = consistency(old, size, &mut nodes).unwrap();
    let origin = log().verifier().name().to_owned();
    let checkpoint = Checkpoint { origin, size, root: edge.root() }.sign(&log()).unwrap();
    AddCheckpoint { old, proof, checkpoint }.to_text().into_bytes()
}

fn refused(done: Result<String, Declined>) -> Refusal {
    match done {
        Err(Declined::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_cosigns_growth_and_remembers_through_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let key = SignerKey::from_seed("witness.example", Kind::Witness, &[2; 32]).unwrap();
    let line = witness(folder.path()).add_checkpoint(&asks(0, 5, 99), 77).unwrap();
    let note = AddCheckpoint::parse(&asks(0, 5, 99)).unwrap().checkpoint;
    let signatures = ledger::note::signatures(&line).unwrap();
    let cosigned = Note { text: note.text, signatures };
    assert_eq!(key.verifier().verify(&cosigned), Ok(Some(77)));

    let again = witness(folder.path());
    assert_eq!(refused(again.add_checkpoint(&asks(0, 9, 99), 78)), Refusal::AtSize(5));
    assert_eq!(refused(again.add_checkpoint(&asks(5, 9, 3), 78)), Refusal::Inconsistent);
    assert!(again.add_checkpoint(&asks(5, 9, 99), 78).is_ok());
    // What was refused changed nothing; the size never goes back.
    assert_eq!(refused(again.add_checkpoint(&asks(5, 9, 99), 79)), Refusal::AtSize(9));
    assert!(again.add_checkpoint(&asks(9, 9, 99), 79).is_ok());
    let hash = crate::state::origin_hash("example.org/ledger/06");
    let kept = again.checkpoint(&hash).unwrap().unwrap();
    let kept = Note::parse(kept.as_bytes()).unwrap();
    assert!(kept.text.contains("\n9\n") && kept.signatures.len() == 2);
    assert_eq!(again.checkpoint("00").unwrap(), None);
}

#[test]
fn one_folder_has_one_witness() {
    let folder = tempfile::tempdir().unwrap();
    let _first = witness(folder.path());
    assert!(State::open(folder.path()).is_err());
}

#[test]
fn a_damaged_memory_cosigns_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let witness = witness(folder.path());
    witness.add_checkpoint(&asks(0, 5, 99), 1).unwrap();
    let hash = crate::state::origin_hash("example.org/ledger/06");
    std::fs::write(folder.path().join(format!("{hash}.checkpoint")), "nonsense").unwrap();
    assert!(matches!(witness.add_checkpoint(&asks(0, 5, 99), 1), Err(Declined::Failed(_))));
    assert!(matches!(witness.add_checkpoint(&asks(5, 6, 99), 1), Err(Declined::Failed(_))));
}

#[test]
fn of_many_at_once_one_side_of_a_fork_is_cosigned() {
    let folder = tempfile::tempdir().unwrap();
    let witness = witness(folder.path());
    witness.add_checkpoint(&asks(0, 5, 99), 1).unwrap();
    let signed: usize = std::thread::scope(|scope| {
        let asked = |fork: u64| {
            let witness = &witness;
            scope.spawn(move || usize::from(witness.add_checkpoint(&asks(5, 9, fork), 1).is_ok()))
        };
        let asked: Vec<_> = (5..9).map(asked).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).sum()
    });
    assert_eq!(signed, 1);
}
