use super::*;
use crate::entry::tests::sample;
use crate::entry::{Agent, Outcome};

fn server() -> Server {
    Server {
        base: "https://mtl.example.org/fhir".to_owned(), name: "Dossier, Montréal".to_owned()
    }
}

fn item(kind: &str, id: &str, person: Option<u16>, change: Change) -> ItemSeen {
    ItemSeen { resource_type: kind.to_owned(), id: id.to_owned(), version: 1, person, change }
}

fn search(persons: &[&str]) -> Entry {
    let mut entry = sample();
    entry.interaction = Interaction::Search;
    entry.query = Some("Patient?name=Tremblay".to_owned());
    entry.persons = persons.iter().map(|person| (*person).to_owned()).collect();
    let items = (0..persons.len() as u16)
        .map(|at| item("Patient", persons[usize::from(at)], Some(at), Change::Read));
    entry.items = items.collect();
    entry
}

fn commit() -> Entry {
    let mut entry = sample();
    entry.interaction = Interaction::Transaction;
    entry.persons = vec!["p1".to_owned(), "p2".to_owned()];
    entry.items = vec![
        item("Patient", "p1", Some(0), Change::Read),
        item("Observation", "o1", Some(0), Change::Created),
        item("Condition", "c1", Some(1), Change::Updated),
        item("Practitioner", "d1", None, Change::Deleted),
    ];
    entry
}

fn denied(status: u16) -> Entry {
    let mut entry = sample();
    entry.items.clear();
    entry.persons.clear();
    entry.agent = Agent::unknown();
    entry.basis = None;
    entry.outcome = Outcome { status, denied: Some("scope".to_owned()) };
    entry
}

/// Codes of the client's and of the server's type.
fn ends(event: &Value) -> (&str, &str) {
    let code = |at: usize| event["agent"][at]["type"]["coding"][0]["code"].as_str().unwrap();
    (code(0), code(1))
}

#[test]
fn a_read_is_one_event_from_server_to_client() {
    let events = render(&sample(), &server());
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(event["id"], format!("{}.0", sample().id));
    assert_eq!(event["type"]["code"], "rest");
    assert_eq!(event["subtype"][0]["code"], "read");
    assert_eq!((&event["action"], &event["outcome"]), (&json!("R"), &json!("0")));
    assert_eq!(ends(event), ("110152", "110153"));
    assert_eq!(event["recorded"], "2026-09-21T14:13:20.123Z");
    assert_eq!(event["agent"][2]["name"], "Élise Tremblay");
    assert_eq!(event["agent"][2]["requestor"], true);
    assert_eq!(event["entity"][1]["what"]["reference"], format!("Patient/{}", sample().persons[0]));
    assert_eq!(event["purposeOfEvent"][0]["coding"][0]["code"], "TREAT");
    assert!(event["meta"]["profile"][0].as_str().unwrap().ends_with("IHE.BasicAudit.PatientRead"));
}

#[test]
fn a_query_is_one_event_per_person_or_one_without() {
    let entry = search(&["p1", "p2", "p3"]);
    let events = render(&entry, &server());
    assert_eq!(events.len(), 3);
    for (at, event) in events.iter().enumerate() {
        assert_eq!(ends(event), ("110153", "110152"));
        assert_eq!(event["action"], "E");
        let text = event.to_string();
        for other in 1..4 {
            assert_eq!(text.contains(&format!("Patient/p{other}")), other == at + 1);
        }
        assert!(text.contains("UGF0aWVudD9uYW1lPVRyZW1ibGF5"));
        assert_eq!(
            render_one(&entry, &server(), event["id"].as_str().unwrap()).as_ref(),
            Some(event)
        );
    }
    assert_eq!(render_for(&entry, &server(), "p2"), vec![events[1].clone()]);
    assert_eq!(render(&search(&[]), &server()).len(), 1);
    for wrong in ["x.0", &format!("{}.3", entry.id), &format!("{}.00", entry.id), &entry.id] {
        assert_eq!(render_one(&entry, &server(), wrong), None);
    }
}

#[test]
fn a_commit_is_one_event_per_changed_resource() {
    let events = render(&commit(), &server());
    let told: Vec<_> =
        events.iter().map(|event| (event["action"].as_str().unwrap(), ends(event))).collect();
    assert_eq!(
        told,
        [("C", ("110153", "110152")), ("U", ("110153", "110152")), ("D", ("110150", "custodian")),]
    );
    assert_eq!(render_for(&commit(), &server(), "p2").len(), 1);
    assert!(events[2]["meta"]["profile"][0].as_str().unwrap().ends_with("BasicAudit.Delete"));
}

#[test]
fn refusals_say_so() {
    for (status, outcome) in [(401, "4"), (403, "4"), (503, "8")] {
        let events = render(&denied(status), &server());
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["outcome"], outcome);
        assert_eq!(events[0]["outcomeDesc"], "scope");
        assert_eq!(events[0]["purposeOfEvent"][0]["coding"][0]["code"], "TREAT");
    }
}

#[test]
fn a_machine_asks_by_itself() {
    let mut entry = sample();
    entry.agent.function = Function::System;
    let event = &render(&entry, &server())[0];
    assert_eq!(event["agent"].as_array().unwrap().len(), 2);
    assert_eq!(event["agent"][0]["requestor"], true);
}

#[test]
fn names_cannot_break_the_narrative() {
    let mut entry = sample();
    entry.agent.name = Some("<script>&".to_owned());
    let event = &render(&entry, &server())[0];
    assert!(event["text"]["div"].as_str().unwrap().contains("&lt;script&gt;&amp;"));
}

#[test]
fn instants() {
    assert_eq!(instant(0), "1970-01-01T00:00:00.000Z");
    assert_eq!(instant(951_782_400_000), "2000-02-29T00:00:00.000Z");
    assert_eq!(instant(1_709_251_199_999), "2024-02-29T23:59:59.999Z");
    assert_eq!(instant(4_107_542_400_000), "2100-03-01T00:00:00.000Z");
}

#[test]
fn base64_pads() {
    for (plain, text) in
        [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
    {
        assert_eq!(entities::base64(plain.as_bytes()), text);
    }
}

/// What the wire shows, pinned: the fixture was checked against the R4 schema.
#[test]
fn the_shown_events_are_pinned() {
    let entries = [sample(), search(&["p1", "p2"]), search(&[]), commit(), denied(403)];
    let events: Vec<Value> = entries.iter().flat_map(|entry| render(entry, &server())).collect();
    let shown = serde_json::to_string_pretty(&events).unwrap() + "\n";
    if let Ok(path) = std::env::var("DOSSIER_PIN") {
        std::fs::write(path, &shown).unwrap();
    }
    let pinned: Value =
        serde_json::from_str(include_str!("../../tests/audit_events.json")).unwrap();
    assert_eq!(Value::Array(events), pinned);
}

#[test]
fn a_token_that_is_asked_for_is_an_authentication() {
    let mut entry = sample();
    entry.interaction = Interaction::Token;
    entry.items.clear();
    entry.persons.clear();
    entry.agent.function = Function::System;
    let events = render(&entry, &server());
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(
        (&event["type"]["code"], &event["subtype"][0]["code"]),
        (&json!("110114"), &json!("110122"))
    );
    assert_eq!((&event["action"], &event["outcome"]), (&json!("E"), &json!("0")));
    // BALP has no pattern for it.
    assert!(event.get("meta").is_none());
    assert!(event["text"]["div"].as_str().unwrap().contains("obtention d'un jeton"));
}
