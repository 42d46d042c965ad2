//! Answers of one resource, and refusals.

use crate::headers::{FHIR_JSON, Return, none_match_names, text};
use contracts::{ChangeKind, Effect, Outcome, Refusal, Version};
use http::{HeaderMap, Response, StatusCode, header};
use std::time::{Duration, SystemTime};

/// An answer of a function.
pub type Answer = Response<Vec<u8>>;

/// The answer to a refusal: its status and its OperationOutcome.
pub fn refused(refusal: &Refusal) -> Answer {
    let mut answer =
        json(status(refusal.status.code()), refusal.to_operation_outcome().into_bytes());
    if let Some(seconds) = refusal.retry_after_s {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    if refusal.status.code() == 401 {
        set(answer.headers_mut(), "www-authenticate", "Bearer realm=\"dossier\"");
    }
    answer
}

/// A result as an answer.
pub fn settled(result: Result<Answer, Refusal>) -> Answer {
    result.unwrap_or_else(|refusal| refused(&refusal))
}

/// JSON with a status.
pub fn json(status: StatusCode, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    set(answer.headers_mut(), "content-type", FHIR_JSON);
    set(answer.headers_mut(), "cache-control", "no-store");
    answer
}

/// A version as the answer to read and vread: 200, 304 when the caller has it.
pub fn version(version: Version, asked: &HeaderMap) -> Answer {
    let modified = last_modified(version.last_updated_ms);
    let has_none_match = asked.contains_key(header::IF_NONE_MATCH);
    let unchanged = if has_none_match {
        none_match_names(asked, version.version)
    } else {
        // Seconds only, as the header has no more (RFC 9110 §13.1.3).
        text(asked, "if-modified-since")
            .and_then(|told| httpdate::parse_http_date(told).ok())
            .is_some_and(|since| modified <= since)
    };
    let mut answer = if unchanged {
        let mut empty = Response::new(Vec::new());
        *empty.status_mut() = StatusCode::NOT_MODIFIED;
        empty
    } else {
        json(StatusCode::OK, version.body)
    };
    tags(answer.headers_mut(), version.version, version.last_updated_ms);
    answer
}

/// The answer to create, update or delete of one resource (R4 §3.1.0.8).
pub fn changed(outcome: Outcome, base: &str, preferred: Return) -> Answer {
    let key = &outcome.key;
    let created = outcome.effect == Effect::Created;
    let status = match outcome.effect {
        Effect::Created => StatusCode::CREATED,
        Effect::Deleted => StatusCode::NO_CONTENT,
        Effect::Updated | Effect::Existing | Effect::Unchanged => StatusCode::OK,
    };
    let location = format!("{base}/{}/{}/_history/{}", key.resource_type, key.id, outcome.version);
    let mut answer = match preferred {
        _ if outcome.effect == Effect::Deleted => {
            let mut empty = Response::new(Vec::new());
            *empty.status_mut() = status;
            empty
        }
        Return::Minimal => {
            let mut empty = Response::new(Vec::new());
            *empty.status_mut() = status;
            empty
        }
        Return::Representation => json(status, outcome.body),
        Return::OperationOutcome => {
            let verb = if created { "created" } else { "stored" };
            let told = format!(
                "{}/{} is {verb} as version {}.",
                key.resource_type, key.id, outcome.version
            );
            json(status, fhir::outcome::information(&told).into_bytes())
        }
    };
    if outcome.version > 0 {
        tags(answer.headers_mut(), outcome.version, outcome.last_updated_ms);
        if outcome.effect != Effect::Deleted {
            set(answer.headers_mut(), "location", &location);
            set(answer.headers_mut(), "content-location", &location);
        }
    }
    answer
}

/// 410 for a deletion, the version itself otherwise.
pub fn living(version: Version) -> Result<Version, Refusal> {
    if version.kind == ChangeKind::Delete {
        let key = &version.key;
        return Err(Refusal::deleted(&key.resource_type, &key.id));
    }
    Ok(version)
}

/// `ETag` and `Last-Modified` of a version.
fn tags(headers: &mut HeaderMap, version: u64, last_updated_ms: i64) {
    set(headers, "etag", &format!("W/\"{version}\""));
    set(headers, "last-modified", &httpdate::fmt_http_date(last_modified(last_updated_ms)));
}

/// The instant in whole seconds.
fn last_modified(last_updated_ms: i64) -> SystemTime {
    let seconds = u64::try_from(last_updated_ms / 1000).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Sets a header whose value is made here; one that cannot be written is left out.
pub fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = value.parse() {
        headers.insert(name, value);
    }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// 405 with `Allow`.
pub fn method_not_allowed(method: &str, allowed: &'static str) -> Answer {
    let mut answer = refused(&Refusal::method_not_allowed(method, allowed));
    set(answer.headers_mut(), "allow", allowed);
    answer
}
