//! Fetches the keys that issuers and clients publish, from the addresses of the
//! configuration and from no other.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use access::token::KeySet;
use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use chart::Environment;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use provider::keys::{Fetch, renew};
use tokio::net::TcpStream;

use crate::limits;
use crate::log::Log;
use crate::outbound::{Line, connector, secured};
use crate::record::System;

/// Fetches by HTTPS from hosts whose certificate is of these authorities, or of
/// those that the system trusts; by plain HTTP from this machine's loopback.
pub fn fetch(authorities: Option<PathBuf>) -> Fetch {
    Arc::new(move |address| {
        let authorities = authorities.clone();
        Box::pin(async move {
            let within = Duration::from_millis(limits::KEYS_FETCH_MS);
            match tokio::time::timeout(within, get(&address, authorities)).await {
                Ok(Ok(text)) => Ok(text),
                Ok(Err(why)) => Err(format!("{why:#}")),
                Err(_) => Err("no answer in time".to_owned()),
            }
        })
    })
}

/// Fetches what is due, for ever. What fails is logged, and tried again when it
/// is due again.
pub async fn keep(keys: Vec<Arc<KeySet>>, fetch: Fetch, every: Duration, log: Arc<Log>) {
    loop {
        refresh(&keys, &fetch, every, &log).await;
        tokio::time::sleep(every.min(Duration::from_secs(KEYS_LOOK_S))).await;
    }
}

/// How often it is looked what is due, in seconds.
const KEYS_LOOK_S: u64 = 10;

/// Fetches what is due now.
pub async fn refresh(keys: &[Arc<KeySet>], fetch: &Fetch, every: Duration, log: &Log) {
    let every_s = i64::try_from(every.as_secs()).unwrap_or(i64::MAX);
    for keys in keys {
        let now_s = System.now_ms() / 1000;
        if keys.due(now_s, every_s)
            && let Err(why) = renew(keys, fetch, now_s).await
        {
            log.event(&format!("keys not fetched: {why}"), None);
        }
    }
}

/// The text at an address. Redirects are not followed: they would lead where no
/// configuration points.
async fn get(address: &str, authorities: Option<PathBuf>) -> Result<String> {
    let uri: Uri = address.parse().context("it is no address")?;
    let authority = uri.authority().context("it names no host")?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let secure = uri.scheme_str() == Some("https");
    let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let stream = TcpStream::connect((host.as_str(), port)).await.context("connecting")?;
    let line: Box<dyn Line> = if secure {
        // Certificates are read from files, which may take a while; this is rare.
        let connector = connector(authorities.as_deref())?;
        secured(&connector, &host, stream).await.context("the secure connection")?
    } else {
        ensure!(stream.peer_addr()?.ip().is_loopback(), "plain HTTP leads off this machine");
        Box::new(stream)
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(line)).await?;
    // Its end shows in the sender.
    tokio::spawn(async move { drop(connection.await) });
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(header::HOST, authority.as_str())
        .header(header::ACCEPT, "application/jwk-set+json, application/json")
        .body(Empty::<Bytes>::new())?;
    let answer = sender.send_request(request).await?;
    if answer.status() != StatusCode::OK {
        bail!("status {}", answer.status().as_u16());
    }
    let body = Limited::new(answer.into_body(), access::limits::JWKS_BYTES_MAX).collect().await;
    let body = body.map_err(|why| anyhow::anyhow!("reading the answer: {why}"))?.to_bytes();
    String::from_utf8(body.into()).context("the answer is not UTF-8")
}

#[cfg(test)]
mod tests;
