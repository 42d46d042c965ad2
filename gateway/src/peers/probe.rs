//! Asks other gateways now and then whether they are ready, over the way that
//! requests take: who cannot be reached by it is away, whatever else it does.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::SendRequest;
use tokio::time::{MissedTickBehavior, timeout};
use tokio_rustls::TlsConnector;

use super::peer::Peer;
use super::{hop, limits, link};
use crate::log::Log;

/// Longest answer to a probe.
const ANSWER_BYTES_MAX: usize = 4_096;

/// Probes one gateway for as long as the process runs.
pub async fn keep(own: String, peer: Arc<Peer>, tls: TlsConnector, log: Arc<Log>) {
    let mut every = tokio::time::interval(Duration::from_millis(limits::PROBE_EVERY_MS));
    every.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut line = None;
    loop {
        every.tick().await;
        let answered = timeout(peer.probe_within(), probe(&peer, &tls, &mut line)).await;
        let answered = answered == Ok(Some(()));
        if !answered {
            line = None;
        }
        match peer.probed(answered) {
            Some(true) => log.event(&format!("region {} is back", peer.code), Some(&own)),
            Some(false) => log.event(&format!("region {} is away", peer.code), Some(&own)),
            None => {}
        }
    }
}

/// `Some` when it is ready.
async fn probe(
    peer: &Peer,
    tls: &TlsConnector,
    line: &mut Option<SendRequest<Full<Bytes>>>,
) -> Option<()> {
    let mut sender = match line.take().filter(|sender| sender.is_ready()) {
        Some(sender) => sender,
        None => {
            let (sender, driver) = link::connect(peer, tls).await.ok()?;
            tokio::spawn(async move { drop(driver.await) });
            sender
        }
    };
    let asked = Request::get("/readyz").header(header::HOST, "gateway");
    let answer = sender.send_request(asked.body(Full::default()).ok()?).await.ok()?;
    let (parts, body) = answer.into_parts();
    Limited::new(body, ANSWER_BYTES_MAX).collect().await.ok()?;
    *line = Some(sender);
    let named = parts.headers.get(hop::REGION).is_some_and(|code| code == peer.code.as_str());
    (named && parts.status == StatusCode::OK).then_some(())
}

/// Whether a region's gateway can be reached now, and is ready, over the way that
/// requests take.
///
/// # Errors
/// When the code is not one that a certificate can name.
pub async fn reach(
    tls: &TlsConnector,
    code: &str,
    address: &str,
    narrow: bool,
) -> anyhow::Result<bool> {
    let peer = Peer::new(code, address.to_owned(), narrow)?;
    let answered = timeout(peer.probe_within(), probe(&peer, tls, &mut None)).await;
    Ok(answered == Ok(Some(())))
}
