//! Validation on write: whether a resource is of its type's structure.
//!
//! From the StructureDefinition snapshots of R4: which elements there are,
//! whether they repeat, which are required, what each holds, the format of
//! every primitive, one type per choice, the `_name` companions of primitives,
//! contained resources, extensions (ext-1), the codes of required bindings,
//! the types that references may be to, and R4's invariants. Profiles are
//! checked when they are known ([`profile`]); one that is not known is no
//! reason to refuse.

mod invariants;
mod narrative;
mod native;
mod primitive;
pub mod profile;
mod targets;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use narrative::fault as narrative_fault;
pub use primitive::Primitive;

use crate::definitions::{Content, Structure};
use crate::json::Value;
use crate::limits::{ISSUES_MAX, REPORT_ISSUES_MAX};
use crate::outcome::{Issue, IssueType, Refusal, Severity};
use crate::resource::Resource;

/// An invariant of R4 and where it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The type, datatype or part that it is on: `Patient.contact`.
    pub owner: &'static str,
    /// The element of the owner that it is on; empty for the owner itself.
    pub element: &'static str,
    /// `pat-1`
    pub key: &'static str,
    /// The rule, as FHIRPath.
    pub expression: &'static str,
    /// Whether breaking it is an error; else only `$validate` tells.
    pub is_error: bool,
}

/// Every invariant that is judged by its expression or in its words.
pub fn rules() -> impl Iterator<Item = Rule> {
    crate::definitions::Structure::all().flat_map(|owner| {
        owner.rules().map(move |(rule, element)| Rule {
            owner: owner.name(),
            element,
            key: rule.key(),
            expression: rule.expression(),
            is_error: rule.is_error(),
        })
    })
}

/// For what a resource is validated (R4 §3.1.0.10.1, `mode` of `$validate`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// By itself.
    #[default]
    General,
    /// As the body of a create: the server gives the id.
    Create,
    /// As the body of an update: it has its id.
    Update,
}

/// Everything wrong with a resource, at most [`crate::limits::ISSUES_MAX`]
/// errors; also by the known profiles that its `meta.profile` names.
/// Recursion is as deep as the document, which
/// [`crate::limits::JsonLimits::depth_max`] bounds.
pub fn issues(resource: Value<'_>) -> Vec<Issue> {
    let mut issues = walk::Walk::over(resource, false);
    if issues.len() < ISSUES_MAX {
        profile::issues(resource, &[], false, &mut issues);
        issues.truncate(ISSUES_MAX);
    }
    issues
}

/// Everything wrong with the structure of a Bundle that is sent to be carried
/// out, but for its entries, which stand each by itself ([`entry_issues`]).
pub fn bundle_issues(bundle: Value<'_>) -> Vec<Issue> {
    let structure = Structure::of_resource("Bundle");
    structure.map_or_else(Vec::new, |bundled| walk::Walk::beside(bundle, bundled, "entry", true))
}

/// Everything wrong with the structure of an entry of such a Bundle, but for its
/// resource, which is judged as what it is.
pub fn entry_issues(entry: Value<'_>) -> Vec<Issue> {
    let bundled = Structure::of_resource("Bundle").and_then(|bundle| bundle.element("entry"));
    match bundled.map(|element| element.content()) {
        Some(Content::Structure(number)) => {
            walk::Walk::beside(entry, Structure(number), "resource", false)
        }
        _ => Vec::new(),
    }
}

/// Everything to say of a resource: errors first, then warnings (best
/// practice) and information (what was not judged), at most
/// [`crate::limits::REPORT_ISSUES_MAX`]. Checked are R4 itself, the profiles
/// that `meta.profile` names, and `profiles` by URL; one that is not known is
/// an information.
pub fn issues_all(resource: Value<'_>, mode: Mode, profiles: &[&str]) -> Vec<Issue> {
    let mut issues = walk::Walk::over(resource, true);
    let issue = |severity, code, text: &str| Issue {
        severity,
        code,
        diagnostics: text.to_owned(),
        expression: Some("id".to_owned()),
    };
    match (mode, resource.get("id")) {
        (Mode::Create, Some(_)) => {
            let text = "A create ignores this id; the server gives one.";
            issues.push(issue(Severity::Information, IssueType::Informational, text));
        }
        (Mode::Update, None) => {
            let text = "An update needs the id that its address has; add it.";
            issues.push(issue(Severity::Error, IssueType::Required, text));
        }
        _ => {}
    }
    profile::issues(resource, profiles, true, &mut issues);
    issues.sort_by_key(|issue| issue.severity);
    issues.truncate(REPORT_ISSUES_MAX);
    issues
}

/// Refuses a resource that is not valid.
///
/// # Errors
/// 400 when an element is unknown or of the wrong JSON type, otherwise 422,
/// with one issue for each fault.
pub fn check(resource: &Resource) -> Result<(), Refusal> {
    Refusal::of_issues(issues(resource.root())).map_or(Ok(()), Err)
}
