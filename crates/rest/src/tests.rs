//! Paths, headers and form decoding.

mod answers;
mod conditions;

use crate::ask::{form_decoded, parameter};
use crate::headers::{accepts_json, carries_json, none_match_names, version_tag};
use crate::path::{Target, check_id};
use contracts::ResourceKey;
use http::HeaderMap;

fn key(resource_type: &str, id: &str) -> ResourceKey {
    ResourceKey::new(resource_type, id)
}

#[test]
fn paths_name_what_the_standard_says() {
    let parse = |path: &str| Target::parse(path).map_err(|refusal| refusal.status.code());
    assert_eq!(parse("/fhir"), Ok(Target::System));
    assert_eq!(parse("/fhir/"), Ok(Target::System));
    assert_eq!(parse("/fhir/metadata"), Ok(Target::Metadata));
    assert_eq!(parse("/fhir/Patient"), Ok(Target::Type("Patient".into())));
    assert_eq!(parse("/fhir/Patient/_search"), Ok(Target::TypeSearch("Patient".into())));
    assert_eq!(parse("/fhir/Patient/a.b-1"), Ok(Target::Instance(key("Patient", "a.b-1"))));
    assert_eq!(parse("/fhir/Patient/1/_history"), Ok(Target::History(key("Patient", "1"))));
    assert_eq!(parse("/fhir/Patient/1/_history/2"), Ok(Target::Version(key("Patient", "1"), 2)));
    let everything = Target::Operation(key("Patient", "1"), "$everything".into());
    assert_eq!(parse("/fhir/Patient/1/%24everything"), Ok(everything));
    assert_eq!(parse("/fhir/Patient/1/_history/0"), Err(404));
    assert_eq!(parse("/fhir/patient/1"), Err(404));
    assert_eq!(parse("/fhir/Patient/a%2Fb"), Err(400));
    assert_eq!(parse("/fhir/Patient/a%zz"), Err(400));
    assert_eq!(parse("/fhir/Patient/1/2/3/4"), Err(404));
}

#[test]
fn ids_are_what_the_type_id_allows() {
    assert!(check_id("A-1.b").is_ok());
    for bad in ["", "a_b", "é", &"x".repeat(65)] {
        assert_eq!(check_id(bad).map_err(|refusal| refusal.status.code()), Err(400), "{bad}");
    }
}

fn headers(name: &'static str, value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(name, value.parse().unwrap());
    headers
}

#[test]
fn accept_is_json_or_nothing() {
    for good in ["application/fhir+json", "*/*", "text/html, application/json;q=0.5", ""] {
        assert!(accepts_json(&headers("accept", good), None).is_ok(), "{good}");
    }
    for bad in ["application/fhir+xml", "text/html", "application/json;q=0"] {
        assert!(accepts_json(&headers("accept", bad), None).is_err(), "{bad}");
    }
    assert!(accepts_json(&headers("accept", "text/html"), Some("json")).is_ok());
    assert!(accepts_json(&HeaderMap::new(), Some("xml")).is_err());
    assert!(accepts_json(&HeaderMap::new(), None).is_ok());
}

#[test]
fn bodies_are_json_in_utf8() {
    for good in ["application/fhir+json", "application/json; charset=UTF-8"] {
        assert!(carries_json(&headers("content-type", good)).is_ok(), "{good}");
    }
    for bad in ["text/plain", "application/fhir+xml", "application/json; charset=latin1"] {
        assert!(carries_json(&headers("content-type", bad)).is_err(), "{bad}");
    }
    assert!(carries_json(&HeaderMap::new()).is_err());
}

#[test]
fn versions_are_weak_tags() {
    assert_eq!(version_tag("W/\"3\"").ok(), Some(3));
    assert_eq!(version_tag("\"3\"").ok(), Some(3));
    assert!(version_tag("W/\"x\"").is_err());
    assert!(none_match_names(&headers("if-none-match", "W/\"1\", W/\"2\""), 2));
    assert!(none_match_names(&headers("if-none-match", "*"), 9));
    assert!(!none_match_names(&headers("if-none-match", "W/\"1\""), 2));
}

#[test]
fn forms_are_decoded_once() {
    assert_eq!(form_decoded("a%2Bb+c%"), "a+b c%");
    assert_eq!(parameter("a=1&b=x%20y", "b").as_deref(), Some("x y"));
    assert_eq!(parameter("a=1", "b"), None);
}
