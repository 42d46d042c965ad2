//! Parsing of query strings: what is understood, what is refused and in which
//! words, and that nothing makes the parser fall over.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use fhir::search::limits::{QUERY_BYTES_MAX, QUERY_PARAMETERS_MAX, QUERY_VALUES_MAX};
use fhir::search::{
    Modifier, Query, SearchError, SearchFault, Settings, Total, Wanted, WantedSystem,
};
use proptest::prelude::*;

fn settings() -> Settings<'static> {
    Settings {
        own_bases: &["http://127.0.0.1:8406/fhir"],
        now_ms: 1_700_000_000_000,
        count_default: 20,
        count_max: 100,
        lenient: false,
    }
}

fn parse(resource_type: &str, query: &str) -> Query {
    Query::parse(resource_type, query, &settings())
        .unwrap_or_else(|error| panic!("{query}: {error}"))
}

fn refused(resource_type: &str, query: &str) -> SearchError {
    Query::parse(resource_type, query, &settings()).expect_err(query)
}

fn token(system: WantedSystem, code: Option<&str>) -> Wanted {
    Wanted::Token { system, code: code.map(str::to_owned) }
}

fn local(kind: Option<&str>, id: &str) -> Wanted {
    Wanted::Reference {
        base: None,
        kind: kind.map(str::to_owned),
        id: Some(id.to_owned()),
        version: None,
    }
}

#[test]
fn tokens_are_told_apart() {
    let wanted =
        |value: &str| parse("Observation", &format!("code={value}")).filters()[0].wanted.clone();
    let is = |system: &str| WantedSystem::Is(system.to_owned());
    assert_eq!(wanted("8302-2"), [token(WantedSystem::Any, Some("8302-2"))]);
    assert_eq!(wanted("%7C8302-2"), [token(WantedSystem::Absent, Some("8302-2"))]);
    assert_eq!(wanted("http://loinc.org|8302-2"), [token(is("http://loinc.org"), Some("8302-2"))]);
    assert_eq!(wanted("http://loinc.org%7c"), [token(is("http://loinc.org"), None)]);
    assert_eq!(
        wanted("a%5C,b,c%5C|d"),
        [token(WantedSystem::Any, Some("a,b")), token(WantedSystem::Any, Some("c|d")),]
    );
    assert_eq!(
        wanted("a%5C%5C,b"),
        [token(WantedSystem::Any, Some("a\\")), token(WantedSystem::Any, Some("b")),]
    );
}

#[test]
fn references_are_told_apart() {
    let wanted = |query: &str| parse("Observation", query).filters()[0].wanted[0].clone();
    assert_eq!(wanted("patient=1"), local(Some("Patient"), "1"));
    assert_eq!(wanted("subject=Patient/1"), local(Some("Patient"), "1"));
    assert_eq!(wanted("subject=Group/1"), local(Some("Group"), "1"));
    assert_eq!(wanted("subject:Group=1"), local(Some("Group"), "1"));
    assert_eq!(wanted("encounter=1"), local(None, "1"));
    assert_eq!(wanted("subject=Patient/1/_history/3"), local(Some("Patient"), "1"));
    let own = "subject=http://127.0.0.1:8406/fhir/Patient/1";
    assert_eq!(wanted(own), local(Some("Patient"), "1"));
    let Wanted::Reference { base, .. } = wanted("subject=http://elsewhere/fhir/Patient/1") else {
        panic!("a reference is a reference");
    };
    assert_eq!(base.as_deref(), Some("http://elsewhere/fhir"));
}

#[test]
fn a_search_names_the_charts_it_is_confined_to() {
    let people = |resource_type: &str, query: &str| {
        parse(resource_type, query).person().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(people("Observation", "patient=1&code=x"), ["1"]);
    assert_eq!(people("Observation", "subject=Patient/2,Patient/1,Patient/2"), ["1", "2"]);
    assert_eq!(people("Patient", "_id=7"), ["7"]);
    assert!(people("Observation", "_id=7").is_empty());
    assert!(people("Observation", "subject=Patient/1,Group/2").is_empty());
    assert!(people("Observation", "patient:missing=true").is_empty());
    assert!(people("Observation", "patient=http://elsewhere/Patient/1").is_empty());
}

#[test]
fn result_parameters_are_read() {
    let query =
        parse("Observation", "_sort=-date,code&_count=5&_total=accurate&_format=json&_pretty=true");
    let keys: Vec<_> =
        query.sort().iter().map(|key| (key.parameter.code, key.descending)).collect();
    assert_eq!(keys, [("date", true), ("code", false)]);
    assert_eq!((query.count(), query.total(), query.count_only()), (5, Total::Accurate, false));
    assert_eq!(parse("Observation", "").count(), 20);
    assert_eq!(parse("Observation", "_count=99999999999999999999").count(), 100);
    assert!(parse("Observation", "_count=0").count_only());
    assert!(parse("Observation", "_summary=count").count_only());
    assert!(!parse("Observation", "_summary=false").count_only());
}

#[test]
fn what_bodies_are_needed_for() {
    assert!(
        !parse("Observation", "patient=1&code=x&date=ge2020&status=final&_sort=-date").needs_body()
    );
    assert!(!parse("Observation", "_id=1&_lastUpdated=gt2020&_sort=_lastUpdated").needs_body());
    assert!(!parse("AllergyIntolerance", "patient=1&clinical-status=active").needs_body());
    assert!(parse("Observation", "value-quantity=gt5").needs_body());
    assert!(parse("Observation", "_sort=method").needs_body());
}

#[test]
fn links_say_what_was_understood() {
    let link = |resource_type: &str, query: &str| parse(resource_type, query).self_link();
    assert_eq!(link("Observation", ""), "Observation");
    assert_eq!(
        link(
            "Observation",
            "patient=1&code=http%3A%2F%2Floinc.org%7C8302-2,x&_sort=-date&_count=500&_pretty=true"
        ),
        "Observation?patient=Patient/1&code=http://loinc.org%7C8302-2,x&_sort=-date&_count=100"
    );
    assert_eq!(
        link("Patient", "name:exact=Ève+%26%20fils"),
        "Patient?name:exact=%C3%88ve%20%26%20fils"
    );
    assert_eq!(link("Patient", "_summary=count&_total=none"), "Patient?_total=none&_summary=count");
}

/// Type, search, the parameter that is named, and a part of what is said.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    (
        "Observation",
        "colour=red",
        "colour",
        "is not a search parameter of Observation here. Supported: _content, _id,",
    ),
    ("Observation", "code:exact=x", "code:exact", "takes ':text', ':not', ':in', ':not-in' and"),
    ("Observation", "code:below=x", "code:below", "use ':in' with a value set"),
    ("Observation", "subject:below=x", "subject:below", "search the ones above or below first"),
    ("Observation", "subject:exact=x", "subject:exact", "such as ':Patient'"),
    ("Observation", "subject:Zebra=x", "subject:Zebra", "':identifier', a resource type"),
    ("Observation", "identifier:of-type=a|b", "identifier:of-type", "'system|code|value'"),
    ("Observation", "date:exact=2020", "date:exact", "takes ':missing'"),
    ("Observation", "date=yesterday", "date", "'yesterday' is not a date: write YYYY,"),
    ("Observation", "code=", "code", "a value is empty"),
    ("Observation", "code=a,,b", "code", "a value is empty"),
    ("Observation", "code=a|b|c", "code", "is not a token"),
    ("Observation", "code=|", "code", "is not a token"),
    ("Observation", "subject=not%20a%20reference", "subject", "is not a reference"),
    ("Observation", "subject:Patient=Group/1", "subject:Patient", "is not a reference"),
    ("Observation", "value-quantity=many", "value-quantity", "is not a quantity"),
    ("Observation", "value-quantity=gtinf", "value-quantity", "is not a quantity"),
    ("Observation", "status:missing=perhaps", "status:missing", "'true' or 'false'"),
    ("Observation", "_sort=colour", "_sort", "'colour' cannot order Observation"),
    ("Observation", "_sort=date,-date", "_sort", "names 'date' twice"),
    ("Observation", "_sort=code-value-quantity", "_sort", "cannot order"),
    ("Observation", "_count=-1", "_count", "is not a whole number"),
    ("Observation", "_count=1&_count=2", "_count", "only once"),
    ("Observation", "_total=roughly", "_total", "'none', 'estimate' or 'accurate'"),
    ("Observation", "_summary=most", "_summary", "is not 'true', 'text', 'data', 'count'"),
    ("Observation", "_elements=colour", "_elements", "'colour' is no element of Observation"),
    ("Observation", "_contained=true", "_contained", "contained resources are not searched"),
    ("Observation", "_filter=x", "_filter", "write the conditions as parameters"),
    ("Observation", "_include=Observation:code", "_include", "is not a reference parameter"),
    ("Observation", "_include=Observation", "_include", "is not Type:parameter"),
    ("Observation", "_include=Zebra:x", "_include", "'Zebra' is no resource type"),
    ("Observation", "_include:often=*", "_include:often", "takes ':iterate'"),
    ("Observation", "_include=Encounter:subject", "_include", "write _include:iterate"),
    ("Patient", "_revinclude=Observation:encounter", "_revinclude", "never refers to Patient"),
    ("Patient", "_include=Patient:link:Device", "_include", "never refers to Device"),
    ("Observation", "patient.colour=x", "patient.colour", "not a search parameter of Patient"),
    ("Observation", "code.name=x", "code.name", "'code' is not a reference parameter"),
    ("Observation", "subject:Encounter.name=x", "subject:Encounter.name", "It refers to: Device,"),
    ("Observation", "patient.birthdate=x", "patient.birthdate", "'x' is not a date"),
    ("Patient", "_has:Observation:patient=x", "_has:Observation:patient", "is written _has:Type"),
    ("Patient", "_has:Zebra:patient:code=x", "_has:Zebra:patient:code", "'Zebra' is no resource"),
    (
        "Patient",
        "_has:Observation:encounter:code=x",
        "_has:Observation:encounter:code",
        "never refers to Patient",
    ),
    ("Patient", "_list=$current-problems", "_list", "functional lists"),
    ("Observation", "code-value-quantity=a", "code-value-quantity", "Write token$quantity"),
    ("Observation", "code-value-quantity=a$b", "code-value-quantity", "'b' is not a quantity"),
    ("Location", "near=100|0", "near", "is not a place"),
    ("Location", "near=45|0|1|parsecs", "near", "is not a place"),
    ("Observation", "_page=AAAA", "_page", "Follow the links of the first page"),
    ("Observation", "_id:not=1", "_id:not", "is not supported here"),
    ("Observation", "_id=a/b", "_id", "for _id an id"),
    ("Patient", "name=--", "name", "at least one letter or digit"),
    ("Patient", "name=%FF", "", "is not percent-encoded UTF-8"),
    ("Patient", "name=%4", "", "is not percent-encoded UTF-8"),
    ("Patient", "phonetic=--", "phonetic", "at least one letter or digit"),
    ("Patient", "_type=Zebra", "_type", "for _type a resource type"),
    ("Nothing", "name=x", "name", "is not a search parameter of Nothing"),
];

#[test]
fn refusals_name_the_parameter_and_say_what_would_do() {
    for (resource_type, query, parameter, part) in REFUSED.iter().copied() {
        let error = refused(resource_type, query);
        assert_eq!(error.parameter, parameter, "{query}");
        assert!(error.diagnostics.contains(part), "{query}: {error}");
    }
}

#[test]
fn a_refusal_is_of_its_kind() {
    let fault = |query: &str| refused("Observation", query).fault;
    assert_eq!(fault("colour=red"), SearchFault::Unsupported);
    assert_eq!(fault("code:above=x"), SearchFault::Unsupported);
    assert_eq!(fault("_sort=colour"), SearchFault::Unsupported);
    assert_eq!(fault("date=yesterday"), SearchFault::Invalid);
    assert_eq!(fault("_sort=date,code,status,category,subject,encounter"), SearchFault::TooMuch);
}

#[test]
fn limits_hold() {
    let many = vec!["code=x"; QUERY_PARAMETERS_MAX + 1].join("&");
    assert!(refused("Observation", &many).diagnostics.contains("Split the search"));
    let values = vec!["x"; QUERY_VALUES_MAX + 1].join(",");
    assert!(refused("Observation", &format!("code={values}")).diagnostics.contains("values"));
    let long = format!("code={}", "x".repeat(QUERY_BYTES_MAX));
    assert!(refused("Observation", &long).diagnostics.contains("bytes"));
}

#[test]
fn modifiers_are_kept() {
    assert_eq!(parse("Patient", "name:contains=x").filters()[0].modifier, Modifier::Contains);
    assert_eq!(parse("Patient", "gender:not=male").filters()[0].modifier, Modifier::Not);
    assert_eq!(parse("Patient", "name:missing=true").filters()[0].wanted, [Wanted::Missing(true)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,80}") {
        let _ = Query::parse("Observation", &text, &settings());
    }

    #[test]
    fn near_queries_are_parsed_or_refused(
        name in prop::sample::select(vec!["code", "date", "patient", "_sort", "_id", "value-quantity",
            "_lastUpdated", "subject:Patient", "status:not", "_page", "value-string:exact", "method:missing"]),
        value in "[-a-zA-Z0-9|,\\\\$%:/. é]{0,40}",
    ) {
        if let Ok(query) = Query::parse("Observation", &format!("{name}={value}"), &settings()) {
            // A link is a search that means the same.
            let link = query.self_link();
            let again = link.split_once('?').map_or("", |(_, query)| query);
            let reparsed = Query::parse("Observation", again, &settings()).unwrap();
            prop_assert_eq!(reparsed.filters(), query.filters());
            prop_assert_eq!(reparsed.self_link(), link);
        }
    }
}
