//! create, update with and without `If-Match`, and delete (R4 §3.1.0.5–3.1.0.8).

use contracts::{Answer, Change, ChangeKind, CommitOptions, Commits, Intent, Refusal, ResourceKey};
use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use http::{Method, Request, Response};
use rest::answer::{changed, method_not_allowed, refused, settled};
use rest::ask::{Ask, of_caller};
use rest::headers::{Return, carries_json, if_match, preferred_return, retry_key, text};
use rest::path::Target;

/// Answers one request.
pub async fn handle<H: Commits>(host: &H, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    let (ask, session) = match of_caller(host, &request).await {
        Ok(known) => known,
        Err(refusal) => return refused(&refusal),
    };
    let change = match (&ask.target, request.method()) {
        (Target::Type(name), &Method::POST) => create(&ask, name),
        (Target::Instance(key), &Method::PUT) => update(&ask, key),
        (Target::Instance(key), &Method::DELETE) => delete(&ask, key),
        (Target::Type(_), _) => {
            return method_not_allowed(request.method().as_str(), "GET, HEAD, POST");
        }
        _ => return method_not_allowed(request.method().as_str(), "GET, HEAD, PUT, DELETE"),
    };
    let path = request.uri().path_and_query().map(|path| path.as_str()).unwrap_or_default();
    let hash = ask.fingerprint(request.method().as_str(), path);
    settled(match change {
        Ok(change) => commit(host, &session, &ask, change, hash).await,
        Err(refusal) => Err(refusal),
    })
}

async fn commit<H: Commits>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    change: Change,
    request_hash: Vec<u8>,
) -> Answer<Response<Vec<u8>>> {
    let preferred = preferred_return(ask.headers);
    let intent =
        Intent { interaction: change.kind.interaction(), query: change.if_none_exist.clone() };
    let options = CommitOptions {
        retry_key: retry_key(ask.headers)?,
        request_hash,
        return_bodies: preferred == Return::Representation,
        bundle: false,
        notices: false,
    };
    let mut receipt = host.commit(session, intent, vec![change], options).await?;
    let outcome = receipt.outcomes.pop().ok_or_else(|| {
        Refusal::fault("The commit came back without an outcome. Try again.".to_owned())
    })?;
    let mut answer = changed(outcome, &ask.base, preferred);
    if receipt.replayed {
        rest::answer::set(answer.headers_mut(), "idempotency-replayed", "true");
    }
    Ok(answer)
}

/// The resource in the body, of the type that the path names, and valid.
fn resource(ask: &Ask<'_>, name: &str) -> Answer<Resource> {
    carries_json(ask.headers)?;
    let resource = Resource::parse(ask.body.to_vec(), &JsonLimits::default())?;
    if resource.type_name() != name {
        return Err(Refusal::invalid(format!(
            "The path names {name}, the body is a {}: send it to the path of its own type.",
            resource.type_name()
        ))
        .at("resourceType"));
    }
    fhir::validate::check(&resource)?;
    Ok(resource)
}

fn create(ask: &Ask<'_>, name: &str) -> Answer<Change> {
    resource(ask, name)?;
    // An id in the body is ignored: the server assigns its own (R4 §3.1.0.8).
    Ok(Change {
        if_none_exist: text(ask.headers, "if-none-exist").map(str::to_owned),
        body: ask.body.to_vec(),
        ..Change::of(ChangeKind::Create, name)
    })
}

fn update(ask: &Ask<'_>, key: &ResourceKey) -> Answer<Change> {
    let resource = resource(ask, &key.resource_type)?;
    match resource.id() {
        Some(id) if id == key.id => {}
        Some(_) => {
            return Err(Refusal::invalid(format!(
                "The id in the body is not the {} of the path. Send the same id in both.",
                key.id
            ))
            .at(format!("{}.id", key.resource_type)));
        }
        None => {
            return Err(Refusal::invalid(format!(
                "The body has no id. An update carries the id of its path: \"id\": \"{}\".",
                key.id
            ))
            .at(format!("{}.id", key.resource_type)));
        }
    }
    Ok(Change {
        id: Some(key.id.clone()),
        if_match: if_match(ask.headers)?,
        body: ask.body.to_vec(),
        ..Change::of(ChangeKind::Update, &*key.resource_type)
    })
}

fn delete(ask: &Ask<'_>, key: &ResourceKey) -> Answer<Change> {
    Ok(Change {
        id: Some(key.id.clone()),
        if_match: if_match(ask.headers)?,
        ..Change::of(ChangeKind::Delete, &*key.resource_type)
    })
}
