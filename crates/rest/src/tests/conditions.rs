//! Preferences, conditions and dates.

use super::headers;
use crate::answer::version;
use crate::conditional::{
    Tags, date, has_already, if_match, last_modified, match_tags, none_match,
};
use crate::headers::{PatchKind, accepts_json, carries_json, carries_patch};
use crate::prefer::{Handling, Prefer, Return};
use contracts::{ChangeKind, ResourceKey, Version};
use http::HeaderMap;
use proptest::prelude::*;
use std::time::{Duration, SystemTime};

fn prefer(value: &str) -> Prefer {
    Prefer::of(&headers("prefer", value))
}

#[test]
fn preferences_are_read_in_every_spelling() {
    assert_eq!(Prefer::of(&HeaderMap::new()), Prefer::default());
    assert_eq!(prefer("return=minimal").returned(), Return::Minimal);
    assert_eq!(prefer("return=OperationOutcome").returned(), Return::OperationOutcome);
    assert_eq!(prefer("Return = \"representation\"").returned, Some(Return::Representation));
    let all = prefer("respond-async, handling=lenient; return=minimal, wait=10");
    assert!(all.respond_async);
    assert_eq!((all.handling(), all.returned()), (Handling::Lenient, Return::Minimal));
    assert_eq!(prefer("handling=strict,handling=lenient").handling(), Handling::Strict);
    assert_eq!(prefer("return=nonsense").returned, None);
    assert_eq!(prefer("x=\"a,return=minimal\"").returned, None);
    let mut two = headers("prefer", "handling=lenient");
    two.append("prefer", "return=minimal".parse().unwrap());
    let both = Prefer::of(&two);
    assert_eq!((both.handling(), both.returned()), (Handling::Lenient, Return::Minimal));
}

#[test]
fn tags_are_lists_weak_or_strong_or_any() {
    let none = |value: &str| none_match(&headers("if-none-match", value));
    assert_eq!(none("*"), Some(Tags::Any));
    assert_eq!(none("W/\"1\", \"2\" ,3"), Some(Tags::Versions(vec![1, 2, 3])));
    assert_eq!(none("\"a,2\", W/\"x\", \"\", \"+4\", \"4"), Some(Tags::Versions(vec![])));
    assert_eq!(none("*, W/\"1\""), Some(Tags::Versions(vec![1])));
    assert_eq!(none_match(&HeaderMap::new()), None);
    let mut lines = headers("if-none-match", "W/\"1\"");
    lines.append("if-none-match", "W/\"2\"".parse().unwrap());
    assert_eq!(none_match(&lines), Some(Tags::Versions(vec![1, 2])));

    let matched = |value: &str| {
        if_match(&headers("if-match", value)).map_err(|refusal| refusal.status.code())
    };
    assert_eq!(matched("W/\"3\""), Ok(Some(3)));
    assert_eq!(if_match(&HeaderMap::new()).unwrap(), None);
    assert_eq!(matched("W/\"x\""), Err(412));
    assert_eq!(matched("\"99999999999999999999999\""), Err(412));
    assert_eq!(matched(""), Err(412));
    assert_eq!(matched("*"), Err(400));
    assert_eq!(matched("W/\"3\", W/\"4\""), Err(400));
    let any = match_tags(&headers("if-match", "*")).unwrap().unwrap();
    assert!(any.name(7));
    let some = match_tags(&headers("if-match", "W/\"3\", W/\"4\"")).unwrap().unwrap();
    assert!(some.name(4) && !some.name(5));
}

#[test]
fn dates_come_in_three_forms() {
    let instant = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    for told in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        " Sun, 06 Nov 1994 08:49:37 GMT ",
    ] {
        assert_eq!(date(told), Some(instant), "{told}");
    }
    for wrong in ["", "1994-11-06", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT"] {
        assert_eq!(date(wrong), None, "{wrong}");
    }
}

fn stored(number: u64, at_ms: i64) -> Version {
    Version {
        key: ResourceKey::new("Patient", "1"),
        version: number,
        last_updated_ms: at_ms,
        kind: ChangeKind::Update,
        body: b"{}".to_vec(),
    }
}

#[test]
fn a_reader_who_has_the_version_gets_304() {
    let at_ms = 784_111_777_900;
    let status = |asked: &HeaderMap| version(stored(2, at_ms), asked).status().as_u16();
    assert_eq!(status(&HeaderMap::new()), 200);
    assert_eq!(status(&headers("if-none-match", "W/\"1\", W/\"2\"")), 304);
    assert_eq!(status(&headers("if-none-match", "W/\"3\"")), 200);
    let since = "if-modified-since";
    assert_eq!(status(&headers(since, "Sun, 06 Nov 1994 08:49:37 GMT")), 304);
    assert_eq!(status(&headers(since, "Sun Nov  6 08:49:36 1994")), 200);
    assert_eq!(status(&headers(since, "yesterday")), 200);
    // With If-None-Match the date does not count (RFC 9110 §13.1.3).
    let mut both = headers("if-none-match", "W/\"1\"");
    both.insert(since, "Sun, 06 Nov 2094 08:49:37 GMT".parse().unwrap());
    assert_eq!(status(&both), 200);
    let unchanged = version(stored(2, at_ms), &headers("if-none-match", "*"));
    assert!(unchanged.body().is_empty());
    assert_eq!(unchanged.headers()["etag"], "W/\"2\"");
    assert_eq!(unchanged.headers()["last-modified"], "Sun, 06 Nov 1994 08:49:37 GMT");
}

#[test]
fn media_types_name_their_charset_and_version() {
    let empty = HeaderMap::new();
    for good in [
        "json",
        "application/json",
        "application/fhir+json",
        "application/fhir json",
        "Application/FHIR+JSON; charset=\"UTF-8\"",
        "application/fhir+json; fhirVersion=4.0",
    ] {
        assert!(accepts_json(&empty, Some(good)).is_ok(), "{good}");
    }
    for bad in [
        "xml",
        "ttl",
        "application/fhir+xml",
        "text/turtle",
        "html",
        "",
        "application/json; charset=latin1",
        "application/fhir+json; fhirVersion=3.0",
    ] {
        let refused = accepts_json(&empty, Some(bad)).unwrap_err();
        assert_eq!(refused.status.code(), 406, "{bad}");
        assert!(refused.diagnostics.contains("application/fhir+json"));
    }
    let accept = |value| accepts_json(&headers("accept", value), None).is_ok();
    assert!(accept("application/fhir+json; fhirVersion=4.0"));
    assert!(!accept("application/fhir+json; fhirVersion=5.0"));
    assert!(accept("application/fhir+json; fhirVersion=5.0, */*;q=0.1"));
    let carried = |value| carries_json(&headers("content-type", value)).is_ok();
    assert!(carried("application/fhir+json; fhirVersion=4.0; charset=utf-8"));
    assert!(!carried("application/fhir+json; fhirVersion=3.0"));

    let patch = |value| {
        carries_patch(&headers("content-type", value)).map_err(|refusal| refusal.status.code())
    };
    assert_eq!(patch("application/json-patch+json"), Ok(PatchKind::Json));
    assert_eq!(patch("application/fhir+json; charset=utf-8"), Ok(PatchKind::FhirPath));
    for bad in ["", "application/xml-patch+xml", "application/merge-patch+json", "text/plain"] {
        assert_eq!(patch(bad), Err(415), "{bad}");
    }
}

proptest! {
    #[test]
    fn headers_of_any_text_are_read(value in "[ -~]{0,40}") {
        Prefer::of(&headers("prefer", &value));
        let _ = if_match(&headers("if-match", &value));
        none_match(&headers("if-none-match", &value));
        date(&value);
        crate::headers::language(&headers("accept-language", &value));
        let _ = carries_patch(&headers("content-type", &value));
    }

    #[test]
    fn a_date_that_was_told_is_what_the_reader_has(seconds in 0_i64..4_000_000_000, part in 0_i64..1000) {
        let at_ms = seconds * 1000 + part;
        let told = httpdate::fmt_http_date(last_modified(at_ms));
        prop_assert!(has_already(&headers("if-modified-since", &told), 1, at_ms));
        prop_assert!(!has_already(&headers("if-modified-since", &told), 1, at_ms + 1000));
    }

    #[test]
    fn a_tag_that_was_told_names_its_version(number in any::<u64>()) {
        let tag = format!("W/\"{number}\"");
        prop_assert!(none_match(&headers("if-none-match", &tag)).unwrap().name(number));
        prop_assert_eq!(if_match(&headers("if-match", &tag)).unwrap(), Some(number));
    }
}
