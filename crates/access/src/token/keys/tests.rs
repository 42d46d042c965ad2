//! What verifies natively and what verifies everywhere give the same answers.

use serde_json::Value;

use super::super::base64url;
use super::*;

const CONFIGURATION: &str = include_str!("../../../tests/tokens/issuers.json");
const TOKENS: &str = include_str!("../../../tests/tokens/tokens.json");

fn keys() -> Vec<Key> {
    fn jwks<'v>(value: &'v Value, found: &mut Vec<&'v Map<String, Value>>) {
        match value {
            Value::Array(held) => held.iter().for_each(|one| jwks(one, found)),
            Value::Object(members) if members.contains_key("kty") => found.push(members),
            Value::Object(members) => members.values().for_each(|one| jwks(one, found)),
            _ => {}
        }
    }
    let configuration: Value = serde_json::from_str(CONFIGURATION).unwrap();
    let mut found = Vec::new();
    jwks(&configuration, &mut found);
    found.into_iter().filter_map(|jwk| Key::from_jwk(jwk, Algorithm::Rs256).unwrap()).collect()
}

#[test]
fn both_ways_of_verifying_agree() {
    let tokens: Map<String, Value> = serde_json::from_str(TOKENS).unwrap();
    let keys = keys();
    assert_eq!(keys.len(), tokens.len());
    for (algorithm, token) in &tokens {
        let (message, signature) = token.as_str().unwrap().rsplit_once('.').unwrap();
        let signature = base64url::decode(signature).unwrap();
        let key = keys.iter().find(|key| key.algorithm().name() == algorithm).unwrap();
        let both = |message: &[u8], signature: &[u8]| {
            let native = key.verifies(message, signature);
            assert_eq!(native, key.verifies_portably(message, signature), "{algorithm}");
            native
        };
        assert!(both(message.as_bytes(), &signature), "{algorithm}");
        assert!(!both(b"another", &signature));
        for at in (0..signature.len()).step_by(7) {
            let mut bent = signature.clone();
            bent[at] ^= 1 << (at % 8);
            assert!(!both(message.as_bytes(), &bent), "{algorithm} byte {at}");
        }
        for form in [vec![], vec![0; signature.len()], vec![0xff; signature.len()]] {
            assert!(!both(message.as_bytes(), &form), "{algorithm}");
        }
        for length in [signature.len() - 1, signature.len() / 2] {
            assert!(!both(message.as_bytes(), &signature[..length]), "{algorithm}");
        }
        assert!(!both(message.as_bytes(), &[signature.as_slice(), &[0]].concat()));
    }
}
