//! Conditional update, patch and delete (R4 §3.1.0.4.3, §3.1.0.6.1, §3.1.0.7.1).

use contracts::{Change, Effect, Outcome};
use fhir::outcome::Status;

use crate::world::*;

const BY_NUMBER: &str = "identifier=s|1";

fn group(id: &str, number: &str, extra: &str) -> String {
    let id = if id.is_empty() { String::new() } else { format!("\"id\":\"{id}\",") };
    format!(
        r#"{{"resourceType":"Group",{id}"type":"person","actual":true{extra},"identifier":[{{"system":"s","value":"{number}"}}]}}"#
    )
}

fn outcome(world: &World, change: Change) -> Outcome {
    world.one(&world.system(), change).unwrap().outcomes.remove(0)
}

fn refused(world: &World, change: Change) -> Status {
    world.one(&world.system(), change).unwrap_err().status
}

#[test]
fn an_update_by_criteria_creates_then_updates() {
    let world = World::new();
    let made = outcome(&world, update_where(BY_NUMBER, &group("", "1", "")));
    assert_eq!((made.effect, made.version), (Effect::Created, 1));
    let again = outcome(&world, update_where(BY_NUMBER, &group("", "1", ",\"name\":\"n\"")));
    assert_eq!((again.effect, again.version, &again.key), (Effect::Updated, 2, &made.key));
    let same = outcome(&world, update_where(BY_NUMBER, &group("", "1", ",\"name\":\"n\"")));
    assert_eq!((same.effect, same.version), (Effect::Unchanged, 2));
    let id = made.key.id;
    let named = outcome(&world, update_where(BY_NUMBER, &group(&id, "1", ",\"name\":\"m\"")));
    assert_eq!((named.effect, named.version), (Effect::Updated, 3));
    let other =
        world.one(&world.system(), update_where(BY_NUMBER, &group("x", "1", ""))).unwrap_err();
    assert_eq!((other.status, other.expression.as_deref()), (Status::BadRequest, Some("Group.id")));
    world.put(&world.system(), &group("b", "1", ""));
    for several in [
        update_where(BY_NUMBER, &group("", "1", ",\"name\":\"o\"")),
        Change { criteria: Some(BY_NUMBER.into()), id: None, ..delete("Group", "-") },
        Change { criteria: Some(BY_NUMBER.into()), id: None, ..patch("Group", "-", "[]") },
    ] {
        assert_eq!(refused(&world, several), Status::PreconditionFailed);
    }
}

#[test]
fn the_id_in_the_body_is_taken_when_it_is_free() {
    let world = World::new();
    let named = outcome(&world, update_where(BY_NUMBER, &group("mine", "1", "")));
    assert_eq!((named.effect, named.key.id.as_str()), (Effect::Created, "mine"));
    // Another criterion, the same id: it is not that one's to overwrite.
    let other = outcome(&world, update_where("identifier=s|2", &group("mine", "2", "")));
    assert_eq!((other.effect, other.version), (Effect::Created, 1));
    assert_ne!(other.key.id, "mine");
    let held = world.read(&world.system(), &key("Group", "mine")).unwrap();
    assert!(held.contains("\"value\":\"1\""));
    world.one(&world.system(), delete("Group", "mine")).unwrap();
    let free = outcome(&world, update_where(BY_NUMBER, &group("mine", "1", "")));
    assert_eq!((free.effect, free.key.id.as_str(), free.version), (Effect::Created, "mine", 3));
}

#[test]
fn if_match_and_if_none_match_go_with_criteria() {
    let world = World::new();
    let matched = |version| Change {
        if_match: Some(version),
        ..update_where(BY_NUMBER, &group("", "1", &format!(",\"quantity\":{version}")))
    };
    assert_eq!(refused(&world, matched(1)), Status::PreconditionFailed, "nothing is there");
    outcome(&world, update_where(BY_NUMBER, &group("g", "1", "")));
    assert_eq!(outcome(&world, matched(1)).version, 2);
    assert_eq!(refused(&world, matched(1)), Status::PreconditionFailed);
    let absent = |change| Change { if_absent: true, ..change };
    let by_criteria = absent(update_where(BY_NUMBER, &group("", "1", ",\"name\":\"x\"")));
    assert_eq!(refused(&world, by_criteria), Status::PreconditionFailed);
    assert_eq!(refused(&world, absent(update(&group("g", "1", "")))), Status::PreconditionFailed);
    let made = outcome(&world, absent(update(&group("h", "3", ""))));
    assert_eq!((made.effect, made.key.id.as_str()), (Effect::Created, "h"));
    world.one(&world.system(), delete("Group", "h")).unwrap();
    assert_eq!(outcome(&world, absent(update(&group("h", "3", "")))).effect, Effect::Created);
}

#[test]
fn a_deletion_by_criteria_deletes_the_one() {
    let world = World::new();
    let gone = || Change { criteria: Some(BY_NUMBER.into()), id: None, ..delete("Group", "-") };
    let none = outcome(&world, gone());
    assert_eq!((none.effect, none.version), (Effect::Deleted, 0));
    assert_eq!(world.last().outcome.status, 204);
    outcome(&world, update_where(BY_NUMBER, &group("g", "1", "")));
    let stale = Change { if_match: Some(7), ..gone() };
    assert_eq!(refused(&world, stale), Status::PreconditionFailed);
    let done = outcome(&world, gone());
    assert_eq!((done.effect, done.version, done.key.id.as_str()), (Effect::Deleted, 2, "g"));
    let matched = Change { if_match: Some(2), ..gone() };
    assert_eq!(refused(&world, matched), Status::PreconditionFailed, "nothing is there");
}

#[test]
fn a_patch_by_criteria_needs_one() {
    let world = World::new();
    let body = r#"[{"op":"add","path":"/name","value":"n"}]"#;
    let change =
        || Change { criteria: Some(BY_NUMBER.into()), id: None, ..patch("Group", "-", body) };
    assert_eq!(refused(&world, change()), Status::NotFound);
    outcome(&world, update_where(BY_NUMBER, &group("g", "1", "")));
    assert_eq!(
        (
            outcome(&world, change()).version,
            refused(&world, Change { if_match: Some(1), ..change() })
        ),
        (2, Status::PreconditionFailed)
    );
}

#[test]
fn criteria_stand_in_bundles_too() {
    let world = World::new();
    let session = world.system();
    world.put(&session, &group("old", "7", ""));
    let at = |url: &str, change| Change { full_url: Some(url.into()), ..change };
    let list = r#"{"resourceType":"List","status":"current","mode":"working","entry":[{"item":{"reference":"urn:uuid:a"}},{"item":{"reference":"urn:uuid:b"}}]}"#;
    let changes = || {
        vec![
            create(list),
            at("urn:uuid:a", update_where(BY_NUMBER, &group("", "1", ""))),
            at("urn:uuid:b", update_where("identifier=s|7", &group("", "7", ",\"name\":\"n\""))),
            Change { criteria: Some("identifier=s|9".into()), id: None, ..delete("Group", "-") },
        ]
    };
    let done = world.bundle(&session, changes()).unwrap().outcomes;
    let effects: Vec<Effect> = done.iter().map(|one| one.effect).collect();
    use Effect::{Created, Deleted, Unchanged, Updated};
    assert_eq!(effects, [Created, Created, Updated, Deleted]);
    let body = world.read(&session, &done[0].key).unwrap();
    assert!(body.contains(&format!("Group/{}", done[1].key.id)) && body.contains("Group/old"));
    let again = world.bundle(&session, changes()).unwrap().outcomes;
    let effects: Vec<Effect> = again.iter().map(|one| one.effect).collect();
    assert_eq!(effects, [Created, Unchanged, Unchanged, Deleted]);
    assert_eq!(again[1].key, done[1].key);
    // One resource by two entries, whether it is there or not.
    for number in ["1", "5"] {
        let both = || {
            update_where(&format!("identifier=s|{number}"), &group("", number, ",\"name\":\"z\""))
        };
        let refusal = world.bundle(&session, vec![both(), both()]).unwrap_err();
        assert_eq!(refusal.status, Status::UnprocessableEntity, "{number}");
        assert_eq!(refusal.expression.as_deref(), Some("Bundle.entry[1]"));
    }
}

#[test]
fn what_one_may_not_search_one_may_not_change() {
    let world = World::new();
    world.put(&world.system(), &patient("ann"));
    world.put(&world.system(), &insured("bob", "BOBB80010112"));
    let ann = world.patient("ann");
    let criteria = format!("identifier={NAM}|BOBB80010112");
    for change in [
        update_where(&criteria, &insured("", "BOBB80010112").replace("\"id\":\"\",", "")),
        Change { criteria: Some(criteria.clone()), id: None, ..delete("Patient", "-") },
        Change { criteria: Some(criteria.clone()), id: None, ..patch("Patient", "-", "[]") },
    ] {
        assert_eq!(world.one(&ann, change).unwrap_err().status, Status::Forbidden);
    }
    let mine = Change {
        criteria: Some("patient=ann&code=x".into()),
        id: None,
        ..delete("Observation", "-")
    };
    assert_eq!(world.one(&ann, mine).unwrap().outcomes[0].effect, Effect::Deleted);
    let reader = world.caller(access::claims::Function::Physician, "user/*.rs", None);
    for change in [
        update_where(BY_NUMBER, &group("", "1", "")),
        Change { criteria: Some(BY_NUMBER.into()), id: None, ..delete("Group", "-") },
    ] {
        assert_eq!(world.one(&reader, change).unwrap_err().status, Status::Forbidden);
    }
}

#[test]
fn fifty_updates_by_criteria_at_once_make_one() {
    for differing in [false, true] {
        let world = World::new();
        let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
            let world = &world;
            let make = |number: u32| {
                let extra =
                    if differing { format!(",\"quantity\":{number}") } else { String::new() };
                outcome(world, update_where(BY_NUMBER, &group("", "1", &extra)))
            };
            let threads: Vec<_> = (0..50).map(|number| scope.spawn(move || make(number))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let of = |effect| outcomes.iter().filter(|one| one.effect == effect).count();
        assert_eq!(of(Effect::Created), 1);
        assert!(outcomes.iter().all(|one| one.key == outcomes[0].key));
        let rest = if differing { Effect::Updated } else { Effect::Unchanged };
        assert_eq!(of(rest), 49, "each is made, one after the other");
        assert_eq!(world.search(&world.system(), "Group", BY_NUMBER).unwrap().versions.len(), 1);
    }
}
