//! Answers of one resource, and refusals.

use crate::conditional::{has_already, last_modified};
use crate::headers::{FHIR_JSON, Return};
use crate::report::{self, Remark};
use contracts::{Effect, Outcome, Refusal, Version};
use fhir::outcome::Language;
use http::{HeaderMap, Response, StatusCode, header};

/// An answer of a function.
pub type Answer = Response<Vec<u8>>;

/// What the OperationOutcome of an answer says. It travels with the answer, so
/// that the one place that sends it can say it in the caller's language.
#[derive(Clone)]
enum Said {
    Refusal(Box<Refusal>),
    Report(Vec<Remark>),
}

/// On every answer about the record, whatever it holds: parts may be withheld
/// from this caller (R-22.1, art. 7). Being always there, it tells nothing of a
/// chart, and reminds a clinician that an emergency can be declared.
const NOTICE: (&str, &str) = ("dossier-notice", "information-may-be-withheld");

/// An answer in the caller's language: an OperationOutcome that [`refused`] or
/// [`changed`] made is written anew, with `Content-Language`. Every other
/// answer stays as it is.
pub fn in_language(mut answer: Answer, language: Language) -> Answer {
    set(answer.headers_mut(), NOTICE.0, NOTICE.1);
    let Some(said) = answer.extensions_mut().remove::<Said>() else { return answer };
    let text = match said {
        Said::Refusal(refusal) => refusal.to_operation_outcome_in(language),
        Said::Report(remarks) => report::outcome(&remarks, language),
    };
    *answer.body_mut() = text.into_bytes();
    set(answer.headers_mut(), "content-language", language.tag());
    answer
}

/// The answer to a refusal: its status and its OperationOutcome, in English
/// until [`in_language`] knows better.
pub fn refused(refusal: &Refusal) -> Answer {
    let mut answer =
        json(status(refusal.status.code()), refusal.to_operation_outcome().into_bytes());
    if let Some(seconds) = refusal.retry_after_s {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    if refusal.status.code() == 401 {
        set(answer.headers_mut(), "www-authenticate", "Bearer realm=\"dossier\"");
    }
    answer.extensions_mut().insert(Said::Refusal(Box::new(refusal.clone())));
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
    let unchanged = has_already(asked, version.version, version.last_updated_ms);
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

/// The answer to create, update, patch or delete of one resource (R4 §3.1.0.8).
pub fn changed(outcome: Outcome, base: &str, preferred: Return) -> Answer {
    let status = match outcome.effect {
        Effect::Created => StatusCode::CREATED,
        // A deletion that is asked to tell of itself has something to say.
        Effect::Deleted if preferred == Return::OperationOutcome => StatusCode::OK,
        Effect::Deleted => StatusCode::NO_CONTENT,
        Effect::Updated | Effect::Existing | Effect::Unchanged => StatusCode::OK,
    };
    let key = &outcome.key;
    let location = format!("{base}/{}/{}/_history/{}", key.resource_type, key.id, outcome.version);
    let (effect, number, at_ms) = (outcome.effect, outcome.version, outcome.last_updated_ms);
    let mut answer = match preferred {
        Return::OperationOutcome => reported(status, report::of_change(&outcome)),
        Return::Representation if effect != Effect::Deleted => json(status, outcome.body),
        _ => {
            let mut empty = Response::new(Vec::new());
            *empty.status_mut() = status;
            empty
        }
    };
    if number > 0 {
        tags(answer.headers_mut(), number, at_ms);
        if effect != Effect::Deleted {
            set(answer.headers_mut(), "location", &location);
            set(answer.headers_mut(), "content-location", &location);
        }
    }
    answer
}

/// An OperationOutcome that is no refusal; in the caller's language once
/// [`in_language`] has seen it.
pub fn reported(status: StatusCode, remarks: Vec<Remark>) -> Answer {
    let mut answer = json(status, report::outcome(&remarks, Language::English).into_bytes());
    answer.extensions_mut().insert(Said::Report(remarks));
    answer
}

/// 410 with the entity tag of the deletion (R4 §3.1.0.7).
pub fn gone(version: &Version) -> Answer {
    let key = &version.key;
    let mut answer = refused(&Refusal::deleted(&key.resource_type, &key.id));
    tags(answer.headers_mut(), version.version, version.last_updated_ms);
    answer
}

/// `ETag` and `Last-Modified` of a version.
fn tags(headers: &mut HeaderMap, version: u64, last_updated_ms: i64) {
    set(headers, "etag", &format!("W/\"{version}\""));
    set(headers, "last-modified", &httpdate::fmt_http_date(last_modified(last_updated_ms)));
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
