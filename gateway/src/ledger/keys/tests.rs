use super::*;

#[test]
fn a_development_key_is_made_once() {
    let data = tempfile::tempdir().unwrap();
    let first = development(data.path(), "06").unwrap();
    let again = development(data.path(), "06").unwrap();
    assert_eq!(first.verifier(), again.verifier());
    assert_ne!(development(data.path(), "04").unwrap().verifier(), first.verifier());
    let public = fs::read_to_string(data.path().join("ledger/06.vkey")).unwrap();
    assert_eq!(public, format!("{}\n", first.verifier()));
    fs::write(data.path().join("ledger/06.key"), public).unwrap();
    assert!(development(data.path(), "06").is_err());
}
