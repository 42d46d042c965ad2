//! batch and transaction (R4 §3.1.0.11).

use crate::caller::Caller;
use crate::entry::parse;
use contracts::{Answer, Charts, Commits, Registry};
use http::{Method, Request, Response, StatusCode};
use rest::answer::{json, method_not_allowed, refused, settled};
use rest::ask::{Ask, of_caller};
use rest::bundle::{Telling, response};
use rest::headers::carries_json;
use rest::path::Target;
use rest::prefer::Return;
use rest::present;

/// Answers one request.
pub async fn handle<H: Charts + Registry + Commits>(
    host: &H,
    request: Request<Vec<u8>>,
) -> Response<Vec<u8>> {
    let (ask, session) = match of_caller(host, &request).await {
        Ok(known) => known,
        Err(refusal) => return refused(&refusal),
    };
    if request.method() != Method::POST || ask.target != Target::System {
        return method_not_allowed(request.method().as_str(), "GET, HEAD, POST");
    }
    settled(answer(host, &session, &ask).await)
}

async fn answer<H: Charts + Registry + Commits>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
) -> Answer<Response<Vec<u8>>> {
    carries_json(ask.headers)?;
    let how = present::asked(ask.query, None)?;
    let mut bundle = parse(ask.body.to_vec(), &ask.base)?;
    if let Some(prefer) = ask.headers.get("prefer") {
        bundle.preferring(prefer);
    }
    let hash = ask.fingerprint("POST", "/");
    // A Bundle's answer carries the resources only when asked (R4 §3.1.0.11.2
    // leaves it open): they are many, and the client has just sent them.
    let preferred = ask.prefer().returned.unwrap_or(Return::Minimal);
    let caller = Caller { host, session, ask, preferred };
    let (kind, answers, replayed) = if bundle.transaction {
        let (answers, replayed) = caller.transaction(bundle.entries, hash).await?;
        ("transaction-response", answers, replayed)
    } else {
        ("batch-response", caller.batch(bundle.entries).await?, false)
    };
    let telling = Telling { base: &ask.base, preferred, language: ask.language() };
    let mut answer = json(StatusCode::OK, response(kind, &answers, telling));
    if replayed {
        rest::answer::set(answer.headers_mut(), "idempotency-replayed", "true");
    }
    present::bundle(answer, &how)
}
