//! One HTTP exchange with a witness or a ledger, over a connection of its own.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;

use crate::cli::load::client::Target;
use crate::limits::{LEDGER_ANSWER_BYTES_MAX, LEDGER_EXCHANGE_MS};

/// The status and the body of the answer.
///
/// # Errors
/// When no whole answer comes in time.
pub async fn exchange(
    target: &Target,
    method: Method,
    below: &str,
    body: Vec<u8>,
) -> Result<(u16, Vec<u8>)> {
    let within = Duration::from_millis(LEDGER_EXCHANGE_MS);
    let answered = tokio::time::timeout(within, answered(target, method, below, body)).await;
    answered.with_context(|| format!("no answer within {LEDGER_EXCHANGE_MS} ms"))?
}

async fn answered(
    target: &Target,
    method: Method,
    below: &str,
    body: Vec<u8>,
) -> Result<(u16, Vec<u8>)> {
    let line = target.connect().await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(line)).await?;
    let driving = tokio::spawn(connection);
    let path = format!("{}/{below}", target.path().trim_end_matches('/'));
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, target.authority())
        .body(Full::new(Bytes::from(body)))?;
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), LEDGER_ANSWER_BYTES_MAX).collect().await;
    let body = body.map_err(|error| anyhow::anyhow!("reading the answer: {error}"))?;
    driving.abort();
    Ok((status, body.to_bytes().into()))
}
