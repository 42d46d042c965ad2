//! Single changes: what they meet, and what their entries say.

use contracts::{Change, CommitOptions, Effect};
use fhir::outcome::Status;

use crate::world::*;

#[test]
fn deleting_what_is_not_there_is_done_already() {
    let world = World::new();
    let session = world.clinician();
    let done = world.one(&session, delete("Observation", "never")).unwrap();
    assert_eq!((done.outcomes[0].effect, done.outcomes[0].version), (Effect::Deleted, 0));
    world.put(&session, &patient("ann"));
    assert_eq!(world.one(&session, delete("Patient", "ann")).unwrap().outcomes[0].version, 2);
    assert_eq!(world.one(&session, delete("Patient", "ann")).unwrap().outcomes[0].version, 0);
    assert_eq!((world.last().outcome.status, world.last().persons[0].as_str()), (204, "ann"));
    let matched = Change { if_match: Some(2), ..delete("Patient", "ann") };
    let refusal = world.one(&session, matched).unwrap_err();
    assert_eq!(refusal.status, Status::PreconditionFailed);
    assert_eq!(world.last().persons, ["ann"], "a refusal names whom it concerned");
}

#[test]
fn a_resource_never_moves() {
    let world = World::new();
    let session = world.clinician();
    for person in ["ann", "bob"] {
        world.put(&session, &patient(person));
    }
    let with = |id: &str, subject: &str| {
        observation(subject).replace("\"status\"", &format!("\"id\":\"{id}\",\"status\""))
    };
    world.put(&session, &with("o", "Patient/ann"));
    for (id, subject) in [
        ("o", "Patient/bob"),
        ("o", "Group/g"),
        // Looks like one that the server gave for Ann.
        ("ann.daaaaaaaaaaaaa", "Patient/bob"),
        ("ann.daaaaaaaaaaaaa", "Group/g"),
    ] {
        let refusal = world.one(&session, update(&with(id, subject))).unwrap_err();
        assert_eq!(refusal.status, Status::UnprocessableEntity, "{id} {subject}: {refusal}");
    }
    world.put(&session, &with("ann.daaaaaaaaaaaaa", "Patient/ann"));
    assert_eq!(world.everything(&session, "bob").unwrap().versions.len(), 1);
    assert_eq!(world.everything(&session, "ann").unwrap().versions.len(), 3);
}

#[test]
fn a_link_to_another_person_keeps_each_at_home() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    world.put(
        &session,
        r#"{"resourceType":"Patient","id":"bob","link":[{"type":"seealso","other":{"reference":"Patient/ann"}}]}"#,
    );
    assert_eq!(world.last().persons, ["bob"]);
    assert_eq!(ids(&world.everything(&session, "ann").unwrap()), ["ann"]);
    assert_eq!(ids(&world.everything(&session, "bob").unwrap()), ["bob"]);
}

#[test]
fn what_is_no_id_names_nothing() {
    let world = World::new();
    let session = world.clinician();
    let strange = Change { id: Some("a#0".into()), ..update(&patient("a")) };
    assert_eq!(world.one(&session, strange).unwrap_err().status, Status::BadRequest);
    let done = world.one(&session, create(&observation("Patient/ann#0"))).unwrap();
    assert!(!done.outcomes[0].key.id.contains('#'));
    let other = Change { resource_type: "Observation".into(), ..update(&patient("ann")) };
    assert_eq!(world.one(&session, other).unwrap_err().status, Status::BadRequest);
}

#[test]
fn a_nam_is_one_persons_at_a_time() {
    let world = World::new();
    let session = world.clinician();
    let nam = "TREA80010112";
    world.put(&session, &insured("ann", nam));
    let refusal = world.one(&session, update(&insured("bob", nam))).unwrap_err();
    assert_eq!(refusal.status, Status::Conflict);
    let old = insured("bob", nam).replace("{\"system\"", "{\"use\":\"old\",\"system\"");
    world.put(&session, &old);
    // Two entries of one commit may hand it on.
    let done = world.bundle(&session, vec![update(&patient("ann")), update(&insured("bob", nam))]);
    assert_eq!(done.unwrap().outcomes.len(), 2);
    assert_eq!(
        world.one(&session, update(&insured("ann", nam))).unwrap_err().status,
        Status::Conflict
    );
    world.one(&session, delete("Patient", "bob")).unwrap();
    world.put(&session, &insured("ann", nam));
}

#[test]
fn a_conditional_create_meets_what_is_there() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &insured("ann", "TREA80010112"));
    let criteria = format!("identifier={NAM}|TREA80010112");
    let again =
        Change { if_none_exist: Some(criteria), ..create(&insured("other", "TREA80010112")) };
    let options = CommitOptions { return_bodies: true, ..CommitOptions::default() };
    let done = world.commit(&session, vec![again], options).unwrap();
    let outcome = &done.outcomes[0];
    assert_eq!((outcome.effect, outcome.key.id.as_str()), (Effect::Existing, "ann"));
    assert!(String::from_utf8_lossy(&outcome.body).contains("\"ann\""));
    let entry = world.last();
    assert_eq!(entry.persons, ["ann"]);
    assert_eq!(entry.items[0].change, access::entry::Change::Read);
    for criteria in ["", "_count=1", "nonsense=1", "gender=unknown&_page=x"] {
        let bad = Change { if_none_exist: Some(criteria.into()), ..create(&patient("x")) };
        assert!(world.one(&session, bad).unwrap_err().status.code() < 500, "{criteria}");
    }
}

#[test]
fn fifty_conditional_creates_at_once_make_one() {
    for criteria in [format!("identifier={NAM}|TREA80010112"), "identifier=s|TREA80010112".into()] {
        let world = World::new();
        let session = world.clinician();
        let system = if criteria.contains(NAM) { NAM } else { "s" };
        let body = insured("x", "TREA80010112").replace(NAM, system);
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let make = || {
                let change = Change { if_none_exist: Some(criteria.clone()), ..create(&body) };
                world.one(&session, change).unwrap().outcomes.remove(0)
            };
            let threads: Vec<_> = (0..50).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let made = outcomes.iter().filter(|one| one.effect == Effect::Created).count();
        assert_eq!(made, 1);
        assert!(outcomes.iter().all(|one| one.key == outcomes[0].key));
        let found = world.search(&session, "Patient", &criteria).unwrap();
        assert_eq!(found.versions.len(), 1);
    }
}

#[test]
fn a_paused_region_takes_no_change_from_anyone() {
    let world = World::at("02");
    let refusal = world.one(&world.system(), update(&patient("ann"))).unwrap_err();
    assert_eq!(refusal.status, Status::ServiceUnavailable);
    assert!(refusal.retry_after_s.is_some_and(|seconds| seconds >= 60));
    let absent = world.read(&world.system(), &key("Patient", "ann")).unwrap_err();
    assert_eq!(absent.status, Status::NotFound, "reads are served");
}

#[test]
fn round_trips_of_changes() {
    let world = World::new();
    // A session is one request.
    let trips = |change: Change| {
        let session = world.clinician();
        world.record.inner.take();
        world.one(&session, change).unwrap();
        world.record.inner.take().trips
    };
    assert_eq!(trips(create(&patient("x"))), 1);
    // Of every update, one asks whether the chart withholds anything.
    assert_eq!(trips(update(&patient("ann"))), 3);
    assert_eq!(trips(update(&patient("ann"))), 2, "nothing changed: its cell is read");
    assert_eq!(trips(update(&insured("ann", "TREA80010112"))), 3);
    assert_eq!(
        trips(update(&insured("ann", "TREA80010112").replace("}]", "}],\"active\":true"))),
        3
    );
    // Once for each chart and process: that the chart is listed among all.
    assert_eq!(trips(create(&observation("Patient/ann"))), 2);
    assert_eq!(trips(create(&observation("Patient/ann"))), 1);
    world.access.inner.take();
    world.one(&world.clinician(), create(&observation("Patient/ann"))).unwrap();
    assert_eq!(world.access.inner.take().trips, 0, "a commit is its own entry");
}
