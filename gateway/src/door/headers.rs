//! Header fields on their way in and out.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Names a request, from the first gateway to the last.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Network address of the client, said by a door.
pub const CLIENT: HeaderName = HeaderName::from_static("x-dossier-client");

/// Fields that only the door may set, by their beginnings.
const INTERNAL: [&str; 3] = ["x-dossier-", "spin-", "x-forwarded-"];

/// Takes away what a client must not say for itself, and says who it is.
pub fn receive(headers: &mut HeaderMap, request_id: &str, client_address: &str) {
    remove_beginning(headers, &INTERNAL);
    for (name, value) in [(REQUEST_ID, request_id), (CLIENT, client_address)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
}

/// Takes away the fields whose names begin so.
pub fn remove_beginning(headers: &mut HeaderMap, starts: &[&str]) {
    let begins = |name: &&HeaderName| starts.iter().any(|start| name.as_str().starts_with(start));
    let found: Vec<HeaderName> = headers.keys().filter(begins).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

/// Adds what every answer carries. What the function said itself stays.
pub fn send(headers: &mut HeaderMap, request_id: &str, secure: bool) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
    // The answers are a person's record: no cache in between may keep them,
    // and no browser may take them for a page.
    let always = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    for (name, value) in always {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if secure {
        headers
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static("max-age=31536000"));
    }
    for internal in [CLIENT, header::SERVER] {
        headers.remove(internal);
    }
}

/// The client's own request id when it is fit to be kept (1 to 64 letters,
/// digits, `-`, `_` and `.`), a new one otherwise.
pub fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    match given {
        Some(id) if fit(id) => id.to_owned(),
        _ => new_id(),
    }
}

fn fit(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=64).contains(&id.len()) && id.bytes().all(plain)
}

/// Unlike any other of this machine and, within reason, of any machine: 128
/// bits out of a keyed hash of a counter, keyed once per thread.
fn new_id() -> String {
    thread_local! {
        static KEYS: (RandomState, RandomState) = (RandomState::new(), RandomState::new());
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }
    let count = COUNT.get().wrapping_add(1);
    COUNT.set(count);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = (count, now.map_or(0, |since| since.as_nanos()));
    KEYS.with(|(high, low)| format!("{:016x}{:016x}", high.hash_one(seed), low.hash_one(seed)))
}

#[cfg(test)]
mod tests;
