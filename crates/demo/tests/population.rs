//! Who the people are, over two thousand of them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use demo::{People, nam};
use serde_json::Value;

/// Patients by family. Only their entries are parsed: the charts are long.
static FAMILIES: LazyLock<Vec<Vec<Value>>> = LazyLock::new(|| {
    let opening = "{\"fullUrl\":";
    let patient = "\"resource\":{\"resourceType\":\"Patient\"";
    People::new(7, 2_000)
        .map(|bundle| {
            let entries = bundle.text.split(opening).filter(|entry| entry.contains(patient));
            let family: Vec<Value> = entries
                .map(|entry| {
                    let text = format!(
                        "{opening}{}",
                        entry.strip_suffix("]}").unwrap_or(entry.trim_end_matches(','))
                    );
                    serde_json::from_str::<Value>(&text).unwrap()["resource"].take()
                })
                .collect();
            assert_eq!(family.len(), bundle.patients);
            family
        })
        .collect()
});

fn people() -> impl Iterator<Item = &'static Value> {
    FAMILIES.iter().flatten()
}

fn nams(patient: &Value) -> Vec<&str> {
    let identifiers = patient["identifier"].as_array().unwrap().iter();
    identifiers
        .filter(|identifier| identifier["system"] == nam::SYSTEM)
        .map(|identifier| identifier["value"].as_str().unwrap())
        .collect()
}

/// People of a thousand for whom `holds`.
fn per_mille(holds: impl Fn(&Value) -> bool) -> usize {
    people().filter(|patient| holds(patient)).count() * 1000 / people().count()
}

#[test]
fn every_nam_checks_and_is_of_one_person() {
    let mut seen = BTreeSet::new();
    for patient in people() {
        for text in nams(patient) {
            let read = nam::check(text).unwrap();
            let birth = format!("{:04}-{:02}-{:02}", read.year, read.month, read.day);
            assert_eq!(patient["birthDate"], birth.as_str());
            assert!(seen.insert(text), "{text} twice");
        }
    }
    assert!(seen.len() > 1_900);
}

#[test]
fn some_have_no_card_and_some_had_several() {
    let none = per_mille(|patient| nams(patient).is_empty());
    assert!((10..80).contains(&none), "{none}");
    let several = per_mille(|patient| nams(patient).len() > 1);
    assert!((10..80).contains(&several), "{several}");
    for patient in people().filter(|patient| nams(patient).len() > 1) {
        let identifiers = patient["identifier"].as_array().unwrap();
        assert_eq!(identifiers[1]["use"], "old");
        assert!(
            identifiers[1]["period"]["end"].as_str() < identifiers[2]["period"]["start"].as_str()
        );
        assert_eq!(patient["name"][1]["use"], "old");
    }
}

#[test]
fn newborns_may_be_under_the_card_of_the_mother() {
    let mut found = 0;
    for family in FAMILIES.iter() {
        for baby in
            family.iter().filter(|patient| patient["extension"].as_array().unwrap().len() > 1)
        {
            found += 1;
            assert!(nams(baby).is_empty());
            assert!(baby["birthDate"].as_str().unwrap() > "2026-05-01");
            let card = baby["extension"][1]["valueIdentifier"]["value"].as_str().unwrap();
            let mother = family.iter().find(|patient| nams(patient).contains(&card)).unwrap();
            assert_eq!(mother["contact"][0]["relationship"][0]["coding"][0]["code"], "MTH");
            assert_ne!(mother["birthDate"], baby["birthDate"]);
        }
    }
    assert!(found >= 5, "{found}");
}

#[test]
fn twins_share_birth_and_name_but_not_the_card() {
    let mut pairs = 0;
    for family in FAMILIES.iter() {
        let twins: Vec<&Value> =
            family.iter().filter(|patient| !patient["multipleBirthInteger"].is_null()).collect();
        if let [first, second] = twins[..] {
            pairs += 1;
            assert_eq!(first["birthDate"], second["birthDate"]);
            assert_eq!(first["name"][0]["family"], second["name"][0]["family"]);
            assert_eq!(first["multipleBirthInteger"], 1);
            assert_eq!(second["multipleBirthInteger"], 2);
            assert_ne!(nams(first), nams(second));
        } else {
            assert!(twins.is_empty());
        }
    }
    assert!(pairs >= 5, "{pairs}");
}

#[test]
fn some_fathers_and_sons_bear_one_name() {
    let pairs = FAMILIES
        .iter()
        .filter(|family| {
            let mut names = BTreeMap::new();
            family.iter().any(|patient| {
                let name = (
                    patient["name"][0]["family"].as_str(),
                    patient["name"][0]["given"][0].as_str(),
                );
                patient["gender"] == "male" && names.insert(name, ()).is_some()
            })
        })
        .count();
    assert!(pairs >= 5, "{pairs}");
}

#[test]
fn regions_have_their_postal_codes_and_languages() {
    let organization = |patient: &Value| {
        let reference = patient["managingOrganization"]["reference"].as_str().unwrap().to_owned();
        if reference.contains("|demo-06-") { "06" } else { "04" }
    };
    for patient in people() {
        let postal = patient["address"][0]["postalCode"].as_str().unwrap().as_bytes();
        let shape: String = postal
            .iter()
            .map(|byte| match byte {
                b'A'..=b'Z' => 'A',
                b'0'..=b'9' => '9',
                other => char::from(*other),
            })
            .collect();
        assert_eq!(shape, "A9A 9A9");
        assert_eq!(postal[0], if organization(patient) == "06" { b'H' } else { b'G' });
        if let Some(telephone) = patient["telecom"][0]["value"].as_str() {
            assert!(telephone.contains(" 555-01"), "{telephone}");
        }
    }
    let language = |patient: &Value| {
        patient["communication"][0]["language"]["coding"][0]["code"].as_str().unwrap().to_owned()
    };
    let montreal = per_mille(|patient| organization(patient) == "06");
    assert!((500..700).contains(&montreal), "{montreal}");
    let french = per_mille(|patient| language(patient) == "fr-CA");
    assert!((680..900).contains(&french), "{french}");
    for tag in ["en-CA", "iu", "cr", "ar", "es"] {
        assert!(people().any(|patient| language(patient) == tag), "nobody speaks {tag}");
    }
}

#[test]
fn ages_and_genders_are_plausible() {
    let women = per_mille(|patient| patient["gender"] == "female");
    assert!((450..570).contains(&women), "{women}");
    assert!(people().any(|patient| patient["gender"] == "other"));
    let old = per_mille(|patient| patient["birthDate"].as_str().unwrap() < "1961-07-01");
    assert!((120..350).contains(&old), "{old}");
    let young = per_mille(|patient| patient["birthDate"].as_str().unwrap() > "2008-07-01");
    assert!((150..380).contains(&young), "{young}");
    assert!(people().any(|patient| !patient["deceasedDateTime"].is_null()));
}

#[test]
fn a_child_of_one_parent_names_no_father() {
    let age = |patient: &Value| {
        2026 - patient["birthDate"].as_str().unwrap()[..4].parse::<i32>().unwrap()
    };
    let mut found = 0;
    for family in FAMILIES.iter().filter(|family| family.len() > 1) {
        if age(&family[0]) > 20 && age(&family[1]) < 18 {
            for child in family.iter().filter(|patient| age(patient) < 18) {
                found += 1;
                assert_eq!(child["contact"].as_array().unwrap().len(), 1);
                let mother = &child["contact"][0]["name"]["given"][0];
                assert_eq!(*mother, family[0]["name"][0]["given"][0]);
            }
        }
    }
    assert!(found > 20, "{found}");
}
