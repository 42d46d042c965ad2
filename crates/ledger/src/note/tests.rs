use proptest::prelude::*;

use super::*;
use crate::keys::VerifierKey;

/// The example of C2SP signed-note, "Verifier keys".
pub const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
pub const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

#[test]
fn the_example_of_the_specification_verifies() {
    let key = VerifierKey::parse(KEY).unwrap();
    assert_eq!(key.to_string(), KEY);
    let note = Note::parse(NOTE.as_bytes()).unwrap();
    assert_eq!(note.to_text(), NOTE);
    assert!(key.verify(&note).unwrap().is_some());

    let mut other = note.clone();
    other.text = "This is another message.\n".to_owned();
    assert!(key.verify(&other).is_err());
    // An unknown key is ignored, whatever it signed.
    let mut unknown = note.clone();
    unknown.signatures[0].id ^= 1;
    assert_eq!(key.verify(&unknown), Ok(None));
    let mut unknown = note;
    unknown.signatures[0].name.push('x');
    assert_eq!(key.verify(&unknown), Ok(None));
}

#[test]
fn what_is_no_note_is_refused() {
    for text in [
        "",
        "\n",
        "\n\n",
        "text\n",
        "text\n\n",
        "text\n\n\u{2014} name\n",
        "text\n\n\u{2014} name AAAA\n",
        "text\n\n\u{2014} na+me AAAAAAA=\n",
        "text\n\n\u{2014}  AAAAAAA=\n",
        "text\n\n- name AAAAAAA=\n",
        "text\n\n\u{2014} name AAAAAAA=",
        "text\n\n\u{2014} name AAAAAAB=\n",
        "text\n\n\u{2014} name AAAAAAA\n",
        "text\n\u{2014} name AAAAAAA=\n",
        "te\txt\n\n\u{2014} name AAAAAAA=\n",
        "te\rxt\n\n\u{2014} name AAAAAAA=\n",
    ] {
        assert!(Note::parse(text.as_bytes()).is_err(), "{text:?}");
    }
    assert!(Note::parse(b"text\xff\n\n").is_err());
    let line = "\u{2014} name AAAAAAA=\n";
    assert!(Note::parse(format!("text\n\n{}", line.repeat(16)).as_bytes()).is_ok());
    assert!(Note::parse(format!("text\n\n{}", line.repeat(65)).as_bytes()).is_err());
    assert!(Note::parse(format!("{}\n\n{line}", "x".repeat(65_536)).as_bytes()).is_err());
}

proptest! {
    #[test]
    fn what_is_read_is_written_alike(text in "[a-z\n \u{2014}=+A]{0,60}") {
        if let Ok(note) = Note::parse(text.as_bytes()) {
            prop_assert_eq!(note.to_text(), text);
        }
    }

    #[test]
    fn notes_go_both_ways(lines in proptest::collection::vec("[a-z é]{0,9}", 1..5), bytes in proptest::collection::vec(any::<u8>(), 1..90)) {
        let text = format!("{}\n", lines.join("\n"));
        let signature = Signature { name: "a/b".to_owned(), id: 7, bytes };
        let note = Note { text, signatures: vec![signature] };
        prop_assert_eq!(Note::parse(note.to_text().as_bytes()), Ok(note));
    }
}
