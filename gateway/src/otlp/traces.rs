//! Traces as OTLP has them (`opentelemetry/proto/trace/v1`). What they say of a
//! request is its shape: no id, no address, no query, nothing of a person.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{resource, scope, text, whole};
use crate::trace::Spans;

/// `SPAN_KIND_SERVER`.
const SERVER: u8 = 2;
/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

/// One request that was traced.
pub struct Traced {
    /// Two-digit code of the region.
    pub region: String,
    /// HTTP method.
    pub method: String,
    /// The path without anything that could be an id or a value (`log::shape`).
    pub route: String,
    /// Who answered.
    pub function: String,
    /// HTTP status.
    pub status: u16,
    /// When it was answered, nanoseconds since 1970.
    pub end_ns: u64,
    /// What was measured within it.
    pub spans: Spans,
}

/// The message of these (`ExportTraceServiceRequest`).
pub fn body(traces: &[Traced]) -> Value {
    let mut by_region: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for traced in traces {
        let spans = by_region.entry(&traced.region).or_default();
        spans.push(request(traced));
        let within = traced.spans.spans().iter().map(|span| {
            let mut told = json!({
                "traceId": format!("{:032x}", traced.spans.trace()),
                "spanId": format!("{:016x}", span.id),
                "parentSpanId": format!("{:016x}", span.parent),
                "name": span.name,
                "kind": span.kind as u8,
                "startTimeUnixNano": span.start_ns.to_string(),
                "endTimeUnixNano": span.end_ns.to_string(),
            });
            // Only trips to the store are somebody else's work here.
            if let Some((table, operation)) = span.name.split_once('.')
                && let Some(told) = told.as_object_mut()
            {
                let attributes = json!([
                    text("db.system.name", "aws.dynamodb"),
                    text("db.collection.name", table),
                    text("db.operation.name", operation),
                ]);
                told.insert("attributes".to_owned(), attributes);
            }
            told
        });
        spans.extend(within);
    }
    let parts: Vec<Value> = by_region
        .into_iter()
        .map(|(region, spans)| {
            json!({
                "resource": resource(region),
                "scopeSpans": [{ "scope": scope(), "spans": spans }],
            })
        })
        .collect();
    json!({ "resourceSpans": parts })
}

fn request(traced: &Traced) -> Value {
    let spans = &traced.spans;
    let mut attributes = vec![
        text("http.request.method", &traced.method),
        text("http.route", &traced.route),
        whole("http.response.status_code", u64::from(traced.status)),
        text("dossier.function", &traced.function),
    ];
    if spans.dropped > 0 {
        attributes.push(whole("dossier.spans_dropped", u64::from(spans.dropped)));
    }
    let mut told = json!({
        "traceId": format!("{:032x}", spans.trace()),
        "spanId": format!("{:016x}", spans.request_id()),
        "name": format!("{} {}", traced.method, traced.route),
        "kind": SERVER,
        "startTimeUnixNano": spans.began_ns().to_string(),
        "endTimeUnixNano": traced.end_ns.to_string(),
        "attributes": attributes,
    });
    if let Some(told) = told.as_object_mut() {
        if let Some(parent) = spans.parent() {
            told.insert("parentSpanId".to_owned(), format!("{parent:016x}").into());
        }
        // A refusal is the caller's; only a fault of ours is an error of a server
        // span (semantic conventions for HTTP).
        if traced.status >= 500 {
            told.insert("status".to_owned(), json!({ "code": ERROR }));
        }
    }
    told
}
