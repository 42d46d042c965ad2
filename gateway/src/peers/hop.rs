//! What one gateway says to another beside the request itself. Only a gateway
//! may say it: the door takes these fields away from everybody else, and knows a
//! gateway by its certificate.

use std::net::IpAddr;
use std::time::Duration;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::Scheme;

use super::limits;
use crate::door::headers::{CLIENT, REQUEST_ID};

/// How many gateways a request has passed: always 1, for it goes no further.
pub const HOP: HeaderName = HeaderName::from_static("x-dossier-hop");
/// Milliseconds left, a duration: clocks of gateways are never compared.
const LEFT: HeaderName = HeaderName::from_static("x-dossier-left-ms");
/// What the client spoke with the first door, `http` or `https`.
const SCHEME: HeaderName = HeaderName::from_static("x-dossier-scheme");
/// Of an answer: the region that gave it.
pub const REGION: HeaderName = HeaderName::from_static("x-dossier-region");

/// Fields that concern one connection (RFC 9110 §7.6.1), and what HTTP/1.1
/// says of its own framing.
const OF_A_CONNECTION: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
];

/// What the gateway before says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Network address of the client.
    pub client: IpAddr,
    /// Time that the one who waits still gives.
    pub left: Duration,
    /// What the client speaks.
    pub scheme: Scheme,
}

impl Hop {
    /// Reads it; `None` when a field is missing, twice there or malformed, or
    /// when the request has passed more than one gateway.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let once = |name: &HeaderName| {
            let mut all = headers.get_all(name).iter();
            let first = all.next()?;
            if all.next().is_some() { None } else { first.to_str().ok() }
        };
        if once(&HOP)? != "1" {
            return None;
        }
        let left = Duration::from_millis(once(&LEFT)?.parse().ok()?);
        let scheme = match once(&SCHEME)? {
            "http" => Scheme::HTTP,
            "https" => Scheme::HTTPS,
            _ => return None,
        };
        Some(Self { client: once(&CLIENT)?.parse().ok()?, left, scheme })
    }

    /// Writes it, in place of whatever is there.
    pub fn write(&self, headers: &mut HeaderMap, request_id: &str) {
        headers.insert(HOP, HeaderValue::from_static("1"));
        let left = u64::try_from(self.left.as_millis()).unwrap_or(u64::MAX);
        headers.insert(LEFT, HeaderValue::from(left));
        let texts = [(CLIENT, self.client.to_string()), (SCHEME, self.scheme.to_string())];
        for (name, text) in texts.into_iter().chain([(REQUEST_ID, request_id.to_owned())]) {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
    }
}

/// What is left for the next gateway, of what is left here; `None` when a hop is
/// not worth it.
pub fn shortened(left: Duration) -> Option<Duration> {
    let rest = left.checked_sub(Duration::from_millis(limits::HOP_MS))?;
    (rest >= Duration::from_millis(limits::LEFT_MS_MIN)).then_some(rest)
}

/// Takes away what concerns the connection alone, in either direction.
pub fn end_to_end(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in OF_A_CONNECTION {
        headers.remove(name);
    }
}

/// Whether an answer is one of that region's gateway to this request: it says
/// so, and repeats the request's id. What is none, is not shown to anybody.
pub fn is_answer(headers: &HeaderMap, region: &str, request_id: &str) -> bool {
    let says = |name: &HeaderName, text: &str| {
        let mut all = headers.get_all(name).iter();
        all.next().is_some_and(|value| value.as_bytes() == text.as_bytes()) && all.next().is_none()
    };
    says(&REGION, region) && says(&REQUEST_ID, request_id)
}

#[cfg(test)]
mod tests;
