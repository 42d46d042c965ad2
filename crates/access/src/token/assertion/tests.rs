use serde_json::{Value, json};

use super::*;
use crate::claims::Function;
use crate::token::{SigningIssuer, base64url};

const NOW_S: i64 = 1_790_000_000;
const ENDPOINT: &str = "https://dossier.example.org/oauth/token";

fn key(seed: u8) -> SigningIssuer {
    SigningIssuer::create("unused", "unused", |bytes| bytes.fill(seed)).unwrap()
}

fn kid(key: &SigningIssuer) -> String {
    let set: Value = serde_json::from_str(&key.public_jwks()).unwrap();
    set["keys"][0]["kid"].as_str().unwrap().to_owned()
}

fn configured(changes: &[(&str, Value)]) -> String {
    let keys: Value = serde_json::from_str(&key(7).public_jwks()).unwrap();
    let mut client = json!({
        "client_id": "lab", "name": "Laboratoire", "jwks": keys, "scopes": "system/*.rs",
        "establishment": "e01",
    });
    for (name, value) in changes {
        client[*name] = value.clone();
    }
    json!({"clients": [client]}).to_string()
}

fn clients() -> Clients {
    Clients::parse(&configured(&[])).unwrap()
}

fn payload() -> Value {
    json!({
        "iss": "lab", "sub": "lab", "aud": ENDPOINT, "jti": "a-1", "exp": NOW_S + 300,
    })
}

fn verify(header: &Value, payload: &Value) -> Result<Assertion, Refusal> {
    let signed = key(7).sign_raw(&header.to_string(), &payload.to_string());
    clients().verify(&signed, &["https://other".to_owned(), ENDPOINT.to_owned()], NOW_S)
}

fn header() -> Value {
    json!({"alg": "ES256", "typ": "JWT", "kid": kid(&key(7))})
}

fn with(name: &str, value: Value) -> Option<Refusal> {
    let mut changed = payload();
    changed[name] = value;
    verify(&header(), &changed).err()
}

#[test]
fn a_good_assertion_tells_the_client() {
    let taken = verify(&header(), &payload()).unwrap();
    assert_eq!((taken.client.id.as_str(), taken.id.as_str()), ("lab", "a-1"));
    assert_eq!(taken.spent_after_s, NOW_S + 360);
    let claims = taken.client.claims(Vec::new(), "t-1".to_owned(), NOW_S);
    assert_eq!(claims.function, Function::System);
    assert_eq!(claims.establishment.as_deref(), Some("e01"));
    assert_eq!(claims.expires_at_s, NOW_S + 300);
    assert_eq!((claims.subject.as_str(), claims.client_id.as_str()), ("lab", "lab"));
}

#[test]
fn what_is_wrong_with_an_assertion() {
    assert_eq!(with("aud", "https://dossier.example.org".into()), Some(Refusal::Audience));
    assert_eq!(with("aud", json!([ENDPOINT])), None);
    assert_eq!(with("iss", "another".into()), Some(Refusal::IssuerUnknown));
    assert_eq!(with("sub", "another".into()), Some(Refusal::Claim("sub")));
    assert_eq!(with("sub", Value::Null), Some(Refusal::Claim("sub")));
    assert_eq!(with("jti", Value::Null), Some(Refusal::Claim("jti")));
    assert_eq!(with("jti", "".into()), Some(Refusal::Claim("jti")));
    assert_eq!(with("jti", 7.into()), Some(Refusal::Claim("jti")));
    assert_eq!(with("exp", Value::Null), Some(Refusal::Claim("exp")));
    assert_eq!(with("exp", (NOW_S + 361).into()), Some(Refusal::LivesTooLong));
    assert_eq!(with("exp", (NOW_S + 360).into()), None);
    assert_eq!(with("exp", (NOW_S - 60).into()), Some(Refusal::Expired));
    assert_eq!(with("iat", (NOW_S + 61).into()), Some(Refusal::NotYetValid));
    for typ in ["at+jwt", "secevent+jwt", ""] {
        let mut other = header();
        other["typ"] = typ.into();
        assert_eq!(verify(&other, &payload()).err(), Some(Refusal::Type), "{typ}");
    }
    let mut other = header();
    other["kid"] = kid(&key(8)).into();
    assert_eq!(verify(&other, &payload()).err(), Some(Refusal::KeyUnknown));
    let mut other = header();
    other["alg"] = "ES384".into();
    assert_eq!(verify(&other, &payload()).err(), Some(Refusal::AlgorithmOfKey));
    let stranger = key(8).sign_raw(&header().to_string(), &payload().to_string());
    let refused = clients().verify(&stranger, &[ENDPOINT.to_owned()], NOW_S);
    assert_eq!(refused.err(), Some(Refusal::Signature));
}

#[test]
fn a_configuration_of_clients_is_checked() {
    for (name, value) in [
        ("client_id", Value::Null),
        ("client_id", "".into()),
        ("scopes", "".into()),
        ("scopes", "openid".into()),
        ("scopes", "user/*.rs".into()),
        ("scopes", "system/*.rs patient/*.rs".into()),
        ("scopes", "system/nothing".into()),
        ("function", "physician".into()),
        ("function", "patient".into()),
        ("function", "proxy".into()),
        ("purpose", "FUN".into()),
        ("name", "a\nb".into()),
        ("jwks", json!({"keys": []})),
        ("jwks", "text".into()),
        ("jwks_url", "https://lab.example.org/jwks".into()),
    ] {
        let wrong = configured(&[(name, value.clone())]);
        assert!(Clients::parse(&wrong).is_err(), "{name} {value}");
    }
    let twice: Value = serde_json::from_str(&configured(&[])).unwrap();
    let twice = json!({"clients": [twice["clients"][0], twice["clients"][0]]});
    assert!(Clients::parse(&twice.to_string()).is_err());
    assert!(Clients::parse(r#"{"clients": []}"#).is_ok());
    assert!(Clients::parse("[]").is_err());
}

#[test]
fn an_rsa_key_that_names_no_algorithm_is_for_rs384() {
    let issuers: Value =
        serde_json::from_str(include_str!("../../../tests/tokens/issuers.json")).unwrap();
    let keys = issuers["issuers"][0]["jwks"]["keys"].as_array().unwrap();
    let mut rsa = keys.iter().find(|key| key["kty"] == "RSA").unwrap().clone();
    rsa.as_object_mut().unwrap().remove("alg");
    let clients = Clients::parse(&configured(&[("jwks", json!({"keys": [rsa]}))])).unwrap();
    let key = clients.client("lab").unwrap().keys().key(rsa["kid"].as_str().unwrap(), NOW_S);
    assert_eq!(key.unwrap().algorithm().name(), "RS384");
}

#[test]
fn keys_at_an_address_are_known_by_the_assertion_of_their_client_only() {
    let mut client: Value = serde_json::from_str(&configured(&[])).unwrap();
    let client = client["clients"][0].as_object_mut().unwrap();
    client.remove("jwks");
    client.insert("jwks_url".to_owned(), "https://lab.example.org/jwks".into());
    let clients = Clients::parse(&json!({"clients": [client]}).to_string()).unwrap();
    let signed = key(7).sign_raw(&header().to_string(), &payload().to_string());
    let endpoints = [ENDPOINT.to_owned()];
    assert_eq!(clients.verify(&signed, &endpoints, NOW_S).err(), Some(Refusal::KeyUnknown));
    let keys = clients.published_for(&signed).unwrap();
    assert_eq!(keys.address(), Some("https://lab.example.org/jwks"));
    assert!(keys.renew(&key(7).public_jwks(), NOW_S).unwrap());
    assert!(clients.verify(&signed, &endpoints, NOW_S).is_ok());
    let other = base64url::encode(b"{}");
    assert!(clients.published_for(&format!("{other}.{other}.")).is_none());
}
