use access::scope::Scope;
use access::token::{Clients, Issuers, base64url};

const ISSUERS: &str = include_str!("../../../crates/access/tests/tokens/issuers.json");

/// A bearer token: nothing that is not signed is believed; scopes are read or
/// refused; base64url goes both ways.
pub fn token(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let issuers = Issuers::parse(ISSUERS).expect("the example is a configuration");
    let _ = issuers.verify(text, crate::NOW_MS / 1_000);
    for scope in Scope::parse_all(text).unwrap_or_default() {
        let again = Scope::parse(&scope.to_string());
        assert_eq!(again, Ok(Some(scope)), "a scope means what it reads");
    }
    // Configurations and assertions are read or refused.
    let _ = Clients::parse(text);
    let _ = Clients::default().verify(text, &[], crate::NOW_MS / 1_000);
    if let Some(decoded) = base64url::decode(text) {
        assert_eq!(base64url::encode(&decoded), text, "base64url has one spelling");
    }
    // A payload without a signature of a known key never passes.
    let unsigned =
        format!("{}.{}.", base64url::encode(br#"{"alg":"none"}"#), base64url::encode(bytes));
    assert!(
        issuers.verify(&unsigned, crate::NOW_MS / 1_000).is_err(),
        "an unsigned token was believed"
    );
}
