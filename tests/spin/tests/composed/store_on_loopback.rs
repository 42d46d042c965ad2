//! The embedded tables behind an HTTP listener, as `dossier store` serves them.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use store::embedded::{Embedded, serve};
use tokio::net::TcpListener;

/// Serves until the test ends; gives the endpoint.
pub async fn start(store: Embedded) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let store = store.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| answer(store.clone(), request));
                let serving = hyper::server::conn::http1::Builder::new();
                let _ = serving.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    endpoint
}

async fn answer(
    store: Embedded,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let target = request.headers()["x-amz-target"].to_str().unwrap().to_owned();
    assert!(request.headers().contains_key("authorization"), "{target} is not signed");
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let reply = serve::answer(&store, &target, &body).await;
    let answer = Response::builder()
        .status(reply.status)
        .header("content-type", "application/x-amz-json-1.0");
    Ok(answer.body(Full::new(Bytes::from(reply.body))).unwrap())
}
