//! What happened so far, counted without locks, in the text format of
//! Prometheus (version 0.0.4).

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::Method;

use crate::record::Trips;

/// Upper bounds of the latency histogram, in microseconds; dense around the
/// budgets of the design.
const BOUNDS_US: [u64; 14] = [
    100, 250, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
    5_000_000, 30_000_000,
];

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "other"];

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

/// A number of the moment, with its name, help and type.
pub struct Gauge {
    /// Without the common prefix.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// Its value.
    pub value: u64,
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

    /// Everything, as Prometheus reads it.
    pub fn text(&self, region: &str, trips: &Trips, gauges: &[Gauge]) -> String {
        let mut page = Page { text: String::new(), region };
        page.head("requests_total", "Requests answered.", "counter");
        for (name, counters) in &self.functions {
            for (method, classes) in METHODS.iter().zip(&counters.requests) {
                for (class, count) in (1..).zip(classes) {
                    let count = count.load(Ordering::Relaxed);
                    if count > 0 {
                        let labels =
                            format!("function=\"{name}\",method=\"{method}\",class=\"{class}xx\"");
                        page.sample("requests_total", &labels, count);
                    }
                }
            }
        }
        self.latency(&mut page);
        self.by_function(&mut page, "instances_total", "Instances made.", |counters| {
            &counters.instances
        });
        self.by_function(
            &mut page,
            "instance_microseconds_total",
            "Time spent making instances.",
            |counters| &counters.instance_sum_us,
        );
        self.by_function(&mut page, "reused_total", "Answers by a kept instance.", |counters| {
            &counters.reused
        });
        self.by_function(
            &mut page,
            "failures_total",
            "Traps, broken limits and timeouts.",
            |counters| &counters.failures,
        );
        page.head("rejected_total", "Requests refused for want of a place.", "counter");
        page.sample("rejected_total", "", self.rejected.load(Ordering::Relaxed));
        page.head("store_round_trips_total", "Waits for the store.", "counter");
        for (table, operation, count) in trips.counts() {
            let labels = format!("table=\"{table}\",operation=\"{operation}\"");
            page.sample("store_round_trips_total", &labels, count);
        }
        for gauge in gauges {
            page.head(gauge.name, gauge.help, "gauge");
            page.sample(gauge.name, "", gauge.value);
        }
        page.text
    }

    fn by_function(
        &self,
        page: &mut Page<'_>,
        name: &str,
        help: &str,
        of: impl Fn(&Counters) -> &AtomicU64,
    ) {
        page.head(name, help, "counter");
        for (function, counters) in &self.functions {
            let labels = format!("function=\"{function}\"");
            page.sample(name, &labels, of(counters).load(Ordering::Relaxed));
        }
    }

    fn latency(&self, page: &mut Page<'_>) {
        let name = "request_duration_seconds";
        page.head(name, "From a request's head to its answer.", "histogram");
        for (function, counters) in &self.functions {
            let mut total = 0;
            let bounds = BOUNDS_US.iter().map(|bound| seconds(*bound));
            for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(&counters.latency) {
                total += count.load(Ordering::Relaxed);
                let labels = format!("function=\"{function}\",le=\"{bound}\"");
                page.sample("request_duration_seconds_bucket", &labels, total);
            }
            let labels = format!("function=\"{function}\"");
            let sum = seconds(counters.latency_sum_us.load(Ordering::Relaxed));
            page.sample("request_duration_seconds_sum", &labels, sum);
            page.sample("request_duration_seconds_count", &labels, total);
        }
    }
}

struct Page<'a> {
    text: String,
    region: &'a str,
}

impl Page<'_> {
    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let _ = writeln!(self.text, "# HELP dossier_{name} {help}");
        let _ = writeln!(self.text, "# TYPE dossier_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let comma = if labels.is_empty() { "" } else { "," };
        let region = self.region;
        let _ = writeln!(self.text, "dossier_{name}{{region=\"{region}\"{comma}{labels}}} {value}");
    }
}

fn micros(taken: Duration) -> u64 {
    u64::try_from(taken.as_micros()).unwrap_or(u64::MAX)
}

fn seconds(us: u64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

#[cfg(test)]
mod tests;
