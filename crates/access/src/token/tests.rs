use proptest::prelude::*;

use super::*;
use crate::claims::{Function, Purpose};
use crate::scope::ScopeError;

const NOW_S: i64 = 1_790_000_000;
const URL: &str = "https://issuer.example.org";
const AUDIENCE: &str = "https://dossier.example.org/fhir";
const CONFIGURATION: &str = include_str!("../../tests/tokens/issuers.json");
const TOKENS: &str = include_str!("../../tests/tokens/tokens.json");

fn development() -> SigningIssuer {
    let mut next = 7_u8;
    SigningIssuer::create(URL, AUDIENCE, |bytes| {
        for byte in bytes {
            next = next.wrapping_mul(31).wrapping_add(11);
            *byte = next;
        }
    })
    .unwrap()
}

fn trusting(issuer: &SigningIssuer) -> Issuers {
    let keys = Issuer::new(URL, vec![AUDIENCE.to_owned()], &issuer.public_jwks()).unwrap();
    Issuers::new(vec![keys]).unwrap()
}

fn payload() -> Value {
    serde_json::json!({
        "iss": URL, "aud": AUDIENCE, "sub": "u-17", "client_id": "emr", "function": "nurse",
        "scope": "user/*.rs", "iat": NOW_S, "exp": NOW_S + 3600,
    })
}

/// Verifies a token with this payload and a good header.
fn verify(payload: &Value) -> Result<Claims, Refusal> {
    let issuer = development();
    let set: Value = serde_json::from_str(&issuer.public_jwks()).unwrap();
    let header = serde_json::json!({"alg": "ES256", "kid": set["keys"][0]["kid"]});
    let token = issuer.sign_raw(&header.to_string(), &payload.to_string());
    trusting(&issuer).verify(&token, NOW_S)
}

fn verify_with(member: &str, value: Value) -> Result<Claims, Refusal> {
    let mut changed = payload();
    changed[member] = value;
    verify(&changed)
}

/// Verifies a token with this header and a good payload; `KID` stands for the key's.
fn verify_header(header: &str) -> Result<Claims, Refusal> {
    let issuer = development();
    let set: Value = serde_json::from_str(&issuer.public_jwks()).unwrap();
    let header = header.replace("KID", set["keys"][0]["kid"].as_str().unwrap());
    let token = issuer.sign_raw(&header, &payload().to_string());
    trusting(&issuer).verify(&token, NOW_S)
}

#[test]
fn every_algorithm_verifies_tokens_of_another_implementation() {
    let issuers = Issuers::parse(CONFIGURATION).unwrap();
    let tokens: Map<String, Value> = serde_json::from_str(TOKENS).unwrap();
    assert_eq!(tokens.len(), 5);
    for (algorithm, token) in &tokens {
        let token = token.as_str().unwrap();
        let claims = issuers.verify(token, NOW_S).unwrap();
        assert_eq!(claims.name.as_deref(), Some("Élise Tremblay"), "{algorithm}");
        assert_eq!(claims.function, Function::Physician);
        assert_eq!(claims.purpose, Purpose::Treatment);
        assert_eq!(claims.scopes.len(), 1);
        assert_eq!(claims.expires_at_s, NOW_S + 3600);
        // One bit of the signature turned.
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut signature = base64url::decode(signature).unwrap();
        signature[20] ^= 1;
        let forged = format!("{signed}.{}", base64url::encode(&signature));
        assert_eq!(issuers.verify(&forged, NOW_S), Err(Refusal::Signature), "{algorithm}");
    }
}

#[test]
fn a_key_serves_its_own_algorithm_only() {
    let issuers = Issuers::parse(CONFIGURATION).unwrap();
    let tokens: Map<String, Value> = serde_json::from_str(TOKENS).unwrap();
    let token = tokens["ES256"].as_str().unwrap();
    let (_, rest) = token.split_once('.').unwrap();
    let renamed = |alg: &str| {
        let header = format!(r#"{{"alg":"{alg}","kid":"es256"}}"#);
        issuers.verify(&format!("{}.{rest}", base64url::encode(header.as_bytes())), NOW_S)
    };
    for other in ["ES384", "RS256", "EdDSA"] {
        assert_eq!(renamed(other), Err(Refusal::AlgorithmOfKey));
    }
    for unsupported in ["none", "None", "HS256", "PS256", "ES512", "es256", ""] {
        assert_eq!(renamed(unsupported), Err(Refusal::AlgorithmUnsupported));
    }
}

#[test]
fn headers_are_strict() {
    assert!(verify_header(r#"{"alg":"ES256","kid":"KID"}"#).is_ok());
    assert!(verify_header(r#"{"alg":"ES256","kid":"KID","typ":"at+JWT"}"#).is_ok());
    assert!(verify_header(r#"{"alg":"ES256","kid":"KID","typ":"application/at+jwt"}"#).is_ok());
    // Keys that a token brings along change nothing.
    let brought = r#"{"alg":"ES256","kid":"KID","jku":"https://evil.example","jwk":{"kty":"EC"}}"#;
    assert!(verify_header(brought).is_ok());
    let refused = [
        (r#"{"alg":"ES256","kid":"KID","typ":"logout+jwt"}"#, Refusal::Type),
        (r#"{"alg":"ES256","kid":"KID","typ":7}"#, Refusal::Type),
        (r#"{"alg":"ES256","kid":"KID","crit":["exp"]}"#, Refusal::Critical),
        (r#"{"alg":"ES256","kid":"KID","crit":null}"#, Refusal::Critical),
        (r#"{"alg":"ES256","kid":"other"}"#, Refusal::KeyUnknown),
        (r#"{"alg":"ES256"}"#, Refusal::KeyUnknown),
        (r#"{"kid":"KID"}"#, Refusal::AlgorithmUnsupported),
        (r#"{"alg":"none","alg":"ES256","kid":"KID"}"#, Refusal::DuplicateMember),
        (r#"{"alg":"ES256","kid":"KID","x":{"a":1,"\u0061":2}}"#, Refusal::DuplicateMember),
        (r#"["ES256"]"#, Refusal::Malformed),
        ("{", Refusal::Malformed),
    ];
    for (header, refusal) in refused {
        assert_eq!(verify_header(header), Err(refusal), "{header}");
    }
}

#[test]
fn issuer_audience_and_times() {
    assert_eq!(verify_with("iss", "https://evil.example".into()), Err(Refusal::IssuerUnknown));
    assert_eq!(verify_with("iss", Value::Null), Err(Refusal::IssuerUnknown));
    assert_eq!(verify_with("aud", "another".into()), Err(Refusal::Audience));
    assert_eq!(verify_with("aud", serde_json::json!([])), Err(Refusal::Audience));
    assert_eq!(verify_with("aud", serde_json::json!([7, AUDIENCE])), Err(Refusal::Claim("aud")));
    assert!(verify_with("aud", serde_json::json!(["x", AUDIENCE])).is_ok());

    assert!(verify_with("exp", (NOW_S - 59).into()).is_ok());
    assert_eq!(verify_with("exp", (NOW_S - 60).into()), Err(Refusal::Expired));
    assert_eq!(verify_with("exp", Value::Null), Err(Refusal::Claim("exp")));
    assert_eq!(verify_with("exp", "9999999999".into()), Err(Refusal::Claim("exp")));
    assert_eq!(verify_with("exp", 1e300.into()), Err(Refusal::Claim("exp")));
    assert_eq!(verify_with("exp", (NOW_S + 90_000).into()), Err(Refusal::LivesTooLong));
    assert!(verify_with("nbf", (NOW_S + 60).into()).is_ok());
    assert_eq!(verify_with("nbf", (NOW_S + 61).into()), Err(Refusal::NotYetValid));
    assert_eq!(verify_with("iat", (NOW_S + 61).into()), Err(Refusal::NotYetValid));
    assert!(verify_with("exp", 1_790_000_000.5.into()).is_ok());
    let mut without = payload();
    without.as_object_mut().unwrap().remove("exp");
    assert_eq!(verify(&without), Err(Refusal::Claim("exp")));
}

#[test]
fn a_token_is_for_the_record_or_for_a_rehearsal_and_never_for_both() {
    let issuer = development();
    let (central, practice) = (trusting(&issuer), trusting(&issuer).rehearsing());
    let audience = rehearsal_audience(AUDIENCE);
    let signed = |aud: Value| {
        let mut changed = payload();
        changed["aud"] = aud;
        let header = serde_json::json!({"alg": "ES256", "kid": issuer.kid()});
        issuer.sign_raw(&header.to_string(), &changed.to_string())
    };
    for (aud, of_record, of_rehearsal) in [
        (serde_json::json!(AUDIENCE), true, false),
        (serde_json::json!(audience), false, true),
        (serde_json::json!([AUDIENCE, audience]), false, false),
        (serde_json::json!([AUDIENCE, "x"]), true, false),
        (serde_json::json!(["x", audience]), false, true),
    ] {
        let token = signed(aud);
        assert_eq!(central.verify(&token, NOW_S).is_ok(), of_record, "{token}");
        assert_eq!(practice.verify(&token, NOW_S).is_ok(), of_rehearsal, "{token}");
        if !of_record {
            assert_eq!(central.verify(&token, NOW_S), Err(Refusal::Audience));
        }
    }
    assert!(
        practice.verify(&issuer.rehearsing().sign(&verify(&payload()).unwrap()), NOW_S).is_ok()
    );
    assert_eq!(issuer.rehearsing().public_jwks(), issuer.public_jwks(), "the keys are the same");
}

#[test]
fn claims_are_checked() {
    for name in ["sub", "client_id", "function"] {
        assert_eq!(verify_with(name, Value::Null), Err(Refusal::Claim(name)));
        assert_eq!(verify_with(name, "".into()), Err(Refusal::Claim(name)));
        assert_eq!(verify_with(name, "a\nb".into()), Err(Refusal::Claim(name)));
        assert_eq!(verify_with(name, "x".repeat(513).into()), Err(Refusal::Claim(name)));
    }
    assert_eq!(verify_with("purpose", "FUN".into()), Err(Refusal::Claim("purpose")));
    assert_eq!(verify_with("function", "patient".into()), Err(Refusal::Claim("patient")));
    assert_eq!(verify_with("patient", "a/b".into()), Err(Refusal::Claim("patient")));
    assert_eq!(verify_with("function", "proxy".into()), Err(Refusal::Claim("patient")));
    let narrowed = verify_with("scope", "patient/Observation.rs?category=x".into()).unwrap();
    assert_eq!(narrowed.scopes[0].constraint.as_deref(), Some("category=x"));
    let broken = verify_with("scope", "patient/*.rs?category=x".into());
    assert!(matches!(broken, Err(Refusal::Scope(ScopeError::Constraint(_)))));
    assert_eq!(verify_with("function", "researcher".into()).unwrap().purpose, Purpose::Research);
    assert_eq!(verify_with("function", "clerk".into()).unwrap().purpose, Purpose::Administration);
}

#[test]
fn spellings_are_strict() {
    let issuer = development();
    let issuers = trusting(&issuer);
    let token = issuer.sign_raw(r#"{"alg":"ES256"}"#, &payload().to_string());
    for wrong in [
        String::new(),
        ".".to_owned(),
        format!("{token}="),
        format!("{token}."),
        format!(" {token}"),
        token.replacen('.', "..", 1),
        token.rsplit_once('.').unwrap().0.to_owned(),
    ] {
        assert_eq!(issuers.verify(&wrong, NOW_S), Err(Refusal::Malformed), "{wrong}");
    }
    assert_eq!(issuers.verify(&"a".repeat(8193), NOW_S), Err(Refusal::TooLong));
    assert_eq!(base64url::decode("QQ"), Some(b"A".to_vec()));
    for stray in ["QR", "Q", "QQ==", "Q Q", "+/", "QQ\n"] {
        assert_eq!(base64url::decode(stray), None, "{stray}");
    }
}

#[test]
fn the_header_value() {
    assert_eq!(bearer(Some("Bearer abc")), Ok("abc"));
    assert_eq!(bearer(Some("bearer  abc")), Ok("abc"));
    for wrong in [None, Some(""), Some("Bearer"), Some("Bearer "), Some("Basic abc")] {
        assert_eq!(bearer(wrong), Err(Refusal::Missing));
    }
}

#[test]
fn configurations_are_checked() {
    let issuer = development();
    let new = |jwks: &str| Issuer::new(URL, vec![AUDIENCE.to_owned()], jwks);
    assert!(new(&issuer.public_jwks()).is_ok());
    let secret = format!(r#"{{"keys":[{}]}}"#, issuer.private_jwk());
    let twice = issuer.public_jwks().replace(
        "]}",
        &format!(",{}]}}", {
            let set: Value = serde_json::from_str(&issuer.public_jwks()).unwrap();
            set["keys"][0].to_string()
        }),
    );
    let encryption = issuer.public_jwks().replace("\"sig\"", "\"enc\"");
    let unbound = issuer.public_jwks().replace("ES256", "ES384");
    for wrong in
        [&secret, &twice, &encryption, &unbound, "{}", "", r#"{"keys":[{"kty":"oct","k":"QQ"}]}"#]
    {
        assert!(new(wrong).is_err(), "{wrong}");
    }
    let once = new(&issuer.public_jwks()).unwrap();
    assert!(Issuers::new(vec![once.clone(), once]).is_err());
    assert!(Issuers::parse(r#"{"issuers":[{"issuer":"x"}]}"#).is_err());
}

#[test]
fn the_development_key_survives_its_text() {
    let issuer = development();
    let again = SigningIssuer::from_private_jwk(URL, AUDIENCE, &issuer.private_jwk()).unwrap();
    assert_eq!(again.public_jwks(), issuer.public_jwks());
    let mut claims = verify(&payload()).unwrap();
    claims.patient = Some("p1".to_owned());
    claims.token_id = Some("t".to_owned());
    assert_eq!(trusting(&issuer).verify(&again.sign(&claims), NOW_S).unwrap(), claims);
    claims.scopes.clear();
    assert_eq!(trusting(&issuer).verify(&again.sign(&claims), NOW_S).unwrap(), claims);
}

#[test]
fn a_remembered_token_still_expires_and_a_forged_one_is_not_it() {
    let issuers = Remembering::new(Issuers::parse(CONFIGURATION).unwrap());
    let tokens: Map<String, Value> = serde_json::from_str(TOKENS).unwrap();
    let token = tokens["ES256"].as_str().unwrap();
    let first = issuers.verify(token, NOW_S).unwrap();
    let again = issuers.verify(token, NOW_S + 3659).unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &again));
    assert_eq!(issuers.verify(token, NOW_S + 3660), Err(Refusal::Expired));
    let (signed, _) = token.rsplit_once('.').unwrap();
    let other = tokens["ES384"].as_str().unwrap().rsplit_once('.').unwrap().1;
    assert_eq!(issuers.verify(&format!("{signed}.{other}"), NOW_S), Err(Refusal::Signature));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn base64url_has_one_spelling(bytes in proptest::collection::vec(any::<u8>(), 0..40), text in "[A-Za-z0-9_-]{0,9}") {
        let encoded = base64url::encode(&bytes);
        prop_assert_eq!(base64url::decode(&encoded), Some(bytes));
        if let Some(decoded) = base64url::decode(&text) {
            prop_assert_eq!(base64url::encode(&decoded), text);
        }
    }

    #[test]
    fn any_text_is_refused_in_peace(text in "\\PC{0,80}") {
        let issuers = Issuers::parse(CONFIGURATION).unwrap();
        prop_assert!(issuers.verify(&text, NOW_S).is_err());
    }
}

#[test]
fn until_the_signature_holds_every_refusal_reads_alike() {
    use Refusal as R;
    let before = [
        R::TooLong,
        R::Malformed,
        R::DuplicateMember,
        R::Critical,
        R::Type,
        R::AlgorithmUnsupported,
        R::AlgorithmOfKey,
        R::IssuerUnknown,
        R::KeyUnknown,
        R::Signature,
    ];
    let texts: std::collections::BTreeSet<String> = before.iter().map(R::to_string).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    let echo = Refusal::Scope(ScopeError::Malformed("patient/secret".to_owned())).to_string();
    assert!(!echo.contains("secret"));
}
