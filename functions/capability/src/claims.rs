//! What may be done with a type, from the routes.

use crate::routes::has;
use fhir::search::parameters::{self, ParameterKind};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The route that each interaction of a type needs (R4 §3.1.0).
const INTERACTIONS: [(&str, &str, &str); 9] = [
    ("read", "GET", "/fhir/:type/:id"),
    ("vread", "GET", "/fhir/:type/:id/_history/:version"),
    ("update", "PUT", "/fhir/:type/:id"),
    ("patch", "PATCH", "/fhir/:type/:id"),
    ("delete", "DELETE", "/fhir/:type/:id"),
    ("history-instance", "GET", "/fhir/:type/:id/_history"),
    ("history-type", "GET", "/fhir/:type/_history"),
    ("create", "POST", "/fhir/:type"),
    ("search-type", "GET", "/fhir/:type"),
];

/// The route that each interaction of the system needs.
const OF_SYSTEM: [(&str, &str, &str); 4] = [
    ("transaction", "POST", "/fhir"),
    ("batch", "POST", "/fhir"),
    ("search-system", "POST", "/fhir/_search"),
    ("history-system", "GET", "/fhir/_history"),
];

/// Operations: name, definition, the route that each needs, and the one type
/// that it is for.
const OPERATIONS: [(&str, &str, &str, &str, Option<&str>); 13] = [
    ("validate", "Resource-validate", "POST", "/fhir/:type/$validate", None),
    ("meta", "Resource-meta", "GET", "/fhir/:type/:id/$meta", None),
    ("meta-add", "Resource-meta-add", "POST", "/fhir/:type/:id/$meta-add", None),
    ("meta-delete", "Resource-meta-delete", "POST", "/fhir/:type/:id/$meta-delete", None),
    ("everything", "Patient-everything", "GET", "/fhir/:type/:id/$everything", Some("Patient")),
    ("lastn", "Observation-lastn", "GET", "/fhir/Observation/$lastn", Some("Observation")),
    ("export", PATIENT_EXPORT, "GET", "/fhir/Patient/$export", Some("Patient")),
    ("export", GROUP_EXPORT, "GET", "/fhir/Group/:id/$export", Some("Group")),
    ("access-log", ACCESS_LOG, "GET", "/fhir/Patient/:id/$access-log", Some("Patient")),
    ("register", REGISTER, "GET", "/fhir/AuditEvent/$register", Some(AUDIT)),
    ("review-queue", REVIEW_QUEUE, "GET", "/fhir/AuditEvent/$review-queue", Some(AUDIT)),
    ("review", REVIEW, "POST", "/fhir/AuditEvent/:id/$review", Some(AUDIT)),
    ("break-glass-count", COUNT, "GET", "/fhir/AuditEvent/$break-glass-count", Some(AUDIT)),
];

/// Operations of the system, likewise.
const OPERATIONS_OF_SYSTEM: [(&str, &str, &str, &str); 1] =
    [("export", SYSTEM_EXPORT, "GET", "/fhir/$export")];

/// The type of what the journal tells.
const AUDIT: &str = "AuditEvent";
// Ours, in docs/trace.md.
const ACCESS_LOG: &str = "urn:dossier:operation:access-log";
const REGISTER: &str = "urn:dossier:operation:register";
const REVIEW_QUEUE: &str = "urn:dossier:operation:review-queue";
const REVIEW: &str = "urn:dossier:operation:review";
const COUNT: &str = "urn:dossier:operation:break-glass-count";

const SYSTEM_EXPORT: &str = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export";
const PATIENT_EXPORT: &str = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export";
const GROUP_EXPORT: &str = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export";

/// AuditEvents are written once and never changed: what is not among these is
/// refused for them.
const OF_AUDIT: [&str; 3] = ["read", "create", "search-type"];
/// What AuditEvent is searched by: what the journal knows (`functions/audit`).
pub const AUDIT_PARAMETERS: [(&str, &str); 9] = [
    ("_id", "token"),
    ("_lastUpdated", "date"),
    ("action", "token"),
    ("agent", "reference"),
    ("date", "date"),
    ("entity", "reference"),
    ("outcome", "token"),
    ("patient", "reference"),
    ("subtype", "token"),
];

/// The interactions of a type.
pub fn interactions(name: &str) -> Vec<&'static str> {
    let claimed = INTERACTIONS.iter().filter(|(code, method, path)| {
        has(method, path) && (name != "AuditEvent" || OF_AUDIT.contains(code))
    });
    claimed.map(|(code, ..)| *code).collect()
}

/// The interactions of the system.
pub fn of_system() -> Vec<&'static str> {
    let claimed = OF_SYSTEM.iter().filter(|(_, method, path)| has(method, path));
    claimed.map(|(code, ..)| *code).collect()
}

/// The operations of a type: name and canonical URL.
pub fn operations(name: &str) -> Vec<(&'static str, String)> {
    let claimed = OPERATIONS.iter().filter(|(operation, _, method, path, only)| {
        // Nobody changes the meta of an AuditEvent.
        let changes = operation.starts_with("meta-");
        has(method, path)
            && only.is_none_or(|only| only == name)
            && (name != "AuditEvent" || (!changes && *operation != "meta"))
    });
    claimed.map(|(operation, definition, ..)| (*operation, url(definition))).collect()
}

/// The operations of the system: name and canonical URL.
pub fn operations_of_system() -> Vec<(&'static str, String)> {
    let claimed = OPERATIONS_OF_SYSTEM.iter().filter(|(_, _, method, path)| has(method, path));
    claimed.map(|(operation, definition, ..)| (*operation, url(definition))).collect()
}

/// A definition of the standard's own, or of another guide, by its URL.
fn url(definition: &str) -> String {
    if definition.contains(':') {
        return definition.to_owned();
    }
    format!("http://hl7.org/fhir/OperationDefinition/{definition}")
}

/// What a type is searched by: name and kind.
pub fn search_parameters(name: &str) -> Vec<(&'static str, &'static str)> {
    if name == "AuditEvent" {
        return AUDIT_PARAMETERS.to_vec();
    }
    parameters::of_type(name).map(|held| (held.code, held.kind.name())).collect()
}

/// `_include` values of a type: its own references.
pub fn includes(name: &str) -> Vec<String> {
    // What the record makes itself is shown without what it refers to.
    if matches!(name, "AuditEvent" | "Provenance") {
        return Vec::new();
    }
    let held = parameters::of_type(name).filter(|held| held.kind == ParameterKind::Reference);
    held.map(|held| format!("{name}:{}", held.code)).collect()
}

/// `_revinclude` values of a type: the references of other types that may be
/// to it by name.
pub fn reverse_includes(name: &str) -> &'static [String] {
    REFERRING.get(name).map(Vec::as_slice).unwrap_or_default()
}

/// By type, the references of all types that may be to it; gathered once.
static REFERRING: LazyLock<BTreeMap<&'static str, Vec<String>>> = LazyLock::new(|| {
    let mut referring: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for kind in fhir::types::all().filter(|kind| kind.name != "AuditEvent") {
        let held = parameters::of_type(kind.name);
        for parameter in held.filter(|held| held.kind == ParameterKind::Reference) {
            let targets = parameter.targets();
            // What may refer to any type at all is not listed for each of them.
            for target in targets.iter().filter(|_| targets.len() < ANY_TARGETS) {
                let pair = format!("{}:{}", kind.name, parameter.code);
                referring.entry(target).or_default().push(pair);
            }
        }
    }
    referring
});

/// A parameter with so many targets may refer to anything.
const ANY_TARGETS: usize = 100;
