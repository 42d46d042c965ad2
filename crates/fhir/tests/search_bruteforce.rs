//! Cells against bodies by brute force: a cell never says *no* or *yes* where
//! the body says otherwise, and damaged cells decide nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod search_judging;

use fhir::search::{Query, Tokens};
use proptest::prelude::*;
use search_judging::{judge, settings};
use serde_json::{Value as Json, json};

fn text_of(pool: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(pool).prop_map(str::to_owned)
}

const CODES: &[&str] = &[
    "8302-2",
    "final",
    "a",
    "b,c",
    "d|e",
    "f$g\\h",
    "é",
    "ad0b4b7a-2285-7a3c-5fd2-edbe4d67b7e7",
    "a-code-that-is-much-too-long-to-be-kept-verbatim-in-a-cell",
];
const SYSTEMS: &[&str] =
    &["http://loinc.org", "urn:x", "http://example.org/a/system/that/is/long/enough/to/be/hashed"];
const DATES: &[&str] = &[
    "2013",
    "2013-01",
    "2013-01-14",
    "2013-01-14T10:00:00Z",
    "2013-01-14T10:00:00.123-05:00",
    "0900",
    "9999-12-31",
];
const REFERENCES: &[&str] = &[
    "Patient/1",
    "Patient/ad0b4b7a-2285-7a3c-5fd2-edbe4d67b7e7",
    "Group/1",
    "http://127.0.0.1:8406/fhir/Patient/1",
    "http://elsewhere.example.org/with/a/rather/long/path/fhir/Patient/1",
    "urn:uuid:ad0b4b7a-2285-7a3c-5fd2-edbe4d67b7e7",
    "Patient/an-identifier-of-a-person-that-is-much-longer-than-forty-bytes",
    "#x",
];
const NAMES: &[&str] = &[
    "Tremblay",
    "Tremblay-Côté",
    "L’Heureux",
    "Ève",
    "Saint-Jean-de-la-Croix-du-Grand-Portage-sur-Richelieu",
    "Marie",
    "Saint-Jean-de-la-Croix-du-Grand-Portage-de-l’Est",
];

prop_compose! {
    fn concept()(pairs in prop::collection::vec((prop::option::of(text_of(SYSTEMS)), prop::option::of(text_of(CODES))), 0..16)) -> Json {
        let codings: Vec<Json> = pairs.into_iter().map(|(system, code)| json!({"system": system, "code": code})).collect();
        json!({"coding": codings, "text": "x"})
    }
}

prop_compose! {
    fn any_observation()(
        code in concept(), category in prop::collection::vec(concept(), 0..3), status in text_of(CODES),
        subject in text_of(REFERENCES), encounter in prop::option::of(text_of(REFERENCES)),
        date in prop::option::of(text_of(DATES)), end in text_of(DATES), period in any::<bool>(),
    ) -> Json {
        let mut it = json!({"resourceType": "Observation", "status": status, "code": code, "category": category,
            "subject": {"reference": subject}});
        if let Some(encounter) = encounter {
            it["encounter"] = json!({"reference": encounter});
        }
        match (date, period) {
            (Some(date), false) => it["effectiveDateTime"] = json!(date),
            (Some(date), true) => it["effectivePeriod"] = json!({"start": date, "end": end}),
            (None, true) => it["effectivePeriod"] = json!({"end": end}),
            (None, false) => {}
        }
        it
    }
}

prop_compose! {
    fn any_patient()(
        names in prop::collection::vec((text_of(NAMES), text_of(NAMES)), 0..4), born in text_of(DATES),
        identifiers in prop::collection::vec((text_of(SYSTEMS), text_of(CODES)), 0..20),
    ) -> Json {
        let names: Vec<Json> = names.into_iter().map(|(family, given)| json!({"family": family, "given": [given]})).collect();
        let identifiers: Vec<Json> = identifiers.into_iter().map(|(system, value)| json!({"system": system, "value": value})).collect();
        json!({"resourceType": "Patient", "name": names, "birthDate": born, "identifier": identifiers})
    }
}

prop_compose! {
    fn any_panel()(
        own in (prop::sample::select(&CODES[..3]), -3i32..4),
        parts in prop::collection::vec((prop::sample::select(&CODES[..3]), -3i32..4), 0..4),
    ) -> Json {
        let part = |(code, value): (&str, i32)| json!({
            "code": {"coding": [{"system": SYSTEMS[0], "code": code}]}, "valueQuantity": {"value": value, "unit": "u"}});
        let mut it = part(own);
        it["resourceType"] = json!("Observation");
        it["component"] = parts.into_iter().map(part).collect();
        it
    }
}

/// Whether an element has a code and a value together, read straight from JSON.
fn has_both(element: &Json, code: &str, holds: &dyn Fn(i64) -> bool) -> bool {
    let value = element["valueQuantity"]["value"].as_i64();
    element["code"]["coding"][0]["code"] == code && value.is_some_and(holds)
}

/// A comparison by its definition.
fn compares(prefix: &str, held: i64, wanted: i64) -> bool {
    match prefix {
        "gt" | "sa" => held > wanted,
        "lt" | "eb" => held < wanted,
        "ge" => held >= wanted,
        "le" => held <= wanted,
        "ne" => held != wanted,
        _ => held == wanted,
    }
}

fn escaped(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        if matches!(letter, ',' | '|' | '$' | '\\') {
            plain.push('\\');
        }
        plain.push(letter);
    }
    plain
}

fn any_token(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    (text_of(names), prop::option::of(prop::option::of(text_of(SYSTEMS))), text_of(CODES)).prop_map(
        |(name, system, code)| {
            let code = escaped(&code);
            match system {
                None => format!("{name}={code}"),
                Some(None) => format!("{name}=|{code}"),
                Some(Some(system)) => format!("{name}={system}|{code}"),
            }
        },
    )
}

fn any_date(name: &'static str) -> impl Strategy<Value = String> {
    let prefixes = &["", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];
    (text_of(prefixes), text_of(DATES))
        .prop_map(move |(prefix, date)| format!("{name}={prefix}{date}"))
}

fn observation_query() -> impl Strategy<Value = String> {
    let reference = (
        text_of(&["patient", "subject", "encounter", "subject:Patient"]),
        text_of(&REFERENCES[..7]),
    )
        .prop_filter("the modifier agrees", |(name, value)| {
            name != "subject:Patient" || !value.starts_with("Group")
        })
        .prop_map(|(name, value)| format!("{name}={value}"));
    let missing = (text_of(&["code", "date", "encounter", "category", "patient"]), any::<bool>())
        .prop_map(|(name, missing)| format!("{name}:missing={missing}"));
    let one = prop_oneof![
        any_token(&["code", "category", "status", "code:not"]),
        any_date("date"),
        reference,
        missing
    ];
    prop::collection::vec(one, 1..3).prop_map(|parts| parts.join("&"))
}

fn patient_query() -> impl Strategy<Value = String> {
    let text = (
        text_of(&["name", "family", "given", "family:contains", "given:exact"]),
        text_of(NAMES),
        1usize..40,
    )
        .prop_map(|(name, value, length)| {
            format!("{name}={}", value.chars().take(length).collect::<String>())
        });
    prop_oneof![text, any_token(&["identifier"]), any_date("birthdate")]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn cells_agree_with_bodies_of_observations(resource in any_observation(), query in observation_query()) {
        judge(&resource, &query);
    }

    #[test]
    fn cells_agree_with_bodies_of_patients(resource in any_patient(), query in patient_query()) {
        judge(&resource, &query);
    }

    #[test]
    fn composites_agree_with_their_definition(
        panel in any_panel(), code in prop::sample::select(&CODES[..3]),
        prefix in text_of(&["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"]), wanted in -3i64..4,
    ) {
        let holds = |held: i64| compares(&prefix, held, wanted);
        let own = has_both(&panel, code, &holds);
        let parts = panel["component"].as_array().unwrap();
        let part = parts.iter().any(|part| has_both(part, code, &holds));
        let value = format!("{code}${prefix}{wanted}||u");
        for (parameter, expected) in [
            ("code-value-quantity", own), ("component-code-value-quantity", part), ("combo-code-value-quantity", own || part),
        ] {
            prop_assert_eq!(judge(&panel, &format!("{parameter}={value}")).body, expected, "{} {}", parameter, value);
        }
        let elsewhere = judge(&panel, &format!("code-value-quantity={}${prefix}{wanted}", CODES[6]));
        prop_assert!(!elsewhere.body);
    }

    #[test]
    fn settled_chains_and_compartments_agree_with_bodies(
        resource in any_observation(), found in prop::collection::hash_set((text_of(&["Patient", "Group"]), text_of(&["1", "2", "ad0b4b7a-2285-7a3c-5fd2-edbe4d67b7e7"])), 0..4),
    ) {
        let reference = resource["subject"]["reference"].as_str().unwrap();
        let local = reference.strip_prefix("http://127.0.0.1:8406/fhir/").unwrap_or(reference);
        let expected = found.iter().any(|(kind, id)| local == format!("{kind}/{id}"));
        let mut query = Query::parse("Observation", "subject.identifier=x", &settings()).unwrap();
        query.settle_chain(0, found);
        let document = fhir::json::Document::parse(resource.to_string(), &Default::default()).unwrap();
        let tokens = Tokens::extract("Observation", document.root());
        let confined = Query::parse("Observation", "", &settings()).unwrap().confined_to("Patient", "1").unwrap();
        for (query, expected) in [(query, expected), (confined, local == "Patient/1")] {
            prop_assert_eq!(query.matches_body(document.root(), "o", 0), expected);
            let certain = if expected { fhir::search::Verdict::No } else { fhir::search::Verdict::Yes };
            prop_assert_ne!(query.matches(&tokens, "o", 0), certain);
        }
    }

    #[test]
    fn damaged_cells_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), version in 1u8..3, query in observation_query()) {
        let query = Query::parse("Observation", &format!("{query}&_sort=date,code"), &settings()).unwrap();
        if let Ok(tokens) = Tokens::from_bytes([&[version], bytes.as_slice()].concat()) {
            let _ = query.matches(&tokens, "1", 0);
            let _ = query.position(&tokens, "1", 0);
        }
    }
}
