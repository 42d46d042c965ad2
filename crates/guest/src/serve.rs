//! Carries a request from spin-sdk's types to a handler's plain ones, and the
//! answer back.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use spin_sdk::http::Request;

/// The answer of a component.
pub type Answered = http::Response<Full<Bytes>>;

/// Gathers the body, asks `handler`, and answers; refusals in the caller's
/// language. The gateway hands over whole
/// bodies; on stock Spin one that breaks off arrives empty, and whoever needs it
/// refuses it.
pub async fn with<Handler, Answering>(request: Request, handler: Handler) -> Answered
where
    Handler: FnOnce(http::Request<Vec<u8>>) -> Answering,
    Answering: Future<Output = http::Response<Vec<u8>>>,
{
    let (parts, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(collected) => collected.to_bytes().to_vec(),
        Err(_) => Vec::new(),
    };
    let language = rest::headers::language(&parts.headers);
    let answer = handler(http::Request::from_parts(parts, body)).await;
    let answer = rest::answer::in_language(answer, language);
    answer.map(|body| Full::new(Bytes::from(body)))
}
