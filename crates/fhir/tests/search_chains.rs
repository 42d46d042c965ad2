//! Filters on other resources: chains, `_has`, lists, compartments, and who
//! refers to whom.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashSet;

use fhir::json::Document;
use fhir::search::{
    ChainLink, Query, SearchFault, Settings, Tokens, Verdict, compartments, parameters,
    references_of,
};

const OWN: &str = "http://127.0.0.1:8406/fhir";

fn settings() -> Settings<'static> {
    Settings {
        own_bases: &[OWN],
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

fn document(text: &str) -> Document {
    Document::parse(text.to_owned(), &Default::default()).unwrap()
}

fn ids(pairs: &[(&str, &str)]) -> HashSet<(String, String)> {
    pairs.iter().map(|(kind, id)| ((*kind).to_owned(), (*id).to_owned())).collect()
}

/// The types that a forward chain searches.
fn types(query: &Query, at: usize) -> Vec<&str> {
    match query.chains()[at].link() {
        ChainLink::Forward { targets, .. } => targets.iter().map(Query::resource_type).collect(),
        ChainLink::Reverse { source, .. } => vec![source.resource_type()],
    }
}

/// What the cell and the body of a resource say; they agree where the cell knows.
fn judged(query: &Query, id: &str, text: &str) -> (Verdict, bool) {
    let document = document(text);
    let tokens = Tokens::extract(query.resource_type(), document.root());
    let cell = query.matches(&tokens, id, 0);
    let body = query.matches_body(document.root(), id, 0);
    match cell {
        Verdict::Yes => assert!(body),
        Verdict::No => assert!(!body),
        Verdict::Maybe => {}
    }
    (cell, body)
}

#[test]
fn a_forward_chain_is_a_search_for_each_type_that_knows_the_parameter() {
    let mut query = parse("Observation", "subject:Patient.name=tremblay&code=x");
    assert_eq!(types(&query, 0), ["Patient"]);
    assert_eq!(query.filters().len(), 1);
    assert_eq!(types(&parse("Observation", "subject.name=x"), 0), ["Location", "Patient"]);
    assert_eq!(
        types(&parse("Observation", "subject.identifier=x"), 0),
        ["Device", "Group", "Location", "Patient"]
    );
    assert_eq!(types(&parse("Observation", "patient.birthdate=1980"), 0), ["Patient"]);
    let observation = r#"{"resourceType":"Observation","code":{"coding":[{"code":"x"}]},"subject":{"reference":"Patient/p1"}}"#;
    assert_eq!(
        judged(&query, "o1", observation),
        (Verdict::Maybe, false),
        "unsettled is never yes"
    );
    query.settle_chain(7, ids(&[("Patient", "p1")]));
    assert!(!query.chains()[0].is_settled());
    query.settle_chain(0, ids(&[("Patient", "p1"), ("Patient", "p2")]));
    assert_eq!(judged(&query, "o1", observation), (Verdict::Yes, true));
    assert_eq!(query.person(), ["p1", "p2"]);
    let own = observation.replace("Patient/p1", &format!("{OWN}/Patient/p2"));
    assert_eq!(judged(&query, "o1", &own), (Verdict::Yes, true));
    for other in ["Patient/p3", "Group/p1", "http://elsewhere/fhir/Patient/p1", "#p1"] {
        assert_eq!(
            judged(&query, "o1", &observation.replace("Patient/p1", other)),
            (Verdict::No, false),
            "{other}"
        );
    }
    query.settle_chain(0, HashSet::new());
    assert!(query.matches_nothing());
    assert_eq!(judged(&query, "o1", observation), (Verdict::No, false));
}

#[test]
fn chains_go_on_inside_chains() {
    let query = parse("Observation", "patient.organization.name:exact=CHUM");
    let ChainLink::Forward { targets, .. } = query.chains()[0].link() else { panic!("forward") };
    assert_eq!(types(&targets[0], 0), ["Organization"]);
    let query = parse("Patient", "_has:Observation:patient:_has:AuditEvent:entity:agent=x");
    let ChainLink::Reverse { source, parameter } = query.chains()[0].link() else {
        panic!("reverse")
    };
    assert_eq!((source.resource_type(), parameter.code), ("Observation", "patient"));
    let ChainLink::Reverse { source, parameter } = source.chains()[0].link() else {
        panic!("reverse")
    };
    assert_eq!((source.resource_type(), parameter.code), ("AuditEvent", "entity"));
    assert_eq!(source.filters()[0].parameter.code, "agent");
    let query = parse("Encounter", "patient._has:Group:member:_id=102");
    let ChainLink::Forward { targets, .. } = query.chains()[0].link() else { panic!("forward") };
    assert_eq!(types(&targets[0], 0), ["Group"]);
    let query = parse("Patient", "_has:Observation:patient:encounter.status=finished");
    let ChainLink::Reverse { source, .. } = query.chains()[0].link() else { panic!("reverse") };
    assert_eq!(types(source, 0), ["Encounter", "EpisodeOfCare"]);
}

#[test]
fn a_reverse_chain_names_who_is_referred_to() {
    let mut query = parse("Patient", "_has:Observation:patient:code=1234-5");
    let patient = r#"{"resourceType":"Patient"}"#;
    assert_eq!(judged(&query, "p1", patient), (Verdict::Maybe, false));
    query.settle_chain(0, ids(&[("Patient", "p1")]));
    assert_eq!(judged(&query, "p1", patient), (Verdict::Yes, true));
    assert_eq!(judged(&query, "p2", patient), (Verdict::No, false));
    let on_list = parse("Condition", "_list=42");
    let ChainLink::Reverse { source, parameter } = on_list.chains()[0].link() else {
        panic!("reverse")
    };
    assert_eq!((source.self_link().as_str(), parameter.code), ("List?_id=42", "item"));
    assert_eq!(on_list.self_link(), "Condition?_list=42");
}

#[test]
fn links_keep_chains_and_cursors_are_bound_to_them() {
    let text = "subject:Patient.name=c%C3%B4t%C3%A9&_has:Provenance:target:agent=x";
    let query = parse("Observation", text);
    assert_eq!(query.self_link(), format!("Observation?{text}"));
    let position = fhir::search::Position {
        keys: vec![],
        resource_type: "Observation".into(),
        id: "1".into(),
    };
    let cursor = query.cursor_after(position).encode(&query);
    assert!(Query::parse("Observation", &format!("{text}&_page={cursor}"), &settings()).is_ok());
    let other = text.replace("agent=x", "agent=y");
    assert!(Query::parse("Observation", &format!("{other}&_page={cursor}"), &settings()).is_err());
}

#[test]
fn limits_of_chains() {
    let refused = |resource_type: &str, text: &str| {
        Query::parse(resource_type, text, &settings()).unwrap_err()
    };
    let deep = format!("Patient:link.{}", "link:Patient.".repeat(9)).replace("Patient:link.", "");
    assert_eq!(refused("Patient", &format!("{deep}name=x")).fault, SearchFault::TooMuch);
    let wide = refused("Provenance", "target.target.target.identifier=x");
    assert!(wide.diagnostics.contains("Search parameter") || !wide.diagnostics.is_empty());
    let wide = refused(
        "Provenance",
        "target._has:Provenance:target:target._has:Provenance:target:target.identifier=x",
    );
    assert_eq!(wide.fault, SearchFault::TooMuch, "{wide}");
    assert!(refused("MeasureReport", "measure.name=x").diagnostics.contains("canonical"));
}

#[test]
fn who_refers_to_whom() {
    let subject = parameters::find("Observation", "subject").unwrap();
    let performer = parameters::find("Observation", "performer").unwrap();
    let it = document(
        r##"{"resourceType":"Observation","subject":{"reference":"Patient/1/_history/2"},"performer":[
        {"reference":"http://127.0.0.1:8406/fhir/Practitioner/a"},{"reference":"http://elsewhere/fhir/Practitioner/b"},
        {"reference":"Organization/c"},{"reference":"#d"},{"display":"e"},{"reference":"urn:uuid:ad0b4b7a-2285-7a3c-5fd2-edbe4d67b7e7"}]}"##,
    );
    let pair = |kind: &str, id: &str| (kind.to_owned(), id.to_owned());
    assert_eq!(references_of(&subject, None, it.root(), &[OWN]), [pair("Patient", "1")]);
    assert_eq!(
        references_of(&performer, None, it.root(), &[OWN]),
        [pair("Organization", "c"), pair("Practitioner", "a")]
    );
    assert_eq!(references_of(&performer, Some("Practitioner"), it.root(), &[]), []);
    let patients: Vec<_> = (0..2_000).map(|at| pair("Patient", &format!("p{at}"))).collect();
    let query = Query::referring("Observation", "patient", &patients, &settings()).unwrap();
    let text = |id: &str| {
        format!(r#"{{"resourceType":"Observation","subject":{{"reference":"Patient/{id}"}}}}"#)
    };
    assert_eq!(judged(&query, "o", &text("p1999")), (Verdict::Yes, true));
    assert_eq!(judged(&query, "o", &text("p2000")), (Verdict::No, false));
    assert_eq!(query.person().len(), 2_000);
    assert!(Query::referring("Observation", "code", &patients, &settings()).is_err());
}

#[test]
fn compartments_confine() {
    assert_eq!(
        compartments::parameters("Patient", "Observation").unwrap(),
        ["subject", "performer"]
    );
    assert_eq!(compartments::parameters("Encounter", "Encounter").unwrap(), Vec::<&str>::new());
    assert_eq!(compartments::parameters("Patient", "ValueSet"), None);
    for kind in compartments::COMPARTMENTS {
        assert!(compartments::members(kind).count() > 5, "{kind}");
        for member in compartments::members(kind) {
            for code in compartments::parameters(kind, member).unwrap() {
                let found =
                    parameters::find(member, code).unwrap_or_else(|| panic!("{member} {code}"));
                assert!(found.may_refer_to(kind), "{kind} {member} {code}");
            }
        }
    }
    let query = parse("Observation", "status=final").confined_to("Patient", "1").unwrap();
    let text =
        |member: &str| format!(r#"{{"resourceType":"Observation","status":"final",{member}}}"#);
    assert_eq!(
        judged(&query, "o", &text(r#""subject":{"reference":"Patient/1"}"#)),
        (Verdict::Yes, true)
    );
    assert!(judged(&query, "o", &text(r#""performer":[{"reference":"Patient/1"}]"#)).1);
    assert!(!judged(&query, "o", &text(r#""subject":{"reference":"Patient/2"}"#)).1);
    assert!(!judged(&query, "o", &text(r#""subject":{"reference":"Group/1"}"#)).1);
    let own = parse("Encounter", "").confined_to("Encounter", "e1").unwrap();
    assert_eq!(judged(&own, "e1", r#"{"resourceType":"Encounter"}"#), (Verdict::Yes, true));
    assert!(!judged(&own, "e2", r#"{"resourceType":"Encounter"}"#).1);
    assert!(parse("ValueSet", "").confined_to("Patient", "1").is_err());
}

#[test]
fn a_search_of_every_type() {
    let query = parse("Resource", "_type=Patient,Observation&_tag=vip&_sort=-_lastUpdated");
    assert_eq!(query.types(), Some(vec!["Patient", "Observation"]));
    assert_eq!(parse("Resource", "_id=1").types(), None);
    let tagged = r#""meta":{"tag":[{"code":"vip"}]}}"#;
    for (kind, found) in [("Patient", true), ("Observation", true), ("Encounter", false)] {
        let one = query.for_type(kind);
        assert_eq!(
            judged(&one, "1", &format!(r#"{{"resourceType":"{kind}",{tagged}"#)).1,
            found,
            "{kind}"
        );
    }
    let place = |kind: &str, id: &str, at_ms: i64| {
        let text = document(&format!(r#"{{"resourceType":"{kind}"}}"#));
        query.for_type(kind).position_of_body(text.root(), id, at_ms)
    };
    let mut places = [
        place("Patient", "1", 5),
        place("Observation", "2", 5),
        place("Observation", "1", 5),
        place("Patient", "0", 9),
    ];
    places.sort_by(|left, right| query.compare_positions(left, right));
    let order: Vec<(&str, &str)> =
        places.iter().map(|it| (&*it.resource_type, it.id.as_str())).collect();
    assert_eq!(
        order,
        [("Patient", "0"), ("Observation", "1"), ("Observation", "2"), ("Patient", "1")]
    );
    let cursor = query.cursor_after(places[1].clone()).encode(&query);
    let next = parse(
        "Resource",
        &format!("_type=Patient,Observation&_tag=vip&_sort=-_lastUpdated&_page={cursor}"),
    );
    let left: Vec<bool> = places.iter().map(|place| next.is_after_cursor(place)).collect();
    assert_eq!(left, [false, false, true, true]);
    assert!(Query::parse("Resource", "name=x", &settings()).is_err());
}
