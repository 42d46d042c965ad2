//! Stores that fail around a commit: what is told must be true.

use std::sync::atomic::Ordering;

use contracts::{Change, CommitOptions};
use fhir::outcome::Status;

use crate::world::*;

fn keyed() -> CommitOptions {
    CommitOptions {
        retry_key: Some("k".into()),
        request_hash: vec![1; 32],
        return_bodies: true,
        bundle: false,
        notices: false,
    }
}

#[test]
fn a_commit_needs_nothing_after_it() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    world.access.refuse(true);
    // The record refuses everything once the commit is made.
    world.record.refuse_after.store(1, Ordering::SeqCst);
    let done = world.commit(&session, vec![update(&numbered("ann", 2))], keyed()).unwrap();
    assert!(String::from_utf8_lossy(&done.outcomes[0].body).contains("\"versionId\":\"2\""));
    // Asked again, the answer cannot be given, and that is said as it is.
    let away = world.commit(&session, vec![update(&numbered("ann", 2))], keyed()).unwrap_err();
    assert_eq!(away.status, Status::ServiceUnavailable);
    world.record.refuse(false);
    let unwitnessed =
        world.commit(&session, vec![update(&numbered("ann", 2))], keyed()).unwrap_err();
    assert_eq!(unwitnessed.status, Status::ServiceUnavailable);
    assert!(unwitnessed.diagnostics.contains("stands"), "{unwitnessed}");
    world.access.refuse(false);
    let again = world.commit(&session, vec![update(&numbered("ann", 2))], keyed()).unwrap();
    assert!(again.replayed);
    assert_eq!(again.outcomes, done.outcomes);
    let change = access::entry::Change::Updated;
    let entries = world.entries();
    let written = entries.iter().filter(|one| one.items.iter().any(|item| item.change == change));
    assert_eq!(written.count(), 1);
}

#[test]
fn a_lost_reply_is_a_success_when_it_was_one() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    for version in 2..6 {
        world.record.losing.store(version, Ordering::SeqCst);
        let change = Change { if_match: Some(version - 1), ..update(&numbered("ann", version)) };
        let done = world.one(&session, change).unwrap();
        assert_eq!(done.outcomes[0].version, version);
    }
}

#[test]
fn what_is_not_known_is_said_so() {
    let world = World::new();
    let session = world.clinician();
    // Every reply is lost, and then the store is away; the journal too.
    world.record.losing.store(1, Ordering::SeqCst);
    world.record.refuse_after.store(1, Ordering::SeqCst);
    world.access.refuse(true);
    let refusal = world.commit(&session, vec![update(&patient("ann"))], keyed()).unwrap_err();
    assert_eq!(refusal.status, Status::ServiceUnavailable);
    assert!(refusal.diagnostics.contains("same Idempotency-Key"), "{refusal}");
    world.record.refuse(false);
    world.access.refuse(false);
    let again = world.commit(&session, vec![update(&patient("ann"))], keyed()).unwrap();
    assert!(again.replayed);
    world.record.losing.store(1, Ordering::SeqCst);
    world.record.refuse_after.store(1, Ordering::SeqCst);
    let refusal = world.one(&session, update(&patient("bob"))).unwrap_err();
    assert!(refusal.diagnostics.contains("not known"), "{refusal}");
    assert!(!refusal.diagnostics.contains("same Idempotency-Key"), "there was none: {refusal}");
}

#[test]
fn a_store_that_is_away_is_said_so_by_every_wall() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    world.record.refuse(true);
    let status = |answer: Result<(), contracts::Refusal>| answer.unwrap_err().status;
    let away = Status::ServiceUnavailable;
    assert_eq!(status(world.read(&session, &key("Patient", "ann")).map(drop)), away);
    assert_eq!(status(world.everything(&session, "ann").map(drop)), away);
    assert_eq!(status(world.search(&session, "Patient", "_id=ann").map(drop)), away);
    let refusal = world.one(&session, update(&patient("ann"))).unwrap_err();
    assert_eq!(refusal.status, away);
}

#[test]
fn a_transaction_cut_off_midway_leaves_nothing_and_can_be_sent_again() {
    for people in [3, 150] {
        for transactions in 1..3 {
            let world = World::new();
            let session = world.system();
            world.put(&session, &patient("p0"));
            let changes = || (0..people).map(|n| update(&numbered(&format!("p{n}"), 2))).collect();
            let options = || CommitOptions { bundle: true, return_bodies: false, ..keyed() };
            world.record.refuse_after.store(transactions, Ordering::SeqCst);
            let cut = world.commit(&session, changes(), options());
            world.record.refuse(false);
            if let Err(refusal) = cut {
                assert_eq!(refusal.status, Status::ServiceUnavailable);
                let first = world.read(&session, &key("Patient", "p0")).unwrap();
                assert!(first.contains("\"versionId\":\"1\""), "{first}");
                for n in 1..people {
                    let absent = world.read(&session, &key("Patient", &format!("p{n}")));
                    assert_eq!(absent.unwrap_err().status, Status::NotFound);
                }
                let entries = world.entries();
                let told = entries.iter().filter(|entry| entry.items.len() == people);
                assert_eq!(told.count(), 0, "what was not done has no entry");
            }
            // Until the lease of the dead has passed.
            world.environment.now_ms.fetch_add(60_000, Ordering::SeqCst);
            let done = world.commit(&session, changes(), options()).unwrap();
            assert_eq!(done.outcomes.len(), people);
            assert_eq!(done.outcomes[0].version, 2);
            let entries = world.entries();
            let told = entries.iter().filter(|entry| {
                entry.items.len() == people
                    && entry.items[1].change == access::entry::Change::Created
            });
            assert_eq!(told.count(), 1);
        }
    }
}
