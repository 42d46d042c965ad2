//! What the generator promises of its bundles.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};

use demo::{Bundle, People, family, family_size, registry};
use serde_json::Value;

const SEED: u64 = 42;

fn json(bundle: &Bundle) -> Value {
    serde_json::from_str(&bundle.text).unwrap()
}

fn resources(bundle: &Value) -> impl Iterator<Item = &Value> {
    bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"])
}

fn patients(bundle: &Value) -> impl Iterator<Item = &Value> {
    resources(bundle).filter(|resource| resource["resourceType"] == "Patient")
}

/// Every `reference` in a resource.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(text) if name == "reference" => found.push(text),
                    _ => references(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn the_seed_alone_decides() {
    let first: Vec<Bundle> = People::new(SEED, 40).collect();
    let second: Vec<Bundle> = People::new(SEED, 40).collect();
    assert_eq!(first, second);
    assert_ne!(first[0].text, family(SEED + 1, 0).text);
    let more: Vec<Bundle> = People::new(SEED, 80).take(first.len()).collect();
    assert_eq!(first, more, "a larger count changes nothing before");
    assert_eq!(registry(), registry());
}

#[test]
fn a_run_resumes_where_it_stopped() {
    let whole: Vec<Bundle> = People::new(SEED, 60).collect();
    let mut rest = People::new(SEED, 60);
    rest.skip_bundles(7);
    assert_eq!(rest.bundles(), 7);
    let skipped: usize = whole[..7].iter().map(|bundle| bundle.patients).sum();
    assert_eq!(rest.people(), skipped as u64);
    assert!(rest.eq(whole[7..].iter().cloned()));
    let mut past = People::new(SEED, 60);
    past.skip_bundles(1_000_000);
    assert!(past.people() >= 60);
    assert_eq!(past.next(), None);
}

#[test]
fn counts_are_true() {
    let mut people = 0;
    for (index, bundle) in People::new(SEED, 60).enumerate() {
        let value = json(&bundle);
        assert_eq!(value["entry"].as_array().unwrap().len(), bundle.entries);
        assert_eq!(patients(&value).count(), bundle.patients);
        assert_eq!(family_size(SEED, index as u64), bundle.patients);
        people += bundle.patients;
    }
    assert!((60..67).contains(&people), "{people}");
}

/// The establishments, installations and practitioners of the registry, as
/// conditional references.
fn registered() -> BTreeSet<String> {
    let registry = json(&registry());
    resources(&registry)
        .map(|resource| {
            let identifier = &resource["identifier"][0];
            format!(
                "{}?identifier={}|{}",
                resource["resourceType"].as_str().unwrap(),
                identifier["system"].as_str().unwrap(),
                identifier["value"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn every_reference_resolves() {
    let registered = registered();
    let mut everywhere = BTreeSet::new();
    let bundles = People::new(SEED, 120).chain([registry()]);
    for bundle in bundles {
        let value = json(&bundle);
        let mut urns = BTreeSet::new();
        for entry in value["entry"].as_array().unwrap() {
            let urn = entry["fullUrl"].as_str().unwrap();
            assert!(urns.insert(urn), "{urn} twice");
            assert!(everywhere.insert(urn.to_owned()), "{urn} in two bundles");
            assert_eq!(urn.len(), 45);
        }
        let mut found = Vec::new();
        references(&value, &mut found);
        for reference in found {
            let known = urns.contains(reference) || registered.contains(reference);
            assert!(known, "{reference} leads nowhere");
        }
    }
}

#[test]
fn the_registry_creates_once() {
    let value = json(&registry());
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in value["entry"].as_array().unwrap() {
        let resource = &entry["resource"];
        *kinds.entry(resource["resourceType"].as_str().unwrap()).or_default() += 1;
        let identifier = &resource["identifier"][0];
        let expected = format!(
            "identifier={}|{}",
            identifier["system"].as_str().unwrap(),
            identifier["value"].as_str().unwrap()
        );
        assert_eq!(entry["request"]["ifNoneExist"], expected.as_str());
    }
    assert_eq!(registered().len(), value["entry"].as_array().unwrap().len());
    assert_eq!(kinds["Organization"], 11);
    assert_eq!(kinds["Location"], 12);
    assert_eq!(kinds["Practitioner"], kinds["PractitionerRole"]);
}

#[test]
fn required_elements_are_present() {
    let required = |kind: &str| -> &[&str] {
        match kind {
            "Patient" => &["identifier", "name", "gender", "birthDate", "managingOrganization"],
            "Encounter" => &["status", "class", "subject", "period"],
            "Observation" => &["status", "code", "subject", "effectiveDateTime"],
            "DiagnosticReport" => &["status", "code", "subject", "result", "issued"],
            "Condition" => &["clinicalStatus", "code", "subject"],
            "AllergyIntolerance" => &["clinicalStatus", "code", "patient"],
            "MedicationRequest" => &["status", "intent", "medicationCodeableConcept", "subject"],
            "Immunization" => &["status", "vaccineCode", "patient", "occurrenceDateTime"],
            "Procedure" => &["status", "code", "subject"],
            "DocumentReference" => &["status", "content", "subject"],
            other => panic!("{other} is not expected"),
        }
    };
    let mut seen = BTreeSet::new();
    for bundle in People::new(SEED, 150) {
        let value = json(&bundle);
        for entry in value["entry"].as_array().unwrap() {
            let resource = &entry["resource"];
            let kind = resource["resourceType"].as_str().unwrap();
            seen.insert(kind.to_owned());
            assert_eq!(entry["request"]["method"], "POST");
            assert_eq!(entry["request"]["url"], kind);
            for element in required(kind) {
                assert!(!resource[element].is_null(), "{kind} without {element}: {resource}");
            }
        }
    }
    assert_eq!(seen.len(), 10, "{seen:?}");
}

#[test]
fn nothing_happens_before_birth_or_after_the_end() {
    for bundle in People::new(SEED, 200) {
        let value = json(&bundle);
        let mut births: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for entry in value["entry"].as_array().unwrap() {
            let resource = &entry["resource"];
            if resource["resourceType"] == "Patient" {
                let birth = resource["birthDate"].as_str().unwrap();
                let end = resource["deceasedDateTime"].as_str().unwrap_or("2026-06-30");
                births.insert(entry["fullUrl"].as_str().unwrap(), (birth, end));
            }
        }
        for resource in resources(&value) {
            let subject = [&resource["subject"], &resource["patient"]]
                .into_iter()
                .find_map(|reference| reference["reference"].as_str());
            let Some((birth, end)) = subject.map(|subject| births[subject]) else { continue };
            let dates = [
                &resource["effectiveDateTime"],
                &resource["occurrenceDateTime"],
                &resource["onsetDateTime"],
                &resource["abatementDateTime"],
                &resource["recordedDate"],
                &resource["authoredOn"],
                &resource["period"]["start"],
                &resource["period"]["end"],
            ];
            for date in dates.into_iter().filter_map(Value::as_str) {
                assert!(&date[..10] >= birth && &date[..10] <= end, "{birth} {end} {resource}");
            }
        }
    }
}

#[test]
fn decimals_keep_their_digits() {
    let text: String = People::new(SEED, 60).map(|bundle| bundle.text).collect();
    let kept = |digits: &str| text.contains(&format!("\"value\":{digits},"));
    assert!(kept("0.50"), "a dose of 0.50 mL");
    assert!((0..10).any(|tenths| kept(&format!("{tenths}.0"))), "no value ends in .0");
    assert!((310..690).filter(|n| n % 10 == 0).any(|n| kept(&format!(
        "{}.{:02}",
        n / 100,
        n % 100
    ))));
}

#[test]
fn charts_have_the_size_meant() {
    let (mut people, mut entries, mut bytes) = (0, 0, 0);
    for bundle in People::new(SEED, 300) {
        people += bundle.patients;
        entries += bundle.entries;
        bytes += bundle.text.len();
    }
    let each = entries / people;
    assert!((60..=120).contains(&each), "{each} resources each");
    assert!((600..1500).contains(&(bytes / entries)), "{} bytes each", bytes / entries);
}
