//! What references may be to (R4 §2.3.0.2: targetProfile).

use super::invariants::Scope;
use crate::fhirpath::{referred_type, type_in_text};
use crate::json::Value;
use crate::types;

/// What is wrong with a reference in itself: it names a type that R4 does not
/// have, or another than it states (R4 §2.3.0: `Reference.type`).
pub(super) fn fault_of_itself(reference: Value<'_>) -> Option<String> {
    let text = reference.get("reference").and_then(Value::as_str)?;
    if let Some(unknown) = unknown_type(&text) {
        return Some(format!(
            "There is no resource type {unknown} in FHIR R4; correct the reference."
        ));
    }
    let named = type_in_text(&text)?;
    let stated = reference.get("type").and_then(Value::as_str)?;
    let stated = types::named(stated.rsplit('/').next()?)?.name;
    (stated != named).then(|| {
        format!("The reference is to {named}, but its type says {stated}; make them agree.")
    })
}

/// The type of a relative reference, `Type/id`, when R4 has none of that name.
/// What has another form is for another server to know.
fn unknown_type(text: &str) -> Option<&str> {
    let current = text.split_once("/_history/").map_or(text, |(before, _)| before);
    let (name, id) = current.split_once('/')?;
    let letters = name.len() <= 40
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    (letters && types::is_id(id) && !types::is_resource_type(name)).then_some(name)
}

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
