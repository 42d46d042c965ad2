//! create, update, patch and delete, each also by criteria, `$meta-add` and
//! `$meta-delete` (R4 §3.1.0.5–3.1.0.8).

use crate::asked::change_of;
use contracts::{Answer, Change, CommitOptions, Commits, Intent, Interaction, Outcome, Refusal};
use contracts::{BodyForm, ChangeKind};
use fhir::json::{Document, Value, Writer};
use fhir::limits::JsonLimits;
use http::{Method, Request, Response, StatusCode};
use rest::answer::{changed, json, method_not_allowed, refused, set, settled};
use rest::ask::{Ask, of_caller};
use rest::headers::{Return, preferred_return, retry_key};
use rest::path::Target;
use rest::provenance_header::{accompanying, outside_the_bundle};

/// Answers one request.
pub async fn handle<H: Commits>(host: &H, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    let (ask, session) = match of_caller(host, &request).await {
        Ok(known) => known,
        Err(refusal) => return refused(&refusal),
    };
    let changes =
        matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH | Method::DELETE);
    match &ask.target {
        Target::Type(_) | Target::Instance(_) | Target::Operation(..) if changes => {}
        Target::Type(_) => {
            let allowed = "GET, HEAD, POST, PUT, PATCH, DELETE";
            return method_not_allowed(request.method().as_str(), allowed);
        }
        _ => {
            let allowed = "GET, HEAD, PUT, PATCH, DELETE";
            return method_not_allowed(request.method().as_str(), allowed);
        }
    }
    let path = request.uri().path_and_query().map(|path| path.as_str()).unwrap_or_default();
    let hash = ask.fingerprint(request.method().as_str(), path);
    let how = match rest::present::asked(ask.query, None) {
        Ok(how) => how,
        Err(refusal) => return refused(&refusal),
    };
    settled(match change_of(&ask, request.method()) {
        Ok(change) => match commit(host, &session, &ask, change, hash).await {
            Ok(answer) => rest::present::resource(answer, &how),
            Err(refusal) => Err(refusal),
        },
        Err(refusal) => Err(refusal),
    })
}

/// What the journal calls a change.
fn interaction(change: &Change) -> Interaction {
    match (change.kind, change.form) {
        (ChangeKind::Update, BodyForm::Patch) => Interaction::Patch,
        (kind, _) => kind.interaction(),
    }
}

async fn commit<H: Commits>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    change: Change,
    request_hash: Vec<u8>,
) -> Answer<Response<Vec<u8>>> {
    let preferred = preferred_return(ask.headers);
    let of_meta = matches!(change.form, BodyForm::MetaAdd | BodyForm::MetaDelete);
    let query = change.if_none_exist.clone().or_else(|| change.criteria.clone());
    let query = query.map(|criteria| format!("{}?{criteria}", change.resource_type));
    let intent = Intent { interaction: interaction(&change), query };
    let mut changes = vec![change];
    let provenance = accompanying(ask.headers, &mut changes)?;
    let accompanied = provenance.is_some();
    changes.extend(provenance);
    let options = CommitOptions {
        retry_key: retry_key(ask.headers)?,
        request_hash,
        return_bodies: of_meta || preferred == Return::Representation,
        bundle: accompanied,
        notices: preferred == Return::OperationOutcome,
    };
    let committed = host.commit(session, intent, changes, options).await;
    let receipt = if accompanied { committed.map_err(outside_the_bundle) } else { committed }?;
    let outcome = receipt.outcomes.into_iter().next().ok_or_else(|| {
        Refusal::fault("The commit came back without an outcome. Try again.".to_owned())
    })?;
    let mut answer = if of_meta { meta(outcome)? } else { changed(outcome, &ask.base, preferred) };
    if receipt.replayed {
        set(answer.headers_mut(), "idempotency-replayed", "true");
    }
    Ok(answer)
}

/// The answer to `$meta-add` and `$meta-delete`: the meta that there is now.
fn meta(outcome: Outcome) -> Answer<Response<Vec<u8>>> {
    let body = outcome.body;
    let stored = Document::parse_bytes(body, &JsonLimits::default())?;
    let held = stored.root().get("meta").map(Value::raw).unwrap_or("{}");
    let mut writer = Writer::with_capacity(held.len() + 128);
    writer.begin_object().field("resourceType", "Parameters");
    writer.key("parameter").begin_array().begin_object().field("name", "return");
    writer.key("valueMeta").raw(held).end_object().end_array().end_object();
    let mut answer = json(StatusCode::OK, writer.finish().into_bytes());
    set(answer.headers_mut(), "etag", &format!("W/\"{}\"", outcome.version));
    Ok(answer)
}
