//! What happened so far, counted without locks; and what is told of it, in the
//! text form of Prometheus ([`prometheus`]) and in that of OpenTelemetry
//! (`otlp`): both are written from the same [`Family`]s.

mod family;
mod pilot;
mod prometheus;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::Method;

use crate::record::Trips;
pub use family::{BOUNDS_US, Family, Gauge, Kind, Value};
pub use pilot::families as pilot_families;
pub use prometheus::text;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "other"];

/// Counters of one function, or of the door for what no function answered.
#[derive(Default)]
struct Counters {
    /// By method and status class (1xx to 5xx).
    requests: [[AtomicU64; 5]; METHODS.len()],
    latency: [AtomicU64; BOUNDS_US.len() + 1],
    latency_sum_us: AtomicU64,
    instances: AtomicU64,
    instance_sum_us: AtomicU64,
    reused: AtomicU64,
    failures: AtomicU64,
}

/// Counters of one region.
pub struct Metrics {
    functions: Vec<(String, Counters)>,
    rejected: AtomicU64,
}

/// What answered: the function of an index, or the door itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answerer {
    /// By its index in the manifest.
    Function(usize),
    /// Health, refusals.
    Door,
}

impl Metrics {
    /// Counters for functions of these names.
    pub fn new(functions: Vec<String>) -> Self {
        let named = functions.into_iter().chain(["door".to_owned()]);
        Self {
            functions: named.map(|name| (name, Counters::default())).collect(),
            rejected: AtomicU64::new(0),
        }
    }

    fn counters(&self, answerer: Answerer) -> Option<&Counters> {
        let counted = match answerer {
            Answerer::Function(index) => self.functions.get(index),
            Answerer::Door => self.functions.last(),
        };
        counted.map(|(_, counters)| counters)
    }

    /// Name of who answered.
    pub fn name(&self, answerer: Answerer) -> &str {
        match answerer {
            Answerer::Function(index) => {
                self.functions.get(index).map_or("door", |(name, _)| name.as_str())
            }
            Answerer::Door => "door",
        }
    }

    /// Counts an answered request.
    pub fn request(&self, answerer: Answerer, method: &Method, status: u16, taken: Duration) {
        let Some(counters) = self.counters(answerer) else { return };
        let method = METHODS.iter().position(|name| *name == method.as_str());
        let method = method.unwrap_or(METHODS.len() - 1);
        let class = usize::from(status / 100).saturating_sub(1);
        if let Some(count) = counters.requests.get(method).and_then(|row| row.get(class)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let taken_us = micros(taken);
        let bucket = BOUNDS_US.iter().position(|bound| taken_us <= *bound);
        if let Some(count) = counters.latency.get(bucket.unwrap_or(BOUNDS_US.len())) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        counters.latency_sum_us.fetch_add(taken_us, Ordering::Relaxed);
    }

    /// Counts a new instance and the time it took to make.
    pub fn instance(&self, function: usize, taken: Duration) {
        if let Some(counters) = self.counters(Answerer::Function(function)) {
            counters.instances.fetch_add(1, Ordering::Relaxed);
            counters.instance_sum_us.fetch_add(micros(taken), Ordering::Relaxed);
        }
    }

    /// Counts an answer by an instance that was kept.
    pub fn reused(&self, function: usize) {
        if let Some(counters) = self.counters(Answerer::Function(function)) {
            counters.reused.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a trap, a broken limit or a timeout.
    pub fn failure(&self, function: usize) {
        if let Some(counters) = self.counters(Answerer::Function(function)) {
            counters.failures.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a request refused for want of a place.
    pub fn reject(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }

    /// Everything that was counted here and is not in the series.
    pub fn families(&self, trips: &Trips) -> Vec<Family> {
        let mut requests = Family::new("requests_total", "Requests answered.", Kind::Counter);
        for (name, counters) in &self.functions {
            for (method, classes) in METHODS.iter().zip(&counters.requests) {
                for (class, count) in (1..).zip(classes) {
                    let count = count.load(Ordering::Relaxed);
                    if count > 0 {
                        let labels = vec![
                            ("function", name.clone()),
                            ("method", (*method).to_owned()),
                            ("class", format!("{class}xx")),
                        ];
                        requests.add(labels, Value::Whole(count));
                    }
                }
            }
        }
        let mut rejected =
            Family::new("rejected_total", "Requests refused for want of a place.", Kind::Counter);
        rejected.add(Vec::new(), Value::Whole(self.rejected.load(Ordering::Relaxed)));
        let mut store =
            Family::new("store_round_trips_total", "Waits for the store.", Kind::Counter);
        for (table, operation, count) in trips.counts() {
            let labels = vec![("table", table.to_owned()), ("operation", operation.to_owned())];
            store.add(labels, Value::Whole(count));
        }
        vec![
            requests,
            self.latency(),
            self.by_function("instances_total", "Instances made.", |held| &held.instances),
            self.by_function(
                "instance_microseconds_total",
                "Time spent making instances.",
                |held| &held.instance_sum_us,
            ),
            self.by_function("reused_total", "Answers by a kept instance.", |held| &held.reused),
            self.by_function("failures_total", "Traps, broken limits and timeouts.", |held| {
                &held.failures
            }),
            rejected,
            store,
        ]
    }

    fn by_function(
        &self,
        name: &'static str,
        help: &'static str,
        of: impl Fn(&Counters) -> &AtomicU64,
    ) -> Family {
        let mut family = Family::new(name, help, Kind::Counter);
        for (function, counters) in &self.functions {
            let value = of(counters).load(Ordering::Relaxed);
            family.add(vec![("function", function.clone())], Value::Whole(value));
        }
        family
    }

    fn latency(&self) -> Family {
        let name = "request_duration_seconds";
        let mut family = Family::new(name, "From a request's head to its answer.", Kind::Histogram);
        for (function, counters) in &self.functions {
            let value = Value::Histogram {
                counts: counters.latency.each_ref().map(|count| count.load(Ordering::Relaxed)),
                sum_us: counters.latency_sum_us.load(Ordering::Relaxed),
            };
            family.add(vec![("function", function.clone())], value);
        }
        family
    }
}

/// The method as metrics and traces name it: one of a few.
pub fn method(method: &Method) -> &'static str {
    METHODS.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}

/// Whole microseconds, as every count and line tells time.
pub fn micros(taken: Duration) -> u64 {
    u64::try_from(taken.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
