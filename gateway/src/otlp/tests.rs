use super::{metrics, traces};
use crate::metrics::{BOUNDS_US, Family, Kind, Value};
use crate::otlp::Traced;
use crate::trace::{Parent, Spans};

#[test]
fn metrics_are_written_as_the_mapping_says() {
    let mut requests = Family::new("requests_total", "Requests.", Kind::Counter);
    requests.add(vec![("function", "lookup".into())], Value::Whole(u64::MAX));
    let mut latency = Family::new("request_duration_seconds", "Latency.", Kind::Histogram);
    let mut counts = [0; BOUNDS_US.len() + 1];
    (counts[0], counts[BOUNDS_US.len()]) = (2, 1);
    latency.add(Vec::new(), Value::Histogram { counts, sum_us: 1_500_000 });
    let share = Family::gauge("objective_availability", "Share.", Value::Real(0.999));
    let told = metrics::of("06", &[requests, latency, share], 5);
    let held = &told["scopeMetrics"][0]["metrics"];
    let point = &held[0]["sum"]["dataPoints"][0];
    assert_eq!(point["asInt"], "18446744073709551615");
    assert_eq!(point["startTimeUnixNano"], "5");
    assert_eq!(point["attributes"][0]["value"]["stringValue"], "lookup");
    assert_eq!(
        (&held[0]["sum"]["isMonotonic"], &held[0]["sum"]["aggregationTemporality"]),
        (&true.into(), &2.into())
    );
    let point = &held[1]["histogram"]["dataPoints"][0];
    assert_eq!((point["count"].as_str(), point["sum"].as_f64()), (Some("3"), Some(1.5)));
    let (counts, bounds) =
        (point["bucketCounts"].as_array().unwrap(), point["explicitBounds"].as_array().unwrap());
    assert_eq!(counts.len(), bounds.len() + 1);
    assert_eq!((counts[0].as_str(), bounds[0].as_f64()), (Some("2"), Some(0.0001)));
    assert_eq!(held[1]["unit"], "s");
    assert_eq!(held[2]["gauge"]["dataPoints"][0]["asDouble"], 0.999);
}

#[test]
fn traces_are_written_as_the_mapping_says() {
    let parent = Parent::read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
    let mut spans = Spans::begin(parent, 3);
    spans.enter_function();
    spans.trip(std::time::Instant::now(), "record.query".into());
    spans.leave_function(std::time::Instant::now(), "lookup");
    let end_ns = spans.began_ns() + 9;
    let traced = Traced {
        region: "06".into(),
        method: "GET".into(),
        route: "/fhir/Patient/:id".into(),
        function: "lookup".into(),
        status: 503,
        end_ns,
        spans,
    };
    let told = traces::body(&[traced]);
    let held = told["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    assert_eq!(held.len(), 3);
    assert!(held.iter().all(|span| span["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736"));
    assert!(held.iter().all(|span| span["spanId"].as_str().unwrap().len() == 16));
    assert_eq!(held[0]["parentSpanId"], "00f067aa0ba902b7");
    assert_eq!((held[0]["kind"].as_u64(), held[0]["status"]["code"].as_u64()), (Some(2), Some(2)));
    assert_eq!(held[1]["parentSpanId"], held[2]["spanId"]);
    assert_eq!(held[2]["parentSpanId"], held[0]["spanId"]);
    assert_eq!(held[1]["kind"], 3);
    assert!(held[0]["startTimeUnixNano"].as_str().unwrap().parse::<u64>().is_ok());
}
