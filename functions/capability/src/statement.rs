//! The CapabilityStatement (R4 §5.2), written from the tables that do the work.

use crate::claims;
use crate::routes::has;
use crate::smart::token_endpoint;
use fhir::json::Writer;
use fhir::outcome::Language;

/// The extension that names the endpoints of tokens.
const OAUTH_URIS: &str = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";

/// When what is claimed last changed.
const DATE: &str = "2026-11-26";

/// A sentence of the statement in both languages.
fn said(language: Language, french: &'static str, english: &'static str) -> &'static str {
    match language {
        Language::French => french,
        Language::English => english,
    }
}

/// The statement of the server at `base`. `rehearses`: what it answers is not of
/// the central record.
pub fn statement(base: &str, region: &str, rehearses: bool, language: Language) -> String {
    let mut writer = Writer::with_capacity(512 * 1024);
    writer.begin_object().field("resourceType", "CapabilityStatement");
    writer.field("language", language.tag());
    writer.field("status", "active").field("date", DATE).field("kind", "instance");
    writer.field("fhirVersion", "4.0.1");
    writer.key("format").begin_array().string("json").string("application/fhir+json").end_array();
    if has("PATCH", "/fhir/:type/:id") {
        writer.key("patchFormat").begin_array();
        writer.string("application/json-patch+json").string("application/fhir+json").end_array();
    }
    writer.key("software").begin_object().field("name", "Dossier");
    writer.field("version", env!("CARGO_PKG_VERSION")).end_object();
    let name = said(language, "Dossier santé, région", "Health record, region");
    writer.key("implementation").begin_object();
    let rehearsal = said(
        language,
        ", en répétition\u{a0}: rien ici n'est du dossier central",
        ", in rehearsal: nothing here is of the central record",
    );
    let rehearsal = if rehearses { rehearsal } else { "" };
    writer.field("description", &format!("{name} {region}{rehearsal}"));
    writer.field("url", base).end_object();
    writer.key("rest").begin_array().begin_object().field("mode", "server");
    security(&mut writer, base, language);
    writer.key("resource").begin_array();
    for kind in fhir::types::all() {
        resource(&mut writer, kind.name, language);
    }
    writer.end_array();
    codes(&mut writer, &claims::of_system());
    operations(&mut writer, &claims::operations_of_system());
    writer.end_object().end_array().end_object();
    writer.finish()
}

fn codes(writer: &mut Writer, interactions: &[&str]) {
    writer.key("interaction").begin_array();
    for code in interactions {
        writer.begin_object().field("code", code).end_object();
    }
    writer.end_array();
}

fn security(writer: &mut Writer, base: &str, language: Language) {
    writer.key("security").begin_object();
    // Where tokens are asked for (SMART App Launch 1, still read by many).
    let origin = base.strip_suffix(rest::path::BASE).unwrap_or(base);
    writer.key("extension").begin_array().begin_object();
    writer.field("url", OAUTH_URIS).key("extension").begin_array().begin_object();
    writer.field("url", "token").field("valueUri", &token_endpoint(origin));
    writer.end_object().end_array().end_object().end_array();
    writer.key("service").begin_array().begin_object().key("coding").begin_array();
    writer.begin_object();
    writer.field("system", "http://terminology.hl7.org/CodeSystem/restful-security-service");
    writer.field("code", "SMART-on-FHIR").end_object();
    writer.end_array().end_object().end_array();
    writer.field(
        "description",
        said(
            language,
            "Un jeton est nécessaire pour tout, sauf pour ce qui dit comment en obtenir un.",
            "A bearer token is needed for everything but what says how to get one.",
        ),
    );
    writer.end_object();
}

fn resource(writer: &mut Writer, name: &str, language: Language) {
    writer.begin_object().field("type", name);
    let profiles = fhir::validate::profile::known().filter(|(_, kind)| *kind == name);
    let profiles: Vec<String> = profiles.map(|(url, _)| url.to_owned()).collect();
    listed(writer, "supportedProfile", &profiles);
    if ["AuditEvent", "Provenance"].contains(&name) {
        writer.field(
            "documentation",
            said(
                language,
                "Le dossier en produit lui-même; ceux des clients sont gardés à côté.",
                "The record makes its own; those that clients send are kept beside them.",
            ),
        );
    }
    codes(writer, &claims::interactions(name));
    if name == "AuditEvent" {
        writer.field("versioning", "no-version");
    } else {
        let conditional = |method| has(method, "/fhir/:type");
        writer.field("versioning", "versioned-update");
        writer.key("readHistory").bool(true).key("updateCreate").bool(true);
        writer.key("conditionalCreate").bool(true).field("conditionalRead", "full-support");
        writer.key("conditionalUpdate").bool(conditional("PUT"));
        let deletes = if conditional("DELETE") { "single" } else { "not-supported" };
        writer.field("conditionalDelete", deletes);
        writer.key("referencePolicy").begin_array();
        writer.string("literal").string("logical").string("local").end_array();
        listed(writer, "searchInclude", &claims::includes(name));
        listed(writer, "searchRevInclude", claims::reverse_includes(name));
    }
    let parameters = claims::search_parameters(name);
    if !parameters.is_empty() {
        writer.key("searchParam").begin_array();
        for (code, kind) in parameters {
            writer.begin_object().field("name", code).field("type", kind).end_object();
        }
        writer.end_array();
    }
    operations(writer, &claims::operations(name));
    writer.end_object();
}

fn operations(writer: &mut Writer, claimed: &[(&str, String)]) {
    if claimed.is_empty() {
        return;
    }
    writer.key("operation").begin_array();
    for (operation, definition) in claimed {
        writer.begin_object().field("name", operation);
        writer.field("definition", definition).end_object();
    }
    writer.end_array();
}

fn listed(writer: &mut Writer, name: &str, values: &[String]) {
    if values.is_empty() {
        return;
    }
    writer.key(name).begin_array();
    for value in values {
        writer.string(value);
    }
    writer.end_array();
}
