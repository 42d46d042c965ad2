use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue};
use http::{Method, Request, Response};

use super::{changes, is_repeatable, prepare, shown, written};
use crate::peers::Hop;

#[test]
fn only_what_does_no_harm_is_sent_twice() {
    let (bare, mut keyed) = (HeaderMap::new(), HeaderMap::new());
    keyed.insert("idempotency-key", HeaderValue::from_static("k"));
    for (method, path, repeatable) in [
        (Method::GET, "/fhir/Patient/1", true),
        (Method::HEAD, "/fhir/Patient/1", true),
        (Method::POST, "/fhir/Patient/_search", true),
        (Method::POST, "/fhir/Patient/1/$everything", true),
        (Method::POST, "/fhir/Patient/%24validate", true),
        (Method::POST, "/fhir/Patient", false),
        (Method::POST, "/fhir/", false),
        (Method::PUT, "/fhir/Patient/1", false),
        (Method::PATCH, "/fhir/Patient/1", false),
        (Method::DELETE, "/fhir/Patient/$x", false),
    ] {
        assert_eq!(is_repeatable(&method, path, &bare), repeatable, "{method} {path}");
        assert_eq!(changes(&method, path), !repeatable, "{method} {path}");
        assert!(is_repeatable(&method, path, &keyed), "{method} {path} with a key");
    }
}

#[test]
fn a_client_says_nothing_in_a_gateways_name() {
    let mut request = Request::post("http://door.example:8406/fhir/Patient?x=1")
        .header("x-dossier-client", "203.0.113.9")
        .header("x-dossier-region", "04")
        .header("x-forwarded-for", "203.0.113.9")
        .header("forwarded", "for=203.0.113.9")
        .header("connection", "x-mine")
        .header("x-mine", "1")
        .header("content-length", "7")
        .header("authorization", "Bearer x")
        .body(Bytes::from_static(b"{}"))
        .unwrap();
    prepare(&mut request);
    let hop = Hop {
        client: "192.0.2.7".parse().unwrap(),
        left: std::time::Duration::from_secs(1),
        scheme: http::uri::Scheme::HTTP,
    };
    let sent = written(&request, &hop, "r-1");
    assert_eq!(sent.uri(), "/fhir/Patient?x=1");
    let headers = sent.headers();
    assert_eq!(Hop::read(headers), Some(hop));
    assert_eq!(headers["host"], "door.example:8406");
    assert_eq!(headers["authorization"], "Bearer x");
    for gone in ["x-dossier-region", "x-forwarded-for", "forwarded", "x-mine", "content-length"] {
        assert!(!headers.contains_key(gone), "{gone}");
    }
}

#[test]
fn an_answer_that_contradicts_itself_is_shown_to_nobody() {
    let answer = |media, body| {
        Response::builder().header("content-type", media).body(Bytes::from_static(body)).unwrap()
    };
    assert!(shown(answer("application/fhir+json", b"{\"resourceType\":\"Bundle\"}")).is_some());
    assert!(shown(answer("application/fhir+json", b"")).is_some());
    assert!(shown(answer("application/fhir+json", b"<html>")).is_none());
    assert!(shown(answer("application/fhir+json", b"{\"resourceType\":\"Bun")).is_none());
    assert!(shown(answer("application/fhir+ndjson", b"{}\n{}\n")).is_some());
}
