//! A chart is written, read, searched and accounted for through compositions.

use std::sync::atomic::Ordering;

use access::claims::Function as Role;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use stock_spin::host::Given;

use crate::world::World;

fn patient() -> Value {
    json!({
        "resourceType": "Patient",
        "name": [{"family": "Tremblay", "given": ["Aurélie"]}],
        "gender": "female",
        "birthDate": "1984-06-02"
    })
}

fn observation(id: &str, value: u32) -> Value {
    json!({
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "subject": {"reference": format!("Patient/{id}")},
        "effectiveDateTime": "2026-03-04T10:00:00-05:00",
        "valueQuantity": {"value": value, "unit": "g/L"}
    })
}

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap_or_else(|| panic!("no id: {of}"))
}

#[tokio::test]
async fn a_chart_is_written_read_searched_and_accounted_for() {
    let world = World::start(&["update", "lookup", "search", "transact", "audit"]).await;
    let token = world.token(Role::Physician, "user/*.cruds");
    let clinician = Some(token.as_str());

    let made =
        world.ask("update", Method::POST, "/fhir/Patient", clinician, Some(&patient())).await;
    assert_eq!(made.status(), StatusCode::CREATED, "{}", made.body());
    let person = id(made.body()).to_owned();
    let path = format!("/fhir/Patient/{person}");
    let read = world.ask("lookup", Method::GET, &path, clinician, None).await;
    assert_eq!(read.status(), StatusCode::OK, "{}", read.body());
    assert_eq!(read.body()["name"], patient()["name"]);

    let sent = observation(&person, 131);
    let made = world.ask("update", Method::POST, "/fhir/Observation", clinician, Some(&sent)).await;
    assert_eq!(made.status(), StatusCode::CREATED, "{}", made.body());
    let first = id(made.body()).to_owned();
    let path = format!("/fhir/Observation/{first}");
    let changed = json!({"id": first, "status": "amended"});
    let mut changed_text = sent.clone();
    changed_text.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
    let put = world.ask("update", Method::PUT, &path, clinician, Some(&changed_text)).await;
    assert_eq!(put.status(), StatusCode::OK, "{}", put.body());
    assert_eq!(put.body()["meta"]["versionId"], "2");

    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        {"fullUrl": "urn:uuid:0b0e3e80-0000-4000-8000-000000000001",
         "resource": observation(&person, 140),
         "request": {"method": "POST", "url": "Observation"}},
        {"fullUrl": "urn:uuid:0b0e3e80-0000-4000-8000-000000000002",
         "resource": observation(&person, 150),
         "request": {"method": "POST", "url": "Observation"}}
    ]});
    let done = world.ask("transact", Method::POST, "/fhir", clinician, Some(&bundle)).await;
    assert_eq!(done.status(), StatusCode::OK, "{}", done.body());
    assert_eq!(done.body()["entry"].as_array().unwrap().len(), 2);

    let path = format!("/fhir/Observation?patient={person}&code=718-7&_sort=_lastUpdated");
    let found = world.ask("search", Method::GET, &path, clinician, None).await;
    assert_eq!(found.status(), StatusCode::OK, "{}", found.body());
    let values: Vec<u64> = found.body()["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["resource"]["valueQuantity"]["value"].as_u64().unwrap())
        .collect();
    assert_eq!(values.len(), 3, "{values:?}");
    assert!([131, 140, 150].iter().all(|value| values.contains(value)), "{values:?}");

    let token = world.token(Role::Auditor, "user/AuditEvent.rs");
    let path = format!("/fhir/AuditEvent?patient={person}");
    let told = world.ask("audit", Method::GET, &path, Some(&token), None).await;
    assert_eq!(told.status(), StatusCode::OK, "{}", told.body());
    let entries = told.body()["entry"].as_array().map_or(0, Vec::len);
    // Two creates, a read, an update, a transaction and a search.
    assert!(entries >= 6, "{entries} entries: {}", told.body());
    for name in ["update", "lookup", "search", "transact", "audit"] {
        let seen = &world.function(name).seen;
        assert!(seen.sent.load(Ordering::Relaxed) > 0, "{name} reached no store");
        assert_eq!(seen.refused.load(Ordering::Relaxed), 0, "{name} tried another host");
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_read() {
    let world = World::start(&["lookup"]).await;
    let token = world.token(Role::Physician, "user/*.cruds");
    let broken = format!("{}x", &token[..token.len() - 3]);
    for token in [None, Some(broken.as_str())] {
        let read = world.ask("lookup", Method::GET, "/fhir/Patient/someone", token, None).await;
        assert_eq!(read.status(), StatusCode::UNAUTHORIZED, "{}", read.body());
        assert_eq!(read.body()["resourceType"], "OperationOutcome");
    }
    let read = world.ask("lookup", Method::GET, "/fhir/Patient/someone", Some(&token), None).await;
    assert_eq!(read.status(), StatusCode::NOT_FOUND, "{}", read.body());
}

#[tokio::test]
async fn the_region_and_the_way_are_told() {
    let world = World::start(&["capability", "route"]).await;
    let told = world.ask("capability", Method::GET, "/fhir/metadata", None, None).await;
    assert_eq!(told.status(), StatusCode::OK, "{}", told.body());
    assert_eq!(told.body()["resourceType"], "CapabilityStatement");
    let token = world.token(Role::Physician, "user/*.cruds");
    let told = world.ask("route", Method::GET, "/route", Some(&token), None).await;
    assert_eq!(told.status(), StatusCode::OK, "{}", told.body());
    assert!(told.body().to_string().contains("\"06\""), "{}", told.body());
}

#[tokio::test]
async fn a_host_that_is_not_allowed_is_not_reached() {
    let elsewhere = |given: &mut Given| {
        given.allowed_outbound_hosts = vec!["http://127.0.0.1:1".to_owned()];
    };
    let world = World::start_given(&["lookup"], elsewhere).await;
    let token = world.token(Role::Physician, "user/*.cruds");
    let read = world.ask("lookup", Method::GET, "/fhir/Patient/someone", Some(&token), None).await;
    assert_eq!(read.status(), StatusCode::SERVICE_UNAVAILABLE, "{}", read.body());
    assert_eq!(read.body()["resourceType"], "OperationOutcome");
    let seen = &world.function("lookup").seen;
    assert_eq!(seen.sent.load(Ordering::Relaxed), 0);
    assert!(seen.refused.load(Ordering::Relaxed) > 0);
}

#[tokio::test]
async fn without_its_variables_the_adapter_refuses_and_names_what_is_missing() {
    let forget = |given: &mut Given| {
        given.variables.remove("regions");
    };
    let world = World::start_given(&["lookup"], forget).await;
    let token = world.token(Role::Physician, "user/*.cruds");
    let read = world.ask("lookup", Method::GET, "/fhir/Patient/someone", Some(&token), None).await;
    assert!(read.status().is_server_error(), "{}", read.body());
    assert!(read.body().to_string().contains("regions"), "{}", read.body());
}
