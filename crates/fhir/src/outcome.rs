//! Refusals, and the one place where they become HTTP: each has a status, and
//! an OperationOutcome (R4 §2.36) that tells the caller what to do next.

use crate::json::Writer;

/// One issue of an OperationOutcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// A code of the value set issue-type.
    pub code: String,
    /// What is wrong and what to do next. Never holds a person's data.
    pub diagnostics: String,
    /// The element or parameter at fault, as FHIRPath.
    pub expression: Option<String>,
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: u16,
    issues: Vec<Issue>,
    retry_after_s: Option<u32>,
}

/// Constructors: status and issue-type of each kind of refusal.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident => $status:literal $code:literal;)*) => {
        impl Refusal {
            $($(#[$doc])* pub fn $name(diagnostics: impl Into<String>) -> Self {
                Self::new($status, $code, diagnostics)
            })*
        }
    };
}

kinds! {
    /// 400: malformed, or a value that cannot be.
    invalid => 400 "invalid";
    /// 400: the body does not have the structure of its type.
    structure => 400 "structure";
    /// 400: a parameter that this server does not know.
    not_supported => 400 "not-supported";
    /// 401: no token, or one that is not accepted.
    unauthenticated => 401 "login";
    /// 403: the token does not permit it.
    forbidden => 403 "forbidden";
    /// 404: nothing there, or nothing that the caller may know of.
    not_found => 404 "not-found";
    /// 405: another method is needed.
    method_not_allowed => 405 "not-supported";
    /// 406: the caller takes nothing that this server can write.
    not_acceptable => 406 "not-supported";
    /// 409: another change stands in the way.
    conflict => 409 "conflict";
    /// 409: it would be a duplicate.
    duplicate => 409 "duplicate";
    /// 410: deleted.
    gone => 410 "deleted";
    /// 412: not the version, or not the one match, that the caller expects.
    precondition_failed => 412 "conflict";
    /// 413: over a limit.
    too_large => 413 "too-long";
    /// 415: a body of another media type.
    unsupported_media_type => 415 "not-supported";
    /// 422: well-formed, and still cannot be stored.
    unprocessable => 422 "processing";
    /// 422: a rule of the standard is broken.
    invariant => 422 "invariant";
    /// 500: this server's own fault.
    internal => 500 "exception";
}

impl Refusal {
    /// A refusal with one issue.
    pub fn new(status: u16, code: impl Into<String>, diagnostics: impl Into<String>) -> Self {
        let issue = Issue { code: code.into(), diagnostics: diagnostics.into(), expression: None };
        Self { status, issues: vec![issue], retry_after_s: None }
    }

    /// A refusal with several issues; the first is the most important.
    pub fn many(status: u16, issues: Vec<Issue>) -> Self {
        Self { status, issues, retry_after_s: None }
    }

    /// 429: this caller asks too often.
    pub fn throttled(diagnostics: impl Into<String>, retry_after_s: u32) -> Self {
        Self::new(429, "throttled", diagnostics).after(retry_after_s)
    }

    /// 503: not now.
    pub fn unavailable(diagnostics: impl Into<String>, retry_after_s: u32) -> Self {
        Self::new(503, "transient", diagnostics).after(retry_after_s)
    }

    /// A refusal that came over a WIT wall.
    pub fn from_wire(
        status: u16,
        code: &str,
        diagnostics: String,
        expression: Option<String>,
        retry_after_s: Option<u32>,
    ) -> Self {
        let issue = Issue { code: code.to_owned(), diagnostics, expression };
        Self { status, issues: vec![issue], retry_after_s }
    }

    /// Seconds after which to try again.
    #[must_use]
    pub fn after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Names the element or parameter at fault in every issue that names none.
    #[must_use]
    pub fn at(mut self, expression: impl Into<String>) -> Self {
        let expression = expression.into();
        for issue in self.issues.iter_mut().filter(|issue| issue.expression.is_none()) {
            issue.expression = Some(expression.clone());
        }
        self
    }

    /// Puts every expression under an outer one: `Patient.name` within
    /// `Bundle.entry[3].resource`.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        for issue in &mut self.issues {
            issue.expression = Some(match issue.expression.take() {
                // The type's own name is not a step inside another element.
                Some(inner) => match inner.split_once('.') {
                    Some((head, rest)) if crate::types::is_resource_type(head) => {
                        format!("{outer}.{rest}")
                    }
                    _ => format!("{outer}.{inner}"),
                },
                None => outer.to_owned(),
            });
        }
        self
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The issues, the most important first; never empty.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// Code of the first issue.
    pub fn code(&self) -> &str {
        self.issues.first().map_or("exception", |issue| &issue.code)
    }

    /// Text of the first issue.
    pub fn diagnostics(&self) -> &str {
        self.issues.first().map_or("", |issue| &issue.diagnostics)
    }

    /// Expression of the first issue.
    pub fn expression(&self) -> Option<&str> {
        self.issues.first().and_then(|issue| issue.expression.as_deref())
    }

    /// Seconds for `Retry-After`.
    pub fn retry_after_s(&self) -> Option<u32> {
        self.retry_after_s
    }

    /// The OperationOutcome.
    pub fn to_operation_outcome(&self) -> String {
        let severity = if self.status == 500 { "fatal" } else { "error" };
        written(severity, &self.issues)
    }
}

/// An OperationOutcome that only tells something.
pub fn information(text: &str) -> String {
    let issue =
        Issue { code: "informational".to_owned(), diagnostics: text.to_owned(), expression: None };
    written("information", &[issue])
}

fn written(severity: &str, issues: &[Issue]) -> String {
    let mut writer = Writer::new();
    writer.begin_object().field("resourceType", "OperationOutcome");
    writer.key("issue").begin_array();
    for issue in issues {
        writer.begin_object();
        writer.field("severity", severity).field("code", &issue.code);
        writer.field("diagnostics", &issue.diagnostics);
        if let Some(expression) = &issue.expression {
            writer.key("expression").begin_array().string(expression).end_array();
        }
        writer.end_object();
    }
    writer.end_array().end_object();
    writer.finish()
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status, self.diagnostics())
    }
}

impl std::error::Error for Refusal {}

impl From<crate::json::JsonError> for Refusal {
    fn from(error: crate::json::JsonError) -> Self {
        let refusal = match error.kind {
            crate::json::JsonErrorKind::TooLarge => Self::too_large(error.to_string()),
            _ => Self::structure(error.to_string()),
        };
        if error.path.is_empty() { refusal } else { refusal.at(error.path) }
    }
}
