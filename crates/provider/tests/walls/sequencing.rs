//! `sequencing`: the ledger carried forward by whoever operates the door.

use access::claims::Function;
use access::entry::Change;
use fhir::outcome::Status;
use ledger::keys::{Kind, SignerKey};

use crate::world::*;

fn operator(world: &World) -> provider::Session {
    world.caller(Function::from_code("operator"), "user/*.rs", None)
}

#[test]
fn a_turn_appends_what_was_accepted_and_publishes_it() {
    let world = World::new();
    for number in 0..5 {
        world.put(&world.clinician(), &patient(&format!("p{number}")));
    }
    let session = operator(&world);
    // Without a key nothing is published.
    let first = world.wait(world.walls.ledger_advance(&session)).unwrap();
    assert_eq!((first.appended, first.size, first.published, first.more), (5, 5, 0, false));
    let key = SignerKey::from_seed("log.example/01", Kind::Log, &[7; 32]).unwrap();
    world.walls.sign_ledger_with(key.clone());
    let second = world.wait(world.walls.ledger_advance(&session)).unwrap();
    assert_eq!((second.appended, second.size, second.published), (0, 5, 5));
    let text = world.wait(world.walls.log_file("01", "checkpoint")).unwrap();
    let note = ledger::note::Note::parse(&text).unwrap();
    assert!(key.verifier().verify(&note).unwrap().is_some());
    // A turn is no access: nothing of it is journaled.
    let entries = world.entries();
    assert_eq!(entries.iter().filter(|entry| entry.items.is_empty()).count(), 0);
    assert!(entries.iter().all(|entry| entry.items[0].change == Change::Created));
}

#[test]
fn whoever_is_no_operator_is_refused_and_that_is_journaled() {
    let world = World::new();
    for session in [world.clinician(), world.system(), world.auditor(), world.patient("p1")] {
        let refused = world.wait(world.walls.ledger_advance(&session)).unwrap_err();
        assert_eq!(refused.status, Status::Forbidden);
        assert!(refused.diagnostics.contains("operator"), "{refused:?}");
    }
    let denied = world.entries();
    let denied = denied.iter().filter(|entry| entry.outcome.denied.as_deref() == Some("operator"));
    assert_eq!(denied.count(), 4);
    assert!(world.wait(world.walls.log("01").head()).unwrap().is_none(), "nothing was begun");
}

#[test]
fn where_the_table_is_away_a_turn_is_to_be_asked_for_again() {
    let world = World::new();
    world.put(&world.clinician(), &patient("p1"));
    let session = operator(&world);
    world.access.refuse(true);
    let refused = world.wait(world.walls.ledger_advance(&session)).unwrap_err();
    assert_eq!(refused.status, Status::ServiceUnavailable);
    assert!(refused.retry_after_s.is_some());
    world.access.refuse(false);
    let done = world.wait(world.walls.ledger_advance(&session)).unwrap();
    assert_eq!((done.size, done.more), (1, false));
}
