//! What references may be to (R4 §2.3.0.2: targetProfile).

use super::invariants::Scope;
use crate::fhirpath::referred_type;
use crate::json::Value;
use crate::types;

/// What is wrong with a reference that may be only to the `allowed` types, by
/// their position in the table of types; `None` when nothing is, or when the
/// reference does not tell its target's type.
pub(super) fn fault(reference: Value<'_>, allowed: &[u8], scope: &Scope<'_>) -> Option<String> {
    let text = reference.get("reference").and_then(Value::as_str);
    let found = match text.as_deref().and_then(|text| text.strip_prefix('#')) {
        Some("") => {
            let root = scope.container.unwrap_or(scope.resource);
            root.get("resourceType").and_then(Value::as_str)
        }
        Some(id) => scope.contained.get(id).cloned().flatten(),
        None => referred_type(reference).map(Into::into),
    };
    let position = u8::try_from(types::position(&found?)?).ok()?;
    if allowed.contains(&position) {
        return None;
    }
    let names = allowed.iter().map(|place| types::name_at(usize::from(*place)));
    let names: Vec<_> = names.take(12).collect();
    let more = if allowed.len() > names.len() { " and others" } else { "" };
    Some(format!(
        "This reference may be to {}{more}, but is to {}.",
        names.join(", "),
        types::name_at(usize::from(position))
    ))
}
