//! The history of a type and of everything.

use access::claims::Function;
use access::entry::Interaction;
use contracts::{ChangeKind, Page, Window};
use fhir::outcome::Status;

use crate::world::*;

type Line = (String, u64, ChangeKind);

fn lines(page: &Page) -> Vec<Line> {
    let line = |one: &contracts::Version| (one.key.id.clone(), one.version, one.kind);
    page.versions.iter().map(line).collect()
}

/// Ann and Bob, changes to both, an organization.
fn world() -> World {
    let world = World::new();
    let session = world.system();
    world.put(&session, &patient("ann"));
    world.put(&session, &patient("bob"));
    world.put(&session, r#"{"resourceType":"Organization","id":"org"}"#);
    world.put(&session, &insured("ann", "TREA80010112"));
    world
        .bundle(
            &session,
            vec![
                delete("Patient", "bob"),
                update(
                    &observation("Patient/ann").replace("\"status\"", "\"id\":\"o\",\"status\""),
                ),
            ],
        )
        .unwrap();
    world
}

#[test]
fn newest_first_deletions_included() {
    use ChangeKind::{Create, Delete, Update};
    let world = world();
    let session = world.system();
    let line = |id: &str, version, kind| (id.to_owned(), version, kind);
    let page = world.history(&session, &["Patient"], window()).unwrap();
    let patients = [
        line("bob", 2, Delete),
        line("ann", 2, Update),
        line("bob", 1, Create),
        line("ann", 1, Create),
    ];
    assert_eq!((lines(&page), page.next), (patients.to_vec(), None));
    assert!(page.versions[0].body.is_empty() && page.versions[1].body.starts_with(b"{"));
    assert!(page.versions.windows(2).all(|two| two[0].last_updated_ms >= two[1].last_updated_ms));
    let entry = world.last();
    assert_eq!(entry.interaction, Interaction::HistoryType);
    assert_eq!((entry.persons.len(), entry.items.len()), (2, 4));
    let all = world.history(&session, &[], window()).unwrap();
    assert_eq!(all.versions.len(), 6);
    assert_eq!(world.last().interaction, Interaction::HistorySystem);
    let two = world.history(&session, &["Organization", "Observation"], window()).unwrap();
    assert_eq!(lines(&two), [line("o", 1, Create), line("org", 1, Create)]);
    let since = Window { since_ms: Some(page.versions[1].last_updated_ms), ..window() };
    assert_eq!(world.history(&session, &[], since).unwrap().versions.len(), 3);
}

#[test]
fn pages_go_on_where_they_stopped_while_others_write() {
    let world = World::new();
    let session = world.system();
    for round in 0..40 {
        let ids = [format!("p{round}"), format!("q{round}"), format!("r{round}")];
        world.bundle(&session, ids.iter().map(|id| update(&patient(id))).collect()).unwrap();
    }
    for count in [1, 2, 7, 50] {
        let mut found: Vec<Line> = Vec::new();
        let mut cursor = None;
        loop {
            let window = Window { count, cursor, ..Window::default() };
            let page = world.history(&session, &["Patient"], window).unwrap();
            assert!(page.versions.len() <= count as usize);
            found.extend(lines(&page));
            world.put(&session, r#"{"resourceType":"Organization","id":"org"}"#);
            world.one(&session, create(&patient("new"))).unwrap();
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let old: Vec<&Line> = found.iter().filter(|(id, ..)| id.len() < 4).collect();
        let mut each = old.clone();
        each.sort_by_key(|(id, ..)| id.clone());
        each.dedup();
        assert_eq!((old.len(), each.len()), (120, 120), "each once, by {count}");
    }
    for bad in
        ["x", "f", "f0~~0", "fz~00000000000000000000000000~0", "f-1~00000000000000000000000000~0"]
    {
        let window = Window { count: 5, cursor: Some(bad.into()), ..Window::default() };
        assert_eq!(
            world.history(&session, &[], window).unwrap_err().status,
            Status::BadRequest,
            "{bad}"
        );
    }
}

#[test]
fn a_rare_type_takes_several_short_pages_and_is_found() {
    let world = World::new();
    let session = world.system();
    world.put(&session, r#"{"resourceType":"Organization","id":"org"}"#);
    for round in 0..600 {
        world.one(&session, create(&patient(&format!("p{round}")))).unwrap();
    }
    let mut cursor = None;
    let (mut pages, mut found) = (0, Vec::new());
    loop {
        world.record.inner.take();
        let page = world
            .history(&session, &["Organization"], Window { count: 1, cursor, ..Window::default() })
            .unwrap();
        assert!(world.record.inner.take().trips <= 100, "the work of one page is bounded");
        pages += 1;
        found.extend(lines(&page));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((found.len(), found[0].0.as_str()), (1, "org"));
    assert!(pages < 20);
}

#[test]
fn what_one_may_not_read_is_absent() {
    let world = world();
    let ann = world.patient("ann");
    let own = world.history(&ann, &[], window()).unwrap();
    let mut ids: Vec<String> = lines(&own).into_iter().map(|(id, ..)| id).collect();
    ids.sort();
    assert_eq!(ids, ["ann", "ann", "o"], "the own chart alone");
    assert_eq!(world.last().persons, ["ann"]);
    let some = world.caller(Function::Physician, "user/Observation.rs", None);
    assert_eq!(world.history(&some, &[], window()).unwrap().versions.len(), 1);
    let refusal = world.history(&some, &["Patient"], window()).unwrap_err();
    assert_eq!(
        (refusal.status, world.last().outcome.denied),
        (Status::Forbidden, Some("scope".into()))
    );
    let launched = world.caller(Function::Physician, "patient/*.rs", Some("bob"));
    assert_eq!(world.history(&launched, &["Patient"], window()).unwrap().versions.len(), 2);
    let auditor = world.auditor();
    assert_eq!(
        world.history(&auditor, &["Patient"], window()).unwrap_err().status,
        Status::Forbidden
    );
    assert!(world.history(&auditor, &[], window()).unwrap().versions.is_empty());
    assert_eq!(
        world.history(&world.clinician(), &["Nonsense"], window()).unwrap_err().status,
        Status::BadRequest
    );
}
