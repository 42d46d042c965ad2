//! Passes a request on to the region that answers it, and to those that stand in
//! for it when it does not.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap};
use http::{Method, Request, Response};
use http_body_util::Full;

use super::peer::{Ended, Peer};
use super::{Hop, Peers, hop, limits, link};
use crate::door::headers::remove_beginning;

/// What the caller may not have said to the next gateway.
const INTERNAL: [&str; 4] = ["x-dossier-", "spin-", "x-forwarded-", "forwarded"];

/// Beginnings of fields that no answer of a gateway shows to a client.
const INTERNAL_OF_ANSWERS: [&str; 1] = ["x-dossier-"];

/// How a request that was to be passed on ended.
#[derive(Debug)]
pub enum Onward {
    /// With that region's answer.
    Answered(Response<Bytes>),
    /// The region is away, and this door stands in for it: answer it here.
    Here,
    /// It could not be sent anywhere; nothing was done.
    Unsent,
    /// There is no room for more on their way to that region.
    Full,
    /// It was sent, and no answer came that can be trusted.
    Garbled,
    /// It was sent, and no answer came in time.
    Late,
}

/// Whether it does no harm to do it twice: it changes nothing, or the record
/// does it once (`Idempotency-Key`). A PUT or DELETE without a key is not sent
/// twice, although RFC 9110 §9.2.2 would have it so: between the two somebody
/// else may have changed the resource.
pub fn is_repeatable(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    !changes(method, path) || headers.contains_key("idempotency-key")
}

/// Whether a request would change the record, by its method and path: all but
/// reads, and searches and operations by POST. Batches may.
pub fn changes(method: &Method, path: &str) -> bool {
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let last = last.strip_prefix("%24").map_or(last, |_| "$");
    match *method {
        Method::GET | Method::HEAD => false,
        Method::POST => !(last == "_search" || last.starts_with('$')),
        _ => true,
    }
}

/// Sends `request` to the first of `targets` that answers it. `targets` are
/// codes of regions in the order to try them; this door's own among them means
/// to answer it here.
pub async fn forward(
    peers: &Peers,
    targets: &[String],
    mut request: Request<Bytes>,
    said: &Hop,
    request_id: &str,
) -> Onward {
    let repeatable = is_repeatable(request.method(), request.uri().path(), request.headers());
    prepare(&mut request);
    let started = std::time::Instant::now();
    let mut end = Onward::Unsent;
    let mut failed: Option<Arc<Peer>> = None;
    for (number, target) in targets.iter().enumerate() {
        if let Some(before) = failed.take() {
            if !before.may_retry() {
                break;
            }
            peers.retried.fetch_add(1, Ordering::Relaxed);
        }
        if *target == peers.code {
            return Onward::Here;
        }
        let (Some(peer), Some(tls)) = (peers.peer(target), &peers.tls) else { continue };
        // A region that is busy is not away: nobody stands in for it.
        let Some(_place) = peer.place() else { return Onward::Full };
        let left = said.left.saturating_sub(started.elapsed());
        let others = repeatable && number + 1 < targets.len();
        let most = Duration::from_millis(limits::ATTEMPT_MS);
        let left = if others { left.min(most) } else { left };
        let Some(left) = hop::shortened(left) else { return Onward::Late };
        peer.going();
        let sent = written(&request, &Hop { left, ..said.clone() }, request_id);
        // The one asked gives up first, and says so.
        let within = left + Duration::from_millis(limits::HOP_MS / 2);
        let answer = link::exchange((&peers.code, tls), &peer, sent, request_id, within).await;
        let ended = match answer {
            Ok(answer) => match shown(answer) {
                Some(answer) => {
                    peer.note(Ended::Answered);
                    return Onward::Answered(answer);
                }
                None => Ended::Garbled,
            },
            Err(ended) => ended,
        };
        peer.note(ended);
        failed = Some(peer);
        end = match ended {
            Ended::Unsent | Ended::Answered => Onward::Unsent,
            Ended::Garbled => Onward::Garbled,
            Ended::Late => Onward::Late,
        };
        if ended != Ended::Unsent && !repeatable {
            break;
        }
    }
    end
}

/// The request without what concerns this connection, and without what the
/// client must not say.
fn prepare(request: &mut Request<Bytes>) {
    let host = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let headers = request.headers_mut();
    hop::end_to_end(headers);
    remove_beginning(headers, &INTERNAL);
    headers.remove(header::CONTENT_LENGTH);
    // The client's own name for this door, so that the links in the answer lead
    // back to where it asked.
    if let Some(host) = host.and_then(|host| host.parse().ok()) {
        headers.insert(header::HOST, host);
    }
}

fn written(request: &Request<Bytes>, said: &Hop, request_id: &str) -> Request<Full<Bytes>> {
    let mut sent = Request::new(Full::new(request.body().clone()));
    *sent.method_mut() = request.method().clone();
    let target = request.uri().path_and_query().cloned();
    *sent.uri_mut() = target.map(http::Uri::from).unwrap_or_default();
    *sent.headers_mut() = request.headers().clone();
    said.write(sent.headers_mut(), request_id);
    sent
}

/// The answer as the client is shown it; `None` when it contradicts itself.
fn shown(mut answer: Response<Bytes>) -> Option<Response<Bytes>> {
    let headers = answer.headers();
    let media = headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
    let is_json = media.is_some_and(|media| media.starts_with("application/fhir+json"));
    let body = answer.body().trim_ascii();
    if is_json && !body.is_empty() && !(body.starts_with(b"{") && body.ends_with(b"}")) {
        return None;
    }
    let empty = body.is_empty();
    let headers = answer.headers_mut();
    hop::end_to_end(headers);
    // Said anew from the body; of a HEAD it is what GET would have had.
    if !empty {
        headers.remove(header::CONTENT_LENGTH);
    }
    headers.remove(header::DATE);
    remove_beginning(headers, &INTERNAL_OF_ANSWERS);
    Some(answer)
}

#[cfg(test)]
mod tests;
