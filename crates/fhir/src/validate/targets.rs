//! What references may be to (R4 §2.3.0.2: targetProfile).

use crate::fhirpath::referred_type;
use crate::json::Value;
use crate::types;

/// What is wrong with a reference that may be only to the `allowed` types, by
/// their position in the table of types; `None` when nothing is, or when the
/// reference does not tell its target's type. `#id` is looked up in `root`.
pub(super) fn fault(reference: Value<'_>, allowed: &[u8], root: Value<'_>) -> Option<String> {
    let text = reference.get("reference").and_then(Value::as_str);
    let found = match text.as_deref().and_then(|text| text.strip_prefix('#')) {
        Some("") => root.get("resourceType").and_then(Value::as_str),
        Some(id) => root
            .each("contained")
            .find(|held| held.get("id").is_some_and(|held| held.is_str(id)))
            .and_then(|held| held.get("resourceType").and_then(Value::as_str)),
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
