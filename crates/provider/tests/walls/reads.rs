//! Reads: each under its entry, and nothing without one.

use access::entry::{Change, Interaction as Done};
use contracts::{CommitOptions, Intent, Interaction, JournalFilter, Place, Refusal};
use fhir::outcome::Status;
use provider::Session;

use crate::world::*;

#[test]
fn a_read_by_id_is_one_trip_to_the_record_and_one_to_the_journal() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    world.read(&session, &key("Patient", "ann")).unwrap();
    world.record.inner.take();
    world.access.inner.take();
    world.read(&session, &key("Patient", "ann")).unwrap();
    assert_eq!(world.record.inner.take().trips, 1);
    assert_eq!(world.access.inner.take().trips, 1);
    let entry = world.last();
    assert_eq!((entry.interaction, entry.outcome.status), (Done::Read, 200));
    assert_eq!(entry.persons, ["ann"]);
    assert_eq!((entry.items[0].id.as_str(), entry.items[0].version), ("ann", 1));
}

/// A world with somebody in it, whose journal then refuses.
fn unjournaled() -> (World, Session, Session, String) {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    world.put(&session, r#"{"resourceType":"Organization","id":"org"}"#);
    let body = observation("Patient/ann").replace("\"status\"", "\"id\":\"o\",\"status\"");
    world.put(&session, &body);
    let (auditor, entry_id) = (world.auditor(), world.last().id);
    world.access.refuse(true);
    (world, session, auditor, entry_id)
}

/// 503, and nothing else.
fn refused<T: std::fmt::Debug>(answer: Result<T, Refusal>) {
    let refusal = answer.unwrap_err();
    assert_eq!(refusal.status, Status::ServiceUnavailable, "{refusal}");
    assert!(refusal.retry_after_s.is_some(), "{refusal}");
}

#[test]
fn without_a_journal_no_chart_tells_anything() {
    let (world, session, auditor, _) = unjournaled();
    let walls = &world.walls;
    let (ann, absent) = (key("Patient", "ann"), key("Patient", "nobody"));
    let person = || Place::Person("ann".into());
    let nobody = || Place::Person("nobody".into());
    world.wait(async {
        let open = async |interaction, place| {
            walls.open_chart(&session, Intent::to(interaction), place).await.unwrap()
        };
        let chart = open(Interaction::Read, Place::Holding(ann.clone())).await;
        refused(walls.chart_read(&chart, &ann).await);
        refused(walls.chart_read(&open(Interaction::Read, nobody()).await, &absent).await);
        refused(walls.chart_vread(&open(Interaction::Vread, person()).await, &ann, 1).await);
        let chart = open(Interaction::HistoryInstance, person()).await;
        refused(walls.chart_history(&chart, &ann, window()).await);
        let chart = open(Interaction::Everything, person()).await;
        refused(walls.chart_everything(&chart, window()).await);
        let chart = open(Interaction::Everything, nobody()).await;
        refused(walls.chart_everything(&chart, window()).await);
        let chart = open(Interaction::Search, person()).await;
        refused(walls.chart_search(&chart, &["Observation".into()], "patient=ann").await);
        let chart = open(Interaction::Search, nobody()).await;
        refused(walls.chart_search(&chart, &["Observation".into()], "patient=nobody").await);
        refused(walls.open_chart(&auditor, Intent::to(Interaction::Read), person()).await);
    });
}

#[test]
fn without_a_journal_nothing_else_tells_anything() {
    let (world, session, auditor, entry_id) = unjournaled();
    let walls = &world.walls;
    let org = key("Organization", "org");
    let filter = JournalFilter::newest(10);
    let met = contracts::Change {
        if_none_exist: Some("_id=ann".into()),
        ..create(r#"{"resourceType":"Patient"}"#)
    };
    let options = CommitOptions { return_bodies: true, ..CommitOptions::default() };
    world.wait(async {
        let shelf = async |interaction| {
            walls.open_registry(&session, Intent::to(interaction)).await.unwrap()
        };
        refused(walls.registry_read(&shelf(Interaction::Read).await, &org).await);
        refused(walls.registry_vread(&shelf(Interaction::Vread).await, &org, 1).await);
        let opened = shelf(Interaction::HistoryInstance).await;
        refused(walls.registry_history(&opened, &org, window()).await);
        let opened = shelf(Interaction::Search).await;
        refused(walls.registry_search(&opened, &["Patient".into()], "_id=ann", None).await);
        refused(walls.registry_search(&opened, &["Patient".into()], "_id=nobody", None).await);
        let intent = || Intent::to(Interaction::ReadAudit);
        refused(walls.journal_read(&auditor, intent(), filter).await);
        refused(walls.journal_entry(&auditor, intent(), &entry_id).await);
        let intent = Intent::to(Interaction::Create);
        refused(walls.commit(&session, intent, vec![met], options).await);
    });
}

#[test]
fn a_commit_is_its_own_entry_at_once() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    let first = world.last();
    assert_eq!(
        (first.interaction, first.persons.as_slice()),
        (Done::Update, &["ann".to_owned()][..])
    );
    assert_eq!(first.items[0].change, Change::Created);
    world.wait(world.walls.maintain()).unwrap();
    let moved = world.entries();
    let held = moved.iter().filter(|entry| entry.id == first.id).count();
    assert_eq!(held, 1, "moved from the outbox, told once");
}

#[test]
fn what_is_about_two_is_in_both_charts_until_it_is_not() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    world.put(&session, &patient("bob"));
    let body = |performer: &str| {
        format!(
            r#"{{"resourceType":"Observation","id":"o","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/ann"}},"performer":[{{"reference":"{performer}"}}]}}"#
        )
    };
    world.put(&session, &body("Patient/bob"));
    let found = world.everything(&session, "bob").unwrap();
    assert_eq!(ids(&found), ["bob", "o"]);
    assert!(String::from_utf8_lossy(&found.versions[1].body).contains("Patient/ann"));
    let entry = world.last();
    assert_eq!(entry.persons, ["bob", "ann"], "whose chart was opened, then whose was seen");
    assert_eq!(entry.items[1].person, Some(1));
    let both = world.search(&session, "Observation", "patient=ann,bob").unwrap();
    assert_eq!(ids(&both), ["o"], "once");
    assert_eq!(world.last().persons, ["ann", "bob"]);
    world.put(&session, &body("Practitioner/p"));
    assert_eq!(ids(&world.everything(&session, "bob").unwrap()), ["bob"]);
    assert_eq!(ids(&world.everything(&session, "ann").unwrap()), ["ann", "o"]);
    let own = world.patient("bob");
    assert_eq!(world.read(&own, &key("Observation", "o")).unwrap_err().status, Status::Forbidden);
}

#[test]
fn a_long_answer_has_several_entries_and_a_long_commit_too() {
    let world = World::new();
    let session = world.system();
    world.put(&session, &patient("ann"));
    let long = "a".repeat(50);
    let many = (0..2_500).map(|n| {
        let id = format!("\"id\":\"{long}-{n}\",\"status\"");
        update(&observation("Patient/ann").replace("\"status\"", &id))
    });
    world.bundle(&session, many.collect()).unwrap();
    let entries = world.entries();
    let written: Vec<usize> = entries
        .iter()
        .filter(|entry| entry.interaction == Done::Transaction)
        .map(|entry| entry.items.len())
        .collect();
    assert_eq!(written.iter().sum::<usize>(), 2_500);
    assert_eq!(written.len(), 3);
    let wide = contracts::Window { count: u32::MAX, ..window() };
    let all = world.wait(async {
        let intent = Intent::to(Interaction::Everything);
        let chart = world.walls.open_chart(&session, intent, Place::Person("ann".into())).await?;
        world.walls.chart_everything(&chart, wide).await
    });
    assert_eq!(all.unwrap().versions.len(), 2_501);
    while world.wait(world.walls.maintain()).unwrap() {}
    let entries = world.entries();
    let seen = entries.iter().filter(|entry| entry.interaction == Done::Everything);
    assert_eq!(seen.map(|entry| entry.items.len()).sum::<usize>(), 2_501);
    let kept = entries.iter().filter(|entry| entry.interaction == Done::Transaction);
    assert_eq!(kept.map(|entry| entry.items.len()).sum::<usize>(), 2_500);
}

#[test]
fn history_by_pages_with_cursors_that_are_checked() {
    let world = World::new();
    let session = world.clinician();
    for number in 0..5 {
        world.put(&session, &numbered("ann", number));
    }
    let ann = key("Patient", "ann");
    let page = |cursor: Option<String>| {
        world.wait(async {
            let intent = Intent::to(Interaction::HistoryInstance);
            let place = Place::Holding(ann.clone());
            let chart = world.walls.open_chart(&session, intent, place).await?;
            let window = contracts::Window { count: 2, cursor, ..window() };
            world.walls.chart_history(&chart, &ann, window).await
        })
    };
    let mut versions = Vec::new();
    let mut cursor = None;
    loop {
        let found = page(cursor).unwrap();
        versions.extend(found.versions.iter().map(|version| version.version));
        cursor = found.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(versions, [5, 4, 3, 2, 1]);
    for bad in ["", "v", "v0", "v-1", "x3", "v99999999999999999999"] {
        assert_eq!(page(Some(bad.into())).unwrap_err().status, Status::BadRequest, "{bad}");
    }
    assert!(page(Some("v1".into())).unwrap().versions.is_empty());
}

#[test]
fn a_person_reads_who_looked_at_theirs_alone() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    world.put(&session, &patient("bob"));
    world.read(&session, &key("Patient", "ann")).unwrap();
    let read = world.last();
    let (ann, bob) = (world.patient("ann"), world.patient("bob"));
    let entry = |who, id: &str| {
        world.wait(world.walls.journal_entry(who, Intent::to(Interaction::ReadAudit), id))
    };
    assert!(entry(&ann, &read.id).is_ok());
    assert_eq!(world.entries()[0].persons, ["ann"], "looking at accesses is one");
    assert_eq!(entry(&bob, &read.id).unwrap_err().status, Status::Forbidden);
    let absent = "0".repeat(26);
    assert_eq!(entry(&ann, &absent).unwrap_err().status, Status::NotFound);
    assert_eq!(entry(&session, &read.id).unwrap_err().status, Status::Forbidden);
    let filter = |person: Option<&str>| JournalFilter {
        person: person.map(str::to_owned),
        ..JournalFilter::newest(10)
    };
    let search = |person| {
        let intent = Intent::to(Interaction::ReadAudit);
        world.wait(world.walls.journal_read(&ann, intent, filter(person)))
    };
    assert!(!search(Some("ann")).unwrap().entries.is_empty());
    for other in [Some("bob"), None] {
        assert_eq!(search(other).unwrap_err().status, Status::Forbidden);
    }
}
