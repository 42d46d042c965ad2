//! The order of results and the pages through it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::cmp::Ordering;

use fhir::json::Document;
use fhir::limits::JsonLimits;
use fhir::search::{Cursor, OrderKey, Position, Query, Settings, Tokens};
use proptest::prelude::*;

fn settings() -> Settings<'static> {
    Settings {
        own_bases: &[],
        now_ms: 1_700_000_000_000,
        count_default: 3,
        count_max: 100,
        lenient: false,
    }
}

fn query(text: &str) -> Query {
    Query::parse("Observation", text, &settings()).unwrap()
}

/// The position of an Observation by its cell and by its body, which agree.
fn place(query: &Query, id: &str, last_updated_ms: i64, members: &str) -> Position {
    let text = format!(r#"{{"resourceType":"Observation"{members}}}"#);
    let document = Document::parse(text, &JsonLimits::default()).unwrap();
    let tokens = Tokens::extract("Observation", document.root());
    let body = query.position_of_body(document.root(), id, last_updated_ms);
    if let Some(cell) = query.position(&tokens, id, last_updated_ms) {
        assert_eq!(cell, body);
    }
    body
}

fn sorted(query: &Query, mut places: Vec<Position>) -> Vec<String> {
    places.sort_by(|left, right| query.compare_positions(left, right));
    places.into_iter().map(|place| place.id).collect()
}

fn dated(query: &Query, id: &str, date: &str) -> Position {
    place(query, id, 0, &format!(r#","effectiveDateTime":"{date}""#))
}

#[test]
fn dates_order_and_what_has_none_stands_last() {
    for (sort, expected) in
        [("date", ["b", "d", "a", "c", "e"]), ("-date", ["a", "d", "b", "c", "e"])]
    {
        let query = query(&format!("_sort={sort}"));
        let places = vec![
            dated(&query, "a", "2014"),
            dated(&query, "b", "2012-05-06T10:00:00Z"),
            place(&query, "e", 0, ""),
            place(&query, "c", 0, ""),
            dated(&query, "d", "2013-01-14"),
        ];
        assert_eq!(sorted(&query, places), expected, "{sort}");
    }
}

#[test]
fn several_keys_order_in_turn() {
    let query = query("_sort=status,-_lastUpdated,_id");
    let at = |id: &str, at_ms: i64, status: &str| {
        place(&query, id, at_ms, &format!(r#","status":"{status}""#))
    };
    let places =
        vec![at("a", 1, "final"), at("b", 2, "final"), at("c", 3, "amended"), at("d", 2, "final")];
    assert_eq!(sorted(&query, places), ["c", "b", "d", "a"]);
}

#[test]
fn a_text_too_long_for_a_cell_is_ordered_by_its_body() {
    let query = query("_sort=code");
    let long = "x".repeat(60);
    let text =
        format!(r#"{{"resourceType":"Observation","code":{{"coding":[{{"code":"{long}"}}]}}}}"#);
    let document = Document::parse(text, &JsonLimits::default()).unwrap();
    let tokens = Tokens::extract("Observation", document.root());
    assert_eq!(query.position(&tokens, "1", 0), None);
    assert!(matches!(&query.position_of_body(document.root(), "1", 0).keys[0], OrderKey::Text(_)));
}

#[test]
fn more_values_than_a_cell_keeps_are_ordered_by_the_body() {
    let query = query("_sort=code");
    let codings: Vec<String> =
        (0..20).map(|at| format!(r#"{{"code":"c{:02}"}}"#, 20 - at)).collect();
    let members = format!(r#","code":{{"coding":[{}]}}"#, codings.join(","));
    assert_eq!(place(&query, "1", 0, &members).keys, [OrderKey::Text("c01".into())]);
}

#[test]
fn a_cursor_fits_its_own_search_only() {
    let first = query("code=x&_sort=-date");
    let cursor = Cursor { snapshot_ms: 5, position: dated(&first, "o1", "2020-01-01") };
    let text = cursor.encode(&first);
    assert_eq!(Cursor::decode(&text, &first), Some(cursor.clone()));
    for other in ["code=y&_sort=-date", "code=x&_sort=date", "code=x", "code=x&_sort=-date,code"] {
        assert_eq!(Cursor::decode(&text, &query(other)), None, "{other}");
    }
    let next = first.link(Some(&cursor));
    let (_, next) = next.split_once('?').unwrap();
    let second = query(next);
    assert_eq!(second.cursor(), Some(&cursor));
    assert_eq!(second.self_link(), first.link(Some(&cursor)));
    assert_eq!(second.link(None), first.self_link());
}

#[test]
fn pages_neither_repeat_nor_skip_while_others_write() {
    let first = query("_sort=date&_count=2");
    let mut stored: Vec<Position> = (0..7)
        .map(|at| dated(&first, &format!("id{at}"), &format!("20{:02}", 10 + at / 2)))
        .collect();
    let mut seen = Vec::new();
    let mut cursor: Option<Cursor> = None;
    for page in 0..10 {
        let text = first.link(cursor.as_ref());
        let later = Settings { now_ms: 1_800_000_000_000, ..settings() };
        let settings = if cursor.is_some() { later } else { settings() };
        let text = text.split_once('?').unwrap().1;
        let now = Query::parse("Observation", text, &settings).unwrap();
        let mut rest: Vec<Position> =
            stored.iter().filter(|place| now.is_after_cursor(place)).cloned().collect();
        rest.sort_by(|left, right| now.compare_positions(left, right));
        let Some(last) = rest.iter().take(2).next_back().cloned() else { break };
        seen.extend(rest.into_iter().take(2).map(|place| place.id));
        let following = now.cursor_after(last);
        // Every page keeps the instant of the first.
        assert_eq!(following.snapshot_ms, 1_700_000_000_000);
        cursor = Some(following);
        // Somebody adds at the front, which no later page may show again.
        stored.push(dated(&first, &format!("new{page}"), "2001"));
    }
    assert_eq!(seen, ["id0", "id1", "id2", "id3", "id4", "id5", "id6"]);
}

fn any_key() -> impl Strategy<Value = OrderKey> {
    prop_oneof![
        Just(OrderKey::Missing),
        any::<i64>().prop_map(OrderKey::Instant),
        any::<i64>().prop_map(OrderKey::Number),
        (-2i64..2).prop_map(OrderKey::Instant),
        ".{0,10}".prop_map(OrderKey::Text),
    ]
}

fn any_place() -> impl Strategy<Value = Position> {
    (prop::collection::vec(any_key(), 2), "[a-c]{1,2}").prop_map(|(keys, id)| Position {
        keys,
        resource_type: "Observation".into(),
        id,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_order_is_total(a in any_place(), b in any_place(), c in any_place()) {
        let query = query("_sort=date,-code");
        let compare = |left: &Position, right: &Position| query.compare_positions(left, right);
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        prop_assert_eq!(compare(&a, &b) == Ordering::Equal, a == b);
        if compare(&a, &b) != Ordering::Greater && compare(&b, &c) != Ordering::Greater {
            prop_assert_ne!(compare(&a, &c), Ordering::Greater);
        }
    }

    #[test]
    fn cursors_come_back_as_they_went(position in any_place(), snapshot_ms in any::<i64>()) {
        let query = query("_sort=date,-code");
        let cursor = Cursor { snapshot_ms, position };
        let text = cursor.encode(&query);
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        prop_assert_eq!(Cursor::decode(&text, &query), Some(cursor));
    }

    #[test]
    fn changed_cursors_and_garbage_are_refused(position in any_place(), at in any::<prop::sample::Index>(), garbage in "[A-Za-z0-9_-]{0,60}") {
        let query = query("_sort=date,-code");
        let text = Cursor { snapshot_ms: 9, position }.encode(&query);
        let mut changed = text.clone().into_bytes();
        let place = at.index(changed.len() - 6);
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        prop_assert_eq!(Cursor::decode(std::str::from_utf8(&changed).unwrap(), &query), None);
        prop_assert_eq!(Cursor::decode(&garbage, &query), None);
        prop_assert_eq!(Cursor::decode(text.get(..text.len() - 1).unwrap(), &query), None);
    }
}
