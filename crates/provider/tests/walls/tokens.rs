//! Tokens that are given and taken: whom, once, and always with a trace.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use access::claims::Function;
use access::entry::Interaction as Journaled;
use access::token::{Clients, Issuers, SigningIssuer};
use chart::Environment;
use contracts::{Origin, TokenGrant, TokenRejection, TokenRequest};
use fhir::outcome::Status;
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::world::*;

pub const ENDPOINT: &str = "https://01.example/oauth/token";

fn key(seed: u8) -> SigningIssuer {
    SigningIssuer::create("https://issuer.example", "dossier", |bytes| bytes.fill(seed)).unwrap()
}

/// A laboratory, and another of the other region.
pub fn clients() -> Clients {
    let keys: Value = serde_json::from_str(&key(9).public_jwks()).unwrap();
    let client = |id: &str, establishment: &str| {
        json!({
            "client_id": id, "name": "Laboratoire", "jwks": keys,
            "scopes": "system/Patient.rs system/Observation.cruds?category=laboratory",
            "establishment": establishment,
        })
    };
    Clients::parse(&json!({"clients": [client("lab", "e01"), client("far", "e02")]}).to_string())
        .unwrap()
}

fn assertion(world: &World, client: &str, id: &str) -> String {
    let signer = key(9);
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": signer.kid()});
    let payload = json!({
        "iss": client, "sub": client, "aud": ENDPOINT, "jti": id,
        "exp": world.environment.now_ms() / 1000 + 60,
    });
    signer.sign_raw(&header.to_string(), &payload.to_string())
}

fn request(assertion: &str, scope: &str) -> TokenRequest {
    TokenRequest {
        grant_type: Some("client_credentials".into()),
        assertion_type: Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer".into()),
        assertion: Some(assertion.into()),
        scope: Some(scope.into()),
    }
}

fn origin() -> Origin {
    Origin {
        request_id: "request-2".into(),
        client_address: "192.0.2.7".into(),
        emergency: None,
        stands_in_for: None,
        any_door: false,
    }
}

fn ask(world: &World, asked: TokenRequest) -> Result<TokenGrant, TokenRejection> {
    block_on(world.walls.exchange(asked, &origin()))
}

fn refused(world: &World, asked: TokenRequest) -> (String, Status) {
    let rejection = ask(world, asked).unwrap_err();
    (rejection.error, rejection.why.status)
}

#[test]
fn a_machine_gets_a_token_of_what_it_may_and_it_is_taken() {
    let world = World::new();
    let asked = request(&assertion(&world, "lab", "1"), "system/*.rs openid");
    let grant = ask(&world, asked).unwrap();
    assert_eq!(grant.expires_in_s, 300);
    let scope = "system/Patient.rs system/Observation.rs?category=laboratory";
    assert_eq!(grant.scope, scope);
    let entry = world.last();
    assert_eq!((entry.interaction, entry.outcome.status), (Journaled::Token, 200));
    assert_eq!((entry.agent.client_id.as_str(), entry.establishment.as_str()), ("lab", "e01"));
    assert_eq!(entry.network_address, "192.0.2.7");

    let header = format!("Bearer {}", grant.access_token);
    let session = block_on(world.walls.verify(Some(&header), &origin())).unwrap();
    let claims = session.claims();
    assert_eq!((claims.function.as_str(), claims.subject.as_str()), ("system", "lab"));
    assert_eq!(claims.scopes.join(" "), scope);
    let keys: Value = serde_json::from_str(&world.walls.signing_keys()).unwrap();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    assert!(keys["keys"][0].get("d").is_none());
    // The use of the token is told under the id that its giving was.
    let patient = patient("ann");
    assert!(world.one(&session, create(&patient)).is_err());
    assert_eq!(world.last().agent.token_id, entry.agent.token_id);
}

#[test]
fn an_assertion_is_used_once_also_after_a_refusal_of_what_was_asked() {
    let world = World::new();
    let once = assertion(&world, "lab", "1");
    assert!(ask(&world, request(&once, "system/Patient.rs")).is_ok());
    let unauthorized = ("invalid_client".to_owned(), Status::Unauthorized);
    assert_eq!(refused(&world, request(&once, "system/Patient.rs")), unauthorized);
    assert_eq!(world.last().outcome.denied.as_deref(), Some("assertion-replayed"));
    assert_eq!(world.last().agent.client_id, "lab");
    let other = assertion(&world, "lab", "2");
    let scope = ("invalid_scope".to_owned(), Status::BadRequest);
    for wrong in ["system/Condition.rs", "user/*.rs", "openid", "system/nothing", ""] {
        let other = assertion(&world, "lab", wrong);
        let asked =
            request(&if wrong.is_empty() { assertion(&world, "lab", "3") } else { other }, wrong);
        assert_eq!(refused(&world, asked), scope, "{wrong}");
    }
    assert!(ask(&world, request(&other, "system/Patient.r")).is_ok());
    // The same id of another client is another assertion.
    let far = refused(&world, request(&assertion(&world, "far", "2"), "system/Patient.r"));
    assert_eq!(far, ("unauthorized_client".to_owned(), Status::BadRequest));
}

#[test]
fn what_is_asked_wrongly_is_refused_by_its_code_and_journaled() {
    let world = World::new();
    let good = || request(&assertion(&world, "lab", "1"), "system/Patient.rs");
    let cases = [
        (TokenRequest { grant_type: None, ..good() }, "invalid_request"),
        (TokenRequest { grant_type: Some("password".into()), ..good() }, "unsupported_grant_type"),
        (TokenRequest { assertion: None, ..good() }, "invalid_client"),
        (TokenRequest { assertion_type: Some("saml".into()), ..good() }, "invalid_client"),
        (TokenRequest { assertion: Some("nonsense".into()), ..good() }, "invalid_client"),
        (request(&assertion(&world, "nobody", "1"), "system/*.rs"), "invalid_client"),
    ];
    // Looking at the journal is an access, too.
    let journaled = || {
        let entries = world.entries().into_iter();
        entries.filter(|entry| entry.interaction == Journaled::Token).count()
    };
    for (asked, error) in cases {
        let before = journaled();
        assert_eq!(refused(&world, asked).0, error);
        assert_eq!(journaled(), before + 1, "{error} is not journaled");
        assert_eq!(world.last().agent.client_id, "");
    }
    // None of them used the assertion up.
    assert!(ask(&world, good()).is_ok());
}

#[test]
fn without_its_trace_no_token_is_given() {
    let world = World::new();
    let asked = request(&assertion(&world, "lab", "1"), "system/Patient.rs");
    world.access.refuse(true);
    let away = ("temporarily_unavailable".to_owned(), Status::ServiceUnavailable);
    assert_eq!(refused(&world, asked.clone()), away);
    world.access.refuse(false);
    assert!(ask(&world, asked).is_ok());
}

#[test]
fn a_proxy_opens_one_chart() {
    let world = World::new();
    let clinician = world.clinician();
    world.put(&clinician, &patient("ann"));
    world.put(&clinician, &patient("bob"));
    let proxy = world.caller(Function::Proxy, "patient/*.rs", Some("ann"));
    let opens = |session, person: &str| {
        let intent = contracts::Intent::to(contracts::Interaction::Read);
        let place = contracts::Place::Person(person.to_owned());
        block_on(world.walls.open_chart(session, intent, place)).is_ok()
    };
    assert!(opens(&proxy, "ann"));
    assert!(!opens(&proxy, "bob"));
}

#[test]
fn an_unknown_key_makes_its_address_be_asked_once_in_a_while() {
    let (old, new) = (key(1), key(2));
    let issuer = json!({
        "issuer": "https://issuer.example", "audiences": ["dossier"],
        "jwks_url": "https://issuer.example/jwks",
    });
    let issuers = Issuers::parse(&json!({"issuers": [issuer]}).to_string()).unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, published) = (Arc::clone(&asked), new.public_jwks());
    let fetch: provider::keys::Fetch = Arc::new(move |address| {
        assert_eq!(address, "https://issuer.example/jwks");
        count.fetch_add(1, Ordering::SeqCst);
        let text = published.clone();
        Box::pin(async move { Ok(text) })
    });
    let world = World::trusting(issuers.clone(), fetch);
    let now_s = world.environment.now_ms() / 1000;
    issuers.published().next().unwrap().renew(&old.public_jwks(), now_s).unwrap();
    let verify = |signer: &SigningIssuer| {
        let header = json!({"alg": "ES256", "kid": signer.kid()});
        let payload = json!({
            "iss": "https://issuer.example", "aud": "dossier", "sub": "m", "client_id": "m",
            "function": "system", "exp": now_s + 600,
        });
        let token = signer.sign_raw(&header.to_string(), &payload.to_string());
        block_on(world.walls.verify(Some(&format!("Bearer {token}")), &origin())).is_ok()
    };
    assert!(verify(&old));
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    // The issuer has rotated.
    assert!(verify(&new));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert!(!verify(&old));
    for seed in 3..20 {
        assert!(!verify(&key(seed)));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "callers make the address be asked at will");
}
