//! Where a request belongs, and why, as a FHIR Parameters resource.

use contracts::{Answer, Directory, Refusal, Tokens};
use fhir::json::Writer;
use http::{Method, Request, Response, StatusCode};
use regions::Request as Asked;
use rest::answer::{json, method_not_allowed, refused, settled};
use rest::ask::{origin, parameter};

/// Answers one request: `GET /route?write=true&region=06`.
pub async fn handle<H: Tokens + Directory>(
    host: &H,
    request: Request<Vec<u8>>,
) -> Response<Vec<u8>> {
    let authorization = rest::ask::authorization(request.headers());
    let session = match host.verify(authorization, &origin(request.headers())).await {
        Ok(session) => session,
        Err(refusal) => return refused(&refusal),
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return method_not_allowed(request.method().as_str(), "GET, HEAD");
    }
    settled(answer(host, &session, request.uri().query().unwrap_or_default()).await)
}

async fn answer<H: Tokens + Directory>(
    host: &H,
    session: &H::Session,
    query: &str,
) -> Answer<Response<Vec<u8>>> {
    let directory = regions::Directory::from_text(&host.regions().await).map_err(|error| {
        Refusal::fault(format!(
            "The directory of regions cannot be read: {error}. Run `dossier regions check`."
        ))
    })?;
    let here = host.here().await;
    let claims = host.claims(session);
    let establishment = claims.establishment.unwrap_or_default();
    let region = parameter(query, "region");
    let decision = directory.route(&Asked {
        establishment: &establishment,
        door: &here,
        writes: parameter(query, "write").as_deref() == Some("true"),
        region: region.as_deref(),
    });
    let mut writer = Writer::new();
    writer.begin_object().field("resourceType", "Parameters");
    writer.key("parameter").begin_array();
    let mut told = |name: &str, value: &str| {
        writer.begin_object().field("name", name).field("valueString", value).end_object();
    };
    told("door", &here);
    if let Some(region) = &decision.region {
        told("region", region);
    }
    told("action", decision.action.word());
    told("reason", decision.reason.word());
    told("text", &decision.text);
    if let Some(endpoint) = &decision.endpoint {
        told("endpoint", endpoint);
    }
    writer.end_array().end_object();
    Ok(json(StatusCode::OK, writer.finish().into_bytes()))
}
