//! Connections to other gateways: HTTP/1.1 over mutual TLS, kept by each worker
//! thread for itself, one request at a time on each, so that one that stalls
//! holds up no other.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::client::conn::http1::{Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::peer::{Ended, Peer};
use super::{hop, limits};

type Sender = SendRequest<Full<Bytes>>;
type Driver = Connection<TokioIo<TlsStream<TcpStream>>, Full<Bytes>>;

struct Idle {
    sender: Sender,
    since: Instant,
}

thread_local! {
    /// By this door's region and the other's; newest last.
    static IDLE: RefCell<HashMap<(String, String), Vec<Idle>>> = RefCell::default();
}

/// A new connection, and what must run while it is used. The other side has
/// proved that it is this region's gateway, and this one who it is.
///
/// # Errors
/// When there is none in time, or it proves something else.
pub async fn connect(peer: &Peer, tls: &TlsConnector) -> std::io::Result<(Sender, Driver)> {
    let opened = async {
        let stream = TcpStream::connect(&peer.address).await?;
        stream.set_nodelay(true)?;
        let stream = tls.connect(peer.name.clone(), stream).await?;
        let shaken = http1::Builder::new()
            .max_headers(crate::limits::HEADERS_MAX)
            .handshake(TokioIo::new(stream));
        shaken.await.map_err(std::io::Error::other)
    };
    let within = Duration::from_millis(limits::CONNECT_MS);
    timeout(within, opened).await.map_err(|_| std::io::ErrorKind::TimedOut)?
}

/// One request over a kept connection or a new one, and its whole answer,
/// checked to be that region's to this request.
///
/// # Errors
/// How it ended instead.
pub async fn exchange(
    (own, tls): (&str, &TlsConnector),
    peer: &Peer,
    request: Request<Full<Bytes>>,
    request_id: &str,
    within: Duration,
) -> Result<Response<Bytes>, Ended> {
    let until = tokio::time::Instant::now() + within;
    let key = (own.to_owned(), peer.code.clone());
    let mut request = request;
    let (answer, sender) = loop {
        let (mut sender, fresh) = match kept(&key) {
            Some(sender) => (sender, false),
            None => {
                let opened = tokio::time::timeout_at(until, connect(peer, tls)).await;
                let (sender, driver) =
                    opened.map_err(|_| Ended::Unsent)?.map_err(|_| Ended::Unsent)?;
                // Its end shows in the sender.
                tokio::task::spawn_local(async move { drop(driver.await) });
                (sender, true)
            }
        };
        let sent = tokio::select! {
            sent = tokio::time::timeout_at(until, sender.try_send_request(request)) => sent,
            // Whoever stops answering probes will not answer this either.
            () = peer.gone(), if peer.answers_probes() => return Err(Ended::Late),
        };
        match sent {
            Err(_) => return Err(Ended::Late),
            Ok(Ok(answer)) => break (answer, sender),
            Ok(Err(mut failed)) => match failed.take_message() {
                // A kept connection that had ended meanwhile: nothing was sent.
                Some(unsent) if !fresh => request = unsent,
                Some(_) => return Err(Ended::Unsent),
                None => return Err(Ended::Garbled),
            },
        }
    };
    let (parts, body) = answer.into_parts();
    if !hop::is_answer(&parts.headers, &peer.code, request_id) || parts.status.is_informational() {
        return Err(Ended::Garbled);
    }
    let whole = Limited::new(body, crate::limits::ANSWER_BYTES_MAX).collect();
    let whole = tokio::select! {
        whole = tokio::time::timeout_at(until, whole) => whole,
        () = peer.gone(), if peer.answers_probes() => return Err(Ended::Late),
    };
    let body = whole.map_err(|_| Ended::Late)?.map_err(|_| Ended::Garbled)?.to_bytes();
    keep(key, sender);
    Ok(Response::from_parts(parts, body))
}

fn kept(key: &(String, String)) -> Option<Sender> {
    IDLE.with_borrow_mut(|idle| {
        let kept = idle.get_mut(key)?;
        while let Some(Idle { sender, since }) = kept.pop() {
            let young = since.elapsed() < Duration::from_millis(limits::IDLE_MS);
            if young && !sender.is_closed() && sender.is_ready() {
                return Some(sender);
            }
        }
        None
    })
}

fn keep(key: (String, String), sender: Sender) {
    IDLE.with_borrow_mut(|idle| {
        let kept = idle.entry(key).or_default();
        if kept.len() < limits::IDLE_MAX {
            kept.push(Idle { sender, since: Instant::now() });
        }
    });
}
