//! read, vread, history of an instance, a type and the system, and the
//! operations that only read: Patient `$everything`, `$meta`, `$validate` of
//! what is stored (R4 §3.1.0.1–3.1.0.4, §3.1.0.9, §11.1.0.4).

use super::reading::Reading;
use super::{history, operations};
use contracts::{Answer, Charts, Interaction, Refusal, Registry, ResourceKey, Version};
use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use http::{Method, Request, Response};
use rest::answer::{gone, method_not_allowed, refused, settled, version};
use rest::ask::{Ask, parameter};
use rest::binary;
use rest::headers::accepts_json;
use rest::path::{Target, printable};
use rest::present;

/// Answers one request.
pub async fn handle<H: Charts + Registry>(
    host: &H,
    request: Request<Vec<u8>>,
) -> Response<Vec<u8>> {
    let ask = match Ask::of_any(&request) {
        Ok(ask) => ask,
        Err(refusal) => return refused(&refusal),
    };
    if let Err(refusal) = readable(&ask) {
        return refused(&refusal);
    }
    let session = match host.verify(ask.authorization(), &ask.origin()).await {
        Ok(session) => session,
        Err(refusal) => return refused(&refusal),
    };
    let by_post = request.method() == Method::POST && matches!(ask.target, Target::Operation(..));
    if !by_post && request.method() != Method::GET && request.method() != Method::HEAD {
        return method_not_allowed(request.method().as_str(), "GET, HEAD");
    }
    settled(answer(host, &session, &ask).await)
}

/// Whether the caller takes what is read here: JSON, or for a Binary anything.
fn readable(ask: &Ask<'_>) -> Answer<()> {
    match &ask.target {
        Target::Instance(key) | Target::Version(key, _) if key.resource_type == "Binary" => Ok(()),
        _ => accepts_json(ask.headers, parameter(ask.query, "_format").as_deref()),
    }
}

/// Answers a request whose caller is verified: also for entries of a batch.
pub async fn answer<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
) -> Answer<Response<Vec<u8>>> {
    match &ask.target {
        Target::Instance(key) => {
            only(ask.query, &[])?;
            let how = present::asked(ask.query, Some(&key.resource_type))?;
            let read = Reading::open(host, session, Interaction::Read, key, None).await?;
            one(ask, read.current(host, key).await?, &how)
        }
        Target::Version(key, number) => {
            only(ask.query, &[])?;
            let how = present::asked(ask.query, Some(&key.resource_type))?;
            let read = Reading::open(host, session, Interaction::Vread, key, None).await?;
            one(ask, read.numbered(host, key, *number).await?, &how)
        }
        Target::History(key) => history::of_instance(host, session, ask, key).await,
        Target::TypeHistory(name) => history::of_types(host, session, ask, Some(name)).await,
        Target::SystemHistory => history::of_types(host, session, ask, None).await,
        Target::Operation(key, operation) => operation_of(host, session, ask, key, operation).await,
        Target::TypeOperation(_, operation) | Target::SystemOperation(operation)
            if operation == "$meta" =>
        {
            Err(Refusal::not_supported(
                "$meta is answered for one resource: GET {type}/{id}/$meta. Which tags, profiles \
                 and labels are in use across the record is not counted; search by _tag, _profile \
                 or _security instead.",
            ))
        }
        Target::TypeOperation(_, operation) | Target::SystemOperation(operation) => {
            Err(Refusal::missing(format!(
                "This server has no operation {} here. GET /fhir/metadata lists those it has.",
                printable(operation)
            )))
        }
        _ => Err(Refusal::missing(
            "Nothing is read at this path: name a type and an id, for example Patient/123."
                .to_owned(),
        )),
    }
}

async fn operation_of<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    key: &ResourceKey,
    operation: &str,
) -> Answer<Response<Vec<u8>>> {
    match operation {
        "$everything" => operations::everything(host, session, ask, key).await,
        "$meta" => operations::meta(host, session, ask, key).await,
        "$validate" => operations::validate(host, session, ask, key).await,
        other => Err(Refusal::missing(format!(
            "This server has no operation {} on an instance that reads. It has \
             Patient/{{id}}/$everything, $meta and $validate.",
            printable(other)
        ))),
    }
}

/// One version as the answer to a read: gone, unchanged, the resource as asked
/// for, or a Binary's content.
fn one(
    ask: &Ask<'_>,
    read: Version,
    how: &fhir::present::Presentation,
) -> Answer<Response<Vec<u8>>> {
    if read.kind == contracts::ChangeKind::Delete {
        return Ok(gone(&read));
    }
    if read.key.resource_type != "Binary" {
        return present::resource(version(read, ask.headers), how);
    }
    let stored = Resource::parse(read.body.clone(), &JsonLimits::default())?;
    let format = parameter(ask.query, "_format");
    let media = binary::content_type(&stored);
    if !binary::wants_content(ask.headers, format.as_deref(), &media) {
        accepts_json(ask.headers, format.as_deref())?;
        return present::resource(version(read, ask.headers), how);
    }
    let answer = version(read, ask.headers);
    if answer.status().is_success() { Ok(binary::unwrapped(answer, &stored)) } else { Ok(answer) }
}

/// Refuses parameters that this interaction does not have.
pub fn only(query: &str, known: &[&str]) -> Answer<()> {
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        if !known.contains(&name) && !present::PARAMETERS.contains(&name) {
            let known = [known, &present::PARAMETERS].concat();
            return Err(Refusal::invalid(format!(
                "The parameter \"{}\" is not known here. Known are: {}.",
                printable(name),
                known.join(", ")
            ))
            .at(printable(name)));
        }
    }
    Ok(())
}
