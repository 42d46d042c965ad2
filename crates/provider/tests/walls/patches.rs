//! Patches and meta: applied to what is there, by whoever may.

use access::claims::Function;
use access::entry::{Change as Seen, Interaction};
use contracts::{BodyForm, Change, CommitOptions, Effect};
use fhir::outcome::Status;

use crate::world::*;

const NAMED: &str = r#"[{"op":"add","path":"/name","value":[{"family":"Tremblay"}]}]"#;

#[test]
fn json_patch_and_fhirpath_patch_make_a_version() {
    let world = World::new();
    let session = world.clinician();
    let body = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.00},"subject":{"reference":"Patient/ann"}}"#;
    world.put(&session, &patient("ann"));
    world.put(&session, body);
    let changed = r#"[{"op":"replace","path":"/status","value":"amended"}]"#;
    let options = CommitOptions { return_bodies: true, ..CommitOptions::default() };
    let done = world.commit(&session, vec![patch("Observation", "o", changed)], options).unwrap();
    let text = String::from_utf8(done.outcomes[0].body.clone()).unwrap();
    assert!(text.contains("\"amended\"") && text.contains("1.00"), "{text}");
    assert_eq!((done.outcomes[0].version, world.last().items[0].change), (2, Seen::Updated));
    assert_eq!(world.last().persons, ["ann"]);
    assert_eq!(text, world.read(&session, &key("Observation", "o")).unwrap());
    let parameters = r#"{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Observation.status"},{"name":"value","valueCode":"final"}]}]}"#;
    let done = world.one(&session, patch("Observation", "o", parameters)).unwrap();
    assert_eq!((done.outcomes[0].version, done.outcomes[0].effect), (3, Effect::Updated));
    let same = world.one(&session, patch("Observation", "o", parameters)).unwrap();
    assert_eq!((same.outcomes[0].version, same.outcomes[0].effect), (3, Effect::Unchanged));
}

#[test]
fn a_patch_of_what_is_not_there_or_wrong_changes_nothing() {
    let world = World::new();
    let session = world.clinician();
    let status = |change| world.one(&session, change).unwrap_err().status;
    assert_eq!(status(patch("Patient", "ann", NAMED)), Status::NotFound);
    assert_eq!(world.last().outcome.status, 404);
    world.put(&session, &patient("ann"));
    for (body, expected) in [
        (r#"[{"op":"add","path":"/id","value":"bob"}]"#, 422),
        (r#"[{"op":"add","path":"/gender","value":"x"}]"#, 422),
        (r#"[{"op":"remove","path":"/gender"}]"#, 422),
        (r#"[{"op":"leap","path":"/gender"}]"#, 400),
        ("{}", 400),
        ("", 400),
        (r#"{"resourceType":"Patient"}"#, 400),
    ] {
        let refusal = world.one(&session, patch("Patient", "ann", body)).unwrap_err();
        assert_eq!(refusal.status.code(), expected, "{body}: {refusal}");
    }
    assert!(!world.read(&session, &key("Patient", "ann")).unwrap().contains("gender"));
    // It would belong to another chart.
    world.put(&session, &patient("bob"));
    let made = world.one(&session, create(&observation("Patient/ann"))).unwrap().outcomes.remove(0);
    let moved = r#"[{"op":"replace","path":"/subject/reference","value":"Patient/bob"}]"#;
    assert_eq!(status(patch("Observation", &made.key.id, moved)), Status::UnprocessableEntity);
    let stale = Change { if_match: Some(7), ..patch("Patient", "ann", NAMED) };
    assert_eq!(status(stale), Status::PreconditionFailed);
    world.one(&session, delete("Patient", "ann")).unwrap();
    assert_eq!(status(patch("Patient", "ann", NAMED)), Status::Gone);
}

#[test]
fn who_may_update_may_patch_and_reads_only_what_they_may() {
    let world = World::new();
    world.put(&world.system(), &insured("ann", "TREA80010112"));
    world.put(&world.system(), &patient("bob"));
    let reader = world.caller(Function::Physician, "user/*.rs", None);
    let bob = world.patient("bob");
    for session in [reader, bob] {
        for id in ["ann", "nobody"] {
            let refusal = world.one(&session, patch("Patient", id, NAMED)).unwrap_err();
            assert_eq!(refusal.status, Status::Forbidden, "{id}");
        }
        assert_eq!(world.last().interaction, Interaction::Update, "as the function says");
    }
    let writer = world.caller(Function::Physician, "user/*.u", None);
    let options = CommitOptions { return_bodies: true, ..CommitOptions::default() };
    let done = world.commit(&writer, vec![patch("Patient", "ann", NAMED)], options).unwrap();
    assert_eq!((done.outcomes[0].version, done.outcomes[0].body.len()), (2, 0));
}

#[test]
fn patches_at_once_are_all_made() {
    let world = World::new();
    world.put(&world.system(), r#"{"resourceType":"List","id":"l","status":"current","mode":"working","note":[{"text":"0"}]}"#);
    std::thread::scope(|scope| {
        for number in 1..=16 {
            let world = &world;
            scope.spawn(move || {
                let body =
                    format!(r#"[{{"op":"add","path":"/note/-","value":{{"text":"{number}"}}}}]"#);
                world.one(&world.system(), patch("List", "l", &body)).unwrap();
            });
        }
    });
    let text = world.read(&world.system(), &key("List", "l")).unwrap();
    for number in 0..=16 {
        assert!(text.contains(&format!("{{\"text\":\"{number}\"}}")), "{number} in {text}");
    }
    assert!(text.contains("\"versionId\":\"17\""));
}

#[test]
fn a_patch_stands_in_a_bundle() {
    let world = World::new();
    let session = world.system();
    world.put(&session, &patient("ann"));
    let body =
        r#"[{"op":"add","path":"/generalPractitioner","value":[{"reference":"urn:uuid:d"}]}]"#;
    let doctor = Change {
        full_url: Some("urn:uuid:d".into()),
        ..create(r#"{"resourceType":"Practitioner"}"#)
    };
    let done =
        world.bundle(&session, vec![patch("Patient", "ann", body), doctor]).unwrap().outcomes;
    let text = world.read(&session, &key("Patient", "ann")).unwrap();
    assert!(text.contains(&format!("Practitioner/{}", done[1].key.id)), "{text}");
    let failing =
        vec![update(&patient("eve")), patch("Patient", "ann", r#"[{"op":"remove","path":"/x"}]"#)];
    let refusal = world.bundle(&session, failing).unwrap_err();
    assert_eq!(refusal.status, Status::UnprocessableEntity);
    assert!(refusal.expression.unwrap_or_default().starts_with("Bundle.entry[1]"));
    assert!(world.read(&session, &key("Patient", "eve")).is_err());
}

#[test]
fn meta_is_merged_in_and_taken_out() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &patient("ann"));
    let change = |form, meta: &str| {
        let body = format!(
            r#"{{"resourceType":"Parameters","parameter":[{{"name":"meta","valueMeta":{meta}}}]}}"#
        );
        world.one(&session, Change { form, ..patch("Patient", "ann", &body) })
    };
    let tag = r#"{"tag":[{"system":"s","code":"c"}],"security":[{"system":"s","code":"R"}]}"#;
    let done = change(BodyForm::MetaAdd, tag).unwrap();
    assert_eq!((done.outcomes[0].version, done.outcomes[0].effect), (2, Effect::Updated));
    assert_eq!(world.search(&session, "Patient", "_tag=s|c").unwrap().versions.len(), 1);
    assert_eq!(change(BodyForm::MetaAdd, tag).unwrap().outcomes[0].effect, Effect::Unchanged);
    let done = change(BodyForm::MetaDelete, r#"{"tag":[{"system":"s","code":"c"}]}"#).unwrap();
    assert_eq!(done.outcomes[0].version, 3);
    let text = world.read(&session, &key("Patient", "ann")).unwrap();
    assert!(!text.contains("\"tag\"") && text.contains("\"R\""), "{text}");
    let wrong = Change {
        form: BodyForm::MetaAdd,
        ..patch("Patient", "ann", r#"{"resourceType":"Patient"}"#)
    };
    assert_eq!(world.one(&session, wrong).unwrap_err().status, Status::BadRequest);
}
