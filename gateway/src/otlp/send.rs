//! One request to the collector, over a connection of its own.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;

use crate::cli::load::client::Target;
use crate::limits::{OTLP_ANSWER_BYTES_MAX, OTLP_SEND_MS};

/// Posts a message below the collector's address.
///
/// # Errors
/// When it is not taken in time. OTLP lets a client try again on 429 and 503;
/// the next round does.
pub async fn post(target: &Target, below: &str, body: &Value) -> Result<()> {
    let within = Duration::from_millis(OTLP_SEND_MS);
    let posted = tokio::time::timeout(within, posted(target, below, body)).await;
    posted.context("the collector does not answer in time")?
}

async fn posted(target: &Target, below: &str, body: &Value) -> Result<()> {
    let line = target.connect().await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(line)).await?;
    let driving = tokio::spawn(connection);
    let path = format!("{}/{below}", target.path().trim_end_matches('/'));
    let request = Request::post(path)
        .header(header::HOST, target.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(serde_json::to_vec(body)?)))?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let read = Limited::new(answer.into_body(), OTLP_ANSWER_BYTES_MAX).collect().await;
    driving.abort();
    ensure!(status.is_success(), "status {}", status.as_u16());
    read.map(drop).map_err(|error| anyhow::anyhow!("reading the answer: {error}"))
}
