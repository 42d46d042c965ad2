//! The examples of docs/restrictions.md are understood, and do what is said
//! there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashMap;
use std::sync::Arc;

use access::authorization::Authorization;
use access::claims::{Claims, Function};
use access::decision::{Circumstances, Door, Intended, Settings, Shown, view};
use access::entry::{Basis, Interaction};
use access::facts::BodyFacts;
use access::restriction::{Naming, Restriction, Source, of_consent};
use access::scope::Scope;
use fhir::json::Document;
use fhir::limits::JsonLimits;

/// 2026-06-01 at noon, UTC.
const NOW_MS: i64 = 1_780_315_200_000;

fn parse(text: &str) -> Document {
    Document::parse(text.to_owned(), &JsonLimits::default()).unwrap()
}

/// The resources in the page's fences, by id.
fn examples() -> HashMap<String, Document> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/restrictions.md");
    let page = std::fs::read_to_string(page).unwrap();
    let fences = page.split("```json\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let examples = fences.map(|text| {
        let document = parse(text);
        let id = document.root().get("id").unwrap().as_str().unwrap().into_owned();
        (id, document)
    });
    examples.collect()
}

fn read(id: &str) -> Vec<Restriction> {
    let source = Source { consent: id.to_owned(), version: 1 };
    of_consent(examples()[id].root(), &source, &Naming::default()).unwrap().unwrap()
}

fn claims(function: &str, scopes: &str, user: &str) -> Claims {
    let function = Function::from_code(function);
    Claims {
        subject: "s".to_owned(),
        name: None,
        fhir_user: Some(user.to_owned()),
        licence: None,
        establishment: Some("demo-clinique".to_owned()),
        purpose: function.usual_purpose(),
        function,
        patient: Some("ann".to_owned()),
        client_id: "c".to_owned(),
        scopes: Scope::parse_all(scopes).unwrap(),
        token_id: None,
        issuer: "i".to_owned(),
        expires_at_s: 0,
        issued_at_s: None,
    }
}

struct World {
    restrictions: Vec<Restriction>,
    deceased: bool,
    emergency: Option<&'static str>,
    authorizations: Vec<Authorization>,
}

impl World {
    fn of(id: &str) -> Self {
        Self {
            restrictions: read(id),
            deceased: false,
            emergency: None,
            authorizations: Vec::new(),
        }
    }

    fn shows(&self, claims: &Claims, body: &str) -> bool {
        let document = parse(body);
        let facts = BodyFacts::new(document.root(), "1", 0);
        self.view(claims).shows(&facts) == Shown::Yes
    }

    fn view(&self, claims: &Claims) -> access::decision::View {
        let circumstances = Circumstances {
            now_ms: NOW_MS,
            birth_date: Some("2010-01-01"),
            deceased: self.deceased,
            restrictions: Arc::from(self.restrictions.clone()),
            authorizations: &self.authorizations,
            settings: Arc::new(Settings::default()),
            door: Door::Serves,
            emergency: self.emergency,
        };
        let intended = Intended {
            interaction: Interaction::Read,
            resource_type: "Observation",
            person: Some("ann"),
            purpose: claims.purpose,
        };
        view(claims, &intended, &circumstances).unwrap()
    }
}

const HIV: &str = r#"{"resourceType": "Observation", "meta": {"security":
    [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]}}"#;
const PLAIN: &str = r#"{"resourceType": "Observation"}"#;

#[test]
fn every_example_is_valid_and_understood() {
    let examples = examples();
    assert_eq!(examples.len(), 6);
    for (id, document) in examples {
        assert_eq!(fhir::validate::issues(document.root()), [], "{id}");
    }
}

#[test]
fn a_named_provider_does_not_see_a_label() {
    let mut world = World::of("hiv");
    let roy = claims("physician", "user/*.rs", "Practitioner/roy");
    let other = claims("physician", "user/*.rs", "Practitioner/other");
    assert!(!world.shows(&roy, HIV) && world.shows(&roy, PLAIN));
    assert!(world.shows(&other, HIV) && world.view(&other).whole());
    assert!(world.view(&roy).by_consent() && !world.view(&other).by_consent());
    world.emergency = Some("unconscious, on blood thinners?");
    let view = world.view(&roy);
    assert!(world.shows(&roy, HIV) && view.breaks_glass() && view.by_consent());
    assert_eq!(view.basis(), Basis::BreakGlass);
    assert_eq!(view.lifted().map(|source| source.consent.as_str()).collect::<Vec<_>>(), ["hiv"]);
}

#[test]
fn a_year_is_withheld_from_nurses_of_a_clinic_but_for_allergies() {
    let world = World::of("year");
    let dated = |kind: &str, element: &str, at: &str| {
        format!(r#"{{"resourceType": "{kind}", "{element}": "{at}"}}"#)
    };
    let nurse = claims("nurse", "user/*.rs", "Practitioner/n");
    let mut elsewhere = nurse.clone();
    elsewhere.establishment = Some("other".to_owned());
    let physician = claims("physician", "user/*.rs", "Practitioner/n");
    let inside = dated("Observation", "effectiveDateTime", "2019-08-01");
    assert!(!world.shows(&nurse, &inside));
    assert!(world.shows(&elsewhere, &inside) && world.shows(&physician, &inside));
    assert!(world.shows(&nurse, &dated("Observation", "effectiveDateTime", "2020-01-01")));
    assert!(world.shows(&nurse, &dated("AllergyIntolerance", "recordedDate", "2019-08-01")));
    // What has no date may be of that year.
    assert!(!world.shows(&nurse, PLAIN));
    assert!(world.shows(&nurse, r#"{"resourceType": "Patient"}"#));
}

#[test]
fn research_is_refused_and_nothing_else() {
    let mut world = World::of("research");
    let document = &examples()["archivist"];
    let read = Authorization::of_basic(document.root(), "archivist", &Naming::default());
    world.authorizations = vec![read.unwrap().unwrap()];
    let researcher = claims("researcher", "user/Observation.rs", "Practitioner/archivist");
    let clerk = claims("clerk", "user/Observation.rs", "Practitioner/archivist");
    let physician = claims("physician", "user/*.rs", "Practitioner/roy");
    assert!(!world.shows(&researcher, PLAIN));
    assert!(world.shows(&clerk, PLAIN) && world.shows(&physician, PLAIN));
}

#[test]
fn relatives_are_refused_after_death() {
    let mut world = World::of("relatives");
    let document = &examples()["archivist"];
    let read = Authorization::of_basic(document.root(), "archivist", &Naming::default());
    world.authorizations = vec![read.unwrap().unwrap()];
    let relative = claims("relative", "user/Observation.rs", "Practitioner/archivist");
    assert!(world.shows(&relative, PLAIN));
    world.deceased = true;
    assert!(!world.shows(&relative, PLAIN));
    let clerk = claims("clerk", "user/Observation.rs", "Practitioner/archivist");
    assert!(world.shows(&clerk, PLAIN));
}

#[test]
fn a_mother_sees_what_she_was_given() {
    let world = World::of("mother");
    let mother = claims("proxy", "patient/*.rs", "RelatedPerson/mother");
    let father = claims("proxy", "patient/*.rs", "RelatedPerson/father");
    let vaccine = r#"{"resourceType": "Immunization"}"#;
    assert!(world.shows(&mother, vaccine) && !world.shows(&mother, PLAIN));
    assert!(!world.shows(&father, vaccine));
    assert_eq!(world.view(&mother).basis(), Basis::Consent);
    assert!(world.view(&mother).by_consent() && !world.view(&father).by_consent());
}
