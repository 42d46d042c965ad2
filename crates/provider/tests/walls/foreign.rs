//! AuditEvent and Provenance that clients send: kept, marked, never mistaken
//! for the record's own.

use access::claims::Function;
use access::origin::own_provenance_id;
use contracts::{Change, Effect};
use fhir::outcome::Status;

use crate::world::*;

const TAG: &str = "urn:dossier:origin";

fn audit(id: &str, person: &str) -> String {
    let id = if id.is_empty() { String::new() } else { format!("\"id\":\"{id}\",") };
    format!(
        r#"{{"resourceType":"AuditEvent",{id}"type":{{"code":"rest"}},"recorded":"2026-01-01T00:00:00Z","agent":[{{"requestor":true}}],"source":{{"observer":{{"display":"x"}}}},"entity":[{{"what":{{"reference":"Patient/{person}"}}}}]}}"#
    )
}

#[test]
fn an_audit_event_of_a_client_is_kept_and_never_changed() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    let made = world.one(&session, create(&audit("", "ann"))).unwrap().outcomes.remove(0);
    assert_eq!(world.last().persons, ["ann"]);
    let reader = world.caller(Function::Physician, "user/AuditEvent.rs", None);
    let text = world.read(&reader, &made.key).unwrap();
    assert!(text.contains(&format!(r#""tag":[{{"system":"{TAG}","code":"foreign"}}]"#)), "{text}");
    assert!(world.read(&session, &made.key).is_err(), "charts' wildcards do not read audits");
    // By an id of the client it is created, once.
    let put = world.one(&session, update(&audit("mine", "ann"))).unwrap().outcomes.remove(0);
    assert_eq!((put.effect, put.version), (Effect::Created, 1));
    let (id, body) = (&*made.key.id, audit(&made.key.id, "ann"));
    for session in [world.clinician(), world.system(), world.patient("ann")] {
        for change in [
            update(&body.replace("rest", "other")),
            update(&body),
            Change { if_match: Some(1), ..update(&body) },
            delete("AuditEvent", id),
            patch("AuditEvent", id, "[]"),
            update(&audit("mine", "ann").replace("rest", "other")),
        ] {
            assert_eq!(world.one(&session, change).unwrap_err().status, Status::Forbidden);
        }
    }
    let auditor = world.caller(Function::Auditor, "user/AuditEvent.rs", None);
    assert_eq!(
        world.one(&auditor, create(&audit("", "ann"))).unwrap_err().status,
        Status::Forbidden
    );
    let bob = world.patient("bob");
    assert_eq!(world.one(&bob, create(&audit("", "ann"))).unwrap_err().status, Status::Forbidden);
}

#[test]
fn what_the_record_makes_itself_nobody_writes() {
    let world = World::new();
    let session = world.system();
    world.put(&session, &patient("ann"));
    let entry = world.last().id;
    let provenance = |id: &str| {
        format!(
            r#"{{"resourceType":"Provenance","id":"{id}","recorded":"2026-01-01T00:00:00Z","target":[{{"reference":"Patient/ann"}}],"agent":[{{"who":{{"display":"x"}}}}]}}"#
        )
    };
    let own = own_provenance_id(&entry);
    for change in [
        update(&audit(&format!("{entry}.0"), "ann")),
        update(&provenance(&own)),
        delete("Provenance", &own),
        patch("Provenance", &own, "[]"),
        update_where("_id=none", &provenance(&own)),
    ] {
        let refusal = world.one(&session, change).unwrap_err();
        assert_eq!(refusal.status, Status::Forbidden, "{refusal}");
    }
    let done = world.one(&session, update(&provenance("theirs"))).unwrap();
    assert_eq!(done.outcomes[0].effect, Effect::Created);
    let text = world.read(&session, &key("Provenance", "theirs")).unwrap();
    assert!(text.contains(TAG), "{text}");
    // Sent back as it was read, or as it was sent, it is the same.
    for same in [text, provenance("theirs")] {
        assert_eq!(
            world.one(&session, update(&same)).unwrap().outcomes[0].effect,
            Effect::Unchanged
        );
    }
    let lying = provenance("b").replace(
        "\"recorded\"",
        &format!("\"meta\":{{\"tag\":[{{\"system\":\"{TAG}\",\"code\":\"own\"}}]}},\"recorded\""),
    );
    assert_eq!(
        world.one(&session, update(&lying)).unwrap_err().status,
        Status::UnprocessableEntity
    );
    assert_eq!(world.one(&session, delete("Provenance", "theirs")).unwrap().outcomes[0].version, 2);
}
