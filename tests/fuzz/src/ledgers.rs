use ledger::checkpoint::{Checkpoint, Policy};
use ledger::keys::{Kind, SignerKey, VerifierKey};
use ledger::leaf::Opening;
use ledger::note::Note;
use ledger::proof_file::Proof;
use ledger::tiles::{File, Held, Tile, entries, first_entries, push_entry};
use ledger::witness::{AddCheckpoint, Seen, judge, open};

/// The log whose key the seeds are signed with; its secret is no secret.
fn policy() -> Policy {
    let key = SignerKey::from_seed("example.org/ledger/06", Kind::Log, &[1; 32]);
    let key = key.expect("the name is one").verifier().clone();
    Policy { logs: vec![key], ..Policy::default() }
}

/// A signed note: read and written alike; nothing unsigned is believed. And a
/// public key.
pub fn note(bytes: &[u8]) {
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_text().as_bytes(), bytes, "a note has one spelling");
        let _ = Checkpoint::parse(&note.text);
        if let Ok(believed) = policy().believe(&note) {
            let signed = note.signatures.iter().any(|signature| signature.bytes.len() == 64);
            assert!(signed && !believed.checkpoint.origin.is_empty());
        }
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text.trim_end(), "a key has one spelling");
    }
    let _ = SignerKey::parse(text);
}

/// A path of a file of the log, and what is in such files.
pub fn ledger_file(bytes: &[u8]) {
    if let Some(file) = std::str::from_utf8(bytes).ok().and_then(File::parse) {
        assert_eq!(file.path().as_bytes(), bytes, "a path has one spelling");
    }
    if let Some(parsed) = entries(bytes) {
        let mut again = Vec::new();
        for entry in &parsed {
            push_entry(&mut again, entry).expect("it was in a bundle");
        }
        assert_eq!(again, bytes, "a bundle has one spelling");
        let width = u16::try_from(parsed.len()).expect("a bundle has at most 256");
        assert_eq!(first_entries(bytes, width), Some(bytes));
    }
    let _ = Held::default().insert(Tile { level: 0, index: 0 }, bytes);
}

/// A proof file: read and written alike; what it opens is believed only with
/// the log's signature.
pub fn tlog_proof(bytes: &[u8]) {
    let Ok(proof) = Proof::parse(bytes) else { return };
    assert_eq!(proof.to_text().as_bytes(), bytes, "a proof has one spelling");
    let Some(opening) = proof.extra.as_deref().and_then(Opening::from_bytes) else { return };
    if let Ok(believed) = proof.verify(&opening.hash(), &policy()) {
        assert!(proof.index < believed.checkpoint.size);
    }
}

/// What a witness is sent: read and written alike; it never goes back.
pub fn witness_request(bytes: &[u8]) {
    let Ok(request) = AddCheckpoint::parse(bytes) else { return };
    assert_eq!(request.to_text().as_bytes(), bytes, "a request has one spelling");
    let Ok(head) = open(&request, &policy()) else { return };
    let seen = Seen { size: request.old, root: [0; 32] };
    if let Ok(next) = judge(&request, &head, seen) {
        assert!(next.size >= seen.size);
    }
}
