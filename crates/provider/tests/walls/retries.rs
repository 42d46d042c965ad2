//! Retry keys: the same answer for the same request, to whoever may have it.

use access::claims::Function;
use contracts::{Change, CommitOptions, Effect};
use fhir::outcome::Status;

use crate::world::*;

fn keyed(key: &str, hash: u8) -> CommitOptions {
    CommitOptions {
        retry_key: Some(key.into()),
        request_hash: vec![hash; 32],
        return_bodies: true,
        bundle: false,
        notices: false,
    }
}

#[test]
fn a_repetition_gets_the_first_answer() {
    let world = World::new();
    let session = world.clinician();
    let change = || vec![create(&insured("x", "TREA80010112"))];
    let first = world.commit(&session, change(), keyed("k", 1)).unwrap();
    let again = world.commit(&session, change(), keyed("k", 1)).unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(first.outcomes, again.outcomes, "bodies as well");
    let entry = world.last();
    assert_eq!(entry.persons, [first.outcomes[0].key.id.clone()]);
    assert_eq!(entry.items[0].change, access::entry::Change::Read);
    let other = world.commit(&session, change(), keyed("k", 2)).unwrap_err();
    assert_eq!(other.status, Status::UnprocessableEntity);
    assert_eq!(world.search(&session, "Patient", "gender:missing=true").unwrap().versions.len(), 1);
}

#[test]
fn the_answer_is_only_for_those_who_may() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    let body = observation("Patient/ann");
    let done = world.commit(&session, vec![create(&body)], keyed("k", 1)).unwrap();
    // The same client, another token.
    for other in [
        world.patient("bob"),
        world.caller(Function::Nurse, "user/*.rs", None),
        world.caller(Function::Auditor, "user/*.cruds", None),
    ] {
        let refusal = world.commit(&other, vec![create(&body)], keyed("k", 1)).unwrap_err();
        assert_eq!(refusal.status, Status::Forbidden);
        assert_eq!(world.last().persons, ["ann"]);
        assert!(world.last().outcome.denied.is_some());
    }
    let colleague = world.caller(Function::Nurse, "user/Observation.c", None);
    let again = world.commit(&colleague, vec![create(&body)], keyed("k", 1)).unwrap();
    assert_eq!(again.outcomes, done.outcomes);
}

#[test]
fn what_a_request_did_before_does_not_stand_in_its_way() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    let criteria = format!("identifier={NAM}|TREA80010112");
    let changes: [Change; 3] = [
        Change { if_match: Some(1), ..update(&patient("ann")) },
        Change { if_none_exist: Some(criteria), ..create(&insured("x", "TREA80010112")) },
        create(&insured("y", "OTHE80010112")),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let send = || {
                let options = keyed(&format!("k{number}"), 1);
                world.commit(&session, vec![change.clone()], options).unwrap()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|one| !one.replayed).count(), 1);
        for outcome in &outcomes {
            assert_eq!(outcome.outcomes, outcomes[0].outcomes);
        }
        assert_ne!(outcomes[0].outcomes[0].effect, Effect::Existing);
    }
}
