//! Updates that say what is there already; notices; links between entries.

use contracts::{Change, CommitOptions, Effect};

use crate::world::*;

#[test]
fn the_same_content_makes_no_version_but_leaves_its_trace() {
    let world = World::new();
    let session = world.clinician();
    let body =
        r#"{"resourceType":"Patient","id":"ann","multipleBirthInteger":1,"name":[{"family":"T"}]}"#;
    world.put(&session, body);
    let spaced =
        body.replace(',', " , ").replace("\"id\"", "\"meta\":{\"versionId\":\"9\"},\"id\"");
    let before = world.entries().len();
    let done = world.one(&session, update(&spaced)).unwrap().outcomes.remove(0);
    assert_eq!((done.effect, done.version), (Effect::Unchanged, 1));
    let (entry, after) = (world.last(), world.entries().len());
    assert!(after > before);
    assert_eq!(
        (entry.persons, entry.items[0].change),
        (vec!["ann".to_owned()], access::entry::Change::Read)
    );
    assert_eq!(entry.interaction, access::entry::Interaction::Update);
    let options = CommitOptions { return_bodies: true, ..CommitOptions::default() };
    let shown = world.commit(&session, vec![update(&spaced)], options).unwrap().outcomes.remove(0);
    assert!(String::from_utf8(shown.body).unwrap().contains("\"versionId\":\"1\""));
    let other = world.one(&session, update(&body.replace("\"T\"", "\"U\""))).unwrap();
    assert_eq!((other.outcomes[0].effect, other.outcomes[0].version), (Effect::Updated, 2));
    let stale = Change { if_match: Some(1), ..update(&body.replace("\"T\"", "\"U\"")) };
    assert_eq!(world.one(&session, stale).unwrap_err().status.code(), 412);
}

#[test]
fn a_journal_that_takes_nothing_lets_nothing_be_told() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    world.access.refuse(true);
    let refusal = world.one(&session, update(&patient("ann"))).unwrap_err();
    assert_eq!(refusal.status.code(), 503);
}

#[test]
fn a_kept_answer_says_unchanged_again() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    let options = || CommitOptions {
        retry_key: Some("k".into()),
        request_hash: vec![1],
        ..CommitOptions::default()
    };
    let first = world.commit(&session, vec![update(&patient("ann"))], options()).unwrap();
    world.put(&session, &insured("ann", "TREA80010112"));
    let again = world.commit(&session, vec![update(&patient("ann"))], options()).unwrap();
    assert!(again.replayed);
    assert_eq!((again.outcomes[0].effect, again.outcomes[0].version), (Effect::Unchanged, 1));
    assert_eq!(first.outcomes[0].effect, Effect::Unchanged);
    assert!(world.read(&session, &key("Patient", "ann")).unwrap().contains("TREA"));
}

#[test]
fn a_bundle_writes_only_what_changes() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    world.put(&session, &patient("bob"));
    let changes = || vec![update(&patient("ann")), update(&insured("bob", "BOBB80010112"))];
    let done = world.bundle(&session, changes()).unwrap().outcomes;
    assert_eq!((done[0].effect, done[0].version), (Effect::Unchanged, 1));
    assert_eq!((done[1].effect, done[1].version), (Effect::Updated, 2));
    let done = world.bundle(&session, changes()).unwrap().outcomes;
    assert!(done.iter().all(|one| one.effect == Effect::Unchanged));
    assert_eq!(world.last().persons, ["ann", "bob"]);
}

#[test]
fn references_that_lead_nowhere_are_stored_and_noticed() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    world.put(&session, &patient("gone"));
    world.one(&session, delete("Patient", "gone")).unwrap();
    let body = r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/ann"},"encounter":{"reference":"Encounter/none"},"performer":[{"reference":"https://01.example/fhir/Patient/ann"},{"reference":"Patient/gone"},{"reference":"https://01.example/fhir/Practitioner/none"},{"reference":"https://else.example/Patient/none"}],"focus":[{"reference":"urn:uuid:1"}]}"#;
    let options = |notices| CommitOptions { notices, ..CommitOptions::default() };
    let told =
        world.commit(&session, vec![create(body)], options(true)).unwrap().outcomes.remove(0);
    let mut places: Vec<_> =
        told.notices.iter().filter_map(|one| one.expression.as_deref()).collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "Observation.encounter",
            "Observation.focus[0]",
            "Observation.performer[1]",
            "Observation.performer[2]"
        ]
    );
    assert!(told.notices.iter().all(|one| one.code == "not-found"));
    world.record.inner.take();
    let silent = world.commit(&session, vec![create(body)], options(false)).unwrap();
    assert!(silent.outcomes[0].notices.is_empty());
    assert_eq!(world.record.inner.take().trips, 1, "without notices nothing is looked for");
    // A confined token learns nothing of who else is there.
    let ann = world.patient("ann");
    world.put(&session, &patient("bob"));
    let other = |id: &str| {
        let body = observation("Patient/ann").replace(
            "\"code\"",
            &format!("\"focus\":[{{\"reference\":\"Patient/{id}\"}}],\"code\""),
        );
        let done = world.commit(&ann, vec![create(&body)], options(true)).unwrap();
        done.outcomes[0].notices.len()
    };
    assert_eq!((other("bob"), other("nobody"), other("ann")), (1, 1, 0));
}

#[test]
fn a_subject_under_our_own_address_is_that_person() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    world.one(&session, create(&observation("https://01.example/fhir/Patient/ann"))).unwrap();
    assert_eq!(world.last().persons, ["ann"]);
    assert_eq!(world.everything(&session, "ann").unwrap().versions.len(), 2);
}

#[test]
fn entries_name_each_other_in_every_way() {
    let world = World::new();
    let session = world.system();
    let at = |url: &str, change| Change { full_url: Some(url.into()), ..change };
    let relative = observation("Patient/1");
    let provenance = r#"{"resourceType":"Provenance","recorded":"2026-01-01T00:00:00Z","target":[{"reference":"urn:uuid:o"}],"agent":[{"who":{"reference":"https://x/fhir/Patient/1"}}]}"#;
    let document = r#"{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"urn:uuid:o\">o</a></div>"},"extension":[{"url":"http://e","valueUri":"urn:uuid:o"}]}"#;
    let done = world
        .bundle(
            &session,
            vec![
                at("urn:uuid:v", create(provenance)),
                at("https://x/fhir/Observation/7", create(&relative)),
                at("urn:uuid:o", create(&observation("https://x/fhir/Patient/1/_history/4"))),
                at("urn:uuid:d", create(document)),
                at("https://x/fhir/Patient/1", create(&patient("1"))),
            ],
        )
        .unwrap()
        .outcomes;
    let person = format!("Patient/{}", done[4].key.id);
    for index in [1, 2] {
        let text = world.read(&session, &done[index].key).unwrap();
        assert!(text.contains(&format!("\"{person}\"")), "{text}");
    }
    let target = format!("Observation/{}", done[2].key.id);
    let text = world.read(&session, &done[0].key).unwrap();
    assert!(text.contains(&target) && text.contains(&person), "{text}");
    let text = world.read(&session, &done[3].key).unwrap();
    assert!(
        text.contains(&format!("href=\\\"{target}\\\""))
            && text.contains(&format!("\"valueUri\":\"{target}\"")),
        "{text}"
    );
    assert_eq!(world.everything(&session, &done[4].key.id).unwrap().versions.len(), 4);
}
