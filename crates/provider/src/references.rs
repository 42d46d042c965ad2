//! What a resource refers to: within its Bundle, by a search, or by id; and
//! whose chart it belongs to.

use contracts::{Refusal, ResourceKey};
use fhir::resource::Resource;
use std::collections::HashMap;

/// One reference as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// `Type/id`, perhaps with a version.
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

/// What the texts of references become.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    /// From the text as written (a fullUrl or `Type?criteria`) to `Type/id`.
    pub texts: HashMap<String, String>,
}

impl Resolved {
    /// The text to store for a reference, when it must change.
    pub fn of(&self, text: &str) -> Option<String> {
        self.texts.get(text).cloned()
    }

    /// The resource that a reference names, once resolved.
    pub fn target(&self, text: &str) -> Option<ResourceKey> {
        match self.texts.get(text) {
            Some(resolved) => local(resolved),
            None => local(text),
        }
    }
}

/// The people whose compartment a resource is in (R4 compartment definition
/// Patient), the first its home's, each once.
pub(crate) fn people(resource: &Resource, resolved: &Resolved) -> Vec<String> {
    let mut people: Vec<String> = Vec::new();
    for reference in resource.patient_references() {
        if let Some(key) = resolved.target(&reference.text)
            && key.resource_type == "Patient"
            && !people.contains(&key.id)
        {
            people.push(key.id);
        }
    }
    people
}

/// Refuses a reference that leads nowhere.
pub(crate) fn dangling(text: &str) -> Refusal {
    let shown: String = text.chars().filter(|letter| !letter.is_control()).take(80).collect();
    Refusal::unprocessed(format!(
        "The reference {shown} leads nowhere: no entry of the Bundle has it as fullUrl, and the \
         record holds no such resource. Send the missing resource along, or correct the reference."
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
