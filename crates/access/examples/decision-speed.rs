//! How long a decision takes with 50 restrictions: a view of the chart, and a
//! resource of it. Prints microseconds on this machine.
//! usage: cargo run --release -p access --example decision-speed

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use access::claims::{Claims, Function, Purpose};
use access::decision::{Circumstances, Door, Intended, Settings, view};
use access::entry::Interaction;
use access::facts::BodyFacts;
use access::restriction::{Naming, Restriction, Source, of_consent};
use access::scope::Scope;
use fhir::json::Document;
use fhir::limits::JsonLimits;

const RESTRICTIONS: usize = 50;
const ROUNDS: u32 = 20_000;

fn parse(text: String) -> Document {
    Document::parse(text, &JsonLimits::default()).unwrap()
}

/// All of them against the caller, with labels, codes, a period and an exception.
fn restriction(at: usize) -> Restriction {
    let text = format!(
        r#"{{"resourceType": "Consent", "status": "active", "patient": {{"reference": "Patient/ann"}},
        "scope": {{"coding": [{{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}}]}},
        "provision": {{"type": "deny", "period": {{"start": "2020"}},
          "actor": [{{"role": {{"coding": [{{"system": "urn:dossier:function", "code": "professional"}}]}},
                      "reference": {{"reference": "Practitioner/roy"}}}}],
          "class": [{{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}}],
          "securityLabel": [{{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}}],
          "code": [{{"coding": [{{"system": "http://loinc.org", "code": "{at}-0"}}]}}],
          "provision": [{{"type": "permit", "purpose": [{{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "ETREAT"}}]}}]}}}}"#
    );
    let source = Source { consent: at.to_string(), version: 1 };
    of_consent(parse(text).root(), &source, &Naming::default()).unwrap().unwrap().remove(0)
}

fn main() {
    let restrictions: Vec<Restriction> = (0..RESTRICTIONS).map(restriction).collect();
    let body = parse(
        r#"{"resourceType": "Observation", "status": "final",
        "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]},
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "999-9"}]},
        "subject": {"reference": "Patient/ann"}, "effectiveDateTime": "2026-01-01",
        "valueQuantity": {"value": 1.00, "unit": "mmol/L"}}"#
            .to_owned(),
    );
    let claims = Claims {
        subject: "s".to_owned(),
        name: None,
        fhir_user: Some("Practitioner/roy".to_owned()),
        function: Function::Physician,
        licence: Some("12345".to_owned()),
        establishment: Some("e".to_owned()),
        purpose: Purpose::Treatment,
        patient: None,
        client_id: "c".to_owned(),
        scopes: Scope::parse_all("user/*.cruds").unwrap(),
        token_id: None,
        issuer: "i".to_owned(),
        expires_at_s: 0,
        issued_at_s: None,
    };
    let circumstances = Circumstances {
        now_ms: 1_780_315_200_000,
        birth_date: Some("1980-01-01"),
        deceased: false,
        restrictions: Arc::from(restrictions),
        authorizations: &[],
        settings: Arc::new(Settings::default()),
        door: Door::Serves,
        emergency: None,
    };
    let intended = Intended {
        interaction: Interaction::Read,
        resource_type: "Observation",
        person: Some("ann"),
        purpose: Purpose::Treatment,
    };
    let each = |name: &str, run: &dyn Fn()| {
        let mut best = f64::MAX;
        for _ in 0..5 {
            let begun = Instant::now();
            (0..ROUNDS).for_each(|_| run());
            best = best.min(begun.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS));
        }
        println!("{name:<42} {best:>7.2} µs");
    };
    let facts = || BodyFacts::new(body.root(), "1", 0);
    println!("{RESTRICTIONS} restrictions against the caller; best of 5 × {ROUNDS}");
    each("view", &|| drop(black_box(view(&claims, &intended, &circumstances))));
    let decided = view(&claims, &intended, &circumstances).unwrap();
    each("shows, from the body, all 50 looked at", &|| {
        black_box(decided.shows(&facts()));
    });
    each("view and shows", &|| {
        let decided = view(&claims, &intended, &circumstances).unwrap();
        black_box(decided.shows(&facts()));
    });
}
