use super::*;
use crate::limits::{KEYS_ASK_AGAIN_S, KEYS_KEPT_S};
use crate::token::{Issuers, Refusal, Remembering, SigningIssuer};
use serde_json::json;

const NOW_S: i64 = 1_790_000_000;
const URL: &str = "https://issuer.example.org";

fn signer(seed: u8) -> SigningIssuer {
    SigningIssuer::create(URL, "dossier", |bytes| bytes.fill(seed)).unwrap()
}

fn published(address: &str) -> Result<Issuers, ConfigurationError> {
    let issuer = json!({"issuer": URL, "audiences": ["dossier"], "jwks_url": address});
    Issuers::parse(&json!({"issuers": [issuer]}).to_string())
}

fn token(signer: &SigningIssuer) -> String {
    let set: Value = serde_json::from_str(&signer.public_jwks()).unwrap();
    let header = json!({"alg": "ES256", "kid": set["keys"][0]["kid"]});
    let payload = json!({
        "iss": URL, "aud": "dossier", "sub": "u", "client_id": "emr", "function": "nurse",
        "exp": NOW_S + 3600,
    });
    signer.sign_raw(&header.to_string(), &payload.to_string())
}

#[test]
fn only_safe_addresses_are_asked() {
    for good in [
        "https://issuer.example.org/jwks",
        "http://127.0.0.1:8080/jwks",
        "http://localhost/jwks",
        "http://[::1]:8080/jwks",
    ] {
        assert!(published(good).is_ok(), "{good}");
    }
    for bad in [
        "http://issuer.example.org/jwks",
        "http://127.0.0.1.example.org/jwks",
        "http://127.0.0.1@example.org/jwks",
        "http://localhost.example.org",
        "https://user@example.org/jwks",
        "https://",
        "https://a b",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "",
    ] {
        assert!(published(bad).is_err(), "{bad}");
    }
}

#[test]
fn keys_rotate_and_old_ones_go() {
    let (old, new) = (signer(1), signer(2));
    let issuers = Remembering::new(published("https://issuer.example.org/jwks").unwrap());
    assert_eq!(issuers.verify(&token(&old), NOW_S), Err(Refusal::KeyUnknown));
    let keys = issuers.issuers().published_for(&token(&old)).unwrap();
    assert_eq!(keys.renew(&old.public_jwks(), NOW_S), Ok(true));
    assert!(issuers.verify(&token(&old), NOW_S).is_ok());
    assert_eq!(keys.renew(&old.public_jwks(), NOW_S), Ok(false));
    assert_eq!(issuers.verify(&token(&new), NOW_S), Err(Refusal::KeyUnknown));

    // What the address answers in its trouble changes nothing.
    let secret = format!(r#"{{"keys":[{}]}}"#, new.private_jwk());
    let long = format!(r#"{{"keys":[],"pad":"{}"}}"#, "x".repeat(JWKS_BYTES_MAX));
    for trouble in ["", "<html>", "{}", r#"{"keys":[]}"#, secret.as_str(), long.as_str()] {
        assert!(keys.renew(trouble, NOW_S).is_err(), "{trouble:.40}");
        assert!(issuers.verify(&token(&old), NOW_S).is_ok());
    }
    // The key is withdrawn: what it signed is forgotten, too.
    assert_eq!(keys.renew(&new.public_jwks(), NOW_S), Ok(true));
    assert!(issuers.verify(&token(&new), NOW_S).is_ok());
    assert_eq!(issuers.verify(&token(&old), NOW_S), Err(Refusal::KeyUnknown));
}

#[test]
fn keys_outlive_an_outage_up_to_a_limit() {
    let signer = signer(1);
    let issuers = published("https://issuer.example.org/jwks").unwrap();
    let keys = issuers.published().next().unwrap();
    keys.renew(&signer.public_jwks(), NOW_S - KEYS_KEPT_S).unwrap();
    assert!(issuers.verify(&token(&signer), NOW_S).is_ok());
    assert_eq!(issuers.verify(&token(&signer), NOW_S + 1), Err(Refusal::KeyUnknown));
}

#[test]
fn an_address_is_asked_in_its_time_and_rarely_for_unknown_keys() {
    let issuers = published("https://issuer.example.org/jwks").unwrap();
    let keys = issuers.published().next().unwrap();
    assert!(keys.due(NOW_S, 600));
    assert!(!keys.due(NOW_S + 599, 600));
    assert!(keys.due(NOW_S + 600, 600));
    assert!(!keys.due_for_unknown(NOW_S + 600 + KEYS_ASK_AGAIN_S - 1));
    assert!(keys.due_for_unknown(NOW_S + 600 + KEYS_ASK_AGAIN_S));
    assert!(!keys.due_for_unknown(NOW_S + 600 + KEYS_ASK_AGAIN_S));

    let inline = Issuers::new(vec![signer(1).trusted().unwrap()]).unwrap();
    assert_eq!(inline.published().count(), 0);
    assert!(inline.published_for(&token(&signer(1))).is_none());
}
