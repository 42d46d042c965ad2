//! Refusals as they cross a WIT wall, and as parts of a larger answer.

use super::{IssueType, Language, Refusal, Status, write_issue};
use crate::json::Writer;

impl Status {
    /// The status of this number; what is none of ours is our own fault.
    pub fn from_code(code: u16) -> Self {
        use Status as S;
        let all = [
            S::BadRequest,
            S::Unauthorized,
            S::Forbidden,
            S::NotFound,
            S::MethodNotAllowed,
            S::NotAcceptable,
            S::RequestTimeout,
            S::Conflict,
            S::Gone,
            S::PreconditionFailed,
            S::PayloadTooLarge,
            S::UriTooLong,
            S::UnsupportedMediaType,
            S::UnprocessableEntity,
            S::TooManyRequests,
            S::ServiceUnavailable,
        ];
        all.into_iter().find(|status| status.code() == code).unwrap_or(S::InternalServerError)
    }
}

impl IssueType {
    /// The issue type of this code; what is none is an exception.
    pub fn from_code(code: &str) -> Self {
        let known = Self::ALL.iter().find(|known| known.code() == code);
        known.copied().unwrap_or(Self::Exception)
    }
}

impl Refusal {
    /// A refusal that came over a wall.
    pub fn from_wire(
        status: u16,
        code: &str,
        diagnostics: String,
        expression: Option<String>,
        retry_after_s: Option<u32>,
    ) -> Self {
        let refusal = Self::new(Status::from_code(status), IssueType::from_code(code), diagnostics);
        Self { expression, retry_after_s, ..refusal }
    }

    /// 404: nothing is there, told in the words of the case.
    pub fn missing(diagnostics: impl Into<String>) -> Self {
        Self::new(Status::NotFound, IssueType::NotFound, diagnostics)
    }

    /// 412: what the caller demands does not hold.
    pub fn precondition_failed(diagnostics: impl Into<String>) -> Self {
        Self::new(Status::PreconditionFailed, IssueType::Conflict, diagnostics)
    }

    /// 422: a reference that leads nowhere, or content that no rule names.
    pub fn unprocessed(diagnostics: impl Into<String>) -> Self {
        Self::new(Status::UnprocessableEntity, IssueType::Processing, diagnostics)
    }

    /// 500: a fault of our own, told in words.
    pub fn fault(diagnostics: impl Into<String>) -> Self {
        Self::new(Status::InternalServerError, IssueType::Exception, diagnostics)
    }

    /// With seconds to wait (`Retry-After`).
    #[must_use]
    pub fn after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// With every expression put under an outer one: `Patient.name` within
    /// `Bundle.entry[3].resource` is `Bundle.entry[3].resource.name`.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        let under = |inner: Option<String>| {
            Some(match inner {
                None => outer.to_owned(),
                Some(inner) => match inner.split_once('.') {
                    // The type's own name is no step inside another element.
                    Some((head, rest)) if crate::types::named(head).is_some() => {
                        format!("{outer}.{rest}")
                    }
                    None if crate::types::named(&inner).is_some() => outer.to_owned(),
                    _ => format!("{outer}.{inner}"),
                },
            })
        };
        self.expression = under(self.expression.take());
        for issue in &mut self.further {
            issue.expression = under(issue.expression.take());
        }
        self
    }
}

/// An OperationOutcome that only tells something, in English.
pub fn information(text: &str) -> String {
    information_in(text, Language::English)
}

/// An OperationOutcome that only tells something, in the caller's language.
pub fn information_in(text: &str, language: Language) -> String {
    let mut writer = Writer::with_capacity(256);
    writer.begin_object().field("resourceType", "OperationOutcome").key("issue").begin_array();
    write_issue(&mut writer, "information", IssueType::Informational, text, None, language);
    writer.end_array().end_object();
    writer.finish()
}
