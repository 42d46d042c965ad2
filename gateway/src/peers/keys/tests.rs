use std::os::unix::fs::PermissionsExt;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::{AUTHORITY, AUTHORITY_KEY, load, make, region_of};

fn codes() -> Vec<String> {
    vec!["04".to_owned(), "06".to_owned()]
}

#[test]
fn keys_are_made_once_and_private_ones_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let made = make(folder.path(), &codes()).unwrap();
    assert_eq!(made, [AUTHORITY_KEY, AUTHORITY, "04.key", "04.pem", "06.key", "06.pem"]);
    assert_eq!(make(folder.path(), &codes()).unwrap(), [""; 0]);
    for key in [AUTHORITY_KEY, "06.key"] {
        let mode = std::fs::metadata(folder.path().join(key)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(load(folder.path(), "06").is_ok());
    assert!(load(folder.path(), "13").is_err());
    // A gateway has no need of the authority's key.
    std::fs::remove_file(folder.path().join(AUTHORITY_KEY)).unwrap();
    assert!(load(folder.path(), "06").is_ok());
}

#[test]
fn a_certificate_names_one_region() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), &codes()).unwrap();
    let read = |file| vec![CertificateDer::from_pem_file(folder.path().join(file)).unwrap()];
    let all = ["03", "04", "06"];
    assert_eq!(region_of(Some(&read("06.pem")), all), Some("06"));
    assert_eq!(region_of(Some(&read("06.pem")), ["04"]), None);
    assert_eq!(region_of(Some(&read(AUTHORITY)), all), None);
    assert_eq!(region_of(None, all), None);
}

#[test]
fn another_regions_files_are_not_taken_for_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), &codes()).unwrap();
    std::fs::copy(folder.path().join("04.pem"), folder.path().join("06.pem")).unwrap();
    let error = load(folder.path(), "06").map(drop).unwrap_err().to_string();
    assert!(error.contains("not a certificate of region 06"), "{error}");
}
