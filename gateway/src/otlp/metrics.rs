//! Metrics as OTLP has them (`opentelemetry/proto/metrics/v1`).

use serde_json::{Value as Json, json};

use super::{now_ns, resource, scope, text};
use crate::metrics::{BOUNDS_US, Family, Kind, Value};

/// `AGGREGATION_TEMPORALITY_CUMULATIVE`: since the process began.
const CUMULATIVE: u8 = 2;

/// The metrics of one region (`ResourceMetrics`). `began_ns`: since when its
/// counters count.
pub fn of(region: &str, families: &[Family], began_ns: u64) -> Json {
    let now_ns = now_ns();
    let metrics: Vec<Json> =
        families.iter().map(|family| metric(family, began_ns, now_ns)).collect();
    json!({
        "resource": resource(region),
        "scopeMetrics": [{ "scope": scope(), "metrics": metrics }],
    })
}

fn metric(family: &Family, began_ns: u64, now_ns: u64) -> Json {
    let points: Vec<Json> = family
        .samples
        .iter()
        .map(|(labels, value)| {
            let attributes: Vec<Json> =
                labels.iter().map(|(name, value)| text(name, value)).collect();
            let mut point = json!({
                "attributes": attributes,
                "startTimeUnixNano": began_ns.to_string(),
                "timeUnixNano": now_ns.to_string(),
            });
            measured(&mut point, value);
            point
        })
        .collect();
    let (kind, held) = match family.kind {
        Kind::Counter => (
            "sum",
            json!({
                "dataPoints": points, "aggregationTemporality": CUMULATIVE, "isMonotonic": true,
            }),
        ),
        Kind::Gauge => ("gauge", json!({ "dataPoints": points })),
        Kind::Histogram => {
            ("histogram", json!({ "dataPoints": points, "aggregationTemporality": CUMULATIVE }))
        }
    };
    let name = format!("dossier_{}", family.name);
    json!({ "name": name, "description": family.help, "unit": unit(family.name), kind: held })
}

fn unit(name: &str) -> &'static str {
    let name = name.trim_end_matches("_total");
    let units =
        [("_seconds", "s"), ("_milliseconds", "ms"), ("_microseconds", "us"), ("_bytes", "By")];
    units.into_iter().find(|(end, _)| name.ends_with(end)).map_or("1", |(_, unit)| unit)
}

fn measured(point: &mut Json, value: &Value) {
    let Some(point) = point.as_object_mut() else { return };
    match value {
        Value::Whole(value) => {
            point.insert("asInt".to_owned(), value.to_string().into());
        }
        Value::Real(value) => {
            point.insert("asDouble".to_owned(), json!(value));
        }
        Value::Histogram { counts, sum_us } => {
            let count: u64 = counts.iter().sum();
            let counts: Vec<String> = counts.iter().map(u64::to_string).collect();
            let bounds: Vec<f64> = BOUNDS_US.iter().map(|us| *us as f64 / 1e6).collect();
            point.insert("count".to_owned(), count.to_string().into());
            point.insert("sum".to_owned(), json!(*sum_us as f64 / 1e6));
            point.insert("bucketCounts".to_owned(), json!(counts));
            point.insert("explicitBounds".to_owned(), json!(bounds));
        }
    }
}
