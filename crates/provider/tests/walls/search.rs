//! Search of every kind: across people, by chains, with includes, in several
//! types and in compartments; what is promised of paging, bundles and rights.

use access::claims::Function;
use contracts::{Intent, Interaction, Page, Place, Refusal, ResourceKey};
use fhir::outcome::{IssueType, Status};
use provider::Session;

use crate::world::*;

fn body(kind: &str, id: &str, rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { "," };
    format!(r#"{{"resourceType":"{kind}","id":"{id}"{comma}{rest}}}"#)
}

fn reference(name: &str, to: &str) -> String {
    format!(r#""{name}":{{"reference":"{to}"}}"#)
}

fn encounter(id: &str, subject: &str, class: &str) -> String {
    let subject = reference("subject", subject);
    body("Encounter", id, &format!(r#""status":"finished","class":{{"code":"{class}"}},{subject}"#))
}

fn observed(id: &str, subject: &str, code: &str, rest: &str) -> String {
    let subject = reference("subject", subject);
    let comma = if rest.is_empty() { "" } else { "," };
    body(
        "Observation",
        id,
        &format!(
            r#""status":"final","code":{{"coding":[{{"system":"s","code":"{code}"}}]}},{subject}{comma}{rest}"#
        ),
    )
}

/// Two people, their encounters and observations, a practitioner and her role.
fn world() -> World {
    let world = World::new();
    let session = world.system();
    let family = |name: &str| {
        format!(r#""name":[{{"family":"{name}"}}],"gender":"female","birthDate":"1980-02-03""#)
    };
    for text in [
        body("Patient", "ann", &family("Roy")),
        body("Patient", "bob", &family("Gagnon")),
        body("Practitioner", "doc", r#""name":[{"family":"Cote"}]"#),
        body("Organization", "org", r#""name":"Clinic""#),
        body("PractitionerRole", "role", &reference("practitioner", "Practitioner/doc")),
        encounter("e1", "Patient/ann", "AMB"),
        encounter("e2", "Patient/bob", "IMP"),
        observed("o1", "Patient/ann", "a", &reference("encounter", "Encounter/e1")),
        observed("o2", "Patient/bob", "a", &reference("encounter", "Encounter/e2")),
        observed("o3", "Patient/bob", "b", r#""performer":[{"reference":"Practitioner/doc"}]"#),
        // Of ann, at an encounter of bob; and of a person whose Patient never came.
        observed("o4", "Patient/ann", "c", &reference("encounter", "Encounter/e2")),
        observed("o5", "Patient/nobody", "c", r#""effectiveDateTime":"2020-01-01""#),
        // Of nobody at all, with a link to what is in a chart.
        body(
            "Observation",
            "o6",
            r#""status":"final","code":{"text":"x"},"derivedFrom":[{"reference":"Observation/o1"}]"#,
        ),
    ] {
        world.put(&session, &text);
    }
    world
}

fn sorted(page: &Page) -> Vec<String> {
    let matches = usize::try_from(page.matches).unwrap();
    let mut found: Vec<String> =
        page.versions[..matches].iter().map(|one| one.key.id.clone()).collect();
    found.sort();
    found
}

fn included(page: &Page) -> Vec<String> {
    let matches = usize::try_from(page.matches).unwrap();
    let mut found: Vec<String> = page.versions[matches..]
        .iter()
        .map(|one| format!("{}/{}", one.key.resource_type, one.key.id))
        .collect();
    found.sort();
    found
}

fn all(world: &World, session: &Session, kind: &str, query: &str) -> Vec<String> {
    sorted(
        &world.search(session, kind, query).unwrap_or_else(|refused| panic!("{query}: {refused}")),
    )
}

fn in_chart(
    world: &World,
    session: &Session,
    person: &str,
    types: &[&str],
    query: &str,
) -> Result<Page, Refusal> {
    let types: Vec<String> = types.iter().map(|name| (*name).to_owned()).collect();
    world.wait(async {
        let path = types.first().map_or("*", String::as_str);
        let intent =
            Intent::asking(Interaction::Search, format!("Patient/{person}/{path}?{query}"));
        let chart = world.walls.open_chart(session, intent, Place::Person(person.into())).await?;
        world.walls.chart_search(&chart, &types, query).await
    })
}

fn in_several(
    world: &World,
    session: &Session,
    query: &str,
    compartment: Option<&ResourceKey>,
) -> Result<Page, Refusal> {
    world.wait(async {
        let intent = Intent::asking(Interaction::SearchSystem, format!("?{query}"));
        let shelf = world.walls.open_registry(session, intent).await?;
        world.walls.registry_search(&shelf, &[], query, compartment).await
    })
}

#[test]
fn a_population_is_searched_by_anything() {
    let world = world();
    let session = world.clinician();
    let of = |query: &str| all(&world, &session, "Observation", query);
    assert_eq!(of(""), ["o1", "o2", "o3", "o4", "o5", "o6"]);
    assert_eq!(of("code=s|a"), ["o1", "o2"]);
    assert_eq!(of("code=c"), ["o4", "o5"], "a chart without a Patient is looked at too");
    assert_eq!(of("encounter=Encounter/e2"), ["o2", "o4"], "from another chart too");
    assert_eq!(of("derived-from=Observation/o1"), ["o6"]);
    assert_eq!(of("performer=Practitioner/doc"), ["o3"]);
    assert_eq!(of("subject:missing=true"), ["o6"]);
    assert_eq!(of("patient=nobody"), ["o5"]);
    assert_eq!(of("_sort=-_id&_count=2"), ["o5", "o6"]);
    world.one(&world.system(), delete("Patient", "bob")).unwrap();
    assert_eq!(of("code=s|a"), ["o1", "o2"], "a chart whose Patient is deleted is looked at");
    let counted = world.search(&session, "Observation", "_summary=count").unwrap();
    assert_eq!((counted.total, counted.versions.len()), (Some(6), 0));
}

#[test]
fn chains_and_has() {
    let world = world();
    let session = world.clinician();
    let of = |kind: &str, query: &str| all(&world, &session, kind, query);
    assert_eq!(of("Observation", "subject:Patient.name=roy"), ["o1", "o4"]);
    assert_eq!(of("Observation", "encounter.class=IMP"), ["o2", "o4"]);
    assert_eq!(of("Observation", "encounter.subject:Patient.family=gagnon"), ["o2", "o4"]);
    assert_eq!(of("Observation", "performer:Practitioner.name=cote"), ["o3"]);
    assert_eq!(of("PractitionerRole", "practitioner.family=cote"), ["role"]);
    assert_eq!(of("Patient", "_has:Observation:patient:code=b"), ["bob"]);
    assert_eq!(of("Patient", "name=roy&_has:Observation:patient:code=a"), ["ann"]);
    assert_eq!(of("Patient", "_has:Observation:patient:code=zzz"), Vec::<String>::new());
    assert_eq!(of("Encounter", "_has:Observation:encounter:code=c"), ["e2"]);
    assert_eq!(of("Practitioner", "_has:Observation:performer:code=b"), ["doc"]);
    assert_eq!(
        of("Patient", "_has:Encounter:patient:_has:Observation:encounter:code=c"),
        ["bob"],
        "over two references"
    );
    let found =
        in_chart(&world, &session, "ann", &["Observation"], "patient=ann&encounter.class=IMP");
    assert_eq!(sorted(&found.unwrap()), ["o4"], "what a chart refers to may live in another");
}

#[test]
fn includes_both_ways_and_again() {
    let world = world();
    let session = world.clinician();
    let of = |kind: &str, query: &str| {
        let page = world.search(&session, kind, query).unwrap();
        (sorted(&page), included(&page))
    };
    assert_eq!(
        of("Observation", "code=a&_include=Observation:encounter"),
        (vec!["o1".into(), "o2".into()], vec!["Encounter/e1".into(), "Encounter/e2".into()])
    );
    let (_, twice) = of(
        "Observation",
        "_id=o4&_include=Observation:encounter&_include:iterate=Encounter:subject",
    );
    assert_eq!(twice, ["Encounter/e2", "Patient/bob"]);
    assert_eq!(world.last().persons, ["ann", "bob"], "whoever's was shown is named");
    let (_, back) = of("Patient", "_id=bob&_revinclude=Observation:patient");
    assert_eq!(back, ["Observation/o2", "Observation/o3"]);
    let (_, back) = of("Encounter", "_id=e2&_revinclude=*");
    assert_eq!(back, ["Observation/o2", "Observation/o4"], "from another chart too");
    let (_, back) = of("Practitioner", "_id=doc&_revinclude=Observation:performer");
    assert_eq!(back, ["Observation/o3"]);
    let (_, any) = of("Observation", "_id=o3&_include=*");
    assert_eq!(any, ["Patient/bob", "Practitioner/doc"]);
    world.one(&world.system(), delete("Encounter", "e1")).unwrap();
    let (_, gone) = of("Observation", "_id=o1&_include=Observation:encounter");
    assert!(gone.is_empty(), "what is deleted is not included");
}

#[test]
fn a_version_that_a_reference_names_is_included() {
    let world = world();
    let session = world.clinician();
    world.put(&session, &encounter("e1", "Patient/ann", "EMER"));
    let versioned = reference("encounter", "Encounter/e1/_history/1");
    world.put(&session, &observed("o7", "Patient/ann", "v", &versioned));
    let page =
        world.search(&session, "Observation", "code=v&_include=Observation:encounter").unwrap();
    assert_eq!(page.versions[1].version, 1);
    assert!(String::from_utf8_lossy(&page.versions[1].body).contains("AMB"));
}

#[test]
fn several_types_and_compartments() {
    let world = world();
    let session = world.clinician();
    let several = |query: &str| sorted(&in_several(&world, &session, query, None).unwrap());
    assert_eq!(several("_type=Encounter,Patient"), ["ann", "bob", "e1", "e2"]);
    assert_eq!(several("_type=Encounter,Patient&_id=e1,ann"), ["ann", "e1"]);
    assert_eq!(several("_id=org,o1"), ["o1", "org"], "all types that the token may search");
    let everything = several("_count=1000");
    assert_eq!(everything.len(), 13, "{everything:?}");
    let chart = in_chart(&world, &session, "ann", &[], "").unwrap();
    assert_eq!(sorted(&chart), ["ann", "e1", "o1", "o4"]);
    let some = in_chart(&world, &session, "ann", &["Observation"], "code=c").unwrap();
    assert_eq!(sorted(&some), ["o4"]);
    let of = |kind: &str, id: &str, types: &[String], query: &str| {
        let place = key(kind, id);
        let page = world.wait(async {
            let intent = Intent::asking(Interaction::Search, format!("{kind}/{id}/Observation?"));
            let shelf = world.walls.open_registry(&session, intent).await?;
            world.walls.registry_search(&shelf, types, query, Some(&place)).await
        });
        sorted(&page.unwrap())
    };
    assert_eq!(of("Encounter", "e2", &["Observation".into()], ""), ["o2", "o4"]);
    assert_eq!(of("Encounter", "e2", &["Observation".into()], "code=c"), ["o4"]);
    assert_eq!(of("Practitioner", "doc", &["Observation".into()], ""), ["o3"]);
    let refused = in_chart(&world, &session, "ann", &["Organization"], "").unwrap_err();
    assert_eq!(refused.status, Status::BadRequest);
}

#[test]
fn pages_of_a_scan_are_complete_while_others_write() {
    let world = World::new();
    let session = world.system();
    let people = 40;
    for n in 0..people {
        let person = format!("p{n}");
        world.put(&session, &patient(&person));
        for m in 0..3 {
            let subject = format!("Patient/{person}");
            world.put(&session, &observed(&format!("{person}-{m}"), &subject, "a", ""));
        }
    }
    let mut query = "code=a&_count=7".to_owned();
    let mut seen: Vec<String> = Vec::new();
    let mut round = 0;
    loop {
        let page = world.search(&session, "Observation", &query).unwrap();
        assert!(page.versions.len() <= 7);
        seen.extend(page.versions.iter().map(|one| one.key.id.clone()));
        let Some(next) = page.next else { break };
        query = format!("code=a&_count=7&_page={next}");
        // A writer: adds, changes one that stays, and deletes.
        let person = format!("p{}", round % people);
        let subject = format!("Patient/{person}");
        world.put(&session, &observed(&format!("new-{round}"), &subject, "a", ""));
        world.put(
            &session,
            &observed(&format!("{person}-1"), &subject, "a", r#""issued":"2020-01-01T00:00:00Z""#),
        );
        if round < 10 {
            world.one(&session, delete("Observation", &format!("{person}-2"))).unwrap();
        }
        round += 1;
    }
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), seen.len(), "none twice");
    for n in 0..people {
        for m in 0..3 {
            let id = format!("p{n}-{m}");
            let stayed = m < 2 || n >= 10;
            assert!(!stayed || once.contains(&id), "{id} was there throughout");
        }
    }
    assert!(seen.iter().all(|id| !id.starts_with("new-")), "what came later is not of it");
}

#[test]
fn two_charts_in_one_bundle_are_seen_whole() {
    let world = World::new();
    let session = world.system();
    for person in ["ann", "bob"] {
        world.put(&session, &patient(person));
    }
    let both = |n: usize| {
        let changes = ["ann", "bob"].map(|person| {
            let issued = format!(r#""note":[{{"text":"{n}"}}]"#);
            update(&observed(&format!("o-{person}"), &format!("Patient/{person}"), "a", &issued))
        });
        // Enough of them that the commit is staged.
        let many = (0..120).map(|m| {
            let note = format!(r#""note":[{{"text":"{n}-{m}"}}]"#);
            update(&observed(&format!("x{m}"), "Patient/ann", "b", &note))
        });
        changes.into_iter().chain(many).collect::<Vec<_>>()
    };
    world.bundle(&session, both(0)).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 1..12 {
                world.bundle(&session, both(n)).unwrap();
            }
        });
        let mut looked = 0;
        while !writer.is_finished() {
            match world.search(&session, "Observation", "code=a") {
                Ok(page) => {
                    let notes: Vec<String> = page
                        .versions
                        .iter()
                        .map(|one| {
                            let body: serde_json::Value =
                                serde_json::from_slice(&one.body).unwrap();
                            body["note"][0]["text"].as_str().unwrap().to_owned()
                        })
                        .collect();
                    assert_eq!(notes.len(), 2);
                    assert_eq!(notes[0], notes[1], "half a bundle");
                    looked += 1;
                }
                Err(refusal) => assert_eq!(refusal.status, Status::ServiceUnavailable, "{refusal}"),
            }
        }
        assert!(looked > 0);
    });
}

#[test]
fn a_confined_token_reaches_no_other_record() {
    let world = world();
    let ann = world.patient("ann");
    let of = |kind: &str, query: &str| all(&world, &ann, kind, query);
    assert_eq!(of("Observation", ""), ["o1", "o4"]);
    assert_eq!(of("Observation", "encounter=Encounter/e2"), ["o4"]);
    assert_eq!(of("Observation", "encounter.class=IMP"), Vec::<String>::new());
    assert_eq!(of("Patient", "_has:Observation:patient:code=b"), Vec::<String>::new());
    assert_eq!(of("Practitioner", "_has:Observation:performer:code=b"), Vec::<String>::new());
    assert_eq!(of("Practitioner", "name=cote"), ["doc"], "the registries are open");
    let counted = world.search(&ann, "Observation", "code=a&_summary=count").unwrap();
    assert_eq!(counted.total, Some(1));
    let page =
        world.search(&ann, "Observation", "_include=Observation:encounter&_sort=_id").unwrap();
    assert_eq!(included(&page), ["Encounter/e1"], "not the other person's");
    let back = world.search(&ann, "Practitioner", "_id=doc&_revinclude=Observation:performer");
    assert!(included(&back.unwrap()).is_empty());
    let refused = in_chart(&world, &ann, "bob", &["Observation"], "").unwrap_err();
    assert_eq!(refused.status, Status::Forbidden);
    let own = in_several(&world, &ann, "_count=1000", None).unwrap();
    assert!(
        !sorted(&own).iter().any(|id| ["bob", "e2", "o2", "o3", "o5", "o6"].contains(&id.as_str()))
    );
}

#[test]
fn every_type_that_is_searched_is_decided() {
    let world = world();
    let narrow = world.caller(Function::Physician, "user/Observation.rs user/Encounter.rs", None);
    assert_eq!(all(&world, &narrow, "Observation", "encounter.class=IMP"), ["o2", "o4"]);
    let page = world.search(&narrow, "Observation", "_id=o1&_include=*").unwrap();
    assert_eq!(included(&page), ["Encounter/e1"], "a wildcard includes what is permitted");
    for (query, named) in [
        ("subject:Patient.name=roy", "subject:Patient.name"),
        ("_include=Observation:subject:Patient", "_include"),
        ("_revinclude=DiagnosticReport:result", "_revinclude"),
    ] {
        let refusal = world.search(&narrow, "Observation", query).unwrap_err();
        assert_eq!(refusal.status, Status::Forbidden, "{query}");
        assert_eq!(refusal.expression.as_deref(), Some(named), "{query}");
        assert_eq!(world.last().outcome.denied.as_deref(), Some("scope"));
    }
    let refusal = in_several(&world, &narrow, "_type=Observation,Patient", None).unwrap_err();
    assert_eq!(refusal.status, Status::Forbidden);
    let own = in_several(&world, &narrow, "_count=1000", None).unwrap();
    assert_eq!(sorted(&own).len(), 8, "only the types of its scopes");
}

#[test]
fn everything_by_dates_of_care_with_the_registries() {
    let world = world();
    let session = world.clinician();
    world.put(
        &session,
        &observed("early", "Patient/bob", "d", r#""effectiveDateTime":"2019-05-01""#),
    );
    world.put(
        &session,
        &observed("late", "Patient/bob", "d", r#""effectiveDateTime":"2021-05-01""#),
    );
    let read = |from: Option<&str>, to: Option<&str>| {
        let window = contracts::Window {
            care_from: from.map(str::to_owned),
            care_to: to.map(str::to_owned),
            ..window()
        };
        world.wait(async {
            let intent = Intent::to(Interaction::Everything);
            let chart =
                world.walls.open_chart(&session, intent, Place::Person("bob".into())).await?;
            world.walls.chart_everything(&chart, window).await
        })
    };
    let page = read(None, None).unwrap();
    assert_eq!(sorted(&page), ["bob", "e2", "early", "late", "o2", "o3"]);
    assert_eq!(included(&page), ["Practitioner/doc"]);
    assert_eq!(sorted(&read(Some("2020"), None).unwrap()), ["bob", "e2", "late", "o2", "o3"]);
    assert_eq!(sorted(&read(None, Some("2019")).unwrap()), ["bob", "e2", "early", "o2", "o3"]);
    assert_eq!(read(Some("yesterday"), None).unwrap_err().code, IssueType::Invalid, "no date");
}
