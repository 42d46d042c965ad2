use fhir::json::Document;
use serde_json::{Value, json};

use super::super::ReleaseDelay;
use super::super::tests::claims;
use super::*;
use crate::facts::BodyFacts;
use crate::restriction::tests::document;
use crate::restriction::{Naming, of_consent};

const NOW_MS: i64 = 1_780_315_200_000;

struct World {
    consents: Vec<Value>,
    settings: Settings,
    born: Option<&'static str>,
    emergency: Option<&'static str>,
}

fn world() -> World {
    World {
        consents: Vec::new(),
        settings: Settings::default(),
        born: Some("1980-01-01"),
        emergency: None,
    }
}

impl World {
    fn view(&self, claims: &Claims, interaction: Interaction, kind: &str) -> Result<View, Reason> {
        let read = self.consents.iter().flat_map(|consent| {
            let id = consent["id"].as_str().unwrap().to_owned();
            let source = Source { consent: id, version: 1 };
            of_consent(document(consent).root(), &source, &Naming::default()).unwrap().unwrap()
        });
        let circumstances = Circumstances {
            now_ms: NOW_MS,
            birth_date: self.born,
            deceased: false,
            restrictions: read.collect::<Vec<_>>().into(),
            authorizations: &[],
            settings: Arc::new(self.settings.clone()),
            door: Door::Serves,
            emergency: self.emergency,
        };
        let purpose = claims.purpose;
        let intended = Intended { interaction, resource_type: kind, person: Some("ann"), purpose };
        view(claims, &intended, &circumstances)
    }
}

fn staff(function: &str, scopes: &str) -> Claims {
    Claims { establishment: Some("e".to_owned()), ..claims(function, scopes, Some("ann")) }
}

fn of(body: &Value) -> Document {
    document(body)
}

fn why(shown: Shown<'_>) -> Option<Why> {
    match shown {
        Shown::Yes => None,
        Shown::Withheld(withheld) => Some(withheld.why),
        Shown::Unsure => panic!("a body is enough"),
    }
}

fn consent(id: &str, provision: Value) -> Value {
    json!({
        "resourceType": "Consent", "id": id, "status": "active",
        "scope": {"coding": [{"system": crate::systems::CONSENT_SCOPE, "code": "patient-privacy"}]},
        "patient": {"reference": "Patient/ann"}, "provision": provision,
    })
}

fn laboratory(issued: &str) -> Value {
    json!({
        "resourceType": "Observation", "issued": issued,
        "category": [{"coding": [{"system": crate::systems::OBSERVATION_CATEGORY, "code": "laboratory"}]}],
    })
}

#[test]
fn a_constraint_bounds_what_is_read_and_what_is_written() {
    let scopes = "user/Observation.cruds?category=laboratory user/Condition.rs";
    let nurse = staff("nurse", scopes);
    let (matching, other) =
        (laboratory("2026-01-01T00:00:00Z"), json!({"resourceType": "Observation"}));
    let (matching, other) = (of(&matching), of(&other));
    let facts = |document| BodyFacts::new(Document::root(document), "1", 0);
    let read = world().view(&nurse, Interaction::Search, "Observation").unwrap();
    assert!(!read.whole());
    assert_eq!(why(read.shows(&facts(&matching))), None);
    assert_eq!(why(read.shows(&facts(&other))), Some(Why::Scope));
    // What is included beside is under the scope of its own type.
    let condition = of(&json!({"resourceType": "Condition"}));
    assert_eq!(why(read.shows(&facts(&condition))), None);
    let procedure = of(&json!({"resourceType": "Procedure"}));
    assert_eq!(why(read.shows(&facts(&procedure))), Some(Why::Scope));
    let write = world().view(&nurse, Interaction::Create, "Observation").unwrap();
    assert_eq!(why(write.accepts(&facts(&matching))), None);
    assert_eq!(why(write.accepts(&facts(&other))), Some(Why::Scope));
    // A scope without a constraint beside it opens all of the type.
    let wide = staff("nurse", "user/Observation.rs?category=laboratory user/Observation.r");
    let read = world().view(&wide, Interaction::Read, "Observation").unwrap();
    assert_eq!(why(read.shows(&facts(&other))), None);
    // What cannot be searched for matches nothing.
    let odd = staff("nurse", "user/Observation.rs?no-such-parameter=x");
    let read = world().view(&odd, Interaction::Read, "Observation").unwrap();
    assert_eq!(why(read.shows(&facts(&matching))), Some(Why::Scope));
}

#[test]
fn a_result_waits_for_the_person_and_for_nobody_else() {
    let mut world = world();
    world.settings.release_delays = ReleaseDelay::of_kind("laboratory", 30);
    let patient = claims("patient", "patient/*.rs", Some("ann"));
    let shown = |world: &World, claims: &Claims, issued: &str| {
        let document = of(&laboratory(issued));
        let view = world.view(claims, Interaction::Read, "Observation").unwrap();
        why(view.shows(&BodyFacts::new(document.root(), "1", NOW_MS)))
    };
    assert_eq!(shown(&world, &patient, "2026-05-01T12:00:00Z"), None);
    assert_eq!(shown(&world, &patient, "2026-05-03T12:00:00Z"), Some(Why::NotReleased));
    assert_eq!(shown(&world, &staff("physician", "user/*.rs"), "2026-06-01T12:00:00Z"), None);
    // A result whose date cannot be read has not been released.
    assert_eq!(shown(&world, &patient, "soon"), Some(Why::NotReleased));
    // Other categories do not wait.
    let other = of(&json!({"resourceType": "Observation", "issued": "2026-06-01T11:00:00Z"}));
    let view = world.view(&patient, Interaction::Read, "Observation").unwrap();
    assert_eq!(why(view.shows(&BodyFacts::new(other.root(), "1", NOW_MS))), None);
    world.born = Some("2020-01-01");
    let proxy = claims("proxy", "patient/*.rs", Some("ann"));
    assert_eq!(shown(&world, &proxy, "2026-05-03T12:00:00Z"), Some(Why::NotReleased));
    for kind in ["laboratory", "imaging", "pathology", "document"] {
        assert!(
            !ReleaseDelay::of_kind(kind, 1).is_empty() && ReleaseDelay::of_kind(kind, 0).is_empty()
        );
    }
}

#[test]
fn an_emergency_needs_a_clinician_and_a_reason() {
    let mut world = world();
    let asked = |world: &World, function: &str| {
        let claims = match function {
            "patient" => claims("patient", "patient/*.rs", Some("ann")),
            "system" => claims("system", "system/*.rs", None),
            function => staff(function, "user/*.rs"),
        };
        world.view(&claims, Interaction::Read, "Observation").map(|view| view.breaks_glass())
    };
    let long: &'static str = "é".repeat(500).leak();
    let longer: &'static str = "é".repeat(501).leak();
    for (reason, expected) in [
        (None, Ok(false)),
        (Some(""), Err(Reason::EmergencyReason)),
        (Some("123456789"), Err(Reason::EmergencyReason)),
        (Some("   123456789   "), Err(Reason::EmergencyReason)),
        (Some("1234567890"), Ok(true)),
        (Some(long), Ok(true)),
        (Some(longer), Err(Reason::EmergencyReason)),
    ] {
        world.emergency = reason;
        for function in ["physician", "nurse", "pharmacist"] {
            assert_eq!(asked(&world, function), expected, "{function} {reason:?}");
        }
    }
    world.emergency = Some("1234567890");
    for function in ["patient", "system"] {
        assert_eq!(asked(&world, function), Err(Reason::BreakGlass), "{function}");
    }
}

#[test]
fn fourteen_begins_on_the_birthday() {
    let mut world = world();
    let patient = claims("patient", "patient/*.rs", Some("ann"));
    for (born, expected) in [
        (Some("2012-06-01"), true),
        (Some("2012-06-02"), false),
        (Some("2012-05"), true),
        // Of June nobody knows yet.
        (Some("2012-06"), false),
        (Some("2012"), false),
        (Some("2011"), true),
        (Some("2008-02-29"), true),
        (Some("unknown"), false),
        (Some("é"), false),
        (None, false),
    ] {
        world.born = born;
        let opened = world.view(&patient, Interaction::Read, "Observation");
        assert_eq!(
            opened.map(|_| ()),
            if expected { Ok(()) } else { Err(Reason::Age) },
            "{born:?}"
        );
    }
}

#[test]
fn nobody_writes_their_own_rights() {
    let mut world = world();
    world.consents = vec![consent(
        "mine",
        json!({"type": "deny", "class":
        [{"system": crate::systems::RESOURCE_TYPES, "code": "Observation"}]}),
    )];
    let accepts = |world: &World, claims: &Claims, body: Value| {
        let document = of(&body);
        let kind = body["resourceType"].as_str().unwrap();
        let view = world.view(claims, Interaction::Update, kind).unwrap();
        why(view.accepts(&BodyFacts::new(document.root(), body["id"].as_str().unwrap(), 0)))
    };
    let physician = staff("physician", "user/*.cruds");
    let patient = claims("patient", "patient/*.cruds", Some("ann"));
    let mine = || json!({"resourceType": "Consent", "id": "mine", "status": "inactive"});
    assert_eq!(accepts(&world, &physician, mine()), Some(Why::SelfGrant));
    assert_eq!(accepts(&world, &patient, mine()), None);
    let another = json!({"resourceType": "Consent", "id": "another"});
    assert_eq!(accepts(&world, &physician, another.clone()), None);
    // An emergency lifts what is withheld, not the Consent.
    world.emergency = Some("unconscious, life at risk");
    assert_eq!(accepts(&world, &physician, mine()), Some(Why::SelfGrant));
    world.emergency = None;

    let authorization = json!({"resourceType": "Basic", "id": "1",
        "code": {"coding": [{"system": BASIC, "code": "authorization"}]}});
    assert_eq!(accepts(&world, &patient, authorization.clone()), Some(Why::SelfGrant));
    assert_eq!(accepts(&world, &physician, authorization), None);
    let note = json!({"resourceType": "Basic", "id": "1", "code": {"text": "note"}});
    assert_eq!(accepts(&world, &patient, note), None);

    // A proxy of somebody of 14 gives themselves nothing.
    world.settings.proxy_keeps = vec!["Consent".to_owned()];
    let proxy = claims("proxy", "patient/*.cruds", Some("ann"));
    assert_eq!(accepts(&world, &proxy, another), Some(Why::SelfGrant));
    for why in [Why::Scope, Why::Proxy, Why::SelfGrant] {
        assert!(why.reason().is_some());
    }
    // Of what is withheld nothing is told.
    for why in [Why::NotReleased, Why::Restriction, Why::Refusal] {
        assert_eq!(why.reason(), None);
    }
}

#[test]
fn accesses_are_withheld_from_nobody_to_whom_they_are_told() {
    let mut world = world();
    world.consents = vec![consent("all", json!({"type": "deny"}))];
    let auditor = claims("auditor", "user/AuditEvent.rs", None);
    let view = world.view(&auditor, Interaction::ReadAudit, AUDIT).unwrap();
    assert!(!view.by_consent());
    let event = of(&json!({"resourceType": "AuditEvent"}));
    assert_eq!(why(view.shows(&BodyFacts::new(event.root(), "1", 0))), None);
    // Nor does a wildcard for charts show them beside.
    let physician = staff("physician", "user/*.rs");
    world.consents.clear();
    let view = world.view(&physician, Interaction::Everything, "Patient").unwrap();
    assert!(view.whole());
    assert_eq!(why(view.shows(&BodyFacts::new(event.root(), "1", 0))), Some(Why::Scope));
}

#[test]
fn words_and_texts_are_one_each_and_tell_nothing() {
    let words: std::collections::HashSet<&str> =
        Reason::ALL.iter().map(|reason| reason.word()).collect();
    assert_eq!(words.len(), Reason::ALL.len());
    for reason in Reason::ALL {
        for telling in ["withheld", "restrict", "exists", "hidden"] {
            assert!(!reason.text().contains(telling), "{reason:?}");
        }
    }
}
