//! The witness over HTTP: `POST /add-checkpoint`, and `GET
//! /{origin hash}/checkpoint` for whoever compares.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ledger::limits::REQUEST_BYTES_MAX;
use ledger::witness::{Refusal, SIZE_TYPE};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::cosign::{Declined, Witness};

/// Connections at one time; a region asks over one.
const CONNECTIONS_MAX: usize = 64;
/// Longest time for a request's head, and for its body.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// Serves until it is interrupted.
///
/// # Errors
/// When the address is taken.
pub async fn run(address: SocketAddr, witness: Arc<Witness>) -> Result<()> {
    let listener =
        TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))?;
    eprintln!("the witness answers at http://{}", listener.local_addr()?);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let accepting = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let witness = Arc::clone(&witness);
            tokio::spawn(async move {
                connection(stream, witness).await;
                drop(place);
            });
        }
    };
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        () = accepting => Ok(()),
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

async fn connection(stream: TcpStream, witness: Arc<Witness>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(|request| {
        let witness = Arc::clone(&witness);
        async move { Ok::<_, std::convert::Infallible>(answer(&witness, request).await) }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(READ_WITHIN);
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(witness: &Witness, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if parts.method == Method::GET {
        let hash = path.strip_suffix("/checkpoint").and_then(|path| path.strip_prefix('/'));
        return match hash.map(|hash| witness.checkpoint(hash)) {
            Some(Ok(Some(text))) => said(StatusCode::OK, text),
            Some(Err(_)) => said(StatusCode::INTERNAL_SERVER_ERROR, "the memory is damaged\n"),
            _ => said(StatusCode::NOT_FOUND, "here is add-checkpoint, and HASH/checkpoint\n"),
        };
    }
    if parts.method != Method::POST || path != "/add-checkpoint" {
        return said(StatusCode::NOT_FOUND, "POST add-checkpoint\n");
    }
    let body = Limited::new(body, REQUEST_BYTES_MAX).collect();
    let Ok(Ok(body)) = tokio::time::timeout(READ_WITHIN, body).await else {
        return said(StatusCode::BAD_REQUEST, "the request is too long or too slow\n");
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let body = body.to_bytes();
    match witness.add_checkpoint(&body, now.as_secs()) {
        Ok(line) => said(StatusCode::OK, line),
        Err(Declined::Refused(Refusal::AtSize(size))) => {
            let mut answer = said(StatusCode::CONFLICT, format!("{size}\n"));
            let kind = HeaderValue::from_static(SIZE_TYPE);
            answer.headers_mut().insert(header::CONTENT_TYPE, kind);
            answer
        }
        Err(Declined::Refused(refusal)) => {
            if refusal == Refusal::Inconsistent {
                // What a witness is there for: whoever runs it must see it.
                eprintln!("a ledger was changed; its request follows");
                eprintln!("{}", String::from_utf8_lossy(&body));
            }
            let status = StatusCode::from_u16(refusal.status());
            said(status.unwrap_or(StatusCode::BAD_REQUEST), format!("{refusal}\n"))
        }
        Err(Declined::Failed(error)) => {
            eprintln!("nothing was cosigned: {error:#}");
            said(StatusCode::INTERNAL_SERVER_ERROR, "this witness cannot remember\n")
        }
    }
}

fn said(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(text.into()));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}
