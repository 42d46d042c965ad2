//! Which function answers a request. `tests/component` compares this with the
//! routes that `spin.toml` gives to Dossier's own gateway.

use http::{HeaderMap, HeaderName, Method, Response};
use rest::answer::{method_not_allowed, refused};
use rest::path::Target;

/// The function for a method and path, or the answer when there is none.
///
/// # Errors
/// The answer, boxed because it is many times as large as a name.
pub fn function_of(method: &Method, path: &str) -> Result<&'static str, Box<Response<Vec<u8>>>> {
    if path == "/route" {
        return Ok("route");
    }
    if path == "/openapi.json" || path == "/fhir/.well-known/smart-configuration" {
        return Ok("capability");
    }
    if path.starts_with("/oauth/") {
        return Ok("token");
    }
    if path == "/ledger/$sequence" {
        return Ok("sequence");
    }
    if path.starts_with("/ledger/") {
        return Ok("audit");
    }
    if path.split('/').any(|part| part == "$export") {
        return Ok("bulk");
    }
    let reads = method == Method::GET || method == Method::HEAD;
    let posts = method == Method::POST;
    let refuse = |allowed| Err(Box::new(method_not_allowed(method.as_str(), allowed)));
    let target = Target::parse(path).map_err(|refusal| Box::new(refused(&refusal)))?;
    match target {
        Target::Metadata => Ok("capability"),
        Target::System if reads => Ok("search"),
        Target::System if posts => Ok("transact"),
        Target::System => refuse("GET, HEAD, POST"),
        Target::Type(name) | Target::TypeSearch(name)
            if name == "AuditEvent" && (reads || posts) =>
        {
            Ok(if posts && !path.contains("_search") { "update" } else { "audit" })
        }
        Target::Instance(key) if key.resource_type == "AuditEvent" && reads => Ok("audit"),
        Target::Operation(key, name) if is_of_audit(&key.resource_type, &name, reads, posts) => {
            Ok("audit")
        }
        Target::TypeOperation(kind, name) if is_of_audit(&kind, &name, reads, false) => Ok("audit"),
        Target::Type(name) if name == "Provenance" && reads => Ok("provenance"),
        Target::TypeSearch(name) if name == "Provenance" => Ok("provenance"),
        Target::Instance(key) if key.resource_type == "Provenance" && reads => Ok("provenance"),
        Target::Type(_) if reads => Ok("search"),
        Target::TypeSearch(_) => Ok("search"),
        Target::Type(_) => Ok("update"),
        Target::Instance(_) if !reads => Ok("update"),
        Target::Operation(_, name) if posts && name.starts_with("$meta-") => Ok("update"),
        Target::Operation(_, name) | Target::TypeOperation(_, name)
            if posts && name == "$validate" =>
        {
            Ok("validate")
        }
        Target::TypeOperation(kind, name) if kind == "Observation" && name == "$lastn" => {
            Ok("search")
        }
        Target::SystemSearch | Target::Compartment(..) => Ok("search"),
        Target::Instance(_)
        | Target::History(_)
        | Target::TypeHistory(_)
        | Target::SystemHistory
        | Target::Version(..)
        | Target::Operation(..)
        | Target::TypeOperation(..)
        | Target::SystemOperation(_) => Ok("lookup"),
    }
}

/// Whether an operation tells of accesses, or of their review.
fn is_of_audit(kind: &str, operation: &str, reads: bool, posts: bool) -> bool {
    match (kind, operation) {
        ("Patient", "$access-log") => reads,
        ("AuditEvent", "$proof" | "$register" | "$review-queue" | "$break-glass-count") => reads,
        ("AuditEvent", "$review") => posts,
        _ => false,
    }
}

/// The headers that a function may believe: what callers say of themselves in
/// Dossier's own headers is dropped, and where they come from is what Spin saw.
pub fn vouched(mut headers: HeaderMap) -> HeaderMap {
    let own: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with("x-dossier-")).cloned().collect();
    for name in own {
        headers.remove(name);
    }
    if let Some(address) = headers.get("spin-client-addr").cloned() {
        headers.insert("x-dossier-client", address);
    }
    headers
}
