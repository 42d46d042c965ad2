use super::*;

#[test]
fn a_development_key_is_made_once() {
    let data = tempfile::tempdir().unwrap();
    let first = development(data.path(), "06", &Ground::Central).unwrap();
    let again = development(data.path(), "06", &Ground::Central).unwrap();
    assert_eq!(first.verifier(), again.verifier());
    assert_ne!(
        development(data.path(), "04", &Ground::Central).unwrap().verifier(),
        first.verifier()
    );
    let public = fs::read_to_string(data.path().join("ledger/06.vkey")).unwrap();
    assert_eq!(public, format!("{}\n", first.verifier()));
    fs::write(data.path().join("ledger/06.key"), public).unwrap();
    assert!(development(data.path(), "06", &Ground::Central).is_err());
}

#[test]
fn the_key_of_a_rehearsal_signs_no_ledger_and_the_reverse() {
    let data = tempfile::tempdir().unwrap();
    let practice = Ground::Rehearsal("08".to_owned());
    let rehearsal = development(data.path(), "08", &practice).unwrap();
    let live = development(data.path(), "08", &Ground::Central).unwrap();
    assert_eq!(rehearsal.verifier().name(), "dossier.invalid/rehearsal/08");
    assert_eq!(live.verifier().name(), "dossier.invalid/ledger/08");
    let folder = data.path().join("ledger");
    fs::copy(folder.join("08.key"), folder.join("08.rehearsal.key")).unwrap();
    let why = development(data.path(), "08", &practice).unwrap_err().to_string();
    assert!(why.contains("dossier ledger key"), "{why}");
    assert!(of_region(&folder.join("08.rehearsal.key"), &Ground::Central).is_ok());
}
