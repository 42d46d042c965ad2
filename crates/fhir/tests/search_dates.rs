//! Dates as ranges: the examples of R4 §3.1.1.4.5 and §3.1.1.4.7, precision,
//! offsets, and Eastern time where no offset is given.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use fhir::json::Document;
use fhir::limits::JsonLimits;
use fhir::search::{DateRange, Query, Settings, Tokens, Verdict};
use proptest::prelude::*;

const NOW_MS: i64 = 1_700_000_000_000;

fn settings() -> Settings<'static> {
    Settings {
        own_bases: &["http://127.0.0.1:8406/fhir"],
        now_ms: NOW_MS,
        count_default: 20,
        count_max: 100,
        lenient: false,
    }
}

/// Asks `date` of an Encounter whose period is `period`, of cell and body alike.
fn finds(wanted: &str, period: &str) -> bool {
    let text = format!(r#"{{"resourceType":"Encounter","period":{period}}}"#);
    let document = Document::parse(text, &JsonLimits::default()).unwrap();
    let query = Query::parse("Encounter", &format!("date={wanted}"), &settings()).unwrap();
    let tokens = Tokens::extract("Encounter", document.root());
    let found = query.matches_body(document.root(), "1", 0);
    let expected = if found { Verdict::Yes } else { Verdict::No };
    assert_eq!(query.matches(&tokens, "1", 0), expected, "{wanted} {period}");
    found
}

/// Asks `birthdate` or `date` where the element is a single date or dateTime.
fn finds_at(wanted: &str, held: &str) -> bool {
    let text = format!(r#"{{"resourceType":"Observation","effectiveDateTime":"{held}"}}"#);
    let document = Document::parse(text, &JsonLimits::default()).unwrap();
    let query = Query::parse("Observation", &format!("date={wanted}"), &settings()).unwrap();
    let tokens = Tokens::extract("Observation", document.root());
    let found = query.matches_body(document.root(), "1", 0);
    let expected = if found { Verdict::Yes } else { Verdict::No };
    assert_eq!(query.matches(&tokens, "1", 0), expected, "{wanted} {held}");
    found
}

#[test]
fn the_examples_of_the_standard_hold() {
    let table = [
        ("eq2013-01-14", "2013-01-14T00:00:00-05:00", true),
        ("eq2013-01-14", "2013-01-14T10:00:00-05:00", true),
        ("eq2013-01-14", "2013-01-15T00:00:00-05:00", false),
        ("2013-01-14", "2013-01-14", true),
        ("ne2013-01-14", "2013-01-15T00:00:00-05:00", true),
        ("ne2013-01-14", "2013-01-14T00:00:00-05:00", false),
        ("ne2013-01-14", "2013-01-14T10:00:00-05:00", false),
        ("lt2013-01-14T10:00", "2013-01-14", true),
        ("gt2013-01-14T10:00", "2013-01-14", true),
        ("gt2013-01-14", "2013-01-14", false),
        ("lt2013-01-14", "2013-01-14", false),
        ("ge2013-01-14", "2013-01-14", true),
        ("le2013-01-14", "2013-01-14", true),
        ("2013", "2013-01-14", true),
        ("2013-01-14", "2013", false),
        ("ge2013-01-14", "2013", true),
        ("le2013-01-14", "2013", true),
        ("2013-02", "2013-02-28T23:59:59-05:00", true),
        ("2013-02", "2013-03-01", false),
        ("ap2013-03-14", "2013-01-21", true),
        ("ap2023-11-01", "2013-01-21", false),
    ];
    for (wanted, held, expected) in table {
        assert_eq!(finds_at(wanted, held), expected, "{wanted} on {held}");
    }
}

#[test]
fn the_periods_of_the_standard_hold() {
    let (from_january, from_march) = (r#"{"start":"2013-01-21"}"#, r#"{"start":"2013-03-15"}"#);
    let until_january = r#"{"end":"2013-01-21"}"#;
    let table = [
        ("ge2013-03-14", from_january, true),
        ("le2013-03-14", from_january, true),
        ("sa2013-03-14", from_march, true),
        ("sa2013-03-14", from_january, false),
        ("sa2013-03-14", until_january, false),
        ("eb2013-03-14", from_march, false),
        ("eb2013-03-14", from_january, false),
        ("eb2013-03-14", until_january, true),
        ("eq2013", r#"{"start":"2013-01-21","end":"2013-02-01"}"#, true),
        ("eq2013", from_january, false),
        ("ge2013", r#"{"start":"2013-01-21","end":"9999-12-31"}"#, true),
        ("lt2013", r#"{"start":"0001-01-01","end":"2013-02-01"}"#, true),
    ];
    for (wanted, held, expected) in &table[..10] {
        assert_eq!(finds(wanted, held), *expected, "{wanted} on {held}");
    }
    assert!(finds(table[10].0, table[10].1));
    // The year 1 has no short form; the body decides and the cell says so.
    let text = format!(r#"{{"resourceType":"Encounter","period":{}}}"#, table[11].1);
    let document = Document::parse(text, &JsonLimits::default()).unwrap();
    let query = Query::parse("Encounter", "date=lt2013", &settings()).unwrap();
    let tokens = Tokens::extract("Encounter", document.root());
    assert_eq!(query.matches(&tokens, "1", 0), Verdict::Maybe);
    assert!(query.matches_body(document.root(), "1", 0));
}

#[test]
fn offsets_are_the_same_instant() {
    assert_eq!(
        DateRange::parse("2020-05-01T12:00:00Z"),
        DateRange::parse("2020-05-01T08:00:00-04:00")
    );
    assert!(finds_at("2020-05-01T12:00:00Z", "2020-05-01T14:00:00+02:00"));
    assert!(finds_at("2020-05-01T14:00:00%2B02:00", "2020-05-01T08:00:00-04:00"));
    // A plus sign that was not encoded arrives as a space.
    assert!(finds_at("2020-05-01T14:00:00+02:00", "2020-05-01T08:00:00-04:00"));
}

#[test]
fn a_day_without_offset_is_a_day_in_eastern_time() {
    // 20:30 on the 14th in Montréal, in winter and in summer.
    assert!(finds_at("2024-01-14", "2024-01-15T01:30:00Z"));
    assert!(!finds_at("2024-01-15", "2024-01-15T01:30:00Z"));
    assert!(finds_at("2024-07-14", "2024-07-15T03:59:59Z"));
    assert!(!finds_at("2024-07-14", "2024-07-15T04:00:00Z"));
    // The clocks change on the second Sunday of March and the first of November.
    let hours = |text| {
        let range = DateRange::parse(text).unwrap();
        (range.upper_ms - range.lower_ms) / 3_600_000
    };
    assert_eq!((hours("2024-03-09"), hours("2024-03-10"), hours("2024-11-03")), (24, 23, 25));
    assert_eq!((hours("2000-04-02"), hours("2000-10-29"), hours("1975-04-27")), (23, 25, 23));
    assert_eq!(hours("1950-04-30"), 24);
}

#[test]
fn known_instants() {
    let at = |text: &str| DateRange::parse(text).map(|range| (range.lower_ms, range.upper_ms));
    assert_eq!(at("1970-01-01T00:00:00Z"), Some((0, 1_000)));
    assert_eq!(at("1970-01-01T00:00Z"), Some((0, 60_000)));
    assert_eq!(at("1970-01-01T00:00:00.25Z"), Some((250, 260)));
    assert_eq!(at("2000-02-29T00:00:00.000Z"), Some((951_782_400_000, 951_782_400_001)));
    assert_eq!(at("1969-12-31"), Some((-68_400_000, 18_000_000)));
}

#[test]
fn what_is_no_date_is_refused() {
    for text in [
        "",
        "13",
        "2013-1-1",
        "2013-13",
        "2013-02-29",
        "2013-04-31",
        "2013-01-14T",
        "2013-01-14T10",
        "2013-01-14T24:00",
        "2013-01-14T10:00:00+15:00",
        "2013-01-14T10:00+0200",
        "2013T10:00",
        "2013-01-14T10:00.5",
        "2013-01-14-05",
        "０２０１",
        "2013-01-14T10:00:00.Z",
        "0000",
    ] {
        assert_eq!(DateRange::parse(text), None, "{text}");
        assert!(
            Query::parse("Observation", &format!("date={text}"), &settings()).is_err(),
            "{text}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn comparisons_agree_with_their_definition(a in 1900i32..2100, b in 1900i32..2100, month in 1u8..13) {
        let held = format!("{a:04}-{month:02}");
        let wanted = format!("{b:04}");
        let ask = |prefix: &str| finds_at(&format!("{prefix}{wanted}"), &held);
        prop_assert_eq!(ask("eq"), a == b);
        prop_assert_eq!(ask("ne"), a != b);
        prop_assert_eq!(ask("lt"), a < b);
        prop_assert_eq!(ask("gt"), a > b);
        prop_assert_eq!(ask("le"), a <= b);
        prop_assert_eq!(ask("ge"), a >= b);
        prop_assert_eq!(ask("sa"), a > b);
        prop_assert_eq!(ask("eb"), a < b);
    }

    #[test]
    fn parsing_never_panics(text in ".{0,40}", near in "[0-9T:.Z+\\- ]{0,32}") {
        let _ = DateRange::parse(&text);
        if let Some(range) = DateRange::parse(&near) {
            prop_assert!(range.lower_ms < range.upper_ms);
        }
    }
}
