use super::Manifest;
use crate::routes::Found;
use http::Method;
use std::path::Path;

fn shipped() -> Manifest {
    Manifest::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../spin.toml")).unwrap()
}

fn who(manifest: &Manifest, method: &Method, path: &str) -> String {
    match manifest.routes.find(method, path) {
        Found::Function(function) => manifest.functions[function].name.clone(),
        Found::OtherMethods(_) => "405".into(),
        Found::Nothing => "404".into(),
    }
}

#[test]
fn every_interaction_of_the_shipped_manifest_reaches_its_function() {
    let manifest = shipped();
    for (method, path, function) in [
        ("GET", "/fhir/Patient/1", "lookup"),
        ("GET", "/fhir/Patient/1/_history", "lookup"),
        ("GET", "/fhir/Patient/1/_history/2", "lookup"),
        ("GET", "/fhir/Patient/1/$everything", "lookup"),
        ("GET", "/fhir/Patient", "search"),
        ("POST", "/fhir/Patient/_search", "search"),
        ("POST", "/fhir/Patient", "update"),
        ("PUT", "/fhir/Patient/1", "update"),
        ("DELETE", "/fhir/Patient/1", "update"),
        ("POST", "/fhir", "transact"),
        ("POST", "/fhir/", "transact"),
        ("GET", "/fhir/AuditEvent", "audit"),
        ("GET", "/fhir/AuditEvent/1", "audit"),
        ("POST", "/fhir/AuditEvent/_search", "audit"),
        ("GET", "/fhir/Provenance", "provenance"),
        ("GET", "/fhir/Provenance/1", "provenance"),
        ("GET", "/fhir/Provenance/_history", "lookup"),
        ("GET", "/fhir/Provenance/1/_history", "lookup"),
        ("POST", "/fhir/Provenance", "update"),
        ("POST", "/fhir/Provenance/$validate", "validate"),
        ("GET", "/openapi.json", "capability"),
        ("GET", "/fhir/.well-known/smart-configuration", "capability"),
        ("POST", "/oauth/token", "token"),
        ("GET", "/oauth/jwks", "token"),
        ("GET", "/route", "route"),
        ("GET", "/fhir/metadata", "capability"),
        ("GET", "/fhir", "search"),
        ("POST", "/fhir/_search", "search"),
        ("GET", "/fhir/Encounter/1/Observation", "search"),
        ("GET", "/fhir/Patient/1/*", "search"),
        ("POST", "/fhir/Patient/1/Observation/_search", "search"),
        ("GET", "/fhir/Observation/$lastn", "search"),
        ("GET", "/fhir/Patient/_history", "lookup"),
        ("GET", "/fhir/_history", "lookup"),
        ("POST", "/fhir/Patient/1/$everything", "lookup"),
        ("GET", "/fhir/Patient/1/%24everything", "lookup"),
        ("GET", "/fhir/Patient/1/$meta", "lookup"),
        ("GET", "/fhir/Patient/1/$validate", "lookup"),
        ("POST", "/fhir/Patient/$validate", "validate"),
        ("POST", "/fhir/Patient/1/$validate", "validate"),
        ("PATCH", "/fhir/Patient/1", "update"),
        ("PATCH", "/fhir/Patient", "update"),
        ("PUT", "/fhir/Patient", "update"),
        ("DELETE", "/fhir/Patient", "update"),
        ("POST", "/fhir/Patient/1/$meta-add", "update"),
        ("POST", "/fhir/Patient/1/$meta-delete", "update"),
        ("PUT", "/fhir", "405"),
        ("GET", "/", "404"),
        ("GET", "/fhir/Patient/1/2/3/4", "404"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        assert_eq!(who(&manifest, &method, path), function, "{method} {path}");
    }
}

#[test]
fn nobody_writes_the_audit_by_its_routes() {
    let manifest = shipped();
    for method in [Method::PUT, Method::DELETE, Method::POST] {
        for path in ["/fhir/AuditEvent", "/fhir/AuditEvent/1"] {
            // These still match the general routes of `update`, which refuses
            // the type itself; what must never happen is another answerer.
            let function = who(&manifest, &method, path);
            assert!(function == "update" || function == "405", "{method} {path} -> {function}");
        }
    }
}

#[test]
fn a_bad_route_names_its_component() {
    let text = "spin_manifest_version = 2\n[component.a]\nsource = \"a.wasm\"\n[component.a.tool.dossier]\nroutes = [\"nonsense\"]\n";
    let error = Manifest::parse(text, Path::new("")).unwrap_err();
    assert!(error.to_string().contains("component a"), "{error}");
}

#[test]
fn another_version_is_refused() {
    let text = "spin_manifest_version = 1\n[component.a]\nsource = \"a.wasm\"\n";
    assert!(Manifest::parse(text, Path::new("")).is_err());
}
