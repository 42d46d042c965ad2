use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::checkpoint::Checkpoint;
use crate::keys::tests::of::{log, witness};
use crate::leaf::Opening;
use crate::tree::{Edge, Node, inclusion, perfect_root};

fn openings(count: u8) -> Vec<Opening> {
    (0..count).map(|number| Opening { salt: [number; 16], entry: vec![number; 20] }).collect()
}

fn proof(index: u64, count: u8) -> Proof {
    let openings = openings(count);
    let leaves: Vec<Hash> = openings.iter().map(Opening::hash).collect();
    let mut edge = Edge::default();
    leaves.iter().for_each(|leaf| edge.append(*leaf));
    let mut nodes = |node: Node| -> Result<Hash, Infallible> {
        let width = 1_usize << node.height;
        let from = usize::try_from(node.index).unwrap() * width;
        Ok(perfect_root(&leaves[from..from + width]).unwrap())
    };
    let origin = log(1).verifier().name().to_owned();
    let head = Checkpoint { origin, size: edge.size(), root: edge.root() };
    let mut checkpoint = head.sign(&log(1)).unwrap();
    checkpoint.add([witness(2).sign(&checkpoint.text, 5).unwrap()]);
    Proof {
        extra: Some(openings[usize::try_from(index).unwrap()].to_bytes()),
        index,
        path: inclusion(index, edge.size(), &mut nodes).unwrap(),
        checkpoint,
    }
}

fn policy() -> Policy {
    let logs = vec![log(1).verifier().clone()];
    Policy { logs, witnesses: vec![witness(2).verifier().clone()], quorum: 1 }
}

#[test]
fn an_entry_is_proven_by_its_file_alone() {
    let text = proof(3, 7).to_text();
    let read = Proof::parse(text.as_bytes()).unwrap();
    assert_eq!(read.to_text(), text);
    let opening = Opening::from_bytes(read.extra.as_deref().unwrap()).unwrap();
    assert_eq!(read.verify(&opening.hash(), &policy()).unwrap().checkpoint.size, 7);
    // Another salt, another entry, another place: nothing is proven.
    let other = Opening { salt: [9; 16], ..opening.clone() };
    assert_eq!(read.verify(&other.hash(), &policy()), Err(Unproven::NotIncluded));
    let other = Opening { entry: vec![9; 20], ..opening.clone() };
    assert_eq!(read.verify(&other.hash(), &policy()), Err(Unproven::NotIncluded));
    let moved = Proof { index: 4, ..read.clone() };
    assert_eq!(moved.verify(&opening.hash(), &policy()), Err(Unproven::NotIncluded));
}

#[test]
fn the_example_of_the_specification_has_this_shape() {
    let text = "c2sp.org/tlog-proof@v1\nindex 0\n\na\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} a AAAAAAA=\n";
    let read = Proof::parse(text.as_bytes()).unwrap();
    assert_eq!((read.extra, read.index, read.path.len()), (None, 0, 0));
    for (from, to) in [
        ("index 0", "index 00"),
        ("@v1", "@v2"),
        ("index", "extra"),
        ("\n\na", "\nAA==\n\na"),
        ("index 0\n", ""),
    ] {
        assert!(Proof::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{from} as {to}");
    }
    let long = text.replacen(
        "\n\na",
        &format!("\n{}\na", "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n".repeat(64)),
        1,
    );
    assert!(Proof::parse(long.as_bytes()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_altered_file_proves_another_entry(count in 1_u8..40, index in any::<u64>(), at in any::<usize>(), byte in any::<u8>()) {
        let index = index % u64::from(count);
        let good = proof(index, count);
        let mut bytes = good.to_text().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let Ok(read) = Proof::parse(&bytes) else { return Ok(()) };
        let Some(opening) = read.extra.as_deref().and_then(Opening::from_bytes) else { return Ok(()) };
        if read.verify(&opening.hash(), &policy()).is_ok() {
            prop_assert_eq!(Some(opening.to_bytes()), good.extra);
            prop_assert_eq!(read.index, index);
        }
    }
}
