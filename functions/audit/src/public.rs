//! The ledger's files (C2SP `tlog-tiles`), for anybody: hashes and signatures,
//! nothing about anybody.

use contracts::Journal;
use http::{Method, Request, Response};
use rest::answer::{method_not_allowed, refused, set};

/// The path under which the ledgers are.
pub const PREFIX: &str = "/ledger/";
/// Content type of checkpoints and proofs.
pub const TEXT: &str = "text/plain; charset=utf-8";
/// The checkpoint moves every second or so; whoever tails the log wants it new.
const MOVING: &str = "public, max-age=1";
/// Tiles never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Answers a request for `{region}/{path}`.
pub async fn handle<H: Journal>(
    host: &H,
    request: &Request<Vec<u8>>,
    file: &str,
) -> Response<Vec<u8>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return method_not_allowed(request.method().as_str(), "GET, HEAD");
    }
    let (region, path) = file.split_once('/').unwrap_or((file, ""));
    match host.log_file(region, path).await {
        Ok(bytes) => {
            let mut answer = Response::new(bytes);
            let moving = path == "checkpoint";
            let kind = if moving { TEXT } else { "application/octet-stream" };
            set(answer.headers_mut(), "content-type", kind);
            set(answer.headers_mut(), "cache-control", if moving { MOVING } else { FOR_EVER });
            answer
        }
        Err(refusal) => refused(&refusal),
    }
}
