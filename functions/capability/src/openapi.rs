//! The OpenAPI 3.1 document, from the same routes and tables as the statement.
//! A route with `:type` stands once, with the types as the values of its
//! parameter: what each type can do is in the CapabilityStatement.

use crate::claims;
use crate::routes::{self, Route};
use fhir::json::Writer;
use fhir::outcome::Language;

const FHIR_JSON: &str = "application/fhir+json";
const JSON_PATCH: &str = "application/json-patch+json";

/// The document of the server at `origin`.
pub fn document(origin: &str, language: Language) -> String {
    let mut writer = Writer::with_capacity(64 * 1024);
    writer.begin_object().field("openapi", "3.1.0");
    writer.key("info").begin_object().field("title", "Dossier").field(
        "summary",
        match language {
            Language::French => "Dossier santé électronique central, HL7 FHIR R4 (4.0.1)",
            Language::English => "Central electronic health record, HL7 FHIR R4 (4.0.1)",
        },
    );
    writer.field("version", env!("CARGO_PKG_VERSION")).end_object();
    writer.key("servers").begin_array().begin_object().field("url", origin).end_object();
    writer.end_array();
    writer.key("security").begin_array().begin_object().key("bearer").begin_array();
    writer.end_array().end_object().end_array();
    writer.key("paths").begin_object();
    // Files in formats that are not FHIR's: docs/ledger.md, docs/trace.md.
    let of_ledger = |path: &str| {
        path.starts_with("/ledger/") || path.ends_with("/$proof") || path.ends_with("/$register")
    };
    let all: Vec<Route> = routes::all().filter(|route| !of_ledger(route.path)).collect();
    let mut paths: Vec<&str> = all.iter().map(|route| route.path).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        writer.key(&templated(path)).begin_object();
        parameters_of_path(&mut writer, path);
        for route in all.iter().filter(|route| route.path == path) {
            operation(&mut writer, route);
        }
        writer.end_object();
    }
    writer.end_object();
    components(&mut writer);
    writer.end_object();
    writer.finish()
}

/// `/fhir/:type/:id` as `/fhir/{type}/{id}`.
fn templated(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

fn parameters_of_path(writer: &mut Writer, path: &str) {
    let names: Vec<&str> = path.split('/').filter_map(|part| part.strip_prefix(':')).collect();
    if names.is_empty() {
        return;
    }
    writer.key("parameters").begin_array();
    for name in names {
        writer.begin_object().field("$ref", &format!("#/components/parameters/{name}"));
        writer.end_object();
    }
    writer.end_array();
}

fn operation(writer: &mut Writer, route: &Route) {
    let id: String = route
        .path
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' })
        .collect();
    writer.key(&route.method.to_ascii_lowercase()).begin_object();
    writer.field("operationId", &format!("{}{id}", route.method.to_ascii_lowercase()));
    writer.key("tags").begin_array().string(route.function).end_array();
    if ["capability", "token"].contains(&route.function) {
        writer.key("security").begin_array().end_array();
    }
    query(writer, route);
    body(writer, route);
    writer.key("responses").begin_object();
    for (status, text) in statuses(route) {
        writer.key(status).begin_object().field("description", text);
        if !["204", "304"].contains(&status) {
            writer.key("content").begin_object();
            if is_plain(route) {
                writer.key("application/json").begin_object().key("schema").begin_object();
                writer.field("type", "object").end_object().end_object();
            }
            writer.key(FHIR_JSON).begin_object();
            writer.key("schema").begin_object();
            let schema = if status.starts_with('2') { "Resource" } else { "OperationOutcome" };
            writer.field("$ref", &format!("#/components/schemas/{schema}"));
            writer.end_object().end_object().end_object();
        }
        writer.end_object();
    }
    writer.end_object().end_object();
}

/// Whether a route answers with JSON that is no FHIR; the door's own refusals
/// are FHIR all the same.
fn is_plain(route: &Route) -> bool {
    route.function == "token" || route.path.contains("/.well-known/")
}

/// The parameters that a route takes by name, with their pattern; searches take
/// those of the type as well.
fn query(writer: &mut Writer, route: &Route) {
    if ["route", "sequence"].contains(&route.function)
        || route.path == "/openapi.json"
        || is_plain(route)
    {
        return;
    }
    let mut names = vec!["_format", "_pretty"];
    let of_trace = ["$access-log", "$review-queue", "$break-glass-count"];
    if of_trace.iter().any(|name| route.path.ends_with(name)) {
        names.extend(["_count", "_since", "_until", "date"]);
    } else if route.method == "GET" {
        names.extend(["_summary", "_elements"]);
    }
    if route.method == "GET" && route.path.ends_with("/_history") {
        names.extend(["_count", "_since"]);
    }
    if route.path.ends_with("$everything") {
        names.extend(["_count", "_since", "_type", "start", "end"]);
    }
    if route.path == "/fhir/AuditEvent" && route.method == "GET" {
        names.push("_count");
        names.extend(claims::AUDIT_PARAMETERS.map(|(name, _)| name));
    }
    writer.key("parameters").begin_array();
    for name in names {
        writer.begin_object().field("name", name).field("in", "query");
        writer.key("schema").begin_object();
        match name {
            "_count" => {
                writer.field("type", "integer").key("minimum").integer(1);
            }
            "_format" => {
                writer.field("type", "string");
                writer.key("enum").begin_array().string("json").string(FHIR_JSON).end_array();
            }
            "_pretty" => {
                writer.field("type", "boolean");
            }
            "_summary" => {
                writer.field("type", "string").key("enum").begin_array();
                writer.string("true").string("text").string("data").string("false").end_array();
            }
            "_since" => {
                writer.field("type", "string").field("format", "date-time");
            }
            "start" | "end" => {
                writer.field("type", "string").field("format", "date");
            }
            _ => {
                writer.field("type", "string");
            }
        }
        writer.end_object().end_object();
    }
    writer.end_array();
}

fn body(writer: &mut Writer, route: &Route) {
    let media: &[&str] = match route.method {
        "PATCH" => &[JSON_PATCH, FHIR_JSON],
        "POST" if route.path.ends_with("_search") || route.function == "token" => {
            &["application/x-www-form-urlencoded"]
        }
        "POST" if route.function == "sequence" => return,
        "POST" | "PUT" => &[FHIR_JSON],
        _ => return,
    };
    writer.key("requestBody").begin_object().key("content").begin_object();
    for kind in media {
        writer.key(kind).begin_object().key("schema").begin_object();
        match *kind {
            FHIR_JSON => {
                writer.field("$ref", "#/components/schemas/Resource");
            }
            JSON_PATCH => {
                writer.field("type", "array").key("items").begin_object();
                writer.field("type", "object").end_object();
            }
            _ => {
                writer.field("type", "object");
            }
        }
        writer.end_object().end_object();
    }
    writer.end_object().end_object();
}

/// The statuses that a route answers with.
fn statuses(route: &Route) -> Vec<(&'static str, &'static str)> {
    let mut statuses = match route.method {
        "GET" if route.function == "bulk" => {
            vec![("200", "Finished"), ("202", "Taken, or under way")]
        }
        "GET" => vec![("200", "Found"), ("304", "Unchanged")],
        "POST" if route.path == "/fhir/:type" => {
            vec![("200", "There already"), ("201", "Created")]
        }
        "PUT" | "PATCH" => vec![("200", "Stored"), ("201", "Created")],
        "DELETE" if route.function == "bulk" => vec![("202", "Forgotten")],
        "DELETE" => vec![("200", "Deleted"), ("204", "Deleted")],
        _ if route.function == "bulk" => vec![("202", "Taken")],
        _ => vec![("200", "Done")],
    };
    statuses.extend([
        ("400", "Not as FHIR says"),
        ("401", "No token, or none that holds"),
        ("403", "Not allowed"),
        ("404", "Not there"),
        ("406", "No other format than JSON"),
        ("409", "In conflict with the record"),
        ("410", "Deleted"),
        ("412", "A condition does not hold"),
        ("413", "Too large"),
        ("415", "Not of a media type that is taken"),
        ("422", "Against a rule"),
        ("429", "Too many requests"),
        ("503", "Not able to serve now"),
    ]);
    statuses
}

fn components(writer: &mut Writer) {
    writer.key("components").begin_object();
    writer.key("securitySchemes").begin_object().key("bearer").begin_object();
    writer.field("type", "http").field("scheme", "bearer").end_object().end_object();
    writer.key("parameters").begin_object();
    for name in ["type", "id", "version", "member", "job", "file"] {
        writer.key(name).begin_object().field("name", name).field("in", "path");
        writer.key("required").bool(true).key("schema").begin_object();
        match name {
            // A type, or * for every type: what is in a compartment.
            "member" => {
                writer.field("type", "string").field("pattern", "^([A-Z][A-Za-z]+|\\*)$");
            }
            "file" => {
                writer.field("type", "string").field("pattern", "^[0-9]{1,6}(\\.ndjson)?$");
            }
            "type" => {
                writer.field("type", "string").key("enum").begin_array();
                for kind in fhir::types::all() {
                    writer.string(kind.name);
                }
                writer.end_array();
            }
            "id" | "job" => {
                writer.field("type", "string").field("pattern", "^[A-Za-z0-9.-]{1,64}$");
            }
            _ => {
                writer.field("type", "integer").key("minimum").integer(1);
            }
        }
        writer.end_object().end_object();
    }
    writer.end_object();
    writer.key("schemas").begin_object();
    for (name, required) in [("Resource", ""), ("OperationOutcome", "issue")] {
        writer.key(name).begin_object().field("type", "object");
        writer.key("required").begin_array().string("resourceType");
        if !required.is_empty() {
            writer.string(required);
        }
        writer.end_array();
        writer.key("properties").begin_object().key("resourceType").begin_object();
        writer.field("type", "string");
        if name != "Resource" {
            writer.field("const", name);
        }
        writer.end_object().end_object().end_object();
    }
    writer.end_object().end_object();
}
