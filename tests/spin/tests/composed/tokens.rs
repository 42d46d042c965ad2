//! Tokens for machines, on stock Spin: with a key in the variables, and without.

use std::time::{SystemTime, UNIX_EPOCH};

use access::token::SigningIssuer;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use stock_spin::host::Given;

use crate::world::World;

const ENDPOINT: &str = "https://dossier.test/oauth/token";

fn key(seed: u8) -> SigningIssuer {
    SigningIssuer::create("https://dossier.test", "dossier", |bytes| bytes.fill(seed)).unwrap()
}

fn with_key(given: &mut Given) {
    let keys: Value = serde_json::from_str(&key(5).public_jwks()).unwrap();
    let client = json!({"client_id": "laboratory", "jwks": keys, "scopes": "system/*.rs"});
    for (name, value) in [
        ("clients", json!({"clients": [client]}).to_string()),
        ("token_key", key(6).private_jwk()),
        ("token_issuer", "https://dossier.test".to_owned()),
        ("token_endpoint", ENDPOINT.to_owned()),
    ] {
        given.variables.insert(name.to_owned(), value);
    }
}

/// Asks for a token with an assertion of this id.
async fn ask(world: &World, id: &str) -> (StatusCode, Value) {
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": key(5).kid()});
    let payload = json!({
        "iss": "laboratory", "sub": "laboratory", "aud": ENDPOINT, "jti": id, "exp": now_s + 120,
    });
    let assertion = key(5).sign_raw(&header.to_string(), &payload.to_string());
    let form = format!(
        "grant_type=client_credentials&scope=system%2FPatient.rs&client_assertion={assertion}&\
         client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    let request = Request::builder()
        .method(Method::POST)
        .uri("http://dossier.test/oauth/token")
        .header("x-request-id", "composed-1")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from(form)))
        .unwrap();
    let answer = world.function("token").ask(request).await.unwrap();
    (answer.status(), serde_json::from_slice(answer.body()).unwrap())
}

#[tokio::test]
async fn with_a_key_tokens_are_given_once_for_an_assertion() {
    let world = World::start_given(&["token"], with_key).await;
    let (status, granted) = ask(&world, "1").await;
    assert_eq!(status, StatusCode::OK, "{granted}");
    assert_eq!(
        (&granted["scope"], &granted["expires_in"]),
        (&json!("system/Patient.rs"), &json!(300))
    );
    let (status, refused) = ask(&world, "1").await;
    assert_eq!((status, &refused["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_client")));
    assert_eq!(ask(&world, "2").await.0, StatusCode::OK);
    let keys = world.ask("token", Method::GET, "/oauth/jwks", None, None).await;
    assert_eq!(keys.body()["keys"][0]["kid"], key(6).kid());
}

#[tokio::test]
async fn without_a_key_none_are_given() {
    let world = World::start(&["token"]).await;
    let (status, refused) = ask(&world, "1").await;
    assert_eq!(
        (status, &refused["error"]),
        (StatusCode::BAD_REQUEST, &json!("unauthorized_client"))
    );
    let keys = world.ask("token", Method::GET, "/oauth/jwks", None, None).await;
    assert_eq!(*keys.body(), json!({"keys": []}));
}
