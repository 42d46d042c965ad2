use super::{Parent, Sampling, Spans, chance};
use http::header::{HeaderMap, HeaderValue};

const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn headers(parents: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for parent in parents {
        headers.append("traceparent", HeaderValue::from_str(parent).unwrap());
    }
    headers.insert("tracestate", HeaderValue::from_static("vendor=1"));
    headers
}

#[test]
fn a_context_is_read_as_the_standard_says() {
    let read = Parent::read(GOOD).unwrap();
    assert_eq!(read.trace, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
    assert_eq!((read.span, read.sampled), (0x00f0_67aa_0ba9_02b7, true));
    assert!(!Parent::read(&GOOD.replace("-01", "-00")).unwrap().sampled);
    // A later version, with more behind.
    assert!(Parent::read(&format!("cc{}-what-follows", &GOOD[2..])).is_some());
    for bad in [
        "",
        "00",
        &GOOD.to_uppercase(),
        &format!("ff{}", &GOOD[2..]),
        &format!("{GOOD}-more"),
        &GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
        &GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
        &GOOD[..54],
        &GOOD.replace('-', "_"),
        &GOOD.replace("4bf9", "4bg9"),
        &format!(" {GOOD}"),
    ] {
        assert_eq!(Parent::read(bad), None, "{bad}");
    }
}

#[test]
fn a_traced_request_is_handed_on_under_its_own_span() {
    let mut traced = headers(&[GOOD]);
    let spans = Sampling { share: Some(0.0) }.take_in(&mut traced).unwrap();
    let on = Parent::read(traced["traceparent"].to_str().unwrap()).unwrap();
    assert_eq!(on.trace, Parent::read(GOOD).unwrap().trace);
    assert_eq!(on.span, spans.request_id());
    assert_eq!(spans.parent(), Some(0x00f0_67aa_0ba9_02b7));
    assert_eq!(traced["tracestate"], "vendor=1");
}

#[test]
fn what_is_not_valid_is_taken_away_and_what_is_not_traced_goes_on_as_it_came() {
    for bad in [vec!["00-nonsense"], vec![GOOD, GOOD], vec![]] {
        let mut held = headers(&bad);
        assert!(Sampling { share: None }.take_in(&mut held).is_none());
        assert!(!held.contains_key("traceparent") && !held.contains_key("tracestate"));
    }
    let unsampled = GOOD.replace("-01", "-00");
    for (share, text) in [(None, GOOD), (Some(1.0), unsampled.as_str())] {
        let mut held = headers(&[text]);
        assert!(Sampling { share }.take_in(&mut held).is_none());
        assert_eq!(held["traceparent"], text);
    }
}

#[test]
fn a_share_of_requests_is_traced() {
    let traced = |share| {
        let sampling = Sampling { share: Some(share) };
        (0..4_000).filter(|_| sampling.take_in(&mut HeaderMap::new()).is_some()).count()
    };
    assert_eq!((traced(0.0), traced(1.0)), (0, 4_000));
    let some = traced(0.25);
    assert!((800..1_200).contains(&some), "{some}");
}

#[test]
fn ids_differ_and_spans_are_bounded() {
    let mut ids: Vec<u64> =
        (0..10_000).map(|_| Spans::begin(Parent::none(), chance()).request_id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 10_000);
    let mut spans = Spans::begin(Parent::none(), 1);
    let now = std::time::Instant::now();
    (0..crate::limits::SPANS_MAX + 5).for_each(|_| spans.trip(now, "record.get".into()));
    spans.leave_function(now, "search");
    assert_eq!(spans.spans().len(), crate::limits::SPANS_MAX + 1);
    assert_eq!(spans.dropped, 5);
}
