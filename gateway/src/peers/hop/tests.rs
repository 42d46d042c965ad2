use std::time::Duration;

use http::header::{HeaderMap, HeaderValue};
use http::uri::Scheme;

use super::{Hop, end_to_end, is_answer, shortened};

fn hop() -> Hop {
    Hop {
        client: "192.0.2.7".parse().unwrap(),
        left: Duration::from_millis(59_950),
        scheme: Scheme::HTTPS,
    }
}

fn written() -> HeaderMap {
    let mut headers = HeaderMap::new();
    hop().write(&mut headers, "r-1");
    headers
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(Hop::read(&written()), Some(hop()));
    assert_eq!(written()["x-request-id"], "r-1");
}

#[test]
fn what_a_client_wrote_before_is_replaced() {
    let mut headers = HeaderMap::new();
    headers.append("x-dossier-client", HeaderValue::from_static("203.0.113.9"));
    headers.append("x-dossier-client", HeaderValue::from_static("203.0.113.10"));
    headers.append("x-dossier-hop", HeaderValue::from_static("7"));
    hop().write(&mut headers, "r-1");
    assert_eq!(Hop::read(&headers), Some(hop()));
}

#[test]
fn whatever_is_odd_is_no_hop() {
    let odd = [
        ("x-dossier-hop", "2"),
        ("x-dossier-hop", "0"),
        ("x-dossier-hop", "1, 1"),
        ("x-dossier-left-ms", "-1"),
        ("x-dossier-left-ms", "soon"),
        ("x-dossier-scheme", "ftp"),
        ("x-dossier-client", "somebody"),
    ];
    for (name, value) in odd {
        let mut headers = written();
        headers.insert(name, HeaderValue::from_static(value));
        assert_eq!(Hop::read(&headers), None, "{name}: {value}");
        headers.remove(name);
        assert_eq!(Hop::read(&headers), None, "without {name}");
        let mut twice = written();
        let again = twice[name].clone();
        twice.append(name, again);
        assert_eq!(Hop::read(&twice), None, "{name} twice");
    }
}

#[test]
fn each_hop_takes_something_off_the_time_that_is_left() {
    assert_eq!(shortened(Duration::from_secs(60)), Some(Duration::from_millis(59_950)));
    assert_eq!(shortened(Duration::from_millis(60)), None);
    assert_eq!(shortened(Duration::ZERO), None);
}

#[test]
fn fields_of_the_connection_do_not_pass() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("connection", "close, X-Mine"),
        ("x-mine", "1"),
        ("keep-alive", "5"),
        ("transfer-encoding", "chunked"),
        ("expect", "100-continue"),
        ("authorization", "Bearer x"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    end_to_end(&mut headers);
    assert_eq!(headers.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["authorization"]);
}

#[test]
fn an_answer_names_its_region_and_its_request() {
    let answer = |region: &'static str, id: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("x-dossier-region", HeaderValue::from_static(region));
        headers.insert("x-request-id", HeaderValue::from_static(id));
        headers
    };
    assert!(is_answer(&answer("06", "r-1"), "06", "r-1"));
    assert!(!is_answer(&answer("04", "r-1"), "06", "r-1"));
    assert!(!is_answer(&answer("06", "r-2"), "06", "r-1"));
    assert!(!is_answer(&HeaderMap::new(), "06", "r-1"));
    let mut twice = answer("06", "r-1");
    twice.append("x-dossier-region", HeaderValue::from_static("06"));
    assert!(!is_answer(&twice, "06", "r-1"));
}
