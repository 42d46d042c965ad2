//! Validation on write: whether a resource is of its type's structure.
//!
//! From the StructureDefinition snapshots of R4: which elements there are,
//! whether they repeat, which are required, what each holds, the format of
//! every primitive, one type per choice, the `_name` companions of primitives,
//! contained resources, extensions (ext-1), and the codes of required
//! bindings. Profiles and other invariants are not checked here: a profile
//! that is not known is no reason to refuse.

mod narrative;
mod primitive;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use narrative::fault as narrative_fault;
pub use primitive::Primitive;

use crate::json::Value;
use crate::outcome::{Issue, Refusal};
use crate::resource::Resource;

/// Everything wrong with a resource, at most [`crate::limits::ISSUES_MAX`]
/// issues. Recursion is as deep as the document, which
/// [`crate::limits::JsonLimits::depth_max`] bounds.
pub fn issues(resource: Value<'_>) -> Vec<Issue> {
    walk::Walk::over(resource)
}

/// Refuses a resource that is not valid.
///
/// # Errors
/// 400 when an element is unknown or of the wrong JSON type, otherwise 422,
/// with one issue for each fault.
pub fn check(resource: &Resource) -> Result<(), Refusal> {
    Refusal::of_issues(issues(resource.root())).map_or(Ok(()), Err)
}
