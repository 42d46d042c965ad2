use super::{Answerer, Family, Gauge, Kind, Metrics, Value, pilot_families, text};
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
    let mut families = metrics.families(&Trips::default());
    families.push(Gauge { name: "in_flight", help: "Requests inside.", value: 3 }.into());
    let page = text("06", &families);
    for line in [
        "dossier_store_round_trips_total{region=\"06\",table=\"record\",operation=\"query\"} 0",
        "dossier_requests_total{region=\"06\",function=\"lookup\",method=\"GET\",class=\"2xx\"} 1",
        "dossier_requests_total{region=\"06\",function=\"lookup\",method=\"GET\",class=\"4xx\"} 1",
        "dossier_requests_total{region=\"06\",function=\"door\",method=\"PATCH\",class=\"4xx\"} 1",
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

#[test]
fn figures_by_establishment_and_reason_are_told() {
    let series = crate::pilot::Series::new("06", "p".into(), vec!["demo-06-nim".into()], 0);
    let asked = report::slice::Answered {
        establishment: "demo-06-nim",
        function: "lookup",
        status: 403,
        taken_us: 700,
        change: false,
        emergency: false,
        denied: Some("scope"),
        shed: false,
    };
    series.request(&asked);
    series.turn(60_000);
    series.request(&report::slice::Answered {
        status: 200,
        emergency: true,
        taken_us: 60_000,
        ..asked
    });
    series.event(report::slice::Event::ShedBulk);
    let objectives = report::Objectives::shipped().unwrap();
    let page = text("06", &pilot_families(&series, &objectives));
    for line in [
        "dossier_establishment_requests_total{region=\"06\",establishment=\"demo-06-nim\",class=\"4xx\"} 1",
        "dossier_refusals_total{region=\"06\",establishment=\"demo-06-nim\",reason=\"scope\"} 1",
        "dossier_emergencies_total{region=\"06\",establishment=\"demo-06-nim\"} 1",
        "dossier_establishment_duration_seconds_bucket{region=\"06\",establishment=\"demo-06-nim\",le=\"0.001000\"} 1",
        "dossier_establishment_duration_seconds_bucket{region=\"06\",establishment=\"demo-06-nim\",le=\"0.100000\"} 2",
        "dossier_establishment_duration_seconds_count{region=\"06\",establishment=\"demo-06-nim\"} 2",
        "dossier_events_total{region=\"06\",event=\"shed-bulk\"} 1",
        "dossier_events_total{region=\"06\",event=\"forwarded\"} 0",
        "dossier_objective_availability{region=\"06\"} 0.999",
    ] {
        assert!(page.lines().any(|held| held == line), "{line} is not in\n{page}");
    }
}

#[test]
fn labels_are_escaped() {
    let mut family = Family::new("x", "One.", Kind::Gauge);
    family.add(vec![("a", "quote \" and \\".into())], Value::Whole(1));
    assert!(text("06", &[family]).contains(r#"a="quote \" and \\""#));
}

#[test]
fn every_word_of_a_decision_is_one_that_refusals_are_counted_under() {
    for reason in access::decision::Reason::ALL {
        let word = report::reason::word(403, Some(reason.word()), false);
        assert_eq!(word, Some(reason.word()));
    }
}
