use super::{new_id, receive, request_id, send};
use http::header::{HeaderMap, HeaderName, HeaderValue};

fn headers(fields: &[(&str, &str)]) -> HeaderMap {
    fields
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_client_cannot_speak_for_the_door() {
    let mut given = headers(&[
        ("X-Dossier-Client", "10.0.0.1"),
        ("x-dossier-role", "system"),
        ("spin-client-addr", "10.0.0.1"),
        ("x-forwarded-for", "10.0.0.1"),
        ("accept", "application/fhir+json"),
    ]);
    receive(&mut given, "id", "192.0.2.7");
    assert_eq!(given.len(), 3, "{given:?}");
    assert_eq!(given["x-dossier-client"], "192.0.2.7");
    assert_eq!(given["x-request-id"], "id");
    assert_eq!(given["accept"], "application/fhir+json");
}

#[test]
fn a_fit_request_id_is_kept_and_another_replaced() {
    assert_eq!(request_id(&headers(&[("x-request-id", "a-B_9.c")])), "a-B_9.c");
    let long = "a".repeat(65);
    for unfit in ["", "a b", "a\"b", "é", long.as_str()] {
        let mut given = HeaderMap::new();
        given.insert("x-request-id", HeaderValue::from_bytes(unfit.as_bytes()).unwrap());
        let id = request_id(&given);
        assert_ne!(id, unfit);
        assert_eq!(id.len(), 32);
    }
    assert_ne!(new_id(), new_id());
}

#[test]
fn an_answer_is_not_kept_by_caches_unless_the_function_says_so() {
    let mut answer = headers(&[("x-dossier-client", "192.0.2.7")]);
    send(&mut answer, "id", false);
    assert_eq!(answer["cache-control"], "no-store");
    assert_eq!(answer["x-content-type-options"], "nosniff");
    assert!(!answer.contains_key("x-dossier-client"));
    assert!(!answer.contains_key("strict-transport-security"));
    let mut answer = headers(&[("cache-control", "max-age=60")]);
    send(&mut answer, "id", true);
    assert_eq!(answer["cache-control"], "max-age=60");
    assert!(answer.contains_key("strict-transport-security"));
}
