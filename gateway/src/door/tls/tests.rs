use super::Certificate;
use std::path::PathBuf;

#[test]
fn a_certificate_is_written_in_two_ways() {
    assert_eq!("dev".parse(), Ok(Certificate::Development));
    let files = Certificate::Files(PathBuf::from("a.pem"), PathBuf::from("b.pem"));
    assert_eq!("a.pem,b.pem".parse(), Ok(files));
    for wrong in ["", "a.pem", "a.pem,", ",b.pem"] {
        assert!(wrong.parse::<Certificate>().is_err(), "{wrong}");
    }
}

#[test]
fn the_development_certificate_is_made_once_and_its_key_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = std::env::temp_dir().join(format!("dossier-tls-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    assert!(Certificate::Development.acceptor(&folder).is_ok());
    let first = std::fs::read(folder.join("certificate.pem")).unwrap();
    assert!(Certificate::Development.acceptor(&folder).is_ok());
    assert_eq!(std::fs::read(folder.join("certificate.pem")).unwrap(), first);
    let mode = std::fs::metadata(folder.join("key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let missing = Certificate::Files(folder.join("no.pem"), folder.join("key.pem"));
    assert!(missing.acceptor(&folder).is_err());
    std::fs::remove_dir_all(&folder).unwrap();
}
