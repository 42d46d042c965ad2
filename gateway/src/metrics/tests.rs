use super::{Answerer, Gauge, Metrics};
use crate::record::Trips;
use http::Method;
use std::time::Duration;

#[test]
fn the_page_holds_what_was_counted() {
    let metrics = Metrics::new(vec!["lookup".into(), "search".into()]);
    metrics.request(Answerer::Function(0), &Method::GET, 200, Duration::from_micros(240));
    metrics.request(Answerer::Function(0), &Method::GET, 404, Duration::from_micros(2_100));
    metrics.request(Answerer::Door, &Method::PATCH, 405, Duration::from_secs(60));
    metrics.instance(0, Duration::from_micros(40));
    metrics.reject();
    let gauges = [Gauge { name: "in_flight", help: "Requests inside.", value: 3 }];
    let page = metrics.text("06", &Trips::default(), &gauges);
    for line in [
        "dossier_store_round_trips_total{region=\"06\",table=\"record\",operation=\"query\"} 0",
        "dossier_requests_total{region=\"06\",function=\"lookup\",method=\"GET\",class=\"2xx\"} 1",
        "dossier_requests_total{region=\"06\",function=\"lookup\",method=\"GET\",class=\"4xx\"} 1",
        "dossier_requests_total{region=\"06\",function=\"door\",method=\"other\",class=\"4xx\"} 1",
        "dossier_request_duration_seconds_bucket{region=\"06\",function=\"lookup\",le=\"0.000250\"} 1",
        "dossier_request_duration_seconds_bucket{region=\"06\",function=\"lookup\",le=\"0.005000\"} 2",
        "dossier_request_duration_seconds_bucket{region=\"06\",function=\"door\",le=\"30.000000\"} 0",
        "dossier_request_duration_seconds_bucket{region=\"06\",function=\"door\",le=\"+Inf\"} 1",
        "dossier_request_duration_seconds_sum{region=\"06\",function=\"lookup\"} 0.002340",
        "dossier_request_duration_seconds_count{region=\"06\",function=\"lookup\"} 2",
        "dossier_instances_total{region=\"06\",function=\"lookup\"} 1",
        "dossier_rejected_total{region=\"06\"} 1",
        "dossier_in_flight{region=\"06\"} 3",
    ] {
        assert!(page.lines().any(|held| held == line), "{line} is not in\n{page}");
    }
}

#[test]
fn a_strange_status_or_function_is_not_counted_and_does_not_panic() {
    let metrics = Metrics::new(vec![]);
    metrics.request(Answerer::Function(7), &Method::GET, 200, Duration::ZERO);
    metrics.request(Answerer::Door, &Method::GET, 0, Duration::ZERO);
    metrics.request(Answerer::Door, &Method::GET, 999, Duration::ZERO);
    assert_eq!(metrics.name(Answerer::Function(7)), "door");
}
