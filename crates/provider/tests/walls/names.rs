//! Search across people: hint rows may be stale, never missing.

use chart::table::{Condition, Item, Key, Value, Write};
use fhir::outcome::Status;

use crate::world::*;

fn person(id: &str, rest: &str) -> String {
    format!(r#"{{"resourceType":"Patient","id":"{id}",{rest}}}"#)
}

fn named(id: &str, family: &str) -> String {
    person(id, &format!(r#""name":[{{"family":"{family}","given":["Zoé"]}}]"#))
}

fn found(world: &World, query: &str) -> Vec<String> {
    let page = world.search(&world.clinician(), "Patient", query).unwrap();
    let mut found: Vec<String> = ids(&page).into_iter().map(str::to_owned).collect();
    found.sort();
    found
}

#[test]
fn a_name_is_found_while_it_is_held() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &named("ann", "Tremblay-Côté"));
    world.put(&session, &named("bob", "Ô"));
    assert_eq!(found(&world, "name=tremblay"), ["ann"]);
    assert_eq!(found(&world, "name=COTE"), Vec::<String>::new(), "a word is no beginning");
    assert_eq!(found(&world, "family=tremblay%20cote"), ["ann"]);
    assert_eq!(found(&world, "name=t"), ["ann"], "one letter looks at everyone");
    assert_eq!(found(&world, "name=o"), ["bob"]);
    assert_eq!(found(&world, "given=zoe&family=o"), ["bob"]);
    assert_eq!(found(&world, "name=tremblay,o"), ["ann", "bob"]);
    assert_eq!(found(&world, "name:exact=Tremblay-C%C3%B4t%C3%A9"), ["ann"]);
    assert_eq!(found(&world, "name:contains=blay"), ["ann"]);
    // By a small commit, by a staged one, and by deletion.
    world.put(&session, &named("ann", "Gagnon"));
    assert_eq!(found(&world, "name=tremblay"), Vec::<String>::new());
    assert_eq!(found(&world, "name=gagnon"), ["ann"]);
    let two = vec![update(&named("ann", "Roy")), update(&named("bob", "Roy"))];
    world.bundle(&world.system(), two).unwrap();
    assert_eq!(found(&world, "name=gagnon"), Vec::<String>::new());
    assert_eq!(found(&world, "name=roy"), ["ann", "bob"]);
    let many = (0..200).map(|n| update(&named(&format!("p{n}"), "Bouchard")));
    let many = many.chain([update(&named("ann", "Bouchard"))]).collect();
    world.bundle(&world.system(), many).unwrap();
    assert_eq!(found(&world, "name=roy"), ["bob"]);
    assert_eq!(found(&world, "name=bouchard&_count=1000").len(), 201);
    world.one(&session, delete("Patient", "ann")).unwrap();
    assert_eq!(found(&world, "name=bouchard&_count=1000").len(), 200);
    assert_eq!(found(&world, "given=zo&_count=1000").len(), 201);
}

#[test]
fn more_names_than_rows_are_found_as_well() {
    let world = World::new();
    let session = world.clinician();
    let names: Vec<String> = (0..40)
        .map(|n| {
            format!(
                r#"{{"family":"Nom{}x"}}"#,
                char::from(b'a' + n % 26).to_string().repeat(1 + usize::from(n / 26))
            )
        })
        .collect();
    world.put(&session, &person("ann", &format!(r#""name":[{}]"#, names.join(","))));
    world.put(&session, &named("bob", "Nomade"));
    for n in 0..40_u8 {
        let name = char::from(b'a' + n % 26).to_string().repeat(1 + usize::from(n / 26));
        assert_eq!(found(&world, &format!("family=nom{name}x")), ["ann"], "{name}");
    }
    assert_eq!(found(&world, "family=nomade"), ["bob"]);
}

#[test]
fn births_at_the_borders_of_years() {
    let world = World::new();
    let session = world.clinician();
    for (id, born) in [
        ("eve", "1979-12-31"),
        ("new", "1980-01-01"),
        ("year", "1980"),
        ("month", "1980-12"),
        ("last", "1980-12-31"),
        ("old", "1650-05-05"),
        ("late", "3001-01-01"),
    ] {
        world.put(&session, &person(id, &format!(r#""birthDate":"{born}""#)));
    }
    assert_eq!(found(&world, "birthdate=1980"), ["last", "month", "new", "year"]);
    assert_eq!(found(&world, "birthdate=1980-01-01"), ["new"]);
    assert_eq!(found(&world, "birthdate=1979-12-31"), ["eve"]);
    assert_eq!(found(&world, "birthdate=1980-12"), ["last", "month"]);
    assert_eq!(
        found(&world, "birthdate=ge1980&birthdate=lt1981"),
        ["last", "month", "new", "year"]
    );
    assert_eq!(found(&world, "birthdate=lt1980-01-01"), ["eve", "old"]);
    assert_eq!(found(&world, "birthdate=gt1980-06-30"), ["last", "late", "month", "year"]);
    assert_eq!(found(&world, "birthdate=lt1700"), ["old"]);
    assert_eq!(found(&world, "birthdate=gt3000"), ["late"]);
    assert_eq!(found(&world, "birthdate=1650-05-05,3001"), ["late", "old"]);
    assert_eq!(found(&world, "birthdate=ne1980").len(), 3);
    assert_eq!(
        found(&world, "birthdate=ge1980-01-01T00:00:00-05:00&birthdate=le1980-01-01").len(),
        1
    );
    world.put(&session, &person("new", r#""birthDate":"1990-01-01""#));
    assert_eq!(found(&world, "birthdate=1980-01-01"), Vec::<String>::new());
    assert_eq!(found(&world, "birthdate=1990"), ["new"]);
}

#[test]
fn identifiers_and_what_has_no_index() {
    let world = World::new();
    let session = world.clinician();
    let held = r#""identifier":[{"system":"s","value":"7"},{"value":"8"}]"#;
    world.put(&session, &person("ann", &format!(r#"{held},"gender":"female""#)));
    world.put(&session, &person("bob", r#""gender":"male""#));
    let organization = |id: &str, rest: &str| {
        format!(r#"{{"resourceType":"Organization","id":"{id}","name":"{id}"{rest}}}"#)
    };
    world.put(&session, &organization("org", &format!(",{held}")));
    world.put(&session, &organization("none", ""));
    let document = r#"{"resourceType":"DocumentReference","id":"doc","status":"current","content":[{"attachment":{"url":"u"}}],"subject":{"reference":"Patient/ann"},"masterIdentifier":{"system":"m","value":"9"}}"#;
    world.put(&session, document);
    let of = |kind: &str, query: &str| {
        let page = world.search(&session, kind, query).unwrap();
        ids(&page).join(" ")
    };
    for query in
        ["identifier=7", "identifier=s|7", "identifier=s|", "identifier=|8", "identifier=x,8"]
    {
        assert_eq!(of("Patient", query), "ann", "{query}");
        assert_eq!(of("Organization", query), "org", "{query}");
    }
    assert_eq!(of("Patient", "identifier=t|7"), "");
    assert_eq!(of("Patient", "identifier:missing=true"), "bob");
    assert_eq!(of("DocumentReference", "identifier=m|9"), "doc");
    assert_eq!(world.last().persons, ["ann"]);
    assert_eq!(of("Patient", "gender=male"), "bob");
    assert_eq!(of("Patient", "_id=ann,nobody,bob"), "ann bob");
    assert_eq!(world.last().persons, ["ann", "bob"]);
    assert_eq!(of("Organization", "name=no"), "none");
    for query in ["status=current", "identifier=m|", "category:missing=true"] {
        assert_eq!(of("DocumentReference", query), "doc", "no index, all is looked at: {query}");
    }
    assert_eq!(
        world.search(&session, "Patient", "unknown=1").unwrap_err().status,
        Status::BadRequest
    );
}

#[test]
fn a_search_that_looks_at_too_many_says_so() {
    let world = World::new();
    let session = world.clinician();
    world.put(&session, &named("ann", "Roy"));
    let table = world.record.inner.inner();
    for n in 0..=provider::limits::CANDIDATES_MAX {
        let item = Item::default().with("h", Value::S(format!("P#p{n}")));
        let key = Key::new("I#name#ga", format!("gagnon#p{n}"));
        table.apply(&Write::put(key, item, Condition::Always)).unwrap();
    }
    let refusal = world.search(&session, "Patient", "name=gagnon").unwrap_err();
    assert_eq!(refusal.status, Status::Forbidden);
    assert_eq!(refusal.code, fhir::outcome::IssueType::TooCostly, "{refusal}");
    assert_eq!(found(&world, "name=roy"), ["ann"]);
}

#[test]
fn pages_hold_still_while_others_write() {
    let world = World::new();
    let session = world.clinician();
    for n in 0..9 {
        world.put(&session, &named(&format!("p{n}"), "Roy"));
    }
    let mut query = "family=roy&_count=4".to_owned();
    let mut seen = Vec::new();
    for round in 0..4 {
        let page = world.search(&session, "Patient", &query).unwrap();
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(next) = page.next else { break };
        query = format!("family=roy&_count=4&_page={next}");
        world.put(&session, &named(&format!("p{}", 8 - round), "Changed"));
        world.put(&session, &named(&format!("q{round}"), "Roy"));
    }
    let all: Vec<String> = (0..9).map(|n| format!("p{n}")).collect();
    assert_eq!(seen, all);
}
