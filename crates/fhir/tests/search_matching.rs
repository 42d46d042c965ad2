//! Who matches: known cases of every kind, of cell and body alike.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod search_judging;

use fhir::search::{Query, Tokens, TokensError, Verdict};
use search_judging::{judge, settings};
use serde_json::{Value as Json, json};

/// Asserts what the body says, and that the cell was certain of it.
fn certain(resource: &Json, query: &str, expected: bool) {
    let judged = judge(resource, query);
    assert_eq!(judged.body, expected, "{query}");
    assert_ne!(judged.cell, Verdict::Maybe, "{query}");
}

fn observation() -> Json {
    json!({
        "resourceType": "Observation", "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2"}, {"code": "local"}], "text": "Taille"},
        "subject": {"reference": "Patient/ad0b4b7a-2285-7a3c-5fd2-edbe4d67b7e7"},
        "encounter": {"reference": "http://127.0.0.1:8406/fhir/Encounter/e1/_history/2"},
        "performer": [{"reference": "Practitioner/p1"}, {"reference": "http://elsewhere/fhir/Practitioner/p2"},
            {"reference": "#contained"}, {"type": "Practitioner", "identifier": {"value": "x"}}],
        "effectiveDateTime": "2012-10-03T04:21:39+02:00",
        "valueQuantity": {"value": 176.70, "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm"}
    })
}

#[test]
fn tokens() {
    let it = observation();
    for (query, expected) in [
        ("code=8302-2", true),
        ("code=http://loinc.org|8302-2", true),
        ("code=http://loinc.org|", true),
        ("code=http://loinc.org|local", false),
        ("code=|local", true),
        ("code=|8302-2", false),
        ("code=8302", false),
        ("code=nothing,local", true),
        ("code=8302-2&code=local", true),
        ("code=8302-2&status=amended", false),
        ("code:not=8302-2", false),
        ("code:not=other", true),
        ("identifier:not=x", true),
        ("status=final", true),
        ("status=FINAL", false),
        ("category=vital-signs", true),
        ("identifier:missing=true", true),
        ("identifier:missing=false", false),
        ("code:missing=false", true),
        ("_id=id-1", true),
        ("_id=id-2,id-1", true),
        ("_id=id-2", false),
        ("_lastUpdated=2020-09-13", true),
        ("_lastUpdated=gt2021", false),
    ] {
        certain(&it, query, expected);
    }
}

#[test]
fn references() {
    let it = observation();
    let id = "ad0b4b7a-2285-7a3c-5fd2-edbe4d67b7e7";
    for (query, expected) in [
        (format!("patient={id}"), true),
        (format!("subject=Patient/{id}"), true),
        (format!("subject:Patient={id}"), true),
        (format!("subject=Group/{id}"), false),
        (format!("subject:Group={id}"), false),
        (format!("patient=http://127.0.0.1:8406/fhir/Patient/{id}"), true),
        (format!("patient=http://elsewhere/fhir/Patient/{id}"), false),
        (format!("patient={}", id.to_uppercase()), false),
        ("encounter=e1".into(), true),
        ("encounter=Encounter/e1".into(), true),
        ("encounter=Encounter/e2".into(), false),
    ] {
        certain(&it, &query, expected);
    }
    for (query, expected) in [
        ("performer=p1", true),
        ("performer=p2", false),
        ("performer=http://elsewhere/fhir/Practitioner/p2", true),
        ("performer:Practitioner=p1", true),
        ("performer:Organization=p1", false),
    ] {
        assert_eq!(judge(&it, query).body, expected, "{query}");
    }
}

#[test]
fn references_of_one_type_only() {
    let group = json!({"resourceType": "Observation", "subject": {"reference": "Group/1"}});
    certain(&group, "patient=1", false);
    certain(&group, "patient:missing=true", true);
    certain(&group, "subject=Group/1", true);
    let allergy =
        json!({"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/1"}});
    certain(&allergy, "patient=1", true);
    certain(&allergy, "patient=2", false);
}

#[test]
fn numbers_and_quantities() {
    let it = observation();
    for (query, expected) in [
        ("value-quantity=176.7", true),
        ("value-quantity=176.70", true),
        ("value-quantity=177", true),
        ("value-quantity=176", false),
        ("value-quantity=ne176.7", false),
        ("value-quantity=gt176.7", false),
        ("value-quantity=ge176.7", true),
        ("value-quantity=lt2e2", true),
        ("value-quantity=ap180", true),
        ("value-quantity=176.7|http://unitsofmeasure.org|cm", true),
        ("value-quantity=176.7|http://unitsofmeasure.org|m", false),
        ("value-quantity=176.7||cm", true),
    ] {
        assert_eq!(judge(&it, query).body, expected, "{query}");
    }
}

#[test]
fn texts() {
    let it = json!({"resourceType": "Patient", "gender": "female", "birthDate": "1980-01-14",
        "name": [{"family": "Lefœuvre-Côté", "given": ["Marie Ève"]}],
        "telecom": [{"system": "phone", "value": "514 555-0100"}], "active": true});
    for (query, expected) in [
        ("family=lefoeuvre", true),
        ("family=LEFŒUVRE COTE", true),
        ("family=cote", false),
        ("family:contains=cote", true),
        ("name=marie-eve", true),
        ("given=marieè", true),
        ("given=eve", false),
        ("birthdate=1980-01-14", true),
        ("birthdate=1980", true),
        ("gender=female&active=true", true),
    ] {
        certain(&it, query, expected);
    }
    for (query, expected) in [
        ("family:exact=Lefœuvre-Côté", true),
        ("family:exact=lefoeuvre cote", false),
        ("phone=514 555-0100", true),
        ("email=514 555-0100", false),
        ("deceased=false", true),
        ("deceased=true", false),
    ] {
        assert_eq!(judge(&it, query).body, expected, "{query}");
    }
    let dead = json!({"resourceType": "Patient", "deceasedDateTime": "2020-01-01"});
    assert!(judge(&dead, "deceased=true").body && !judge(&dead, "deceased=false").body);
}

#[test]
fn a_cell_of_an_unknown_version_is_refused_and_a_damaged_one_decides_nothing() {
    assert_eq!(Tokens::from_bytes(vec![]), Err(TokensError));
    assert_eq!(Tokens::from_bytes(vec![200, 1, 0]), Err(TokensError));
    let query = Query::parse("Observation", "status=final", &settings()).unwrap();
    let damaged = Tokens::from_bytes(vec![1, 1, 9, 0]).unwrap();
    assert_eq!(query.matches(&damaged, "1", 0), Verdict::Maybe);
}

#[test]
fn a_resource_too_large_for_its_cell_is_decided_on_its_body() {
    let identifiers: Vec<Json> = (0..40)
        .map(|at| json!({"system": format!("urn:system:{at}"), "value": format!("value-{at}")}))
        .collect();
    let it = json!({"resourceType": "Observation", "status": "final", "identifier": identifiers});
    let last = judge(&it, "identifier=value-39");
    assert_eq!((last.cell, last.body), (Verdict::Maybe, true));
    let none = judge(&it, "identifier=value-40");
    assert_eq!((none.cell, none.body), (Verdict::Maybe, false));
    let present = judge(&it, "identifier:missing=true");
    assert_eq!((present.cell, present.body), (Verdict::No, false));
    certain(&it, "identifier=value-0", true);
    certain(&it, "status=amended", false);
}

#[test]
fn a_name_too_long_for_its_cell_is_decided_on_its_body() {
    let it = json!({"resourceType": "Patient",
        "name": [{"family": "Saint-Jean-de-la-Croix-du-Grand-Portage-sur-Richelieu"}]});
    certain(&it, "family=saint jean de la croix", true);
    certain(&it, "family=saint jean le croix", false);
    for (query, expected) in [
        ("family=saintjeandelacroixdugrandportagesur", true),
        ("family=saintjeandelacroixdugrandportagede", false),
        ("family:contains=richelieu", true),
        ("family:contains=laval", false),
    ] {
        let judged = judge(&it, query);
        assert_eq!((judged.cell, judged.body), (Verdict::Maybe, expected), "{query}");
    }
}
