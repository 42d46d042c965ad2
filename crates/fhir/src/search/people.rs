//! What the indexes across people need of a Patient.

use crate::json::Value;

use super::date::DateRange;
use super::fold::{fold, squash};
use super::limits::NAME_KEYS_MAX;

/// The name keys of a person: every part of every name without its spaces, so
/// that a search by the beginning of a part is a search by the beginning of a
/// key; and the single words of compound parts. Sorted, without repeats, at most
/// [`NAME_KEYS_MAX`], whole parts kept first.
pub fn name_keys(root: Value<'_>) -> Vec<String> {
    let mut parts = Vec::new();
    let mut words = Vec::new();
    for name in root.each("name") {
        for member in ["family", "given", "text", "prefix", "suffix"] {
            for raw in name.each(member).filter_map(Value::as_str) {
                parts.push(squash(&raw));
                words.extend(fold(&raw).split(' ').map(str::to_owned));
            }
        }
    }
    let mut keys: Vec<String> = Vec::new();
    for key in parts.into_iter().chain(words) {
        if keys.len() == NAME_KEYS_MAX {
            break;
        }
        if !key.is_empty() && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys.sort_unstable();
    keys
}

/// Every identifier of a resource with a value: its system, empty when it has
/// none, and its value as written.
pub fn identifier_tokens(root: Value<'_>) -> Vec<(String, String)> {
    root.each("identifier")
        .filter_map(|identifier| {
            let value = identifier.get("value")?.as_str()?.into_owned();
            let system = identifier.get("system").and_then(Value::as_str).unwrap_or_default();
            (!value.is_empty()).then(|| (system.into_owned(), value))
        })
        .collect()
}

/// A person's date of birth as a range, as wide as its precision.
pub fn birthdate(root: Value<'_>) -> Option<DateRange> {
    root.get("birthDate").and_then(Value::as_str).and_then(|text| DateRange::parse(&text))
}

/// A person's administrative gender as its code.
pub fn gender(root: Value<'_>) -> Option<String> {
    root.get("gender").and_then(Value::as_str).map(|text| text.into_owned())
}
