use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::keys::tests::of::log;
use crate::tree::{Edge, Node, consistency, leaf_hash, perfect_root};

fn leaves(count: u64, fork: u64) -> Vec<Hash> {
    // From leaf `fork` on, another log.
    (0..count)
        .map(|at| leaf_hash(&[at.to_be_bytes(), u64::from(at >= fork).to_be_bytes()].concat()))
        .collect()
}

fn head(leaves: &[Hash]) -> Checkpoint {
    let mut edge = Edge::default();
    leaves.iter().for_each(|leaf| edge.append(*leaf));
    let origin = log(1).verifier().name().to_owned();
    Checkpoint { origin, size: edge.size(), root: edge.root() }
}

fn asks(old: u64, leaves: &[Hash]) -> AddCheckpoint {
    let mut nodes = |node: Node| -> Result<Hash, Infallible> {
        let width = 1_usize << node.height;
        let from = usize::try_from(node.index).unwrap() * width;
        Ok(perfect_root(&leaves[from..from + width]).unwrap())
    };
    let proof = consistency(old, leaves.len() as u64, &mut nodes).unwrap();
    AddCheckpoint { old, proof, checkpoint: head(leaves).sign(&log(1)).unwrap() }
}

fn policy() -> Policy {
    Policy { logs: vec![log(1).verifier().clone()], ..Policy::default() }
}

fn ask(request: &AddCheckpoint, seen: Seen) -> Result<Seen, Refusal> {
    let request = AddCheckpoint::parse(request.to_text().as_bytes()).map_err(Refusal::Malformed)?;
    judge(&request, &open(&request, &policy())?, seen)
}

#[test]
fn the_example_of_the_specification_is_read() {
    let text = "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\u{2014} example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";
    let read = AddCheckpoint::parse(text.as_bytes()).unwrap();
    assert_eq!((read.old, read.proof.len(), read.checkpoint.signatures.len()), (20_852_014, 4, 2));
    assert_eq!(read.to_text(), text);
    assert_eq!(open(&read, &policy()), Err(Refusal::UnknownLog));
}

#[test]
fn each_status_of_the_specification() {
    let first = ask(&asks(0, &leaves(5, 99)), Seen::default()).unwrap();
    assert_eq!(first.size, 5);
    let second = ask(&asks(5, &leaves(9, 99)), first).unwrap();
    assert_eq!(second.size, 9);
    // The same once more is cosigned once more.
    assert_eq!(ask(&asks(9, &leaves(9, 99)), second), Ok(second));
    // 409: whoever asks from another size is told the one that is known.
    assert_eq!(ask(&asks(0, &leaves(12, 99)), second), Err(Refusal::AtSize(9)));
    assert_eq!(ask(&asks(5, &leaves(9, 99)), second), Err(Refusal::AtSize(9)));
    // 422: another log, of the same size, or a longer one.
    assert_eq!(ask(&asks(9, &leaves(9, 8)), second), Err(Refusal::Inconsistent));
    assert_eq!(ask(&asks(9, &leaves(12, 8)), second), Err(Refusal::Inconsistent));
    // 400: back to what it was.
    let back = AddCheckpoint { old: 9, ..asks(5, &leaves(7, 99)) };
    assert!(matches!(ask(&back, second), Err(Refusal::Malformed(_))));
    // 422: a proof where none is due.
    let needless = AddCheckpoint { proof: vec![[1; 32]], ..asks(0, &leaves(5, 99)) };
    assert_eq!(ask(&needless, Seen::default()), Err(Refusal::Inconsistent));
    // 403: a line that says it is the log's and is not.
    let mut forged = asks(9, &leaves(12, 99));
    forged.checkpoint.signatures[0].bytes[3] ^= 1;
    assert_eq!(ask(&forged, second), Err(Refusal::NotTheLog));
    // 422: nothing, with another root.
    let odd = Checkpoint { root: [1; 32], ..head(&[]) };
    let odd = AddCheckpoint { old: 0, proof: Vec::new(), checkpoint: odd.sign(&log(1)).unwrap() };
    assert_eq!(ask(&odd, Seen::default()), Err(Refusal::Inconsistent));
    let statuses = [
        Refusal::Malformed(Malformed("")),
        Refusal::UnknownLog,
        Refusal::NotTheLog,
        Refusal::AtSize(1),
        Refusal::Inconsistent,
    ];
    assert_eq!(statuses.map(|refusal| refusal.status()), [400, 404, 403, 409, 422]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_fork_is_never_cosigned(old in 1_u64..300, more in 0_u64..300, fork in any::<u64>(), claimed in any::<u64>()) {
        let seen = ask(&asks(0, &leaves(old, u64::MAX)), Seen::default()).unwrap();
        let forked = leaves(old + more, fork % old);
        let request = AddCheckpoint { old, ..asks(claimed % (old + 1), &forked) };
        prop_assert_eq!(ask(&request, seen), Err(Refusal::Inconsistent));
        prop_assert!(ask(&asks(old, &leaves(old + more, old)), seen).is_ok());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(old |[0-9]|\n|a|=|\u{2014} a AAAAAAA=|CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=){0,20}") {
        if let Ok(read) = AddCheckpoint::parse(text.as_bytes()) {
            prop_assert_eq!(read.to_text(), text);
        }
    }
}
