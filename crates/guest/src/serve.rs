//! Carries a request from spin-sdk's types to a handler's plain ones, and the
//! answer back.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use spin_sdk::http::{Request, Response};

/// Gathers the body, asks `handler`, and answers. A body that breaks off is
/// handed on as an empty one with 400 decided by the handler's own parser.
pub async fn with<Handler, Answering>(
    request: Request,
    handler: Handler,
) -> http::Response<Full<Bytes>>
where
    Handler: FnOnce(http::Request<Vec<u8>>) -> Answering,
    Answering: Future<Output = http::Response<Vec<u8>>>,
{
    let (parts, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(collected) => collected.to_bytes().to_vec(),
        Err(_) => Vec::new(),
    };
    let answer = handler(http::Request::from_parts(parts, body)).await;
    answer.map(|body| Full::new(Bytes::from(body)))
}

/// The answer type of spin-sdk, for signatures.
pub type Answered = http::Response<Full<Bytes>>;

#[allow(unused)]
fn _types_agree(_: Response) {}
