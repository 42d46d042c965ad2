//! What a person withholds is absent on every path, and an emergency lifts it
//! for one access that tells of itself.

use access::claims::Function;
use access::entry::{Basis, Interaction as Did};
use contracts::{
    Change, ChangeKind, CommitOptions, ExportLevel, ExportRequest, Intent, Interaction,
    JournalFilter, Place, Window,
};
use fhir::outcome::Status;
use provider::Session;

use crate::world::*;

/// Stands in everything that is withheld.
const CANARY: &str = "canary-7f3a";

/// A person whose nurses do not see what is labelled HIV: an Observation `seen`,
/// an Observation `hidden`, and a Condition `hidden` whose evidence it is.
fn restricted() -> (World, Session, Session) {
    let world = World::new();
    let physician = world.clinician();
    world.put(&physician, &person("ann"));
    world.put(&physician, &labelled("hidden", "R75"));
    world.put(
        &physician,
        r#"{"resourceType":"Observation","id":"seen","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},"subject":{"reference":"Patient/ann"},"derivedFrom":[{"reference":"Observation/hidden"}]}"#,
    );
    world.put(&physician, &consent("active"));
    let nurse = world.caller(Function::Nurse, "user/*.cruds", None);
    (world, physician, nurse)
}

fn person(id: &str) -> String {
    format!(r#"{{"resourceType":"Patient","id":"{id}","birthDate":"1980-02-03"}}"#)
}

fn labelled(id: &str, code: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"{id}","meta":{{"security":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"HIV"}}]}},"status":"final","code":{{"coding":[{{"system":"http://hl7.org/fhir/sid/icd-10","code":"{code}"}}],"text":"{CANARY}"}},"subject":{{"reference":"Patient/ann"}}}}"#
    )
}

fn consent(status: &str) -> String {
    format!(
        r#"{{"resourceType":"Consent","id":"hiv","status":"{status}","scope":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}}]}},"category":[{{"coding":[{{"system":"http://loinc.org","code":"59284-0"}}]}}],"patient":{{"reference":"Patient/ann"}},"policyRule":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"OPTIN"}}]}},"provision":{{"type":"deny","actor":[{{"role":{{"coding":[{{"system":"urn:dossier:function","code":"nurse"}}]}},"reference":{{"display":"nurses"}}}}],"securityLabel":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"HIV"}}]}}}}"#
    )
}

fn in_chart(world: &World, session: &Session, query: &str) -> contracts::Page {
    let intent = Intent::asking(Interaction::Search, format!("Observation?{query}"));
    world.wait(async {
        let place = Place::Person("ann".into());
        let chart = world.walls.open_chart(session, intent, place).await.unwrap();
        world.walls.chart_search(&chart, &["Observation".to_owned()], query).await.unwrap()
    })
}

#[test]
fn what_is_withheld_is_absent_from_reads_and_histories() {
    let (world, physician, nurse) = restricted();
    let hidden = key("Observation", "hidden");
    assert!(world.read(&physician, &hidden).unwrap().contains(CANARY));
    let refused = world.read(&nurse, &hidden).unwrap_err();
    let absent = world.read(&nurse, &key("Observation", "absent")).unwrap_err();
    assert_eq!(refused.status, Status::NotFound);
    assert_eq!(refused.diagnostics.replace("hidden", "absent"), absent.diagnostics);
    assert!(world.read(&nurse, &key("Observation", "seen")).is_ok());

    // Its versions from before it bore the label, and its deletion, as well.
    world.put(&physician, &labelled("late", "R75").replace("HIV", "ETH"));
    world.put(&physician, &labelled("late", "R75"));
    let late = key("Observation", "late");
    let asked = |session: &Session, version: u64| {
        world.wait(async {
            let intent = Intent::to(Interaction::Vread);
            let place = Place::Holding(late.clone());
            let chart = world.walls.open_chart(session, intent, place).await?;
            world.walls.chart_vread(&chart, &late, version).await
        })
    };
    assert!(asked(&physician, 1).is_ok());
    assert_eq!(asked(&nurse, 1).unwrap_err().status, Status::NotFound);
    world.one(&physician, delete("Observation", "late")).unwrap();
    assert_eq!(world.read(&physician, &late).unwrap(), "", "a deletion");
    assert_eq!(world.read(&nurse, &late).unwrap_err().status, Status::NotFound);

    let types = world.history(&nurse, &["Observation"], window()).unwrap();
    assert_eq!(ids(&types), ["seen"]);
    let all = world.history(&physician, &["Observation"], window()).unwrap();
    assert!(ids(&all).contains(&"hidden") && ids(&all).contains(&"late"));
}

#[test]
fn what_is_withheld_is_not_found_counted_sorted_followed_or_included() {
    let (world, physician, nurse) = restricted();
    let all = in_chart(&world, &physician, "patient=ann&_sort=code");
    assert_eq!((ids(&all).len(), all.total), (2, Some(2)));
    let some = in_chart(&world, &nurse, "patient=ann&_sort=code");
    assert_eq!((ids(&some), some.total), (vec!["seen"], Some(1)));
    let none = in_chart(&world, &nurse, "patient=ann&code=R75");
    assert_eq!((ids(&none).len(), none.total), (0, Some(0)));
    let included = in_chart(&world, &nurse, "_id=seen&_include=Observation:derived-from");
    assert_eq!(ids(&included), ["seen"]);
    let included = in_chart(&world, &physician, "_id=seen&_include=Observation:derived-from");
    assert_eq!(ids(&included).len(), 2);

    // Across people: by what it says, by chains to it, and by chains from it.
    let across = |session: &Session, kind: &str, query: &str| {
        let page = world.search(session, kind, query).unwrap();
        page.versions.into_iter().map(|one| one.key.id).collect::<Vec<String>>()
    };
    for (kind, query, found) in [
        ("Observation", "code=R75", "hidden"),
        ("Observation", "derived-from:Observation.code=R75", "seen"),
        ("Patient", "_has:Observation:patient:code=R75", "ann"),
        ("Observation", "_id=hidden", "hidden"),
    ] {
        assert_eq!(across(&physician, kind, query), [found], "{query}");
        assert_eq!(across(&nurse, kind, query), [""; 0], "{query}");
    }
    let everything = world.everything(&nurse, "ann").unwrap();
    assert!(!ids(&everything).contains(&"hidden"));
    assert!(ids(&world.everything(&physician, "ann").unwrap()).contains(&"hidden"));
    assert_eq!(everything.total, Some(3));
}

#[test]
fn what_is_withheld_is_neither_exported_nor_told_by_what_changed_it() {
    let (world, physician, nurse) = restricted();
    let exported = |session: &Session| {
        let request = ExportRequest {
            level: ExportLevel::Patient,
            url: "https://example.org/fhir/$export".into(),
            resource_types: vec!["Observation".into()],
            since_ms: None,
            filters: Vec::new(),
            patients: Vec::new(),
            elements: None,
        };
        let intent = || Intent::asking(Interaction::Export, "$export");
        world.wait(async {
            let id = world.walls.export_begin(session, intent(), request).await.unwrap();
            while !world.walls.export_advance(session, intent(), &id).await.unwrap().done {}
            let page = world.walls.export_file(session, intent(), &id, 0).await.unwrap();
            page.versions.len()
        })
    };
    assert_eq!((exported(&physician), exported(&nurse)), (2, 1));

    let changes = |session: &Session| {
        let filter = JournalFilter {
            person: Some("ann".into()),
            changes: true,
            ..JournalFilter::newest(50)
        };
        let intent = Intent::to(Interaction::Search);
        let page = world.wait(world.walls.journal_read(session, intent, filter)).unwrap();
        page.entries.iter().any(|entry| {
            let entry = access::entry::Entry::from_bytes(entry).unwrap();
            entry.items.iter().any(|item| item.id == "hidden")
        })
    };
    assert!(changes(&physician));
    assert!(!changes(&nurse));
}

#[test]
fn a_change_neither_meets_nor_runs_over_what_is_withheld() {
    let (world, physician, nurse) = restricted();
    let body = labelled("hidden", "R76");
    let status = |change: Change| world.one(&nurse, change).map_err(|refusal| refusal.status);
    // As with what never was.
    let patched = patch("Observation", "hidden", r#"[{"op":"remove","path":"/code/text"}]"#);
    assert_eq!(status(patched), Err(Status::NotFound));
    let expecting = Change { if_match: Some(1), ..update(&body) };
    assert_eq!(status(expecting), Err(Status::PreconditionFailed));
    assert!(status(delete("Observation", "hidden")).is_ok());
    // It is not overwritten, nor created a second time.
    assert_eq!(status(update(&body)), Err(Status::Conflict));
    let criteria = "code=R75&patient=ann";
    let twice = Change { if_none_exist: Some(criteria.into()), ..create(&body) };
    assert_eq!(status(twice), Err(Status::Conflict));
    assert_eq!(status(update_where(criteria, &body)), Err(Status::Conflict));
    let gone =
        Change { criteria: Some(criteria.into()), ..Change::of(ChangeKind::Delete, "Observation") };
    assert!(status(gone).is_ok());
    assert_eq!(world.last().outcome.denied, None);
    assert_eq!(status(update(&body)), Err(Status::Conflict));
    assert_eq!(world.last().outcome.denied.as_deref(), Some("collision"));
    let stored = world.read(&physician, &key("Observation", "hidden")).unwrap();
    assert!(stored.contains("R75") && stored.contains("\"versionId\":\"1\""));

    // A reference to it within a transaction leads nowhere.
    let leads = |id: &str| {
        let text = observation("Patient/ann").replace(
            "\"subject\"",
            &format!("\"derivedFrom\":[{{\"reference\":\"Observation/{id}\"}}],\"subject\""),
        );
        world.bundle(&nurse, vec![create(&text)])
    };
    let (hidden, absent) = (leads("hidden").unwrap_err(), leads("absent").unwrap_err());
    assert_eq!(hidden.diagnostics.replace("hidden", "absent"), absent.diagnostics);
    assert!(leads("seen").is_ok());
}

#[test]
fn an_emergency_lifts_it_once_and_tells_of_itself() {
    let (world, _, nurse) = restricted();
    let hidden = key("Observation", "hidden");
    let reason = "Patiente inconsciente aux urgences";
    let declaring = |reason| world.declaring(Function::Nurse, "user/*.cruds", None, Some(reason));
    assert!(world.read(&declaring(reason), &hidden).unwrap().contains(CANARY));
    let entry = world.last();
    assert_eq!(entry.basis, Some(Basis::BreakGlass));
    assert_eq!(entry.purpose, access::claims::Purpose::Emergency);
    assert_eq!(entry.decided.emergency.as_deref(), Some(reason));
    assert_eq!(entry.decided.consents, ["Consent/hiv/_history/1"]);

    assert_eq!(world.read(&nurse, &hidden).unwrap_err().status, Status::NotFound);
    assert_eq!(world.last().decided.consents, ["Consent/hiv/_history/1"]);
    let refused = world.read(&declaring("urgent"), &hidden).unwrap_err();
    assert_eq!(refused.status, Status::Forbidden);
    assert_eq!(world.last().outcome.denied.as_deref(), Some("emergency-reason"));
    let system =
        world.declaring(Function::System, "system/*.cruds", None, Some("Because it is needed"));
    assert_eq!(world.read(&system, &hidden).unwrap_err().status, Status::Forbidden);
}

#[test]
fn a_consent_counts_from_its_commit_to_its_end() {
    let (world, physician, _) = restricted();
    let hidden = key("Observation", "hidden");
    // A session is one request.
    let sees = || {
        let nurse = world.caller(Function::Nurse, "user/*.cruds", None);
        world.read(&nurse, &hidden).is_ok()
    };
    world.put(&physician, &consent("inactive"));
    assert!(sees());
    world.put(&physician, &consent("active"));
    assert!(!sees());
    world.one(&physician, delete("Consent", "hiv")).unwrap();
    assert!(sees());

    let vague = consent("active").replace("urn:dossier:function", "urn:nobody");
    let refused = world.one(&physician, update(&vague)).unwrap_err();
    assert_eq!(refused.status, Status::UnprocessableEntity);
    assert!(refused.expression.unwrap().starts_with("Consent.provision"));
}

#[test]
fn a_person_opens_their_record_from_fourteen() {
    let world = World::new();
    let physician = world.clinician();
    let born = |id: &str, date: &str| {
        let text = format!(r#"{{"resourceType":"Patient","id":"{id}","birthDate":"{date}"}}"#);
        world.put(&physician, &text);
    };
    // The clock of this world stands in January 2027.
    born("child", "2015-06-01");
    born("youth", "2012-06-01");
    let read = |function: Function, id: &str| {
        let session = world.caller(function, "patient/*.rs", Some(id));
        world.read(&session, &key("Patient", id)).map_err(|refusal| refusal.status)
    };
    assert_eq!(read(Function::Patient, "child"), Err(Status::Forbidden));
    assert!(read(Function::Patient, "youth").is_ok());
    assert!(read(Function::Proxy, "child").is_ok());
    assert_eq!(read(Function::Proxy, "youth"), Err(Status::NotFound));
    assert_eq!(world.last().interaction, Did::Read);

    // An image waits 30 days before the person sees it.
    let image = |issued: &str| {
        format!(
            r#"{{"resourceType":"ImagingStudy","id":"i{}","status":"available","subject":{{"reference":"Patient/youth"}},"started":"{issued}"}}"#,
            issued.len()
        )
    };
    world.put(&physician, &image("2026-01-01"));
    world.put(&physician, &image("2027-01-14T00:00:00Z"));
    let own = world.caller(Function::Patient, "patient/*.rs", Some("youth"));
    let page = world.search(&own, "ImagingStudy", "patient=youth").unwrap();
    assert_eq!(ids(&page).len(), 0, "what was written just now has not waited");
    let page = world.search(&physician, "ImagingStudy", "patient=youth").unwrap();
    assert_eq!(ids(&page).len(), 2);
}

#[test]
fn scopes_narrowed_by_a_search_show_what_it_finds() {
    let (world, physician, _) = restricted();
    let narrowed = world.caller(Function::Physician, "user/Observation.rs?code=718-7", None);
    world.read(&narrowed, &key("Observation", "seen")).unwrap();
    let refused = world.read(&narrowed, &key("Observation", "hidden")).unwrap_err();
    assert_eq!(refused.status, Status::NotFound);
    let page = world.search(&narrowed, "Observation", "patient=ann").unwrap();
    assert_eq!(ids(&page), ["seen"]);
    assert!(world.search(&narrowed, "Condition", "patient=ann").is_err());
    let page = world.search(&physician, "Observation", "patient=ann").unwrap();
    assert_eq!(ids(&page).len(), 2);
    let window = Window { resource_types: Vec::new(), ..window() };
    let page = world.history(&narrowed, &["Observation"], window).unwrap();
    assert_eq!(ids(&page), ["seen"]);
}

#[test]
fn nobody_writes_their_own_rights() {
    let (world, physician, nurse) = restricted();
    let status = |change: Change| world.one(&nurse, change).map_err(|refusal| refusal.status);
    assert_eq!(status(update(&consent("inactive"))), Err(Status::Forbidden));
    assert_eq!(world.last().outcome.denied.as_deref(), Some("self-grant"));
    let patched =
        patch("Consent", "hiv", r#"[{"op":"replace","path":"/status","value":"inactive"}]"#);
    assert_eq!(status(patched), Err(Status::Forbidden));
    assert_eq!(status(delete("Consent", "hiv")), Err(Status::Forbidden));
    assert!(world.read(&nurse, &key("Observation", "hidden")).is_err());
    // Whom it does not concern writes it down for the person.
    assert!(world.one(&physician, update(&consent("inactive"))).is_ok());
}

#[test]
fn accesses_among_the_types_open_nothing_else() {
    let (world, physician, _) = restricted();
    let foreign = r#"{"resourceType":"AuditEvent","id":"a1","type":{"system":"http://terminology.hl7.org/CodeSystem/audit-event-type","code":"rest"},"recorded":"2026-03-04T10:00:00Z","agent":[{"requestor":true,"who":{"reference":"Patient/ann"}}],"source":{"observer":{"display":"clinic"}}}"#;
    world.put(&physician, foreign);
    let nurse = world.caller(Function::Nurse, "user/*.cruds user/AuditEvent.rs", None);
    let page = world.wait(async {
        let types = ["AuditEvent".to_owned(), "Observation".to_owned()];
        let intent = Intent::asking(Interaction::SearchSystem, "Patient/ann/*?_count=50");
        let chart = world.walls.open_chart(&nurse, intent, Place::Person("ann".into()));
        let chart = chart.await.unwrap();
        world.walls.chart_search(&chart, &types, "_count=50").await.unwrap()
    });
    assert_eq!(ids(&page), ["a1", "seen"]);
}

#[test]
fn an_answer_given_again_shows_no_more_than_a_read() {
    let (world, physician, nurse) = restricted();
    let options = || CommitOptions {
        retry_key: Some("key-1".into()),
        request_hash: vec![7; 32],
        return_bodies: true,
        ..CommitOptions::default()
    };
    let again = |session: &Session| {
        let change = update(&labelled("again", "R75"));
        let receipt = world.commit(session, vec![change], options()).unwrap();
        String::from_utf8(receipt.outcomes[0].body.clone()).unwrap()
    };
    assert!(again(&physician).contains(CANARY));
    assert!(again(&physician).contains(CANARY));
    assert_eq!(again(&nurse), "");
}
