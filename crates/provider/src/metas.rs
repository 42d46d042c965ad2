//! `meta` of a resource: merging profiles, tags and security labels in, and
//! taking them out (R4 §3.2.0.3 `$meta-add`, `$meta-delete`). Items are kept as
//! they are written; only the lists are put together anew.

use contracts::Refusal;
use fhir::json::{Edit, Value, quoted, splice};
use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use std::borrow::Cow;

/// What a client may change of meta this way.
const LISTS: [&str; 3] = ["profile", "security", "tag"];

/// Whether to merge in or to take out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Add,
    Delete,
}

/// The text of `resource` with the meta that `parameters`, a Parameters
/// resource, holds under the name `meta` merged in or taken out.
pub(crate) fn merged(
    resource: &Resource,
    parameters: &Resource,
    how: How,
) -> Result<String, Refusal> {
    let named = parameters
        .root()
        .each("parameter")
        .find(|parameter| parameter.get("name").is_some_and(|name| name.is_str("meta")));
    let asked = named.and_then(|parameter| parameter.get("valueMeta")).ok_or_else(|| {
        Refusal::invalid(
            "The body is a Parameters resource with one parameter named meta, whose valueMeta \
             holds the profiles, security labels and tags.",
        )
        .at("Parameters.parameter")
    })?;
    let lists = LISTS.map(|name| (name, asked.each(name).collect::<Vec<_>>()));
    Ok(changed(resource, &lists, how))
}

/// The text of `resource` with this tag in its meta.
pub(crate) fn tagged(resource: &Resource, system: &str, code: &str) -> String {
    let tag = format!("{{\"system\":{},\"code\":{}}}", quoted(system), quoted(code));
    let parsed = fhir::json::Document::parse(tag, &JsonLimits::default());
    let Ok(tag) = parsed else { return resource.text().to_owned() };
    changed(resource, &[("tag", vec![tag.root()])], How::Add)
}

/// Whether a tag of this system says anything but `code`.
pub(crate) fn is_tagged_otherwise(resource: &Resource, system: &str, code: &str) -> bool {
    let meta = resource.root().get("meta");
    let mut tags = meta.into_iter().flat_map(|meta| meta.each("tag"));
    tags.any(|tag| member(tag, "system") == system && member(tag, "code") != code)
}

fn changed(resource: &Resource, lists: &[(&str, Vec<Value<'_>>)], how: How) -> String {
    let root = resource.root();
    let meta = root.get("meta");
    let mut members: Vec<(String, String)> = Vec::new();
    for (name, held) in meta.into_iter().flat_map(Value::members) {
        members.push((name.into_owned(), held.raw().to_owned()));
    }
    let before = members.clone();
    for (name, asked) in lists {
        let held: Vec<Value<'_>> = meta.into_iter().flat_map(|meta| meta.each(name)).collect();
        // Extensions of primitives stand beside them, at the same place (R4 §2.6.2).
        let beside = format!("_{name}");
        let mut extensions: Vec<&str> = match meta.and_then(|meta| meta.get(&beside)) {
            Some(list) => list.items().map(Value::raw).collect(),
            None => Vec::new(),
        };
        let mut items: Vec<&str> = held.iter().map(|item| item.raw()).collect();
        match how {
            How::Add => {
                let mut known: Vec<Value<'_>> = held.clone();
                for item in asked {
                    if known.iter().all(|one| !same(*one, *item)) {
                        known.push(*item);
                        items.push(item.raw());
                        if !extensions.is_empty() {
                            extensions.push("null");
                        }
                    }
                }
            }
            How::Delete => {
                let stays: Vec<bool> =
                    held.iter().map(|one| asked.iter().all(|item| !same(*one, *item))).collect();
                let mut each = stays.iter();
                items.retain(|_| each.next().copied().unwrap_or(true));
                let mut each = stays.iter();
                extensions.retain(|_| each.next().copied().unwrap_or(true));
            }
        }
        if extensions.iter().all(|extension| *extension == "null") {
            extensions.clear();
        }
        if items.len() != held.len() {
            set(&mut members, name, &items);
            set(&mut members, &beside, &extensions);
        }
    }
    if members == before {
        return resource.text().to_owned();
    }
    let written: Vec<String> =
        members.iter().map(|(name, raw)| format!("{}:{raw}", quoted(name))).collect();
    let written = format!("{{{}}}", written.join(","));
    let edit = match meta {
        Some(meta) => Edit::replace(meta.span(), written),
        None => {
            let after_type = root.get("resourceType").map_or(0, |value| value.span().end);
            Edit::insert(after_type, format!(",\"meta\":{written}"))
        }
    };
    splice(resource.text(), &mut [edit])
}

/// The list under `name`, which goes away with its last item.
fn set(members: &mut Vec<(String, String)>, name: &str, items: &[&str]) {
    let list = format!("[{}]", items.join(","));
    match members.iter_mut().find(|(held, _)| held == name) {
        _ if items.is_empty() => members.retain(|(held, _)| held != name),
        Some((_, held)) => *held = list,
        None => members.push((name.to_owned(), list)),
    }
}

/// A profile is its URL, a tag or label its system and code (R4 §2.35).
fn same(left: Value<'_>, right: Value<'_>) -> bool {
    match (left.as_str(), right.as_str()) {
        (Some(left), Some(right)) => left == right,
        (None, None) => {
            ["system", "code"].iter().all(|name| member(left, name) == member(right, name))
        }
        _ => false,
    }
}

fn member<'d>(coding: Value<'d>, name: &str) -> Cow<'d, str> {
    coding.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
