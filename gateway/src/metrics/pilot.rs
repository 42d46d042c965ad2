//! What the pilot's figures add to the metrics: by establishment and reason,
//! since the process began.

use report::histogram::Histogram;
use report::slice::{Event, NO_ESTABLISHMENT};
use report::{Objectives, Record};

use super::family::{BOUNDS_US, Family, Kind, Value};
use crate::pilot::Series;

/// Everything that the series of one door tells.
pub fn families(series: &Series, objectives: &Objectives) -> Vec<Family> {
    let slice = series.since_start();
    let counter = |name, help| Family::new(name, help, Kind::Counter);
    let mut requests = counter(
        "establishment_requests_total",
        "Requests answered, by establishment of the token.",
    );
    let mut latency = Family::new(
        "establishment_duration_seconds",
        "From a request's head to its answer, by establishment of the token.",
        Kind::Histogram,
    );
    let mut refusals = counter("refusals_total", "Requests refused, by reason.");
    let mut conflicts = counter("conflicts_total", "Changes that met another's (409, 412).");
    let mut emergencies =
        counter("emergencies_total", "Accesses permitted under a declared emergency.");
    for (id, tally) in &slice.establishments {
        let id = if id == NO_ESTABLISHMENT { "none" } else { id };
        let labels = || vec![("establishment", id.to_owned())];
        for (class, count) in (1..).zip(tally.classes).filter(|(_, count)| *count > 0) {
            let mut labels = labels();
            labels.push(("class", format!("{class}xx")));
            requests.add(labels, Value::Whole(count));
        }
        latency.add(labels(), bucketed(&tally.latency));
        for (reason, count) in &tally.refusals {
            let mut labels = labels();
            labels.push(("reason", reason.clone()));
            refusals.add(labels, Value::Whole(*count));
        }
        conflicts.add(labels(), Value::Whole(tally.conflicts));
        emergencies.add(labels(), Value::Whole(tally.emergencies));
    }
    let mut events =
        counter("events_total", "Forwarded, failed over, shed: by the words of the report.");
    for event in Event::ALL {
        let labels = vec![("event", event.word().to_owned())];
        events.add(labels, Value::Whole(slice.count(event)));
    }
    let (waiting, lost) = series.backlog();
    let mut given_up = counter("series_rows_lost_total", "Rows of figures that were given up.");
    given_up.add(Vec::new(), Value::Whole(lost));
    let total = slice.total();
    let budget = total.requests() as f64 * (1.0 - objectives.availability);
    let burned = if budget > 0.0 { total.failed() as f64 / budget } else { 0.0 };
    let real = |name, help, value| Family::gauge(name, help, Value::Real(value));
    let mut all = vec![requests, latency, refusals, conflicts, emergencies, events, given_up];
    all.extend([
        Family::gauge(
            "series_rows_waiting",
            "Rows of figures that wait for the store.",
            Value::Whole(waiting),
        ),
        real(
            "objective_availability",
            "Share of requests that must not fail.",
            objectives.availability,
        ),
        real(
            "objective_latency_seconds",
            "Within which the objective's share of requests is answered.",
            objectives.latency_ms as f64 / 1_000.0,
        ),
        real("objective_latency_share", "That share.", objectives.latency_share),
        real(
            "error_budget_burned",
            "Share of the error budget spent since the process began; over 1 it is overdrawn.",
            burned,
        ),
    ]);
    all.extend(records(series));
    all
}

/// The newest load and verification that this machine knows of, if any.
fn records(series: &Series) -> Vec<Family> {
    let whole = |name, help, value| Family::gauge(name, help, Value::Whole(value));
    let seconds = |at_ms: i64| u64::try_from(at_ms.div_euclid(1_000)).unwrap_or_default();
    let load = series.newest(|record| match record {
        Record::Load(load) => Some(load.clone()),
        _ => None,
    });
    let verification = series.newest(|record| match record {
        Record::Verification(verification) => Some(verification.clone()),
        _ => None,
    });
    let load = load.as_ref();
    let verification = verification.as_ref();
    vec![
        whole(
            "load_last_timestamp_seconds",
            "When the newest load ended; 0 without one.",
            load.map_or(0, |load| seconds(load.at_ms)),
        ),
        whole(
            "load_last_balanced",
            "Whether it balanced.",
            load.map_or(0, |load| u64::from(load.balanced)),
        ),
        whole("load_last_refused", "What it was refused.", load.map_or(0, |load| load.refused)),
        whole(
            "verified_last_timestamp_seconds",
            "When the ledger was last verified; 0 without a verification.",
            verification.map_or(0, |one| seconds(one.at_ms)),
        ),
        whole(
            "verified_last_whole",
            "Whether all of it held.",
            verification.map_or(0, |one| u64::from(one.whole)),
        ),
    ]
}

/// The histogram by the bounds of the metrics; a bucket that a bound cuts counts
/// below it.
fn bucketed(latency: &Histogram) -> Value {
    let mut counts = [0; BOUNDS_US.len() + 1];
    let within = BOUNDS_US.iter().map(|bound| latency.within(*bound)).chain([latency.count()]);
    let mut before = 0;
    for (count, within) in counts.iter_mut().zip(within) {
        *count = within.saturating_sub(before);
        before = within;
    }
    Value::Histogram { counts, sum_us: latency.sum_us() }
}
