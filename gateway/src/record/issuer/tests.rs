use super::open;
use std::os::unix::fs::PermissionsExt;

#[test]
fn the_key_is_made_once_and_is_this_users_only() {
    let data = std::env::temp_dir().join(format!("dossier-issuer-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&data);
    let first = open(&data).unwrap();
    let again = open(&data).unwrap();
    assert_eq!(first.public_jwks(), again.public_jwks());
    let path = data.join("issuer/private.jwk");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(data.join("issuer")).unwrap().count(), 1);

    std::fs::write(&path, "{}").unwrap();
    assert!(open(&data).unwrap_err().to_string().contains("damaged"));
    std::fs::remove_dir_all(&data).unwrap();
}
