//! The CapabilityStatement (R4 §5.2), written from the tables that do the work.

use contracts::Directory;
use fhir::json::Writer;
use fhir::search::parameters;
use http::{Method, Request, Response, StatusCode};
use rest::answer::{json, method_not_allowed, refused};
use rest::ask::Ask;

/// When what is claimed last changed.
const DATE: &str = "2026-11-23";

/// Answers one request. Public: it says nothing about anybody.
pub async fn handle<H: Directory>(host: &H, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    let ask = match Ask::of(&request) {
        Ok(ask) => ask,
        Err(refusal) => return refused(&refusal),
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return method_not_allowed(request.method().as_str(), "GET, HEAD");
    }
    json(StatusCode::OK, statement(&ask.base, &host.here().await).into_bytes())
}

fn statement(base: &str, region: &str) -> String {
    let mut writer = Writer::with_capacity(64 * 1024);
    writer.begin_object().field("resourceType", "CapabilityStatement");
    writer.field("status", "active").field("date", DATE).field("kind", "instance");
    writer.field("fhirVersion", "4.0.1");
    writer.key("format").begin_array().string("json").string("application/fhir+json").end_array();
    writer.key("software").begin_object().field("name", "Dossier");
    writer.field("version", env!("CARGO_PKG_VERSION")).end_object();
    writer.key("implementation").begin_object();
    writer.field("description", &format!("Dossier santé, région {region}"));
    writer.field("url", base).end_object();
    writer.key("rest").begin_array().begin_object().field("mode", "server");
    security(&mut writer);
    writer.key("resource").begin_array();
    for kind in fhir::types::all() {
        resource(&mut writer, kind.name);
    }
    writer.end_array();
    writer.key("interaction").begin_array();
    for code in ["transaction", "batch"] {
        writer.begin_object().field("code", code).end_object();
    }
    writer.end_array().end_object().end_array().end_object();
    writer.finish()
}

fn security(writer: &mut Writer) {
    writer.key("security").begin_object();
    writer.key("service").begin_array().begin_object().key("coding").begin_array();
    writer.begin_object();
    writer.field("system", "http://terminology.hl7.org/CodeSystem/restful-security-service");
    writer.field("code", "SMART-on-FHIR").end_object();
    writer.end_array().end_object().end_array();
    writer.field("description", "A bearer token is needed for everything but this statement.");
    writer.end_object();
}

fn resource(writer: &mut Writer, name: &str) {
    writer.begin_object().field("type", name);
    let interactions: &[&str] = if name == "AuditEvent" {
        &["read", "search-type"]
    } else {
        &["read", "vread", "update", "delete", "history-instance", "create", "search-type"]
    };
    writer.key("interaction").begin_array();
    for code in interactions {
        writer.begin_object().field("code", code).end_object();
    }
    writer.end_array();
    if name == "AuditEvent" {
        writer.field("versioning", "no-version");
        parameters_of(
            writer,
            [("patient", "reference"), ("entity", "reference"), ("date", "date")],
        );
        writer.end_object();
        return;
    }
    writer.field("versioning", "versioned-update");
    writer.key("readHistory").bool(true).key("updateCreate").bool(true);
    writer.key("conditionalCreate").bool(true).field("conditionalRead", "full-support");
    writer.key("conditionalUpdate").bool(false).field("conditionalDelete", "not-supported");
    let held = parameters::of_type(name).map(|held| (held.code, held.kind.name()));
    parameters_of(writer, held);
    if name == "Patient" {
        writer.key("operation").begin_array().begin_object().field("name", "everything");
        writer.field("definition", "http://hl7.org/fhir/OperationDefinition/Patient-everything");
        writer.end_object().end_array();
    }
    writer.end_object();
}

fn parameters_of<'p>(writer: &mut Writer, held: impl IntoIterator<Item = (&'p str, &'p str)>) {
    let mut held = held.into_iter().peekable();
    if held.peek().is_none() {
        return;
    }
    writer.key("searchParam").begin_array();
    for (code, kind) in held {
        writer.begin_object().field("name", code).field("type", kind).end_object();
    }
    writer.end_array();
}
