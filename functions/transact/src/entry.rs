//! Entries of a Bundle, taken apart and checked before anything is done.

use contracts::{Change, ChangeKind, Refusal};
use fhir::json::Value;
use fhir::outcome::{IssueType, Status};
use fhir::resource::Resource;
use rest::limits::BUNDLE_ENTRIES_MAX;
use rest::path::{check_id, printable};
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
    /// POST, PUT or DELETE.
    Change(Change),
    /// GET of a relative URL.
    Read(String),
}

/// Reads a Bundle of type batch or transaction.
pub fn parse(body: Vec<u8>) -> Result<Bundle, Refusal> {
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
        let full_url = entry.get("fullUrl").and_then(Value::as_str).map(|url| url.into_owned());
        if let Some(url) = &full_url
            && !full_urls.insert(url.clone())
        {
            return Err(Refusal::invalid(
                "Two entries have this fullUrl: each entry has its own.".to_owned(),
            )
            .at(format!("Bundle.entry[{index}].fullUrl")));
        }
        parse_entry(entry, full_url)
            .map_err(|refusal| refusal.within(&format!("Bundle.entry[{index}]")))
    });
    let entries = entries.collect();
    Ok(Bundle { transaction, entries })
}

fn parse_entry(entry: Value<'_>, full_url: Option<String>) -> Result<Entry, Refusal> {
    let request = entry.get("request").ok_or_else(|| {
        Refusal::invalid("The entry has no request: give its method and url.".to_owned())
            .at("request")
    })?;
    let said = |name: &str| request.get(name).and_then(Value::as_str).map(|text| text.into_owned());
    let (Some(method), Some(url)) = (said("method"), said("url")) else {
        return Err(
            Refusal::invalid("The entry's request needs method and url.".to_owned()).at("request")
        );
    };
    let verb = match method.as_str() {
        "GET" => Verb::Read(url),
        "POST" => Verb::Change(create(entry, full_url, &url, said("ifNoneExist"))?),
        "PUT" => Verb::Change(update(entry, full_url, &url, said("ifMatch"))?),
        "DELETE" => Verb::Change(delete(&url, said("ifMatch"))?),
        other => {
            return Err(Refusal::invalid(format!(
                "The method {} is not taken in a Bundle here: use GET, POST, PUT or DELETE.",
                printable(other)
            ))
            .at("request.method"));
        }
    };
    Ok(Entry { verb, hash: rest::ask::hash(entry.raw().as_bytes()) })
}

fn create(
    entry: Value<'_>,
    full_url: Option<String>,
    url: &str,
    if_none_exist: Option<String>,
) -> Result<Change, Refusal> {
    let resource_type = url.trim_start_matches('/');
    let resource = resource(entry, resource_type)?;
    Ok(Change {
        full_url,
        if_none_exist,
        body: resource,
        ..Change::of(ChangeKind::Create, resource_type)
    })
}

fn update(
    entry: Value<'_>,
    full_url: Option<String>,
    url: &str,
    if_match: Option<String>,
) -> Result<Change, Refusal> {
    let (resource_type, id) = instance(url)?;
    let body = resource(entry, &resource_type)?;
    let held = entry.get("resource").and_then(|resource| resource.get("id"));
    if held.and_then(Value::as_str).as_deref() != Some(id.as_str()) {
        return Err(Refusal::invalid(
            "The resource's id is not the id of request.url: send the same in both.".to_owned(),
        )
        .at("resource.id"));
    }
    Ok(Change {
        id: Some(id),
        full_url,
        if_match: if_match.as_deref().map(rest::headers::version_tag).transpose()?,
        body,
        ..Change::of(ChangeKind::Update, resource_type)
    })
}

fn delete(url: &str, if_match: Option<String>) -> Result<Change, Refusal> {
    let (resource_type, id) = instance(url)?;
    Ok(Change {
        id: Some(id),
        if_match: if_match.as_deref().map(rest::headers::version_tag).transpose()?,
        ..Change::of(ChangeKind::Delete, resource_type)
    })
}

/// `Type/id` of a request URL.
fn instance(url: &str) -> Result<(String, String), Refusal> {
    let refused = || {
        Refusal::invalid(format!(
            "request.url \"{}\" names no instance: write it as Type/id. Conditional update and \
             delete are not taken yet.",
            printable(url)
        ))
        .at("request.url")
    };
    let (resource_type, id) = url.trim_start_matches('/').split_once('/').ok_or_else(refused)?;
    if !fhir::types::is_resource_type(resource_type) {
        return Err(refused());
    }
    check_id(id).map_err(|refusal| refusal.at("request.url"))?;
    Ok((resource_type.to_owned(), id.to_owned()))
}

/// The entry's resource: there, of the type that the URL names, and valid.
fn resource(entry: Value<'_>, resource_type: &str) -> Result<Vec<u8>, Refusal> {
    if !fhir::types::is_resource_type(resource_type) {
        return Err(Refusal::invalid(format!(
            "request.url \"{}\" names no resource type of R4.",
            printable(resource_type)
        ))
        .at("request.url"));
    }
    let Some(resource) = entry.get("resource") else {
        return Err(
            Refusal::invalid("The entry has no resource to store.".to_owned()).at("resource")
        );
    };
    let told = resource.get("resourceType").and_then(Value::as_str);
    if told.as_deref() != Some(resource_type) {
        return Err(Refusal::invalid(format!(
            "request.url names {resource_type}, the resource is of another type: name the same."
        ))
        .at("resource.resourceType"));
    }
    if let Some(refusal) = Refusal::of_issues(fhir::validate::issues(resource)) {
        return Err(refusal.within("resource"));
    }
    Ok(resource.raw().as_bytes().to_vec())
}
