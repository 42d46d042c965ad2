//! `POST /ledger/$sequence`: one bounded turn of the region's sequencer, for its
//! operator, as a FHIR Parameters resource. The gateway needs nobody to ask; on
//! stock Spin nothing runs between two requests, so a timer does.

use contracts::{Answer, LedgerProgress, Sequencing};
use fhir::json::Writer;
use http::{Method, Request, Response, StatusCode};
use rest::answer::{json, method_not_allowed, refused, settled};
use rest::ask::origin;

/// Answers one request.
pub async fn handle<H: Sequencing>(host: &H, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    let authorization = rest::ask::authorization(request.headers());
    let session = match host.verify(authorization, &origin(request.headers())).await {
        Ok(session) => session,
        Err(refusal) => return refused(&refusal),
    };
    if request.method() != Method::POST {
        return method_not_allowed(request.method().as_str(), "POST");
    }
    settled(answer(host, &session).await)
}

async fn answer<H: Sequencing>(host: &H, session: &H::Session) -> Answer<Response<Vec<u8>>> {
    let LedgerProgress { appended, size, published, more } = host.ledger_advance(session).await?;
    let mut writer = Writer::new();
    writer.begin_object().field("resourceType", "Parameters");
    writer.key("parameter").begin_array();
    for (name, count) in [("appended", appended), ("size", size), ("published", published)] {
        // A log may be longer than an integer of FHIR holds (R4 §2.24.0.1).
        writer.begin_object().field("name", name);
        writer.key("valueDecimal").number(&count.to_string()).end_object();
    }
    writer.begin_object().field("name", "more").key("valueBoolean").bool(more).end_object();
    writer.end_array().end_object();
    Ok(json(StatusCode::OK, writer.finish().into_bytes()))
}
