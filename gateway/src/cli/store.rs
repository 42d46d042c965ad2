//! `dossier store`: the embedded tables by the DynamoDB protocol, so that
//! gateways can be processes of their own over one record.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use clap::Args;
use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use store::embedded::{Embedded, serve};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::cli::{Places, up};
use crate::record::Ground;
use crate::{door, limits};

/// Largest request of the protocol: a transaction's 4 MB, in base64, and its
/// JSON.
const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Options of `dossier store`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    places: Places,
    /// Port on the loopback address. Requests are not authenticated, so no
    /// other address can be chosen
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// Region that rehearses, whose own tables are served beside the others; may
    /// be repeated
    #[arg(long = "rehearsal", value_name = "CODE")]
    rehearsals: Vec<String>,
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// When the files cannot be opened or the port is taken.
pub async fn run(options: Options) -> Result<()> {
    let rehearsals = options.rehearsals.iter().cloned().map(Ground::Rehearsal);
    let grounds = std::iter::once(Ground::Central).chain(rehearsals);
    let stores: Vec<Embedded> =
        grounds.map(|ground| ground.served(&options.places.data)).collect::<Result<_>>()?;
    let stores: Arc<[Embedded]> = stores.into();
    let listener = door::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port)))?;
    eprintln!("the store answers at http://127.0.0.1:{}", options.port);
    let (stop, stopped) = watch::channel(false);
    let serving = Arc::new(());
    let accepting = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let (store, stopped) = (Arc::clone(&stores), stopped.clone());
            let serving = Arc::clone(&serving);
            tokio::spawn(async move {
                connection(stream, store, stopped).await;
                drop(serving);
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        signal = up::stop_signal() => signal?,
    }
    let _ = stop.send(true);
    let until = tokio::time::Instant::now() + Duration::from_millis(limits::SHUTDOWN_MS);
    while Arc::strong_count(&serving) > 1 && tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

async fn connection(stream: TcpStream, store: Arc<[Embedded]>, mut stopped: watch::Receiver<bool>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(|request| {
        let store = Arc::clone(&store);
        async move { Ok::<_, std::convert::Infallible>(answer(&store, request).await) }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn answer(store: &[Embedded], request: Request<Incoming>) -> Response<Full<Bytes>> {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
    let target = target.unwrap_or_default().to_owned();
    if request.method() == Method::GET && request.uri().path() == "/healthz" {
        return Response::new(Full::new(Bytes::from_static(b"ok\n")));
    }
    let body = Limited::new(request.into_body(), REQUEST_BYTES_MAX).collect().await;
    let (status, body) = match body {
        Ok(body) => {
            let reply = serve::answer_of(store, &target, &body.to_bytes()).await;
            let status = StatusCode::from_u16(reply.status);
            (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), reply.body)
        }
        Err(_) => (StatusCode::PAYLOAD_TOO_LARGE, Vec::new()),
    };
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("application/x-amz-json-1.0");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}
