use proptest::prelude::*;

use super::*;
use crate::keys::tests::of::{log, witness};

fn signed(size: u64) -> Note {
    let origin = log(1).verifier().name().to_owned();
    let root = if size == 0 { empty_root() } else { [size as u8; 32] };
    Checkpoint { origin, size, root }.sign(&log(1)).unwrap()
}

fn policy(witnesses: &[u8], quorum: usize) -> Policy {
    let witnesses = witnesses.iter().map(|seed| witness(*seed).verifier().clone()).collect();
    Policy { logs: vec![log(1).verifier().clone()], witnesses, quorum }
}

#[test]
fn the_example_of_the_specification_is_read() {
    let text =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let read = Checkpoint::parse(text).unwrap();
    assert_eq!((read.origin.as_str(), read.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(read.to_text(), text);
    assert_eq!(Checkpoint::parse(&format!("{text}more\n")), Ok(read));
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    for text in [
        String::new(),
        "a\n".to_owned(),
        "a\n1\n".to_owned(),
        format!("a\n1\n{root}"),
        format!("\n1\n{root}\n"),
        format!("a\n01\n{root}\n"),
        format!("a\n-1\n{root}\n"),
        format!("a\n+1\n{root}\n"),
        format!("a\n\n{root}\n"),
        format!("a\n9223372036854775808\n{root}\n"),
        format!("a\n1\n{}\n", &root[4..]),
        format!("a\n1\n{root}\n\n"),
        format!("a\n1\n{root}\nmore"),
        format!("a\n1 \n{root}\n"),
    ] {
        assert!(Checkpoint::parse(&text).is_err(), "{text:?}");
    }
}

#[test]
fn only_the_logs_own_key_is_believed() {
    let note = signed(9);
    let believed = policy(&[], 0).open(note.to_text().as_bytes()).unwrap();
    assert_eq!(believed.checkpoint.size, 9);
    let nobody = Policy { logs: Vec::new(), ..policy(&[], 0) };
    assert_eq!(nobody.believe(&note), Err(Disbelief::UnknownLog));
    // Another key of the same name, as after a rotation: either will do.
    let other = SignerKey::from_seed(log(1).verifier().name(), Kind::Log, &[9; 32]).unwrap();
    let mut both = policy(&[], 0);
    both.logs.insert(0, other.verifier().clone());
    assert!(both.believe(&note).is_ok());
    let only = Policy { logs: vec![other.verifier().clone()], ..policy(&[], 0) };
    assert_eq!(only.believe(&note), Err(Disbelief::NotTheLog));
    // A witness's key is no log's, even when it is named so.
    let posing = SignerKey::from_seed(log(1).verifier().name(), Kind::Witness, &[1; 32]).unwrap();
    let only = Policy { logs: vec![posing.verifier().clone()], ..policy(&[], 0) };
    assert_eq!(only.believe(&note), Err(Disbelief::UnknownLog));
    let mut forged = note;
    forged.signatures[0].bytes[5] ^= 1;
    assert_eq!(policy(&[], 0).believe(&forged), Err(Disbelief::NotTheLog));
}

#[test]
fn witnesses_are_counted_once_each() {
    let mut note = signed(9);
    assert_eq!(policy(&[2], 1).believe(&note), Err(Disbelief::TooFewWitnesses(0)));
    note.add([witness(2).sign(&note.text, 5).unwrap()]);
    assert_eq!(policy(&[2], 1).believe(&note).unwrap().witnessed, [("w/2".to_owned(), 5)]);
    note.signatures.push(witness(2).sign(&note.text, 6).unwrap());
    assert_eq!(policy(&[2, 3], 2).believe(&note), Err(Disbelief::TooFewWitnesses(1)));
    note.add([witness(3).sign(&note.text, 7).unwrap()]);
    assert!(policy(&[2, 3], 2).believe(&note).is_ok());
    // A cosignature of another checkpoint does not count, it spoils.
    let mut other = signed(8);
    other.signatures.push(note.signatures[1].clone());
    assert_eq!(policy(&[2], 0).believe(&other), Err(Disbelief::ForgedWitness));
}

#[test]
fn nothing_has_one_root() {
    assert!(policy(&[], 0).believe(&signed(0)).is_ok());
    let wrong = Checkpoint { origin: log(1).verifier().name().to_owned(), size: 0, root: [1; 32] };
    let wrong = wrong.sign(&log(1)).unwrap();
    assert_eq!(policy(&[], 0).believe(&wrong), Err(Disbelief::NotEmpty));
    let other = Checkpoint { origin: "another".to_owned(), size: 1, root: [1; 32] };
    assert!(other.sign(&log(1)).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[a-z0-9\n=+/A]{0,80}") {
        if let Ok(read) = Checkpoint::parse(&text) {
            prop_assert!(text.starts_with(&read.to_text()));
        }
    }
}
