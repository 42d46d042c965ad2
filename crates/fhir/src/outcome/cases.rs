//! One constructor for each case, so that a case always reads the same.

use super::{IssueType, Refusal, Status};

impl Refusal {
    /// 400: the request itself is not as FHIR says.
    pub fn invalid(diagnostics: impl Into<String>) -> Self {
        Self::new(Status::BadRequest, IssueType::Invalid, diagnostics)
    }

    /// 400: the content is not of its type's structure.
    pub fn structure(diagnostics: impl Into<String>) -> Self {
        Self::new(Status::BadRequest, IssueType::Structure, diagnostics)
    }

    /// 400: a parameter or feature is not supported; it is never ignored.
    pub fn not_supported(diagnostics: impl Into<String>) -> Self {
        Self::new(Status::BadRequest, IssueType::NotSupported, diagnostics)
    }

    /// 401: no token.
    pub fn token_needed() -> Self {
        Self::new(
            Status::Unauthorized,
            IssueType::Login,
            "This needs an access token; send it as \"Authorization: Bearer …\".",
        )
    }

    /// 401: a token that does not hold. `why` is a sentence without its content.
    pub fn token_refused(why: &str) -> Self {
        let text = format!("The access token is not accepted. {why} Get a new token and retry.");
        Self::new(Status::Unauthorized, IssueType::Login, text)
    }

    /// 401: a token past its time.
    pub fn token_expired() -> Self {
        Self::new(
            Status::Unauthorized,
            IssueType::Expired,
            "The access token has expired; get a new one from its issuer and retry.",
        )
    }

    /// 403: the token does not allow it.
    pub fn forbidden(diagnostics: impl Into<String>) -> Self {
        Self::new(Status::Forbidden, IssueType::Forbidden, diagnostics)
    }

    /// 404: no resource has this id, or its existence is not this caller's to know.
    pub fn not_found(resource_type: &str, id: &str) -> Self {
        let text = format!(
            "There is no {resource_type} with the id {id} that you may read; check the id, or \
             search for it."
        );
        Self::new(Status::NotFound, IssueType::NotFound, text)
    }

    /// 404: R4 has no such type.
    pub fn unknown_type(name: &str) -> Self {
        let name: String = name.chars().take(64).collect();
        let text = format!(
            "{name} is not a resource type of FHIR R4; names are case-sensitive, as in Patient."
        );
        Self::new(Status::NotFound, IssueType::NotSupported, text)
    }

    /// 404: no operation answers at this address.
    pub fn no_such_route() -> Self {
        Self::new(
            Status::NotFound,
            IssueType::NotFound,
            "Nothing answers at this address; GET metadata lists what does.",
        )
    }

    /// 405: the address exists, but not for this method.
    pub fn method_not_allowed(method: &str, allowed: &str) -> Self {
        let text = format!("{method} is not possible here; use {allowed}.");
        Self::new(Status::MethodNotAllowed, IssueType::NotSupported, text)
    }

    /// 406: the answer cannot be given as asked.
    pub fn not_acceptable() -> Self {
        Self::new(
            Status::NotAcceptable,
            IssueType::NotSupported,
            "Answers are given as application/fhir+json only; ask for it in Accept or _format.",
        )
    }

    /// 409: the state of the record forbids it.
    pub fn conflict(diagnostics: impl Into<String>) -> Self {
        Self::new(Status::Conflict, IssueType::Conflict, diagnostics)
    }

    /// 410: deleted.
    pub fn deleted(resource_type: &str, id: &str) -> Self {
        let text =
            format!("{resource_type}/{id} has been deleted; its versions are in its _history.");
        Self::new(Status::Gone, IssueType::Deleted, text)
    }

    /// 412: `If-Match` names another version than the current one.
    pub fn version_conflict(current: u64) -> Self {
        let text = format!(
            "The resource is at version {current} now; read it, apply your change to it, and send \
             it with If-Match: W/\"{current}\"."
        );
        Self::new(Status::PreconditionFailed, IssueType::Conflict, text)
    }

    /// 412: the criteria of a conditional interaction match several resources.
    pub fn multiple_matches() -> Self {
        Self::new(
            Status::PreconditionFailed,
            IssueType::MultipleMatches,
            "More than one resource matches the criteria; make them more specific.",
        )
    }

    /// 413: the body, or what it asks for, is over a limit, which the text names.
    pub fn too_large(diagnostics: impl Into<String>) -> Self {
        Self::new(Status::PayloadTooLarge, IssueType::TooLong, diagnostics)
    }

    /// 415: the body's media type is not taken.
    pub fn unsupported_media_type() -> Self {
        Self::new(
            Status::UnsupportedMediaType,
            IssueType::NotSupported,
            "The body must be JSON; send it with Content-Type: application/fhir+json.",
        )
    }

    /// 422: the content is well formed but breaks a rule.
    pub fn unprocessable(code: IssueType, diagnostics: impl Into<String>) -> Self {
        Self::new(Status::UnprocessableEntity, code, diagnostics)
    }

    /// 422: an `Idempotency-Key` comes back with another request.
    pub fn retry_key_reused() -> Self {
        Self::new(
            Status::UnprocessableEntity,
            IssueType::BusinessRule,
            "This Idempotency-Key was used for another request within 24 hours; use a new key for \
             a new request.",
        )
    }

    /// 429: this caller asks too much.
    pub fn too_many_requests(retry_after_s: u32) -> Self {
        let text = format!("Too many requests; retry after {retry_after_s} seconds.");
        let refusal = Self::new(Status::TooManyRequests, IssueType::Throttled, text);
        Self { retry_after_s: Some(retry_after_s), ..refusal }
    }

    /// 500: a fault of our own. `reference` finds it in the logs.
    pub fn internal(reference: &str) -> Self {
        let text = format!(
            "The server failed; it is not your request. If it happens again, report the \
             reference {reference}."
        );
        Self::new(Status::InternalServerError, IssueType::Exception, text)
    }

    /// 503: not able to serve now; nothing was done. `why` is a sentence.
    pub fn unavailable(why: &str, retry_after_s: u32) -> Self {
        let text = format!("{why} Retry after {retry_after_s} seconds.");
        let refusal = Self::new(Status::ServiceUnavailable, IssueType::Transient, text);
        Self { retry_after_s: Some(retry_after_s), ..refusal }
    }
}
