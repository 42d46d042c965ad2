//! OperationOutcomes that are no refusal: what was done, warnings, and the
//! findings of `$validate`.

use contracts::{Notice, Outcome};
use fhir::json::Writer;
use fhir::outcome::{IssueType, Language};
use fhir::resource::Resource;
use fhir::validate::{Mode, issues_all};

/// One issue of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Code of the value set issue-severity.
    pub severity: &'static str,
    /// Code of the value set issue-type.
    pub code: IssueType,
    /// English; told in the caller's language.
    pub diagnostics: String,
    /// The element, as FHIRPath.
    pub expression: Option<String>,
}

impl Remark {
    /// Something that the caller may want to know.
    pub fn information(diagnostics: impl Into<String>) -> Self {
        Self {
            severity: "information",
            code: IssueType::Informational,
            diagnostics: diagnostics.into(),
            expression: None,
        }
    }
}

impl From<&Notice> for Remark {
    fn from(notice: &Notice) -> Self {
        Self {
            severity: "warning",
            code: IssueType::from_code(&notice.code),
            diagnostics: notice.diagnostics.clone(),
            expression: notice.expression.clone(),
        }
    }
}

/// What a change did, and what the caller should know of it.
pub fn of_change(outcome: &Outcome) -> Vec<Remark> {
    let (name, id, version) = (&outcome.key.resource_type, &outcome.key.id, outcome.version);
    let told = match outcome.effect {
        contracts::Effect::Created => format!("{name}/{id} is created as version {version}."),
        contracts::Effect::Updated => format!("{name}/{id} is stored as version {version}."),
        contracts::Effect::Deleted if id.is_empty() => {
            "Nothing matches the criteria, so nothing was deleted.".to_owned()
        }
        contracts::Effect::Deleted => format!("{name}/{id} is deleted."),
        contracts::Effect::Existing => {
            format!("{name}/{id} is there already, as version {version}.")
        }
        contracts::Effect::Unchanged => {
            format!("{name}/{id} has this content already: it stays version {version}.")
        }
    };
    let notices = outcome.notices.iter().map(Remark::from);
    std::iter::once(Remark::information(told)).chain(notices).collect()
}

/// The OperationOutcome, in the caller's language.
pub fn outcome(remarks: &[Remark], language: Language) -> String {
    let mut writer = Writer::with_capacity(256);
    writer.begin_object().field("resourceType", "OperationOutcome").key("issue").begin_array();
    for remark in remarks {
        writer.begin_object().field("severity", remark.severity);
        writer.field("code", remark.code.code());
        writer.key("details").begin_object();
        writer.field("text", &language.of(remark.code.meaning())).end_object();
        writer.field("diagnostics", &language.of(&remark.diagnostics));
        if let Some(expression) = &remark.expression {
            writer.key("expression").begin_array().string(expression).end_array();
        }
        writer.end_object();
    }
    writer.end_array().end_object();
    writer.finish()
}

/// Everything that validation finds in a resource, also against `profiles` by
/// their URLs; a remark that there is nothing when it finds nothing (R4,
/// `$validate`).
pub fn valid(resource: &Resource, mode: Mode, profiles: &[String]) -> Vec<Remark> {
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let found = issues_all(resource.root(), mode, &profiles).into_iter().map(|issue| Remark {
        severity: issue.severity.code(),
        code: issue.code,
        diagnostics: issue.diagnostics,
        expression: issue.expression,
    });
    let mut remarks: Vec<Remark> = found.collect();
    if remarks.iter().all(|remark| remark.severity != "error") {
        remarks.push(Remark::information("No fault was found: the resource is valid."));
    }
    remarks
}
