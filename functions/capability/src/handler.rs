//! What this server can do: the CapabilityStatement (R4 §5.2, §3.1.0.13), the
//! OpenAPI document, and how tokens are had (SMART App Launch 2.2,
//! Conformance). Public: they say nothing about anybody.

use crate::openapi::document;
use crate::smart::configuration;
use crate::statement::statement;
use contracts::{Answer, Directory, Refusal};
use http::{Method, Request, Response, StatusCode};
use rest::answer::{json, method_not_allowed, refused, set, settled};
use rest::ask::{Ask, parameter};
use rest::path::printable;
use rest::present;

/// Where the OpenAPI document is.
const OPENAPI: &str = "/openapi.json";
/// Where the SMART configuration is.
const SMART: &str = "/fhir/.well-known/smart-configuration";

/// Answers one request.
pub async fn handle<H: Directory>(host: &H, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return method_not_allowed(request.method().as_str(), "GET, HEAD");
    }
    let base = rest::ask::base(&request);
    let origin = base.strip_suffix(rest::path::BASE).unwrap_or(&base);
    if request.uri().path().trim_end_matches('/') == SMART {
        let mut answer = json(StatusCode::OK, configuration(origin).into_bytes());
        set(answer.headers_mut(), "content-type", "application/json");
        // Applications in a browser read it from pages of other origins.
        set(answer.headers_mut(), "access-control-allow-origin", "*");
        return answer;
    }
    if request.uri().path() == OPENAPI {
        let language = rest::headers::language(request.headers());
        let mut answer = json(StatusCode::OK, document(origin, language).into_bytes());
        set(answer.headers_mut(), "content-type", "application/json");
        set(answer.headers_mut(), "content-language", language.tag());
        return answer;
    }
    match Ask::of(&request) {
        Ok(ask) => settled(answer(host, &ask).await),
        Err(refusal) => refused(&refusal),
    }
}

async fn answer<H: Directory>(host: &H, ask: &Ask<'_>) -> Answer<Response<Vec<u8>>> {
    for pair in ask.query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        if name != "mode" && !present::PARAMETERS.contains(&name) {
            return Err(Refusal::invalid(format!(
                "The parameter \"{}\" is not known here. Known is: mode.",
                printable(name)
            ))
            .at(printable(name)));
        }
    }
    match parameter(ask.query, "mode").as_deref() {
        None | Some("full" | "normative") => {}
        Some("terminology") => {
            return Err(Refusal::not_supported(
                "mode=terminology is for terminology servers; this one keeps records. Ask without \
                 mode, or with mode=full.",
            )
            .at("mode"));
        }
        Some(_) => {
            return Err(Refusal::invalid("mode is full, normative or terminology.").at("mode"));
        }
    }
    let how = present::asked(ask.query, Some("CapabilityStatement"))?;
    let language = ask.language();
    let here = host.here().await;
    // A directory that cannot be read is told by what needs it.
    let directory = regions::Directory::from_text(&host.regions().await).unwrap_or_default();
    let door = directory.region(&here);
    let rehearses = door.is_some_and(|door| door.phase == regions::Phase::Rehearsal);
    let text = statement(&ask.base, &here, rehearses, language);
    let mut answer = json(StatusCode::OK, text.into_bytes());
    set(answer.headers_mut(), "content-language", language.tag());
    present::resource(answer, &how)
}
