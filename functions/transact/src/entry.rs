//! Entries of a Bundle, taken apart and checked before anything is done.

use crate::request::verb;
use contracts::{Change, Refusal};
use fhir::json::Value;
use fhir::outcome::{IssueType, Status};
use fhir::resource::Resource;
use http::Request;
use rest::limits::BUNDLE_ENTRIES_MAX;
use rest::path::printable;
use std::collections::HashSet;

/// A Bundle to carry out.
pub struct Bundle {
    /// All or nothing; a batch otherwise.
    pub transaction: bool,
    /// The entries, each taken apart or refused.
    pub entries: Vec<Result<Entry, Refusal>>,
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

/// The elements of an entry (R4 §2.36).
const ENTRY: [&str; 8] =
    ["id", "extension", "modifierExtension", "link", "fullUrl", "resource", "search", "request"];

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
    for (name, _) in entry.members() {
        if !ENTRY.contains(&name.trim_start_matches('_')) {
            let named = printable(&name);
            return Err(Refusal::structure(format!(
                "An entry that asks for something has no element \"{named}\": leave it out."
            ))
            .at(named));
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
