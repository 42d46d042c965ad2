use fhir::json::Document;
use fhir::limits::JsonLimits;

use super::*;

fn holds(text: &str, condition: &Condition<'_>) -> Option<bool> {
    let document = Document::parse(text.to_owned(), &JsonLimits::default()).unwrap();
    BodyFacts::new(document.root(), "1", 1_000).holds(condition)
}

#[test]
fn codes_are_found_wherever_they_stand_but_in_meta() {
    let wanted = Code::new("urn:s", "a\"b");
    let found = |text: &str| holds(text, &Condition::Code(&wanted)).unwrap();
    let coding = r#"{"system": "urn:s", "code": "a\"b"}"#;
    assert!(found(&format!(r#"{{"resourceType": "X", "a": [[], {{"b": [{coding}]}}]}}"#)));
    assert!(!found(&format!(r#"{{"resourceType": "X", "meta": {{"tag": [{coding}]}}}}"#)));
    assert!(!found(r#"{"resourceType": "X", "code": "a\"b"}"#));
    assert!(!found(r#"{"resourceType": "X", "a": {"system": "urn:s", "value": "a\"b"}}"#));
}

#[test]
fn categories_are_concepts_codings_or_bound_codes() {
    let wanted = Code::new(crate::systems::ALLERGY_CATEGORY, "food");
    let found = |text: &str| holds(text, &Condition::Category(&wanted)).unwrap();
    assert!(found(r#"{"resourceType": "AllergyIntolerance", "category": ["biologic", "food"]}"#));
    assert!(!found(r#"{"resourceType": "Questionnaire", "category": ["food"]}"#));
    let system = crate::systems::ALLERGY_CATEGORY;
    assert!(found(&format!(
        r#"{{"resourceType": "X", "category": {{"coding": [{{"system": "{system}", "code": "food"}}]}}}}"#
    )));
    assert!(!found(r#"{"resourceType": "X", "category": [{"coding": [{"code": "food"}]}]}"#));
}

#[test]
fn the_time_of_the_data() {
    let range = DateRange::parse("2019").unwrap();
    let within = |text: &str| {
        let part = holds(text, &Condition::DataPeriod { range, whole: false });
        let whole = holds(text, &Condition::DataPeriod { range, whole: true });
        (part, whole)
    };
    let (yes, no) = (Some(true), Some(false));
    for (body, expected) in [
        (
            r#""resourceType": "Observation", "effectiveDateTime": "2019-05-01T12:00:00Z""#,
            (yes, yes),
        ),
        (
            r#""resourceType": "Observation", "effectiveDateTime": "2020-05-01", "issued": "2019-05-01T12:00:00Z""#,
            (no, no),
        ),
        (
            r#""resourceType": "Encounter", "period": {"start": "2018-12-30", "end": "2019-01-02"}"#,
            (yes, no),
        ),
        (r#""resourceType": "Encounter", "period": {"start": "2018-12-30"}"#, (yes, no)),
        (
            r#""resourceType": "Appointment", "start": "2019-03-01T12:00:00Z", "end": "2019-03-01T13:00:00Z""#,
            (yes, yes),
        ),
        (
            r#""resourceType": "DocumentReference", "date": "2026-01-01T00:00:00Z", "context": {"period": {"start": "2019-02", "end": "2019-03"}}"#,
            (yes, yes),
        ),
        (r#""resourceType": "Observation""#, (None, None)),
        (r#""resourceType": "Observation", "effectiveDateTime": "soon""#, (None, None)),
        (r#""resourceType": "Patient", "birthDate": "2019-01-01""#, (no, no)),
    ] {
        assert_eq!(within(&format!("{{{body}}}")), expected, "{body}");
    }
}

#[test]
fn when_a_result_was_issued() {
    let by = |text: &str, at| holds(text, &Condition::ReleasedBy(at));
    let issued = r#"{"resourceType": "Observation", "issued": "1970-01-01T00:00:05Z"}"#;
    assert_eq!(by(issued, 4_999), Some(false));
    assert_eq!(by(issued, 6_000), Some(true));
    // What does not say it counts from its version.
    let silent = r#"{"resourceType": "Observation"}"#;
    assert_eq!((by(silent, 999), by(silent, 1_000)), (Some(false), Some(true)));
    let unreadable = r#"{"resourceType": "Observation", "issued": 5}"#;
    assert_eq!(by(unreadable, i64::MAX), None);
}

#[test]
fn searches_are_of_the_type() {
    let settings = fhir::search::Settings {
        own_bases: &[],
        now_ms: 0,
        count_default: 1,
        count_max: 1,
        lenient: false,
    };
    let query = Query::parse("Observation", "category=laboratory", &settings).unwrap();
    let found = |text: &str| holds(text, &Condition::Search(&query)).unwrap();
    let category = r#""category": [{"coding": [{"code": "laboratory"}]}]"#;
    assert!(found(&format!(r#"{{"resourceType": "Observation", {category}}}"#)));
    assert!(!found(&format!(r#"{{"resourceType": "DiagnosticReport", {category}}}"#)));
    assert!(!found(r#"{"resourceType": "Observation"}"#));
}
