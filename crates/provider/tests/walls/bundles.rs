//! Transactions: references, places of faults, all or nothing.

use contracts::{Change, CommitOptions, Effect};
use fhir::outcome::Status;

use crate::world::*;

fn at(full_url: &str, change: Change) -> Change {
    Change { full_url: Some(full_url.into()), ..change }
}

fn unless(criteria: &str, change: Change) -> Change {
    Change { if_none_exist: Some(criteria.into()), ..change }
}

const ORGANIZATION: &str =
    r#"{"resourceType":"Organization","identifier":[{"system":"s","value":"1"}]}"#;

#[test]
fn references_between_entries_are_rewritten_and_file_the_resource() {
    let world = World::new();
    let session = world.system();
    let done = world
        .bundle(
            &session,
            vec![
                at("urn:uuid:o", create(&observation("urn:uuid:p"))),
                at("urn:uuid:p", create(&patient("ignored"))),
                at("http://elsewhere/Observation/2", create(&observation("urn:uuid:p"))),
            ],
        )
        .unwrap();
    let person = done.outcomes[1].key.id.clone();
    for index in [0, 2] {
        let id = &done.outcomes[index].key.id;
        assert!(id.starts_with(&format!("{person}.d")), "{id}");
        let body = world.read(&session, &done.outcomes[index].key).unwrap();
        assert!(body.contains(&format!("\"Patient/{person}\"")), "{body}");
    }
    assert_eq!(world.everything(&session, &person).unwrap().versions.len(), 3);
    let entries = world.entries();
    let commit = entries
        .iter()
        .find(|entry| {
            entry.items.len() == 3 && entry.items[0].change == access::entry::Change::Created
        })
        .unwrap();
    assert_eq!(commit.persons, [person]);
}

#[test]
fn references_that_lead_nowhere_are_refused_and_nothing_is_visible() {
    let world = World::new();
    let session = world.system();
    world.put(&session, &patient("gone"));
    world.one(&session, delete("Patient", "gone")).unwrap();
    world.put(&session, &patient("going"));
    for bad in ["urn:uuid:none", "Patient/nobody", "Patient/gone", "Patient?identifier=s|none"] {
        let refusal = world
            .bundle(&session, vec![update(&patient("ann")), create(&observation(bad))])
            .unwrap_err();
        assert_eq!(refusal.status, Status::UnprocessableEntity, "{bad}");
        let place = refusal.expression.unwrap_or_default();
        assert!(place.starts_with("Bundle.entry[1]"), "{bad}: {place}");
        let absent = world.read(&session, &key("Patient", "ann")).unwrap_err();
        assert_eq!(absent.status, Status::NotFound, "{bad}");
    }
    let deleted = vec![delete("Patient", "going"), create(&observation("Patient/going"))];
    assert_eq!(world.bundle(&session, deleted).unwrap_err().status, Status::UnprocessableEntity);
    assert_eq!(world.search(&session, "Patient", "_id=going").unwrap().versions.len(), 1);
}

#[test]
fn conditional_references_and_creates_find_the_same() {
    let world = World::new();
    let session = world.system();
    let made = world.one(&session, create(ORGANIZATION)).unwrap().outcomes.remove(0).key;
    let body = r#"{"resourceType":"Patient","id":"ann","managingOrganization":{"reference":"Organization?identifier=s|1"}}"#;
    let new = r#"{"resourceType":"Location","identifier":[{"system":"s","value":"9"}]}"#;
    let options = CommitOptions { bundle: true, return_bodies: true, ..CommitOptions::default() };
    let changes = vec![
        unless("identifier=s|1", at("urn:uuid:1", create(ORGANIZATION))),
        update(body),
        unless("identifier=s|9", at("urn:uuid:2", create(new))),
        unless("identifier=s|9", at("urn:uuid:3", create(new))),
        create(
            r#"{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/ann"},"location":[{"location":{"reference":"urn:uuid:3"}}],"serviceProvider":{"reference":"urn:uuid:1"}}"#,
        ),
    ];
    let done = world.commit(&session, changes, options).unwrap();
    let effects: Vec<Effect> = done.outcomes.iter().map(|one| one.effect).collect();
    use Effect::{Created, Existing};
    assert_eq!(effects, [Existing, Created, Created, Existing, Created]);
    assert_eq!(done.outcomes[0].key, made);
    assert_eq!(done.outcomes[2].key, done.outcomes[3].key);
    let body = |index: usize| String::from_utf8_lossy(&done.outcomes[index].body).into_owned();
    assert!(body(1).contains(&format!("\"Organization/{}\"", made.id)));
    assert!(body(4).contains(&format!("\"Organization/{}\"", made.id)));
    assert!(body(4).contains(&format!("\"Location/{}\"", done.outcomes[3].key.id)));
    assert!((0..5).all(|index| body(index).contains("versionId")));
    assert_eq!(body(1), world.read(&session, &key("Patient", "ann")).unwrap());
}

#[test]
fn deletions_of_nothing_do_not_stop_a_bundle() {
    let world = World::new();
    let session = world.system();
    world.put(&session, &patient("ann"));
    world.put(&session, &patient("bob"));
    world.one(&session, delete("Patient", "bob")).unwrap();
    let changes = vec![
        delete("Observation", "never"),
        update(&patient("eve")),
        delete("Patient", "bob"),
        delete("Patient", "ann"),
    ];
    let done = world.bundle(&session, changes).unwrap();
    let told: Vec<_> = done.outcomes.iter().map(|one| (one.effect, one.version)).collect();
    use Effect::{Created, Deleted};
    assert_eq!(told, [(Deleted, 0), (Created, 1), (Deleted, 2), (Deleted, 2)]);
    let nothing = world.bundle(&session, vec![delete("Patient", "x"), delete("Patient", "y")]);
    assert_eq!(nothing.unwrap().outcomes.len(), 2);
}

#[test]
fn faults_name_their_entry() {
    let world = World::new();
    let session = world.system();
    world.put(&session, &insured("ann", "TREA80010112"));
    let place = |changes: Vec<Change>| {
        let refusal = world.bundle(&session, changes).unwrap_err();
        (refusal.status.code(), refusal.expression.unwrap_or_default())
    };
    let met = || unless(&format!("identifier={NAM}|TREA80010112"), create(&patient("x")));
    let stale = Change { if_match: Some(7), ..update(&patient("ann")) };
    assert_eq!(place(vec![met(), update(&patient("eve")), stale]), (412, "Bundle.entry[2]".into()));
    let taken = || update(&insured("bob", "TREA80010112"));
    assert_eq!(
        place(vec![delete("Patient", "x"), met(), taken()]),
        (409, "Bundle.entry[2]".into())
    );
    let twice = vec![update(&patient("eve")), met(), update(&patient("eve"))];
    assert_eq!(place(twice), (422, "Bundle.entry[2]".into()));
    let both = vec![update(&patient("ann")), delete("Patient", "ann")];
    assert_eq!(place(both), (422, "Bundle.entry[1]".into()));
    let absent = world.read(&session, &key("Patient", "eve")).unwrap_err();
    assert_eq!(absent.status, Status::NotFound);
}
