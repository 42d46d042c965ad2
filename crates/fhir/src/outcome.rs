//! Refusals: the one place where an error becomes an HTTP status and an
//! OperationOutcome. Every text tells what to do next, and none quotes a value
//! out of a record.

mod cases;
mod codes;
mod language;
#[cfg(test)]
#[path = "outcome/messages/tests.rs"]
mod messages;
#[cfg(test)]
mod tests;
mod wire;

pub use codes::{IssueType, Severity, Status};
pub use language::{Language, french};
pub use wire::{information, information_in};

use crate::json::{JsonError, JsonErrorKind, Writer};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// How grave it is; what a [`Refusal`] holds is an error.
    pub severity: Severity,
    /// What kind of thing.
    pub code: IssueType,
    /// What is wrong and what to do.
    pub diagnostics: String,
    /// The element, as FHIRPath on JSON names (`Patient.name[0].family`).
    pub expression: Option<String>,
}

/// Why a request is not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: Status,
    /// What kind of thing is wrong.
    pub code: IssueType,
    /// What is wrong and what to do.
    pub diagnostics: String,
    /// The element, as FHIRPath on JSON names, when one is at fault.
    pub expression: Option<String>,
    /// The header `Retry-After`, in seconds.
    pub retry_after_s: Option<u32>,
    /// Issues after the first (validation).
    pub further: Vec<Issue>,
}

impl Refusal {
    /// A refusal of one issue. Prefer the constructor of the case.
    pub fn new(status: Status, code: IssueType, diagnostics: impl Into<String>) -> Self {
        let diagnostics = diagnostics.into();
        Self {
            status,
            code,
            diagnostics,
            expression: None,
            retry_after_s: None,
            further: Vec::new(),
        }
    }

    /// Names the element at fault.
    #[must_use]
    pub fn at(mut self, expression: impl Into<String>) -> Self {
        self.expression = Some(expression.into());
        self
    }

    /// A refusal of several issues, the first of them foremost; `None` when
    /// there is no issue. The status is 400 when the content is not of its
    /// type's structure, and 422 when it is but breaks a rule (FHIR R4,
    /// RESTful API, create: rejecting).
    pub fn of_issues(issues: Vec<Issue>) -> Option<Self> {
        let structure = issues.iter().any(|issue| issue.code == IssueType::Structure);
        let status = if structure { Status::BadRequest } else { Status::UnprocessableEntity };
        let mut issues = issues.into_iter();
        let Issue { code, diagnostics, expression, .. } = issues.next()?;
        let further = issues.collect();
        Some(Self { status, code, diagnostics, expression, retry_after_s: None, further })
    }

    /// The body of the answer: an R4 OperationOutcome, in English.
    pub fn to_operation_outcome(&self) -> String {
        self.to_operation_outcome_in(Language::English)
    }

    /// The body of the answer: an R4 OperationOutcome in the caller's language.
    pub fn to_operation_outcome_in(&self, language: Language) -> String {
        let mut writer = Writer::with_capacity(256);
        writer.begin_object().field("resourceType", "OperationOutcome").key("issue").begin_array();
        let mut write = |code, diagnostics: &str, at: &Option<String>| {
            write_issue(&mut writer, "error", code, diagnostics, at.as_deref(), language);
        };
        write(self.code, &self.diagnostics, &self.expression);
        for issue in &self.further {
            write(issue.code, &issue.diagnostics, &issue.expression);
        }
        writer.end_array().end_object();
        writer.finish()
    }
}

/// An OperationOutcome of issues of any severity, as `$validate` answers with
/// (FHIR R4 §3.1.0.10); of one that says so when there is none.
pub fn report_in(issues: &[Issue], language: Language) -> String {
    let mut writer = Writer::with_capacity(256);
    writer.begin_object().field("resourceType", "OperationOutcome").key("issue").begin_array();
    for Issue { severity, code, diagnostics, expression } in issues {
        let at = expression.as_deref();
        write_issue(&mut writer, severity.code(), *code, diagnostics, at, language);
    }
    if issues.is_empty() {
        let text = "No issue was found: the resource would be taken as it is.";
        let severity = Severity::Information.code();
        write_issue(&mut writer, severity, IssueType::Informational, text, None, language);
    }
    writer.end_array().end_object();
    writer.finish()
}

fn write_issue(
    writer: &mut Writer,
    severity: &str,
    code: IssueType,
    diagnostics: &str,
    at: Option<&str>,
    language: Language,
) {
    writer.begin_object().field("severity", severity).field("code", code.code());
    writer.key("details").begin_object();
    writer.field("text", &language.of(code.meaning())).end_object();
    writer.field("diagnostics", &language.of(diagnostics));
    if let Some(expression) = at {
        writer.key("expression").begin_array().string(expression).end_array();
    }
    writer.end_object();
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.status.code(), self.code.code(), self.diagnostics)
    }
}

impl std::error::Error for Refusal {}

impl From<JsonError> for Refusal {
    fn from(error: JsonError) -> Self {
        let (status, code) = match error.kind {
            JsonErrorKind::TooLarge | JsonErrorKind::TooMany => {
                (Status::PayloadTooLarge, IssueType::TooLong)
            }
            JsonErrorKind::TooDeep => (Status::BadRequest, IssueType::TooCostly),
            _ => (Status::BadRequest, IssueType::Structure),
        };
        let place = format!("Line {}, column {}: ", error.line, error.column);
        let refusal = Self::new(status, code, place + &error.message);
        if error.path.is_empty() { refusal } else { refusal.at(error.path) }
    }
}
