use super::{Class, caller, class};
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use http::{Method, Uri};

fn with(token: bool, emergency: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if token {
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer x"));
    }
    if emergency {
        headers.insert("emergency-reason", HeaderValue::from_static("unconscious%20on%20arrival"));
    }
    headers
}

fn of(function: &str, method: Method, path: &'static str) -> Class {
    class(function, &method, &Uri::from_static(path), &with(true, false))
}

#[test]
fn a_request_is_as_urgent_as_its_head_says() {
    for (function, path, expected) in [
        ("lookup", "/fhir/Patient/a", Class::Read),
        ("lookup", "/fhir/Patient/a/_history", Class::Read),
        ("lookup", "/fhir/Patient/_history", Class::Bulk),
        ("lookup", "/fhir/_history?_count=10", Class::Bulk),
        ("search", "/fhir/Observation?patient=a&code=x", Class::Read),
        ("search", "/fhir/Observation?subject:Patient=a", Class::Read),
        ("search", "/fhir/Observation?patient.identifier=a", Class::Read),
        ("search", "/fhir/Observation?code=x", Class::Bulk),
        ("search", "/fhir/Patient?name=tremblay", Class::Read),
        ("search", "/fhir/Patient", Class::Bulk),
        ("search", "/fhir/Patient/a/Observation", Class::Read),
        ("audit", "/fhir/AuditEvent", Class::Bulk),
        ("bulk", "/fhir/$export", Class::Bulk),
        ("capability", "/fhir/metadata", Class::Read),
    ] {
        assert_eq!(of(function, Method::GET, path), expected, "{path}");
    }
    assert_eq!(of("update", Method::PUT, "/fhir/Patient/a"), Class::Write);
    assert_eq!(of("transact", Method::POST, "/fhir"), Class::Write);
    assert_eq!(of("search", Method::POST, "/fhir/Observation/_search"), Class::Read);
}

#[test]
fn an_emergency_is_a_read_with_a_token() {
    let path = Uri::from_static("/fhir/Patient/a");
    let read = |headers| class("lookup", &Method::GET, &path, &headers);
    assert_eq!(read(with(true, true)), Class::Emergency);
    assert_eq!(read(with(false, true)), Class::Read);
    let write = class("update", &Method::PUT, &path, &with(true, true));
    assert_eq!(write, Class::Write);
}

#[test]
fn callers_are_told_apart_by_token_and_else_by_address() {
    let token = with(true, false);
    assert_eq!(caller(&token, "192.0.2.1"), caller(&token, "192.0.2.2"));
    let none = with(false, false);
    assert_ne!(caller(&none, "192.0.2.1"), caller(&none, "192.0.2.2"));
    assert_ne!(caller(&none, "192.0.2.1"), caller(&token, "192.0.2.1"));
}
