//! What a resource refers to: within its Bundle, by a search, or by id; and
//! whose chart it belongs to.

use contracts::{Refusal, ResourceKey};
use fhir::json::{Kind, Value};
use fhir::resource::Resource;
use std::collections::HashMap;

/// One reference as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// `Type/id`, perhaps with a version, perhaps after a base of our own.
    Local(ResourceKey),
    /// `Type?criteria`, resolved by searching (R4 §3.1.0.11.3).
    Conditional {
        /// Type searched.
        resource_type: String,
        /// Criteria, percent-encoded as in a URL.
        query: String,
    },
    /// `urn:uuid:…` or `urn:oid:…`: must be the fullUrl of an entry.
    Urn(String),
    /// Anything else: an absolute URL, a fragment of the same resource.
    Elsewhere,
}

impl Reference {
    /// What a reference's text says.
    pub fn parse(text: &str) -> Self {
        if text.starts_with("urn:uuid:") || text.starts_with("urn:oid:") {
            return Self::Urn(text.to_owned());
        }
        // Before absolute URLs: criteria hold systems, which are URLs.
        if let Some((resource_type, query)) = text.split_once('?')
            && fhir::types::is_resource_type(resource_type)
        {
            return Self::Conditional {
                resource_type: resource_type.to_owned(),
                query: query.to_owned(),
            };
        }
        if text.starts_with('#') || text.contains("://") {
            return Self::Elsewhere;
        }
        match local(text) {
            Some(key) => Self::Local(key),
            None => Self::Elsewhere,
        }
    }
}

/// `Type/id` or `Type/id/_history/version`.
pub(crate) fn local(text: &str) -> Option<ResourceKey> {
    let mut parts = text.split('/');
    let (resource_type, id) = (parts.next()?, parts.next()?);
    let versioned =
        matches!((parts.next(), parts.next()), (None, None) | (Some("_history"), Some(_)));
    let known = fhir::types::is_resource_type(resource_type) && fhir::types::is_id(id);
    (known && versioned && parts.next().is_none()).then(|| ResourceKey::new(resource_type, id))
}

/// The base of a RESTful URL, with its slash, and what is behind it.
fn based(url: &str) -> Option<(&str, &str)> {
    let http = url.starts_with("http://") || url.starts_with("https://");
    let url = http.then_some(url)?;
    let end = url.split_once("/_history/").map_or(url, |(end, _)| end);
    let (rest, _) = end.rsplit_once('/')?;
    let (base, _) = rest.rsplit_once('/')?;
    url.split_at_checked(base.len() + 1).filter(|(_, behind)| local(behind).is_some())
}

/// What the texts of references become.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    /// From the text as written (a fullUrl or `Type?criteria`) to `Type/id`.
    pub texts: HashMap<String, String>,
    /// Bases of our own, without a slash at the end.
    pub bases: Vec<String>,
}

impl Resolved {
    /// What an entry's fullUrl stands for.
    pub fn entry(&mut self, full_url: &str, key: &ResourceKey) {
        if local(full_url).is_none() {
            self.texts.insert(full_url.to_owned(), format!("{}/{}", key.resource_type, key.id));
        }
    }

    /// The text to store for a reference of an entry with this fullUrl, when it
    /// must change (R4 §2.36.4): as it is written, as an address that is
    /// relative to the entry's own, or with a version of an entry.
    pub fn of(&self, text: &str, full_url: Option<&str>) -> Option<String> {
        if let Some(told) = self.texts.get(text) {
            return Some(told.clone());
        }
        if local(text).is_some()
            && let Some((base, _)) = full_url.and_then(based)
            && let Some(told) = self.of(&format!("{base}{text}"), None)
        {
            return (told != text).then_some(told);
        }
        let (unversioned, version) = text.split_once("/_history/")?;
        let told = self.texts.get(unversioned)?;
        // A resource that gets another id here has no version yet.
        Some(match unversioned.ends_with(&format!("/{told}")) {
            true => format!("{told}/_history/{version}"),
            false => told.clone(),
        })
    }

    /// What a text says, bases of our own left out.
    pub fn read(&self, text: &str) -> Reference {
        let own = based(text).filter(|(base, _)| {
            self.bases.iter().any(|own| base.strip_suffix('/') == Some(own.as_str()))
        });
        Reference::parse(own.map_or(text, |(_, behind)| behind))
    }

    /// The resource that a reference names, once resolved.
    pub fn target(&self, text: &str, full_url: Option<&str>) -> Option<ResourceKey> {
        match self.of(text, full_url) {
            Some(resolved) => local(&resolved),
            None => match self.read(text) {
                Reference::Local(key) => Some(key),
                _ => None,
            },
        }
    }
}

/// The people whose compartment a resource is in (R4 compartment definition
/// Patient), the first its home's, each once.
pub(crate) fn people(
    resource: &Resource,
    resolved: &Resolved,
    full_url: Option<&str>,
) -> Vec<String> {
    let mut people: Vec<String> = Vec::new();
    for reference in resource.patient_references() {
        if let Some(key) = resolved.target(&reference.text, full_url)
            && key.resource_type == "Patient"
            && !people.contains(&key.id)
        {
            people.push(key.id);
        }
    }
    people
}

/// Every `reference` of a resource with its path, in the order of the text.
pub(crate) fn placed_references(resource: &Resource) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(resource.root(), resource.type_name(), &mut found);
    found
}

/// Depth is bounded by the parser.
fn collect(value: Value<'_>, path: &str, found: &mut Vec<(String, String)>) {
    for (name, held) in value.members() {
        match held.kind() {
            Kind::String if name == "reference" => {
                let text = held.as_str().unwrap_or_default().into_owned();
                found.push((path.to_owned(), text));
            }
            Kind::Object => collect(held, &format!("{path}.{name}"), found),
            Kind::Array => {
                for (at, item) in held.items().enumerate() {
                    collect(item, &format!("{path}.{name}[{at}]"), found);
                }
            }
            _ => {}
        }
    }
}

/// The links of a narrative (`<a href="…"`, `<img src="…"`, R4 §3.1.0.11.2)
/// that name entries, rewritten; `None` when there is none.
pub(crate) fn narrative(
    resource: &Resource,
    resolved: &Resolved,
    full_url: Option<&str>,
) -> Option<String> {
    let div = resource.root().get("text")?.get("div")?;
    let text = div.as_str()?;
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut changed) = (text.as_ref(), false);
    while let Some(at) =
        ["href=", "src="].iter().filter_map(|name| rest.find(name).map(|at| at + name.len())).min()
    {
        let (before, after) = rest.split_at_checked(at)?;
        out.push_str(before);
        rest = after;
        let Some(quote) = rest.chars().next().filter(|first| matches!(first, '"' | '\'')) else {
            continue;
        };
        let Some((link, _)) = rest.get(1..)?.split_once(quote) else { break };
        out.push(quote);
        match resolved.of(link, full_url) {
            Some(told) => {
                changed = true;
                out.push_str(&told);
            }
            None => out.push_str(link),
        }
        rest = rest.get(1 + link.len()..)?;
    }
    out.push_str(rest);
    let edit = fhir::json::Edit::replace(div.span(), fhir::json::quoted(&out));
    changed.then(|| fhir::json::splice(resource.text(), &mut [edit]))
}

/// A reference's text, as a refusal may show it.
fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(80).collect()
}

/// Refuses a reference that leads nowhere.
pub(crate) fn dangling(text: &str) -> Refusal {
    Refusal::unprocessed(format!(
        "The reference {} leads nowhere: no entry of the Bundle has it as fullUrl, and the \
         record holds no such resource. Send the missing resource along, or correct the reference.",
        shown(text)
    ))
}

/// The resource and version that a versioned reference into this record names.
pub(crate) fn local_version(text: &str, bases: &[&str]) -> Option<(ResourceKey, u64)> {
    let base = bases.iter().find(|base| text.starts_with(**base));
    let text = base.and_then(|base| text.strip_prefix(base)).unwrap_or(text);
    let text = text.trim_start_matches('/');
    let (_, version) = text.split_once("/_history/")?;
    Some((local(text)?, version.parse().ok()?))
}

/// Says that a reference that was stored leads nowhere.
pub(crate) fn nowhere(text: &str, path: &str) -> contracts::Notice {
    contracts::Notice {
        code: "not-found".to_owned(),
        diagnostics: format!(
            "The reference {} leads nowhere that this server knows. It is stored as it is; create \
             what it names, or correct it.",
            shown(text)
        ),
        expression: Some(path.to_owned()),
    }
}

#[cfg(test)]
mod tests;
