//! The ledger on stock Spin: carried forward by a function that a timer asks.

use access::claims::Function as Role;
use http::{Method, StatusCode};
use ledger::keys::{Kind, SignerKey};
use serde_json::{Value, json};
use stock_spin::host::Given;

use crate::world::World;

const TURN: &str = "/ledger/$sequence";

/// The private key of a log, as `dossier ledger key` writes it.
fn key() -> String {
    SignerKey::from_seed("log.example/06", Kind::Log, &[7; 32]).unwrap().to_text()
}

fn with_key(given: &mut Given) {
    if given.variables.contains_key("log_key") {
        given.variables.insert("log_key".to_owned(), key());
    }
}

async fn turn(world: &World, token: &str) -> (StatusCode, Value) {
    let answer = world.ask("sequence", Method::POST, TURN, Some(token), None).await;
    (answer.status(), answer.into_body())
}

fn told<'v>(body: &'v Value, name: &str) -> &'v Value {
    let all = body["parameter"].as_array().unwrap();
    let held = all.iter().find(|held| held["name"] == name).unwrap();
    held.get("valueDecimal").unwrap_or(&held["valueBoolean"])
}

#[tokio::test]
async fn an_operators_turn_sequences_and_publishes() {
    let world = World::start_given(&["update", "sequence", "audit"], with_key).await;
    let clinician = world.token(Role::Physician, "user/*.cruds");
    let patient = json!({"resourceType": "Patient", "gender": "female"});
    for _ in 0..3 {
        let made = world
            .ask("update", Method::POST, "/fhir/Patient", Some(&clinician), Some(&patient))
            .await;
        assert_eq!(made.status(), StatusCode::CREATED, "{}", made.body());
    }
    let operator = world.token(Role::Other("operator".to_owned()), "user/*.rs");
    let (status, body) = turn(&world, &operator).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!((told(&body, "appended"), told(&body, "size")), (&json!(3), &json!(3)), "{body}");
    assert_eq!((told(&body, "published"), told(&body, "more")), (&json!(3), &json!(false)));
    let file = world.ask("audit", Method::GET, "/ledger/06/checkpoint", None, None).await;
    assert_eq!(file.status(), StatusCode::OK);
    let (status, body) = turn(&world, &operator).await;
    assert_eq!((status, told(&body, "appended")), (StatusCode::OK, &json!(0)));
}

#[tokio::test]
async fn several_turns_at_once_append_each_entry_once() {
    let world = World::start_given(&["update", "sequence"], with_key).await;
    let clinician = world.token(Role::Physician, "user/*.cruds");
    let patient = json!({"resourceType": "Patient", "gender": "female"});
    for _ in 0..4 {
        world.ask("update", Method::POST, "/fhir/Patient", Some(&clinician), Some(&patient)).await;
    }
    let operator = world.token(Role::Other("operator".to_owned()), "user/*.rs");
    let turns =
        tokio::join!(turn(&world, &operator), turn(&world, &operator), turn(&world, &operator));
    for (status, body) in [turns.0, turns.1, turns.2] {
        // Whoever is overtaken says so, or asks to be asked again.
        let known = [StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE];
        assert!(known.contains(&status), "{status} {body}");
    }
    let (_, body) = turn(&world, &operator).await;
    assert_eq!(told(&body, "size"), &json!(4), "{body}");
}

#[tokio::test]
async fn others_are_refused() {
    let world = World::start_given(&["sequence"], with_key).await;
    let clinician = world.token(Role::Physician, "user/*.cruds");
    let (status, body) = turn(&world, &clinician).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{body}");
    let answer = world.ask("sequence", Method::POST, TURN, None, None).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_a_key_entries_are_sequenced_and_nothing_is_published() {
    let world = World::start(&["update", "sequence"]).await;
    let clinician = world.token(Role::Physician, "user/*.cruds");
    let patient = json!({"resourceType": "Patient", "gender": "female"});
    world.ask("update", Method::POST, "/fhir/Patient", Some(&clinician), Some(&patient)).await;
    let operator = world.token(Role::Other("operator".to_owned()), "user/*.rs");
    let (status, body) = turn(&world, &operator).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!((told(&body, "size"), told(&body, "published")), (&json!(1), &json!(0)));
}
