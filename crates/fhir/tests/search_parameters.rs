//! The table of parameters: whole, in order, and holding what charts need.

use fhir::search::parameters::{ParameterKind, find, knows_type, of_type};

const TABLE: &str = include_str!("../src/generated/search-parameters.tsv");

#[test]
fn every_line_is_found_again() {
    let mut previous = "";
    for line in TABLE.lines() {
        assert!(previous < line, "out of order: {line}");
        previous = line;
        let fields: Vec<_> = line.split('\t').collect();
        let [resource_type, code, kind, paths] = fields[..4] else {
            panic!("not four fields: {line}");
        };
        assert_eq!(fields.len() == 5, kind == "reference", "targets: {line}");
        let found = find(resource_type, code).unwrap_or_else(|| panic!("not found: {line}"));
        assert_eq!((found.code, found.kind.name()), (code, kind));
        assert!(paths.contains(':'), "no path: {line}");
    }
}

#[test]
fn what_is_not_in_the_table_is_not_found() {
    for (resource_type, code) in [
        ("Observation", "cod"),
        ("Observation", "codes"),
        ("Obs", "code"),
        ("", ""),
        ("Zebra", "code"),
        ("*", "zzz"),
    ] {
        assert_eq!(find(resource_type, code), None, "{resource_type} {code}");
    }
    assert!(knows_type("Observation") && !knows_type("Observatio") && !knows_type("Zebra"));
}

#[test]
fn each_kind_and_the_parameters_of_every_type_are_there() {
    let kind = |resource_type: &str, code: &str| find(resource_type, code).map(|found| found.kind);
    assert_eq!(kind("Patient", "birthdate"), Some(ParameterKind::Date));
    assert_eq!(kind("Patient", "name"), Some(ParameterKind::Text));
    assert_eq!(kind("Claim", "created"), Some(ParameterKind::Date));
    assert_eq!(kind("PractitionerRole", "organization"), Some(ParameterKind::Reference));
    assert_eq!(kind("Observation", "value-quantity"), Some(ParameterKind::Quantity));
    assert_eq!(kind("RiskAssessment", "probability"), Some(ParameterKind::Number));
    assert_eq!(kind("ValueSet", "url"), Some(ParameterKind::Uri));
    let of_patient: Vec<_> = of_type("Patient").map(|parameter| parameter.code).collect();
    for code in
        ["_id", "_lastUpdated", "identifier", "name", "family", "given", "birthdate", "gender"]
    {
        assert!(of_patient.contains(&code), "{code}");
    }
}
