//! What a body tells.

use std::borrow::Cow;

use fhir::json::{Kind, Value};

use super::{Code, Condition, Facts, dates};
use crate::systems::ALLERGY_CATEGORY;

/// A resource whose body is at hand.
#[derive(Clone, Debug)]
pub struct BodyFacts<'d> {
    root: Value<'d>,
    resource_type: Cow<'d, str>,
    id: Cow<'d, str>,
    last_updated_ms: i64,
}

impl<'d> BodyFacts<'d> {
    /// The resource at `root`, with the id and the instant of its version (Unix,
    /// milliseconds) that the record gives it.
    pub fn new(root: Value<'d>, id: &'d str, last_updated_ms: i64) -> Self {
        let resource_type = root.get("resourceType").and_then(Value::as_str).unwrap_or_default();
        Self { root, resource_type, id: Cow::Borrowed(id), last_updated_ms }
    }
}

impl Facts for BodyFacts<'_> {
    fn resource_type(&self) -> &str {
        &self.resource_type
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn holds(&self, condition: &Condition<'_>) -> Option<bool> {
        match condition {
            Condition::Category(code) => Some(has_category(self.root, &self.resource_type, code)),
            Condition::Code(code) => Some(holds_code(self.root, code)),
            Condition::Label(code) => {
                let meta = self.root.get("meta");
                Some(meta.is_some_and(|meta| meta.each("security").any(|label| is(label, code))))
            }
            Condition::DataPeriod { range, whole } => {
                dates::within(self.root, &self.resource_type, *range, *whole)
            }
            Condition::Search(query) => Some(
                query.resource_type() == self.resource_type
                    && query.matches_body(self.root, &self.id, self.last_updated_ms),
            ),
            Condition::ReleasedBy(at_ms) => {
                dates::released_by(self.root, self.last_updated_ms, *at_ms)
            }
        }
    }

    fn complete(&self) -> bool {
        true
    }
}

/// Whether a Coding is this code.
fn is(coding: Value<'_>, code: &Code) -> bool {
    coding.get("code").is_some_and(|held| held.is_str(&code.code))
        && coding.get("system").is_some_and(|held| held.is_str(&code.system))
}

fn has_category(root: Value<'_>, resource_type: &str, code: &Code) -> bool {
    root.each("category").any(|category| match category.kind() {
        Kind::String => {
            resource_type == "AllergyIntolerance"
                && code.system == ALLERGY_CATEGORY
                && category.is_str(&code.code)
        }
        _ => is(category, code) || category.each("coding").any(|coding| is(coding, code)),
    })
}

fn holds_code(root: Value<'_>, code: &Code) -> bool {
    // Most bodies do not have the code's letters at all.
    let text = root.raw();
    if !text.contains('\\') && !text.contains(code.code.as_str()) {
        return false;
    }
    root.members().any(|(name, value)| name != "meta" && found(value, code))
}

/// Looks through a part of a body, which is no deeper than JSON may be.
fn found(value: Value<'_>, code: &Code) -> bool {
    match value.kind() {
        Kind::Object => is(value, code) || value.fields().any(|(_, inside)| found(inside, code)),
        Kind::Array => value.items().any(|inside| found(inside, code)),
        _ => false,
    }
}
