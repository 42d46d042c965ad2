use super::*;
use crate::entry::tests::sample;
use crate::entry::{Interaction, Outcome};

fn server() -> Server {
    Server { base: "https://mtl.example.org/fhir".to_owned(), name: "Dossier".to_owned() }
}

fn item(kind: &str, id: &str, person: Option<u16>, change: Change) -> ItemSeen {
    ItemSeen { resource_type: kind.to_owned(), id: id.to_owned(), version: 2, person, change }
}

fn commit() -> Entry {
    let mut entry = sample();
    entry.interaction = Interaction::Transaction;
    entry.persons = vec!["p1".to_owned(), "p2".to_owned()];
    entry.items = vec![
        item("Patient", "p1", Some(0), Change::Read),
        item("Observation", "o1", Some(0), Change::Created),
        item("Observation", "o2", Some(0), Change::Created),
        item("Condition", "c1", Some(1), Change::Updated),
        item("Practitioner", "d1", None, Change::Deleted),
    ];
    entry
}

#[test]
fn a_commit_is_one_for_each_person_and_kind_of_change() {
    let made = render(&commit(), &server());
    let told: Vec<(String, usize)> = made
        .iter()
        .map(|one| {
            let code = one["activity"]["coding"][0]["code"].as_str().unwrap().to_owned();
            (code, one["target"].as_array().unwrap().len())
        })
        .collect();
    assert_eq!(told, [("CREATE".into(), 2), ("UPDATE".into(), 1), ("DELETE".into(), 1)]);
    assert_eq!(made[0]["target"][1]["reference"], "Observation/o2/_history/2");
    assert_eq!(made[0]["agent"][0]["who"]["identifier"]["value"], "7d3f0f2e-93b5");
    assert_eq!(made[0]["agent"][0]["onBehalfOf"]["identifier"]["value"], "ciusss-nim");
    assert_eq!(made[0]["entity"][0]["what"]["identifier"]["value"], commit().request_id);
}

#[test]
fn a_person_is_shown_their_own_part_only() {
    let theirs = render_for(&commit(), &server(), "p2");
    assert_eq!(theirs.len(), 1);
    assert!(!theirs[0].to_string().contains("o1"));
}

#[test]
fn an_id_leads_back_to_its_provenance() {
    for one in render(&commit(), &server()) {
        let id = one["id"].as_str().unwrap();
        assert_eq!(render_one(&commit(), &server(), id), Some(one.clone()));
    }
    let first = own_provenance_id(&commit().id);
    for wrong in [format!("{first}.3"), format!("{first}.00"), first.clone(), "own-x.0".into()] {
        assert_eq!(render_one(&commit(), &server(), &wrong), None, "{wrong}");
    }
}

#[test]
fn what_only_looked_or_failed_has_none() {
    assert!(render(&sample(), &server()).is_empty());
    let mut refused = commit();
    refused.outcome = Outcome { status: 409, denied: None };
    assert!(render(&refused, &server()).is_empty());
}

#[test]
fn what_is_made_is_valid_in_its_structure() {
    let mut system = commit();
    system.agent.function = Function::System;
    for one in render(&commit(), &server()).into_iter().chain(render(&system, &server())) {
        for required in ["target", "recorded", "agent"] {
            assert!(one.get(required).is_some(), "{required}");
        }
        for agent in one["agent"].as_array().unwrap() {
            assert!(agent.get("who").is_some());
        }
    }
}
