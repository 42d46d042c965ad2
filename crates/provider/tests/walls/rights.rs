//! Who may: a token confined to one person learns nothing of another.

use access::claims::Function;
use contracts::{Change, CommitOptions, Intent, Interaction, Place};
use fhir::outcome::Status;

use crate::world::*;

fn unless(criteria: &str, change: Change) -> Change {
    Change { if_none_exist: Some(criteria.into()), ..change }
}

/// Ann and Bob, Bob with a NAM and an observation.
fn world() -> World {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    world.put(&session, &insured("bob", "BOBB80010112"));
    let body = observation("Patient/bob").replace("\"status\"", "\"id\":\"o\",\"status\"");
    world.put(&session, &body);
    world
}

#[test]
fn conditional_creates_and_references_are_searches() {
    let world = world();
    let ann = world.patient("ann");
    let options = || CommitOptions { return_bodies: true, ..CommitOptions::default() };
    for nam in ["BOBB80010112", "NONE80010112"] {
        let criteria = format!("identifier={NAM}|{nam}");
        let refusal = world
            .commit(&ann, vec![unless(&criteria, create(&patient("x")))], options())
            .unwrap_err();
        assert_eq!(refusal.status, Status::Forbidden, "{nam}");
        let reference = create(&observation("Patient/ann").replace(
            "\"code\"",
            &format!("\"focus\":[{{\"reference\":\"Patient?{criteria}\"}}],\"code\""),
        ));
        assert_eq!(world.bundle(&ann, vec![reference]).unwrap_err().status, Status::Forbidden);
    }
    // Within the own chart both are allowed.
    let own = unless("patient=ann&code=x", create(&observation("Patient/ann")));
    world.one(&ann, own).unwrap();
    let writer = world.caller(Function::Physician, "user/Patient.c", None);
    let blind = unless(&format!("identifier={NAM}|BOBB80010112"), create(&patient("x")));
    assert_eq!(world.one(&writer, blind).unwrap_err().status, Status::Forbidden);
    let entry = world.last();
    assert_eq!(entry.outcome.denied.as_deref(), Some("scope"));
}

#[test]
fn a_reference_into_another_chart_tells_nothing() {
    let world = world();
    let ann = world.patient("ann");
    let told = |other: &str| {
        let body = observation("Patient/ann")
            .replace("\"code\"", &format!("\"focus\":[{{\"reference\":\"{other}\"}}],\"code\""));
        let refusal = world.bundle(&ann, vec![create(&body)]).unwrap_err();
        (refusal.status, refusal.diagnostics.replace(other, "…"), refusal.expression)
    };
    assert_eq!(told("Patient/bob"), told("Patient/nobody"));
    assert_eq!(told("Observation/o"), told("Observation/none"));
}

#[test]
fn each_change_is_decided_and_the_refusal_names_whose() {
    let world = world();
    let ann = world.patient("ann");
    for change in [
        update(&patient("bob")),
        delete("Patient", "bob"),
        delete("Observation", "o"),
        create(&observation("Patient/bob")),
    ] {
        let mixed = vec![update(&patient("ann")), change.clone()];
        let mixed = world.bundle(&ann, mixed).unwrap_err().status;
        assert!(matches!(mixed, Status::Forbidden | Status::UnprocessableEntity), "{mixed:?}");
        let refusal = world.one(&ann, change).unwrap_err();
        assert_eq!(refusal.status, Status::Forbidden);
        let entry = world.last();
        assert_eq!(entry.persons, ["bob"]);
        assert_eq!(entry.outcome.denied.as_deref(), Some("other-person"));
    }
    let clinician = world.clinician();
    let body = world.read(&clinician, &key("Patient", "ann")).unwrap();
    assert!(body.contains("\"versionId\":\"1\""), "{body}");
}

#[test]
fn a_handle_opens_nothing_but_what_the_session_may() {
    let world = world();
    let walls = &world.walls;
    let reader = world.caller(Function::Physician, "user/Patient.r", None);
    let all = world.clinician();
    world.wait(async {
        let intent = Intent::to(Interaction::Read);
        let chart = walls.open_chart(&reader, intent, Place::Person("bob".into())).await.unwrap();
        walls.chart_read(&chart, &key("Patient", "bob")).await.unwrap();
        let refused = |answer: Result<(), contracts::Refusal>| {
            assert_eq!(answer.unwrap_err().status, Status::Forbidden);
        };
        refused(walls.chart_read(&chart, &key("Observation", "o")).await.map(drop));
        refused(walls.chart_search(&chart, &["Patient".into()], "gender=male").await.map(drop));
        refused(walls.chart_everything(&chart, window()).await.map(drop));
        let shelf = walls.open_registry(&reader, Intent::to(Interaction::Read)).await.unwrap();
        refused(
            walls.registry_search(&shelf, &["Patient".into()], "_id=bob", None).await.map(drop),
        );
        refused(walls.registry_read(&shelf, &key("Organization", "x")).await.map(drop));
        // A key of another chart finds nothing.
        let intent = Intent::to(Interaction::Read);
        let chart = walls.open_chart(&all, intent, Place::Person("ann".into())).await.unwrap();
        for other in [key("Patient", "bob"), key("Observation", "o")] {
            let answer = walls.chart_read(&chart, &other).await;
            assert_eq!(answer.unwrap_err().status, Status::NotFound);
        }
    });
}

#[test]
fn a_confined_token_searches_only_its_chart() {
    let world = world();
    let ann = world.patient("ann");
    for query in ["name=x", "gender=male", "identifier=BOBB80010112"] {
        assert!(world.search(&ann, "Patient", query).unwrap().versions.is_empty(), "{query}");
    }
    assert_eq!(ids(&world.search(&ann, "Patient", "gender:missing=true").unwrap()), ["ann"]);
    assert!(world.search(&ann, "Observation", "").unwrap().versions.is_empty());
    for query in ["_id=bob", "_id=ann,bob"] {
        let refusal = world.search(&ann, "Patient", query).unwrap_err();
        assert_eq!(refusal.status, Status::Forbidden, "{query}");
    }
    let both = world.search(&ann, "Observation", "patient=ann,bob").unwrap_err();
    assert_eq!(both.status, Status::Forbidden);
    for (place, status) in [
        (Place::Holding(key("Observation", "o")), Status::Forbidden),
        (Place::Holding(key("Observation", "none")), Status::Forbidden),
        (Place::Person("bob".into()), Status::Forbidden),
    ] {
        let opened = world.wait(world.walls.open_chart(&ann, Intent::to(Interaction::Read), place));
        assert_eq!(opened.unwrap_err().status, status);
    }
}
