//! Changing a stored resource by a patch: JSON Patch (RFC 6902, R4 §3.1.0.6)
//! and, on the same editable tree, FHIRPath Patch (R4 §3.1.0.6.2).
//!
//! A patch never rebuilds a value that it does not touch: untouched, moved and
//! copied parts are slices of the text that they come from. What comes out is
//! valid, of the same type and id, or the patch is refused as a whole.

mod equal;
pub mod fhirpath_patch;
pub mod json_patch;
mod pointer;
#[cfg(test)]
mod tests;
mod tree;

use crate::json::Document;
use crate::limits::JsonLimits;
use crate::outcome::{Refusal, Status};
use crate::resource::Resource;

/// The resource that a patch made of `before`: of its type and id, and valid.
///
/// # Errors
/// 413 when it is over [`JsonLimits::default`], 422 otherwise: a patch that is
/// well formed but leads to a wrong resource cannot be processed.
fn settled(before: &Resource, text: String) -> Result<Resource, Refusal> {
    let after = Document::parse(text, &JsonLimits::default())
        .map_err(Refusal::from)
        .and_then(Resource::of_document)
        .map_err(unprocessed)?;
    if after.type_name() != before.type_name() {
        let text = "A patch cannot change resourceType; create a resource of the other type.";
        return Err(Refusal::unprocessed(text).at("resourceType"));
    }
    if after.id() != before.id() {
        let text = "A patch cannot change the id of a resource; leave it as it is.";
        return Err(Refusal::unprocessed(text).at(format!("{}.id", before.type_name())));
    }
    crate::validate::check(&after).map_err(unprocessed)?;
    Ok(after)
}

/// What would be 400 of a body is 422 of what a patch made.
fn unprocessed(refusal: Refusal) -> Refusal {
    match refusal.status {
        Status::BadRequest => Refusal { status: Status::UnprocessableEntity, ..refusal },
        _ => refusal,
    }
}
