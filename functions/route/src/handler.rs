//! Where a request belongs, and why, as a FHIR Parameters resource.

use contracts::{Answer, Directory, Refusal, Tokens};
use fhir::json::Writer;
use http::{Method, Request, Response, StatusCode};
use regions::{Decision, Request as Asked};
use rest::answer::{json, method_not_allowed, refused, settled};
use rest::ask::{origin, parameter};

/// Answers one request: `GET /route?write=true&region=06`. Without a token, for
/// an establishment that the query names: whose home is away must find a door
/// before it can get a token, and the directory is public. No other parameter
/// of the request tells anything of a person.
pub async fn handle<H: Tokens + Directory>(
    host: &H,
    request: Request<Vec<u8>>,
) -> Response<Vec<u8>> {
    let query = request.uri().query().unwrap_or_default();
    let named = parameter(query, "establishment");
    let establishment = match (rest::ask::authorization(request.headers()), named) {
        (None, Some(named)) if !request.headers().contains_key("authorization") => Some(named),
        (authorization, named) => {
            let session = match host.verify(authorization, &origin(request.headers())).await {
                Ok(session) => session,
                Err(refusal) => return refused(&refusal),
            };
            let own = host.claims(&session).establishment;
            if named.is_some() && named != own {
                return refused(&other_establishment());
            }
            own
        }
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return method_not_allowed(request.method().as_str(), "GET, HEAD");
    }
    settled(answer(host, establishment.as_deref(), query).await)
}

fn other_establishment() -> Refusal {
    Refusal::invalid(
        "The token names another establishment, and it is the token that counts. Leave \
         establishment out, or ask without a token.",
    )
    .at("establishment")
}

async fn answer<H: Directory>(
    host: &H,
    establishment: Option<&str>,
    query: &str,
) -> Answer<Response<Vec<u8>>> {
    let directory = regions::Directory::from_text(&host.regions().await).map_err(|error| {
        Refusal::fault(format!(
            "The directory of regions cannot be read: {error}. Run `dossier regions check`."
        ))
    })?;
    let (here, away) = (host.here().await, host.away().await);
    let region = parameter(query, "region");
    let decision = directory.route(&Asked {
        establishment,
        door: &here,
        writes: parameter(query, "write").as_deref() == Some("true"),
        region: region.as_deref(),
        redirect: false,
        forwards: true,
        hop: false,
        down: &away,
    });
    Ok(json(StatusCode::OK, parameters(&here, &decision).into_bytes()))
}

/// The decision as Parameters: one `endpoint` for each door that would answer,
/// in the order to try them.
fn parameters(here: &str, decision: &Decision) -> String {
    let mut writer = Writer::new();
    writer.begin_object().field("resourceType", "Parameters");
    writer.key("parameter").begin_array();
    let phase = decision.phase.map(regions::Phase::word);
    let told = [
        ("door", Some(here)),
        ("region", decision.region.as_deref()),
        ("phase", phase),
        ("action", Some(decision.action.word())),
        ("reason", Some(decision.reason.word())),
        ("text", Some(decision.text.as_str())),
        ("target", decision.target.as_deref()),
    ];
    for (name, value) in told {
        if let Some(value) = value {
            writer.begin_object().field("name", name).field("valueString", value).end_object();
        }
    }
    for endpoint in &decision.endpoints {
        writer.begin_object().field("name", "endpoint").key("part").begin_array();
        writer.begin_object().field("name", "address");
        writer.field("valueUrl", &endpoint.address).end_object();
        writer.begin_object().field("name", "region");
        writer.field("valueString", &endpoint.region).end_object();
        for (name, value) in [("home", endpoint.home), ("up", endpoint.up)] {
            writer.begin_object().field("name", name);
            writer.key("valueBoolean").bool(value).end_object();
        }
        writer.end_array().end_object();
    }
    writer.end_array().end_object();
    writer.finish()
}
