//! Metrics and traces to an OpenTelemetry collector: OTLP/HTTP with JSON bodies
//! (OTLP 1.x, "JSON Protobuf Encoding"). Off unless `--otlp` names one.
//!
//! The bodies are written by hand: the two messages that are sent have a dozen
//! fields, where the SDK brings a gRPC stack and a runtime of its own.

mod metrics;
mod send;
mod traces;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::admin;
use crate::cli::load::client::Target;
use crate::limits::{OTLP_MS, TRACES_WAITING_MAX};
use crate::log::Log;
use crate::region::Doorway;
use crate::trace::Sampling;
pub use traces::Traced;

/// Options of the export.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Choice {
    /// Send metrics and traces to this OpenTelemetry collector (OTLP/HTTP, JSON),
    /// such as http://127.0.0.1:4318
    #[arg(long = "otlp", value_name = "URL")]
    collector: Option<String>,
    /// Share of the requests that come without a trace of their own that are
    /// traced, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.01, value_parser = share)]
    trace_share: f64,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("{text} is not a share from 0 to 1"))
}

impl Choice {
    /// Which requests are traced.
    pub fn sampling(&self) -> Sampling {
        Sampling { share: self.collector.is_some().then_some(self.trace_share) }
    }

    /// The way to the collector, if there is one.
    ///
    /// # Errors
    /// When the address is none.
    pub fn exporter(&self) -> Result<Option<Arc<Exporter>>> {
        let Some(url) = &self.collector else { return Ok(None) };
        let target = Target::parse(url, None)?;
        if target.path().contains('?') {
            bail!("{url}: give the collector's base address; /v1/metrics and /v1/traces follow it");
        }
        Ok(Some(Arc::new(Exporter { target, waiting: Mutex::default() })))
    }
}

/// Traces on their way to the collector.
pub struct Exporter {
    target: Target,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    traces: Vec<Traced>,
    dropped: u64,
}

impl Exporter {
    /// Takes a trace; when too many wait it is dropped and counted.
    pub fn take(&self, traced: Traced) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.traces.len() >= TRACES_WAITING_MAX {
            waiting.dropped += 1;
        } else {
            waiting.traces.push(traced);
        }
    }

    /// Traces that were dropped since the process began.
    pub fn dropped(&self) -> u64 {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).dropped
    }

    /// Sends what there is, once.
    ///
    /// # Errors
    /// What the collector did not take; metrics are cumulative and go again,
    /// traces are given up.
    pub async fn send(&self, doorways: &[Arc<Doorway>], began_ns: u64) -> Result<()> {
        let traces = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut waiting.traces)
        };
        if !traces.is_empty() {
            send::post(&self.target, "v1/traces", &traces::body(&traces)).await?;
        }
        let mut parts = Vec::new();
        for region in doorways.iter().map(|doorway| doorway.region()) {
            parts.push(metrics::of(&region.code, &admin::families(&region).await, began_ns));
        }
        let body = json!({ "resourceMetrics": parts });
        send::post(&self.target, "v1/metrics", &body).await
    }

    /// Sends every few seconds, for ever.
    pub async fn keep(self: Arc<Self>, doorways: Vec<Arc<Doorway>>, began_ns: u64, log: Arc<Log>) {
        let mut failed = false;
        loop {
            tokio::time::sleep(Duration::from_millis(OTLP_MS)).await;
            let sent = self.send(&doorways, began_ns).await;
            if sent.is_err() && !failed {
                log.event("the collector of metrics and traces does not take them", None);
            }
            failed = sent.is_err();
        }
    }
}

/// Nanoseconds since 1970.
pub fn now_ns() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

/// A text attribute.
fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// 64-bit integers are texts in JSON (proto3 JSON mapping).
fn whole(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

/// Whose metrics or traces they are.
fn resource(region: &str) -> Value {
    json!({ "attributes": [
        text("service.name", "dossier"),
        text("service.version", env!("CARGO_PKG_VERSION")),
        text("dossier.region", region),
    ] })
}

/// What measured them.
fn scope() -> Value {
    json!({ "name": "dossier", "version": env!("CARGO_PKG_VERSION") })
}

#[cfg(test)]
mod tests;
