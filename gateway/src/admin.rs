//! The admin port: health, readiness and metrics of one region, for machines, and
//! the pilot report for those who operate it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use report::Audience;
use tokio::net::TcpListener;

use crate::metrics::{self, Family, Gauge, Kind, Value};
use crate::region::{Doorway, Region};

/// Serves the admin port of a region for as long as the process runs: during a
/// shutdown it goes on saying what is left.
pub async fn serve(listener: TcpListener, doorway: Arc<Doorway>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            continue;
        };
        let doorway = Arc::clone(&doorway);
        tokio::task::spawn(async move {
            let service = service_fn(|asked| {
                let region = doorway.region();
                async move { Ok::<_, std::convert::Infallible>(answer(&region, &asked).await) }
            });
            let mut builder = hyper::server::conn::http1::Builder::new();
            builder.timer(TokioTimer::new());
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(region: &Region, asked: &Request<Incoming>) -> Response<Full<Bytes>> {
    if matches!(*asked.method(), Method::GET | Method::HEAD) && asked.uri().path() == "/pilot" {
        let query = asked.uri().query().unwrap_or_default();
        return region.pilot.answer(query, asked.headers(), Audience::Operators).await;
    }
    let (status, text) = match (asked.method(), asked.uri().path()) {
        (&Method::GET | &Method::HEAD, "/healthz") => (StatusCode::OK, "ok\n".to_owned()),
        // One's own readiness does not depend on others'; it is said beside it.
        (&Method::GET | &Method::HEAD, "/readyz") => match region.ready().await {
            Ok(()) => (StatusCode::OK, format!("ok\n{}", region.peers.page())),
            Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
        },
        (&Method::GET, "/metrics") => {
            (StatusCode::OK, metrics::text(&region.code, &families(region).await))
        }
        _ => {
            (StatusCode::NOT_FOUND, "here are /healthz, /readyz, /metrics and /pilot\n".to_owned())
        }
    };
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// Everything that is measured of a region.
pub async fn families(region: &Region) -> Vec<Family> {
    let gauge = |name, help, value: usize| Gauge { name, help, value: value as u64 };
    let admission = &region.admission;
    let ledger = &region.ledger;
    let told = |name, help, value| Gauge { name, help, value };
    let of = |number: &std::sync::atomic::AtomicU64| number.load(Ordering::Relaxed);
    let gauges = [
        gauge("in_flight", "Requests inside functions.", admission.in_flight()),
        gauge("waiting", "Requests waiting for a place.", admission.waiting()),
        gauge("connections", "Connections open.", admission.connections()),
        gauge(
            "ready",
            "Whether requests should be sent here.",
            region.ready().await.is_ok().into(),
        ),
        gauge(
            "journal_waiting",
            "Access entries that wait for their shared write.",
            region.walls.journal_waiting(),
        ),
        told("ledger_size", "Entries in the region's ledger.", of(&ledger.size)),
        told("ledger_published", "Those that its checkpoint covers.", of(&ledger.published)),
        told("ledger_witnesses", "Witnesses of that checkpoint.", of(&ledger.witnesses)),
        told(
            "ledger_lag_milliseconds",
            "Since everything that was accepted was published.",
            ledger.lag_ms(),
        ),
        gauge("resident_bytes", "Memory of the whole process.", resident_bytes().unwrap_or(0)),
    ];
    let mut families = region.metrics.families(&region.trips);
    families.extend(gauges.into_iter().map(Family::from));
    families.extend(metrics::pilot_families(&region.series, &region.pilot.objectives));
    if let Some(exporter) = &region.tracing.exporter {
        let (name, help) = ("traces_dropped_total", "Traces that the collector did not get.");
        let mut dropped = Family::new(name, help, Kind::Counter);
        dropped.add(Vec::new(), Value::Whole(exporter.dropped()));
        families.push(dropped);
    }
    if let Some(roles) = &region.roles {
        families.push(roles.family());
    }
    families.extend(region.peers.families());
    families
}

/// Resident memory, from `/proc/self/statm` (Linux; pages of 4 KiB on x86_64).
fn resident_bytes() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4_096)
}
