//! What `Bundle.entry.request` asks for (R4 §3.1.0.11, §2.36).

use crate::entry::Verb;
use contracts::{BodyForm, Change, ChangeKind, Refusal, ResourceKey};
use fhir::json::{Document, Kind, Value};
use fhir::limits::JsonLimits;
use fhir::resource::parse_instant;
use http::Request;
use rest::binary::unbase64;
use rest::headers::version_tag;
use rest::operation::criteria;
use rest::path::{BASE, Target, printable};
use std::time::{Duration, SystemTime};

/// The elements of a request that are conditions, and the methods that each
/// goes with.
const CONDITIONS: [(&str, &[&str]); 4] = [
    ("ifNoneMatch", &["GET", "HEAD", "PUT"]),
    ("ifModifiedSince", &["GET", "HEAD"]),
    ("ifMatch", &["PUT", "PATCH", "DELETE"]),
    ("ifNoneExist", &["POST"]),
];

/// `request` of an entry.
struct Asked<'v> {
    entry: Value<'v>,
    request: Value<'v>,
    url: String,
}

impl Asked<'_> {
    fn said(&self, name: &str) -> Option<String> {
        self.request.get(name).and_then(Value::as_str).map(|text| text.into_owned())
    }

    fn if_match(&self) -> Result<Option<u64>, Refusal> {
        let tag = self.said("ifMatch");
        tag.as_deref().map(version_tag).transpose().map_err(|refusal| refusal.at("request.ifMatch"))
    }
}

/// What an entry asks, checked as far as it can be without the record.
pub fn verb(entry: Value<'_>, full_url: Option<String>, base: &str) -> Result<Verb, Refusal> {
    let request = entry.get("request").ok_or_else(no_request)?;
    let said = |name: &str| request.get(name).and_then(Value::as_str).map(|text| text.into_owned());
    let (method, url) = said("method").zip(said("url")).ok_or_else(no_request)?;
    for (name, methods) in CONDITIONS {
        if request.get(name).is_some() && !methods.contains(&method.as_str()) {
            return Err(Refusal::invalid(format!(
                "{name} goes with {}, not with this method: leave it out.",
                methods.join(", ")
            ))
            .at(format!("request.{name}")));
        }
    }
    let url = url.strip_prefix(base).unwrap_or(&url).trim_start_matches('/').to_owned();
    let asked = Asked { entry, request, url };
    let change = match method.as_str() {
        "GET" | "HEAD" => return read(&asked, &method, base),
        "POST" => create(&asked)?,
        "PUT" => update(&asked)?,
        "PATCH" => patch(&asked)?,
        "DELETE" => delete(&asked)?,
        // The structure of the entry admits no other.
        _ => return Err(no_request()),
    };
    agreeing(full_url.as_deref(), &change)?;
    Ok(Verb::Change(Box::new(Change { full_url, ..change })))
}

fn no_request() -> Refusal {
    Refusal::invalid("The entry has no request: give its method and url.").at("request")
}

/// A fullUrl that is a URL names the resource that the entry changes (R4
/// §2.36.4): its last two parts are the type and id.
fn agreeing(full_url: Option<&str>, change: &Change) -> Result<(), Refusal> {
    let (Some(url), Some(id)) = (full_url, change.id.as_deref()) else { return Ok(()) };
    let is_url = url.starts_with("http://") || url.starts_with("https://");
    if is_url && !url.ends_with(&format!("/{}/{id}", change.resource_type)) {
        return Err(Refusal::invalid(format!(
            "fullUrl names another resource than request.url: {}/{id} is at the end of neither or \
             of both.",
            change.resource_type
        ))
        .at("fullUrl"));
    }
    Ok(())
}

/// The path and the query of `request.url`, and what the path names.
fn target(asked: &Asked<'_>) -> Result<(Target, String), Refusal> {
    let (path, query) = asked.url.split_once('?').unwrap_or((&asked.url, ""));
    let target = Target::parse(&format!("{BASE}/{path}"))
        .map_err(|refusal| Refusal::invalid(refusal.diagnostics).at("request.url"))?;
    Ok((target, query.to_owned()))
}

/// Which resource a change is to: by id, or by criteria.
fn whose(asked: &Asked<'_>) -> Result<(String, Option<String>, Option<String>), Refusal> {
    let (target, query) = target(asked)?;
    let criteria = criteria(&query);
    match target {
        Target::Instance(ResourceKey { resource_type, id }) if criteria.is_empty() => {
            Ok((resource_type, Some(id), None))
        }
        Target::Type(name) if !criteria.is_empty() => Ok((name, None, Some(criteria))),
        _ => Err(Refusal::invalid(format!(
            "request.url \"{}\" names no instance: write it as Type/id, or as Type?criteria.",
            printable(&asked.url)
        ))
        .at("request.url")),
    }
}

fn create(asked: &Asked<'_>) -> Result<Change, Refusal> {
    let (target, query) = target(asked)?;
    let name = match target {
        Target::Type(name) if criteria(&query).is_empty() => name,
        Target::Operation(..) | Target::TypeOperation(..) | Target::SystemOperation(_) => {
            return Err(Refusal::not_supported(
                "Operations are not called by POST in a Bundle: send this one by itself. Those \
                 that only read can be entries with GET.",
            )
            .at("request.url"));
        }
        Target::TypeSearch(_) | Target::SystemSearch => {
            return Err(Refusal::not_supported(
                "A search in a Bundle is an entry with GET and the parameters in its url.",
            )
            .at("request.url"));
        }
        _ => {
            return Err(Refusal::invalid(format!(
                "request.url \"{}\" is no type: POST creates, and names the type only.",
                printable(&asked.url)
            ))
            .at("request.url"));
        }
    };
    let if_none_exist = asked.said("ifNoneExist");
    let if_none_exist = if_none_exist.map(|said| said.trim_start_matches('?').to_owned());
    if asked.request.get("ifNoneExist").is_some()
        && if_none_exist.as_deref().is_none_or(str::is_empty)
    {
        return Err(Refusal::invalid("ifNoneExist must be the criteria of a search.")
            .at("request.ifNoneExist"));
    }
    let body = resource(asked.entry, &name)?;
    Ok(Change { if_none_exist, body, ..Change::of(ChangeKind::Create, name) })
}

fn update(asked: &Asked<'_>) -> Result<Change, Refusal> {
    let (name, id, criteria) = whose(asked)?;
    let body = resource(asked.entry, &name)?;
    let held = asked.entry.get("resource").and_then(|resource| resource.get("id"));
    let held = held.and_then(Value::as_str);
    if id.is_some() && held.as_deref() != id.as_deref() {
        return Err(Refusal::invalid(
            "The resource's id is not the id of request.url: send the same in both.".to_owned(),
        )
        .at("resource.id"));
    }
    let if_absent = match asked.said("ifNoneMatch").as_deref().map(str::trim) {
        None => false,
        Some("*") => true,
        Some(_) => {
            return Err(Refusal::invalid(
                "ifNoneMatch of a PUT is *: it asks that there be no resource yet.",
            )
            .at("request.ifNoneMatch"));
        }
    };
    let if_match = asked.if_match()?;
    Ok(Change { id, criteria, if_match, if_absent, body, ..Change::of(ChangeKind::Update, name) })
}

fn delete(asked: &Asked<'_>) -> Result<Change, Refusal> {
    let (name, id, criteria) = whose(asked)?;
    let if_match = asked.if_match()?;
    Ok(Change { id, criteria, if_match, ..Change::of(ChangeKind::Delete, name) })
}

/// PATCH: the entry's resource is a Parameters, or a Binary that holds a JSON
/// Patch (R4 §3.1.0.11.1).
fn patch(asked: &Asked<'_>) -> Result<Change, Refusal> {
    let (name, id, criteria) = whose(asked)?;
    let held = asked.entry.get("resource").ok_or_else(no_patch)?;
    let kind = held.get("resourceType").and_then(Value::as_str);
    let body = match kind.as_deref() {
        Some("Parameters") => valid(held)?,
        Some("Binary") => {
            valid(held)?;
            json_patch(held)?
        }
        _ => return Err(no_patch()),
    };
    let if_match = asked.if_match()?;
    let form = BodyForm::Patch;
    Ok(Change { id, criteria, if_match, form, body, ..Change::of(ChangeKind::Update, name) })
}

fn no_patch() -> Refusal {
    Refusal::invalid(
        "The resource of a PATCH is a Parameters (FHIRPath Patch), or a Binary of contentType \
         application/json-patch+json (JSON Patch).",
    )
    .at("resource")
}

fn json_patch(binary: Value<'_>) -> Result<Vec<u8>, Refusal> {
    let media = binary.get("contentType").and_then(Value::as_str).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json-patch+json") {
        return Err(no_patch().at("resource.contentType"));
    }
    let data = binary.get("data").and_then(Value::as_str).unwrap_or_default();
    let malformed = || {
        Refusal::invalid(
            "The data of the Binary is not the base64 of a JSON Patch, which is an array of \
             operations.",
        )
        .at("resource.data")
    };
    let patch = unbase64(&data).ok_or_else(malformed)?;
    let read = Document::parse_bytes(patch.clone(), &JsonLimits::default());
    match read {
        Ok(document) if document.root().kind() == Kind::Array => Ok(patch),
        _ => Err(malformed()),
    }
}

/// GET and HEAD: the request that the entry stands for, below the same base.
fn read(asked: &Asked<'_>, method: &str, base: &str) -> Result<Verb, Refusal> {
    let malformed = || {
        Refusal::invalid(
            "request.url is no relative URL: write it as in a GET, percent-encoded.".to_owned(),
        )
        .at("request.url")
    };
    // Whatever a Binary holds, an entry carries a resource.
    let mut built = Request::builder()
        .method(method)
        .uri(format!("{BASE}/{}", asked.url))
        .header("accept", "application/fhir+json")
        .header("x-dossier-base", base);
    if let Some(tags) = asked.said("ifNoneMatch") {
        built = built.header("if-none-match", tags);
    }
    if let Some(since) = asked.said("ifModifiedSince") {
        let since =
            parse_instant(&since).and_then(|ms| u64::try_from(ms).ok()).ok_or_else(|| {
                Refusal::invalid("ifModifiedSince must be an instant: 2026-01-31T13:00:00Z.")
                    .at("request.ifModifiedSince")
            })?;
        // Versions are compared to the second, as in the header.
        let since = SystemTime::UNIX_EPOCH + Duration::from_secs(since / 1000);
        built = built.header("if-modified-since", rest::conditional::written(since));
    }
    built.body(Vec::new()).map(|request| Verb::Read(Box::new(request))).map_err(|_| malformed())
}

/// The entry's resource: there, of the type that the URL names, and valid.
fn resource(entry: Value<'_>, resource_type: &str) -> Result<Vec<u8>, Refusal> {
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
    valid(resource)
}

fn valid(resource: Value<'_>) -> Result<Vec<u8>, Refusal> {
    match Refusal::of_issues(fhir::validate::issues(resource)) {
        Some(refusal) => Err(refusal.within("resource")),
        None => Ok(resource.raw().as_bytes().to_vec()),
    }
}
