//! Entries of a Bundle, taken apart and checked before anything is done.

use crate::request::verb;
use contracts::{Change, Refusal};
use fhir::json::Value;
use fhir::outcome::{IssueType, Status};
use fhir::resource::Resource;
use http::{HeaderValue, Request};
use rest::limits::BUNDLE_ENTRIES_MAX;
use std::collections::HashSet;

/// A Bundle to carry out.
pub struct Bundle {
    /// All or nothing; a batch otherwise.
    pub transaction: bool,
    /// The entries, each taken apart or refused.
    pub entries: Vec<Result<Entry, Refusal>>,
}

impl Bundle {
    /// Has what is read asked for with the preferences of the whole.
    pub fn preferring(&mut self, prefer: &HeaderValue) {
        for entry in self.entries.iter_mut().flatten() {
            if let Verb::Read(request) = &mut entry.verb {
                request.headers_mut().insert("prefer", prefer.clone());
            }
        }
    }
}

/// One entry.
pub struct Entry {
    /// What it asks.
    pub verb: Verb,
    /// SHA-256 of the entry's text.
    pub hash: Vec<u8>,
}

/// What an entry asks.
pub enum Verb {
    /// POST, PUT, PATCH or DELETE.
    Change(Box<Change>),
    /// GET or HEAD, as the request that it stands for.
    Read(Box<Request<Vec<u8>>>),
}

/// What only a Bundle that answers has, by its place and the rule that says so.
const OF_ANSWERS: [(&str, &str); 2] = [("search", "bdl-2"), ("response", "bdl-4")];

/// Reads a Bundle of type batch or transaction.
pub fn parse(body: Vec<u8>, base: &str) -> Result<Bundle, Refusal> {
    let bundle = Resource::parse(body, &fhir::limits::JsonLimits::default())?;
    if bundle.type_name() != "Bundle" {
        return Err(Refusal::invalid(format!(
            "The base takes a Bundle; this is a {}: send it to its own type's path.",
            bundle.type_name()
        ))
        .at("resourceType"));
    }
    let root = bundle.root();
    let transaction = match root.get("type").and_then(Value::as_str).as_deref() {
        Some("transaction") => true,
        Some("batch") => false,
        _ => {
            return Err(Refusal::invalid(
                "Bundle.type must be \"batch\" or \"transaction\".".to_owned(),
            )
            .at("Bundle.type"));
        }
    };
    if let Some(refusal) = Refusal::of_issues(fhir::validate::bundle_issues(root)) {
        return Err(refusal.within("Bundle"));
    }
    if root.get("total").is_some() {
        return Err(Refusal::invalid(
            "total belongs to a Bundle that answers (bdl-1): leave it out of what asks.",
        )
        .at("Bundle.total"));
    }
    let count = root.each("entry").count();
    if count > BUNDLE_ENTRIES_MAX {
        return Err(Refusal::new(
            Status::PayloadTooLarge,
            IssueType::TooLong,
            format!(
                "The Bundle has {count} entries; at most {BUNDLE_ENTRIES_MAX} are taken. Send \
                 several."
            ),
        ));
    }
    let mut full_urls = HashSet::new();
    let entries = root.each("entry").enumerate().map(|(index, entry)| {
        parse_entry(entry, base, &mut full_urls)
            .map_err(|refusal| refusal.within(&format!("Bundle.entry[{index}]")))
    });
    let entries = entries.collect();
    Ok(Bundle { transaction, entries })
}

fn parse_entry(
    entry: Value<'_>,
    base: &str,
    full_urls: &mut HashSet<String>,
) -> Result<Entry, Refusal> {
    if let Some(refusal) = Refusal::of_issues(fhir::validate::entry_issues(entry)) {
        return Err(refusal);
    }
    for (name, rule) in OF_ANSWERS {
        if entry.get(name).is_some() {
            return Err(Refusal::invalid(format!(
                "{name} belongs to a Bundle that answers ({rule}): leave it out of what asks."
            ))
            .at(name));
        }
    }
    let full_url = full_url(entry)?;
    if let Some(url) = &full_url
        && !full_urls.insert(url.clone())
    {
        return Err(Refusal::invalid(
            "Two entries have this fullUrl: each entry has its own.".to_owned(),
        )
        .at("fullUrl"));
    }
    let verb = verb(entry, full_url, base)?;
    Ok(Entry { verb, hash: rest::ask::hash(entry.raw().as_bytes()) })
}

/// `fullUrl`: an absolute URI of no particular version (R4 §2.36.4, bdl-8).
fn full_url(entry: Value<'_>) -> Result<Option<String>, Refusal> {
    let Some(held) = entry.get("fullUrl") else { return Ok(None) };
    let url = held.as_str().map(|url| url.into_owned()).unwrap_or_default();
    let scheme = url.split(':').next().unwrap_or_default();
    let absolute = scheme.len() < url.len()
        && scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter));
    if !absolute || url.chars().any(char::is_whitespace) {
        return Err(Refusal::invalid(
            "fullUrl must be an absolute URI, such as urn:uuid:… or the resource's own URL.",
        )
        .at("fullUrl"));
    }
    if url.contains("/_history/") {
        return Err(Refusal::invalid(
            "fullUrl names no version: leave out what follows from /_history/ on.",
        )
        .at("fullUrl"));
    }
    Ok(Some(url))
}
