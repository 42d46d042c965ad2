use super::*;
use crate::record::Ground;
use access::audit_event::{Server, render};
use access::entry::Entry;
use regions::{Item, Phase};

fn findings() -> Vec<Finding> {
    let finding = |item, state| Finding { item, state, told: String::new() };
    vec![
        finding(Item::Load, State::Holds),
        finding(Item::Restore, State::Accepted("vu avec l'équipe & noté".to_owned())),
    ]
}

#[test]
fn a_move_is_told_with_what_was_found_and_accepted() {
    let step = Move::new(Phase::Rehearsal, Phase::Live).unwrap();
    let findings = findings();
    let told = Told { code: "08", step, findings: &findings, by: "ops", done: true };
    assert_eq!(
        told.query(),
        "phase?region=08&from=rehearsal&to=live&load=holds\
         &restore=accepted:vu%20avec%20l%27%C3%A9quipe%20%26%20not%C3%A9"
    );
    let entry = told.act().entry();
    let entry = Entry::from_bytes(&entry.to_bytes().unwrap()).unwrap();
    assert_eq!((entry.region.as_str(), entry.interaction), ("08", Interaction::Phase));
    let server = Server { base: "https://08.example/fhir".into(), name: "08".into() };
    let events = render(&entry, &server);
    assert_eq!(events.len(), 1, "it concerns no person");
    assert_eq!(events[0]["type"]["code"], "110113");
    assert_eq!(events[0]["subtype"][0]["code"], "110131");
    let agents = events[0]["agent"].as_array().unwrap();
    assert!(agents.iter().any(|agent| agent["name"] == "ops"), "{agents:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn it_is_in_the_journal_of_the_tables_it_is_given() {
    let data = tempfile::tempdir().unwrap();
    let step = Move::new(Phase::Planned, Phase::Rehearsal).unwrap();
    let told = Told { code: "08", step, findings: &[], by: "ops", done: true };
    let ground = Ground::Rehearsal("08".to_owned());
    let store = ground.embedded(data.path()).unwrap();
    let kind = store::definition::TableKind::Access;
    let access = AnyTable::embedded(kind, store.access());
    let id = told.journal(access.clone()).await.unwrap();
    let reader = access::journal::Reader::new(
        std::sync::Arc::new(access),
        std::sync::Arc::new(access::journal::NoOutbox),
        vec!["08".to_owned()],
    );
    assert!(reader.find(&id).await.unwrap().is_some());
    assert!(!Ground::Central.folder(data.path()).exists(), "nothing of it is central");
}
