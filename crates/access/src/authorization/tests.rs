use serde_json::{Value, json};

use super::*;
use crate::decision::tests::claims;
use crate::restriction::tests::document;

fn basic() -> Value {
    json!({
        "resourceType": "Basic", "id": "a",
        "code": {"coding": [{"system": BASIC, "code": "authorization"}]},
        "subject": {"reference": "Practitioner/archivist"},
        "author": {"identifier": {"system": "urn:s", "value": "director"}},
        "extension": [
            {"url": EXTENSION_PERIOD, "valuePeriod": {"start": "2026-01-05", "end": "2026-12-31"}},
            {"url": EXTENSION_TRAINED, "valueDate": "2025-11-20"},
            {"url": EXTENSION_UNDERTAKING, "valueDate": "2026-02-01"},
        ],
    })
}

fn read(basic: &Value) -> Result<Option<Authorization>, Misunderstood> {
    Authorization::of_basic(document(basic).root(), "a", &Naming::default())
}

#[test]
fn an_authorization_holds_for_its_person_in_its_time() {
    let read = read(&basic()).unwrap().unwrap();
    assert_eq!(read.grantor, "urn:s|director");
    let at = |text: &str| DateRange::parse(text).unwrap().lower_ms;
    let mut archivist = claims("clerk", "", None);
    archivist.fhir_user = Some("Practitioner/archivist".to_owned());
    let covers = |claims: &Claims, day: &str| read.covers(claims, &[""; 0], at(day));
    for (day, expected) in [
        ("2026-01-04", false),
        // Not before the undertaking is signed.
        ("2026-01-31", false),
        ("2026-02-01", true),
        ("2026-12-31", true),
        ("2027-01-01", false),
    ] {
        assert_eq!(covers(&archivist, day), expected, "{day}");
    }
    // Who may be somebody else is not authorized.
    for user in [None, Some("Practitioner/other"), Some("PractitionerRole/archivist")] {
        archivist.fhir_user = user.map(str::to_owned);
        assert!(!covers(&archivist, "2026-03-01"), "{user:?}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let fault = |path: &str, fault: Fault, edit: fn(&mut Value)| {
        let mut told = basic();
        edit(&mut told);
        let refused = read(&told).expect_err(path);
        assert_eq!((refused.path.as_str(), refused.fault), (path, fault));
    };
    fault("Basic.subject", Fault::Nobody, |told| {
        told.as_object_mut().unwrap().remove("subject");
    });
    fault("Basic.subject", Fault::Nobody, |told| told["subject"] = json!({"display": "x"}));
    fault("Basic.subject", Fault::Actor, |told| told["subject"] = json!({"reference": "Group/1"}));
    fault("Basic.author", Fault::Grantor, |told| {
        told.as_object_mut().unwrap().remove("author");
    });
    fault("Basic.extension", Fault::Dates, |told| told["extension"] = json!([]));
    fault("Basic.extension[3]", Fault::Dates, |told| {
        let again = told["extension"][1].clone();
        told["extension"].as_array_mut().unwrap().push(again);
    });
    fault("Basic.extension[0].valuePeriod", Fault::Period, |told| {
        told["extension"][0]["valuePeriod"] = json!({"start": "2026"});
    });
    fault("Basic.extension[2].valueDate", Fault::Dates, |told| {
        told["extension"][2]["valueDate"] = json!("soon");
    });
    fault("Basic.modifierExtension", Fault::Modified, |told| {
        told["modifierExtension"] = json!([{"url": "x"}]);
    });
    let mut other = basic();
    other["code"] = json!({"text": "note"});
    assert_eq!(read(&other).unwrap(), None);
}
