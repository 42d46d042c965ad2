//! How answers are written: parameters, languages, refusals in Bundles.

use super::headers;
use crate::answer::{changed, in_language, json, method_not_allowed, refused};
use crate::bundle::{EntryAnswer, Telling, response};
use crate::headers::{Return, language};
use crate::present::{asked, bundle, resource};
use contracts::{Effect, Outcome, Refusal, ResourceKey};
use fhir::outcome::Language;
use http::{HeaderMap, StatusCode};

const PATIENT: &str = r#"{"resourceType":"Patient","id":"1","active":true,"multipleBirthInteger":2,"extension":[{"url":"http://x.example/e","valueDecimal":1.00}]}"#;

fn ok(text: &str) -> crate::answer::Answer {
    json(StatusCode::OK, text.as_bytes().to_vec())
}

fn body(answer: &crate::answer::Answer) -> &str {
    std::str::from_utf8(answer.body()).unwrap()
}

#[test]
fn the_parameters_are_applied_to_an_answer() {
    let how = asked("_format=json&_elements=active", Some("Patient")).unwrap();
    let written = resource(ok(PATIENT), &how).unwrap();
    assert!(body(&written).contains("SUBSETTED") && body(&written).contains("\"active\":true"));
    assert!(!body(&written).contains("multipleBirth"));
    let how = asked("_pretty=true", None).unwrap();
    let pretty = resource(ok(PATIENT), &how).unwrap();
    assert!(body(&pretty).contains("\n      \"valueDecimal\": 1.00\n"));
    let searchset = format!(
        r#"{{"resourceType":"Bundle","type":"searchset","total":1,"entry":[{{"resource":{PATIENT}}}]}}"#
    );
    let how = asked("name=x&_summary=count", Some("Patient")).unwrap();
    let counted = bundle(ok(&searchset), &how).unwrap();
    assert_eq!(body(&counted), r#"{"resourceType":"Bundle","type":"searchset","total":1}"#);
    assert_eq!(resource(ok(PATIENT), &how).unwrap_err().status.code(), 400);
    let plain = asked("_pretty=false&_summary=false", None).unwrap();
    assert_eq!(body(&resource(ok(PATIENT), &plain).unwrap()), PATIENT);
}

#[test]
fn what_is_no_resource_stays_as_it_is() {
    let how = asked("_summary=true&_pretty=true", None).unwrap();
    let mut empty = ok("");
    *empty.status_mut() = StatusCode::NOT_MODIFIED;
    assert!(resource(empty, &how).unwrap().body().is_empty());
    let refusal = refused(&Refusal::no_such_route());
    let before = refusal.body().clone();
    assert_eq!(resource(refusal, &how).unwrap().body(), &before);
}

#[test]
fn wrong_parameters_are_refused_by_name() {
    for (query, name) in [
        ("_summary=yes", "_summary"),
        ("_pretty=1", "_pretty"),
        ("_elements=nonsense", "_elements"),
        ("_elements=", "_elements"),
        ("_summary=true&_summary=true", "_summary"),
        ("_summary=text&_elements=active", "_elements"),
    ] {
        let refusal = asked(query, Some("Patient")).unwrap_err();
        assert_eq!(refusal.status.code(), 400, "{query}");
        assert_eq!(refusal.expression.as_deref(), Some(name), "{query}");
    }
}

#[test]
fn refusals_are_told_in_the_callers_language() {
    let told = |value: &str| {
        let answer = refused(&Refusal::not_found("Patient", "9"));
        in_language(answer, language(&headers("accept-language", value)))
    };
    let french = told("fr-CA");
    assert_eq!(french.headers()["content-language"], "fr");
    assert!(body(&french).contains("Il n'y a pas de Patient d'identifiant 9"));
    let english = told("en-US,en;q=0.9,fr;q=0.8");
    assert_eq!(english.headers()["content-language"], "en");
    assert!(body(&english).contains("There is no Patient with the id 9"));
    assert_eq!(language(&HeaderMap::new()), Language::French);
    let mut lines = headers("accept-language", "fr;q=0.4");
    lines.append("accept-language", "en;q=0.5".parse().unwrap());
    assert_eq!(language(&lines), Language::English);
    let answer = in_language(method_not_allowed("PATCH", "GET"), Language::French);
    assert_eq!(answer.headers()["allow"], "GET");
    assert!(body(&answer).contains("PATCH n'est pas possible ici; utilisez GET."));
    // What says nothing has no language.
    let plain = in_language(ok(PATIENT), Language::French);
    assert_eq!(body(&plain), PATIENT);
    assert!(!plain.headers().contains_key("content-language"));
}

#[test]
fn messages_and_bundles_too() {
    let outcome = Outcome {
        key: ResourceKey::new("Patient", "1"),
        version: 2,
        last_updated_ms: 0,
        effect: Effect::Updated,
        body: Vec::new(),
        notices: Vec::new(),
    };
    let answer = changed(outcome, "http://x/fhir", Return::OperationOutcome);
    assert!(body(&answer).contains("Patient/1 is stored as version 2."));
    let answer = in_language(answer, Language::French);
    assert!(body(&answer).contains("Patient/1 est enregistrée, version 2."));
    let answers = [EntryAnswer::Refused(Refusal::deleted("Patient", "1"))];
    let written = response(
        "batch-response",
        &answers,
        Telling { base: "http://x/fhir", preferred: Return::Minimal, language: Language::French },
    );
    assert!(String::from_utf8(written).unwrap().contains("Patient/1 a été supprimée"));
}
