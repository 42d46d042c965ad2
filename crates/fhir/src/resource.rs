//! A resource: the client's own text, its type and its id.

mod instant;
mod references;
#[cfg(test)]
mod tests;

pub(crate) use instant::{civil, days};
pub use instant::{instant, is_calendar_day, parse_instant};
pub use references::{Reference, references, rewrite_references};

use crate::json::{Document, Edit, Kind, Value, quoted, splice};
use crate::limits::JsonLimits;
use crate::outcome::Refusal;
use crate::types::{self, ResourceType};

/// A parsed resource of a known type. Its content is not validated yet: see
/// [`crate::validate::check`].
#[derive(Clone, Debug)]
pub struct Resource {
    document: Document,
    kind: ResourceType,
    id: Option<String>,
}

impl Resource {
    /// Parses a resource.
    ///
    /// # Errors
    /// 400 when it is not JSON, no object, or has no known `resourceType`, an
    /// `id` that is none or a `meta` that is no object; 413 over a limit.
    pub fn parse(bytes: Vec<u8>, limits: &JsonLimits) -> Result<Self, Refusal> {
        Self::of_document(Document::parse_bytes(bytes, limits)?)
    }

    /// [`Resource::parse`] of a text already read.
    ///
    /// # Errors
    /// As [`Resource::parse`].
    pub fn of_document(document: Document) -> Result<Self, Refusal> {
        let root = document.root();
        if root.kind() != Kind::Object {
            return Err(Refusal::structure("A resource is a JSON object; send it as {…}."));
        }
        let named = root.get("resourceType").and_then(Value::as_str).ok_or_else(|| {
            Refusal::structure(
                "The resource has no resourceType; add the name of its type, as in \
                 \"resourceType\": \"Patient\".",
            )
        })?;
        let kind = types::named(&named).ok_or_else(|| {
            Refusal::structure(
                "The resourceType is not one of FHIR R4; names are case-sensitive, as in Patient.",
            )
            .at("resourceType")
        })?;
        let id = match root.get("id") {
            None => None,
            Some(id) => match id.as_str().filter(|id| types::is_id(id)) {
                Some(id) => Some(id.into_owned()),
                None => {
                    let text = "An id is a string of 1 to 64 letters, digits, hyphens and points.";
                    return Err(Refusal::structure(text).at(format!("{}.id", kind.name)));
                }
            },
        };
        if root.get("meta").is_some_and(|meta| meta.kind() != Kind::Object) {
            let refusal = Refusal::structure("meta is a JSON object; mend it or leave it out.");
            return Err(refusal.at(format!("{}.meta", kind.name)));
        }
        Ok(Self { document, kind, id })
    }

    /// The name of its type.
    pub fn type_name(&self) -> &'static str {
        self.kind.name
    }

    /// Its type.
    pub fn resource_type(&self) -> ResourceType {
        self.kind
    }

    /// Its id, when it has one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The document.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The resource as a value.
    pub fn root(&self) -> Value<'_> {
        self.document.root()
    }

    /// The text as it was given.
    pub fn text(&self) -> &str {
        self.document.text()
    }

    /// Gives the text back.
    pub fn into_text(self) -> String {
        self.document.into_text()
    }

    /// The text with `id`, `meta.versionId` and `meta.lastUpdated` (FHIR R4,
    /// Resource) as the server assigns them; every other byte is the client's.
    pub fn stamped(&self, id: &str, version: u64, last_updated_ms: i64) -> String {
        let root = self.root();
        let version = quoted(&version.to_string());
        let updated = quoted(&instant(last_updated_ms));
        let mut edits = Vec::with_capacity(4);
        // What is absent goes right after resourceType, which is always there.
        let after_type = root.get("resourceType").map_or(0, |value| value.span().end);
        match root.get("id") {
            Some(held) => edits.push(Edit::replace(held.span(), quoted(id))),
            None => edits.push(Edit::insert(after_type, format!(",\"id\":{}", quoted(id)))),
        }
        match root.get("meta") {
            None => {
                let members = format!("\"versionId\":{version},\"lastUpdated\":{updated}");
                edits.push(Edit::insert(after_type, format!(",\"meta\":{{{members}}}")));
            }
            Some(meta) => stamp_meta(meta, &version, &updated, &mut edits),
        }
        splice(self.text(), &mut edits)
    }

    /// Every reference to a patient by the elements that say so in its type:
    /// those of the compartment first, whom it is about foremost, then others.
    pub fn patient_references(&self) -> Vec<Reference<'_>> {
        let paths = self.kind.compartment_paths.iter().chain(self.kind.other_patient_paths);
        let mut found = Vec::new();
        for path in paths {
            let mut values = vec![self.root()];
            for name in path.split('.') {
                values = values.iter().flat_map(|value| value.each(name)).collect();
            }
            let strings = values.iter().filter_map(|value| value.get("reference"));
            found.extend(
                strings.filter_map(|value| {
                    Some(Reference { text: value.as_str()?, span: value.span() })
                }),
            );
        }
        found
    }
}

fn stamp_meta(meta: Value<'_>, version: &str, updated: &str, edits: &mut Vec<Edit>) {
    let mut absent = Vec::with_capacity(2);
    for (name, with) in [("versionId", version), ("lastUpdated", updated)] {
        match meta.get(name) {
            Some(held) => edits.push(Edit::replace(held.span(), with)),
            None => absent.push(format!("\"{name}\":{with}")),
        }
    }
    if !absent.is_empty() {
        let comma = if meta.is_empty() { "" } else { "," };
        edits.push(Edit::insert(meta.span().start + 1, absent.join(",") + comma));
    }
}
