//! Export: everything once, as it was when it was asked for, and to nobody else.

use std::collections::BTreeMap;

use contracts::{ExportLevel, ExportRequest, Intent, Interaction, Refusal};
use fhir::outcome::Status;
use provider::Session;

use crate::world::*;

fn asked(level: ExportLevel) -> ExportRequest {
    ExportRequest {
        level,
        url: "https://example.org/fhir/$export".into(),
        resource_types: Vec::new(),
        since_ms: None,
        filters: Vec::new(),
        patients: Vec::new(),
        elements: None,
    }
}

fn intent() -> Intent {
    Intent::asking(Interaction::Export, "$export")
}

fn begin(world: &World, session: &Session, request: ExportRequest) -> Result<String, Refusal> {
    world.wait(world.walls.export_begin(session, intent(), request))
}

/// What the files of a job hold: the version of each resource.
fn files(world: &World, session: &Session, id: &str) -> BTreeMap<String, u64> {
    let progress = loop {
        let told = world.wait(world.walls.export_advance(session, intent(), id)).unwrap();
        if told.done {
            break told;
        }
    };
    let mut held = BTreeMap::new();
    for (number, output) in (0_u32..).zip(&progress.outputs) {
        let page = world.wait(world.walls.export_file(session, intent(), id, number)).unwrap();
        assert_eq!(page.versions.len(), output.count as usize, "{}", output.resource_type);
        for version in page.versions {
            assert_eq!(version.key.resource_type, output.resource_type);
            let name = format!("{}/{}", version.key.resource_type, version.key.id);
            let again = held.insert(name.clone(), version.version);
            assert_eq!(again, None, "{name} is exported twice");
        }
    }
    held
}

fn exported(world: &World, session: &Session, request: ExportRequest) -> BTreeMap<String, u64> {
    let id = begin(world, session, request).unwrap();
    files(world, session, &id)
}

/// Three people with observations, an organization, and one deleted person.
fn peopled() -> (World, Session) {
    let world = World::new();
    let session = world.system();
    for person in ["ann", "bob", "cat", "gone"] {
        world.put(&session, &patient(person));
        let seen = observation(&format!("Patient/{person}"));
        world.put(
            &session,
            &seen.replace("\"status\"", &format!("\"id\":\"o-{person}\",\"status\"")),
        );
    }
    world.put(&session, r#"{"resourceType":"Organization","id":"org"}"#);
    world.one(&session, delete("Observation", "o-gone")).unwrap();
    world.one(&session, delete("Patient", "gone")).unwrap();
    (world, session)
}

#[test]
fn everything_is_exported_once_as_of_the_kick_off() {
    let (world, session) = peopled();
    let id = begin(&world, &session, asked(ExportLevel::System)).unwrap();
    // What happens later is not of this export.
    world.put(&session, &patient("dan"));
    world.put(&session, r#"{"resourceType":"Organization","id":"org","name":"new"}"#);
    world.one(&session, delete("Observation", "o-bob")).unwrap();
    let held = files(&world, &session, &id);
    let names: Vec<&str> = held.keys().map(String::as_str).collect();
    let expected = [
        "Observation/o-ann",
        "Observation/o-bob",
        "Observation/o-cat",
        "Organization/org",
        "Patient/ann",
        "Patient/bob",
        "Patient/cat",
    ];
    assert_eq!(names, expected);
    assert!(held.values().all(|version| *version == 1));
    let entry = world.last();
    assert_eq!(entry.interaction, access::entry::Interaction::Export);
}

#[test]
fn types_instants_filters_and_people_narrow_it() {
    let (world, session) = peopled();
    let people = exported(&world, &session, asked(ExportLevel::Patient));
    assert!(!people.contains_key("Organization/org") && people.contains_key("Observation/o-cat"));
    let typed =
        ExportRequest { resource_types: vec!["Patient".into()], ..asked(ExportLevel::System) };
    assert_eq!(exported(&world, &session, typed.clone()).len(), 3);
    let filters = vec![("Patient".into(), "_id=ann".into()), ("Patient".into(), "_id=cat".into())];
    let filtered = ExportRequest { filters, ..typed.clone() };
    let held = exported(&world, &session, filtered);
    assert_eq!(held.keys().collect::<Vec<_>>(), ["Patient/ann", "Patient/cat"]);
    let now_ms = world.entries()[0].at_ms as i64;
    world.put(&session, r#"{"resourceType":"Patient","id":"bob","active":true}"#);
    let recent = ExportRequest { since_ms: Some(now_ms), ..typed.clone() };
    let held = exported(&world, &session, recent);
    assert_eq!(held.into_iter().collect::<Vec<_>>(), [("Patient/bob".to_owned(), 2)]);
    let group = r#"{"resourceType":"Group","id":"g","type":"person","actual":true,"member":[
        {"entity":{"reference":"Patient/ann"}},
        {"entity":{"reference":"Patient/bob"},"inactive":true}]}"#;
    world.put(&session, group);
    let held = exported(&world, &session, asked(ExportLevel::Group("g".into())));
    assert!(held.contains_key("Observation/o-ann") && !held.contains_key("Patient/bob"));
    let named = ExportRequest { patients: vec!["cat".into()], ..asked(ExportLevel::Patient) };
    let held = exported(&world, &session, named);
    assert_eq!(held.keys().collect::<Vec<_>>(), ["Observation/o-cat", "Patient/cat"]);
}

#[test]
fn a_job_is_its_callers_alone() {
    let (world, session) = peopled();
    let id = begin(&world, &session, asked(ExportLevel::System)).unwrap();
    let other = world.clinician();
    let absent =
        |answer: Result<_, Refusal>| assert_eq!(answer.unwrap_err().status, Status::NotFound);
    absent(world.wait(world.walls.export_advance(&other, intent(), &id)).map(drop));
    absent(world.wait(world.walls.export_file(&session, intent(), &id, 0)).map(drop));
    files(&world, &session, &id);
    absent(world.wait(world.walls.export_file(&other, intent(), &id, 0)).map(drop));
    absent(world.wait(world.walls.export_file(&session, intent(), &id, 99)).map(drop));
    absent(world.wait(world.walls.export_cancel(&other, intent(), &id)));
    world.wait(world.walls.export_cancel(&session, intent(), &id)).unwrap();
    absent(world.wait(world.walls.export_advance(&session, intent(), &id)).map(drop));
    // Nobody confined to one person exports.
    let ann = world.patient("ann");
    let refused = begin(&world, &ann, asked(ExportLevel::Patient)).unwrap_err();
    assert_eq!(refused.status, Status::Forbidden);
}

#[test]
fn without_a_journal_nothing_is_exported() {
    let (world, session) = peopled();
    let id = begin(&world, &session, asked(ExportLevel::System)).unwrap();
    files(&world, &session, &id);
    world.access.refuse(true);
    let refused = world.wait(world.walls.export_file(&session, intent(), &id, 0)).unwrap_err();
    assert_eq!(refused.status, Status::ServiceUnavailable);
    let refused = begin(&world, &session, asked(ExportLevel::System)).unwrap_err();
    assert_eq!(refused.status, Status::ServiceUnavailable);
}
