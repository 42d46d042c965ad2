//! What needs no function: probes, and the pilot report.

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use report::Audience;

use crate::region::Region;

/// What the door answers by itself: whether it is there, and the pilot report.
pub async fn answer(region: &Region, asked: &Request<Incoming>) -> Option<Response<Full<Bytes>>> {
    if !matches!(*asked.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let ready = match asked.uri().path() {
        "/pilot" => {
            let query = asked.uri().query().unwrap_or_default();
            return Some(region.pilot.answer(query, asked.headers(), Audience::Public).await);
        }
        "/healthz" => Ok(()),
        "/readyz" => region.ready().await,
        _ => return None,
    };
    let (status, text) = match ready {
        Ok(()) => (StatusCode::OK, "ok\n".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
    };
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    Some(answer)
}
