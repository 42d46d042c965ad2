use fhir::fhirpath::{Context, Expression};
use fhir::json::Document;
use fhir::limits::JsonLimits;

const RESOURCE: &str = r##"{"resourceType":"Patient","id":"p","contained":[{"resourceType":"Organization","id":"o","name":"CLSC"}],"active":true,"name":[{"family":"Tremblay","given":["Aurélie","Anne"]}],"telecom":[{"system":"phone","value":"555","rank":1}],"birthDate":"1984-06-02","multipleBirthInteger":2,"managingOrganization":{"reference":"#o"}}"##;

/// A FHIRPath expression: it is refused or comes to an end within its limits,
/// and says the same twice.
pub fn fhirpath(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(expression) = Expression::parse(text) else { return };
    let document = Document::parse(RESOURCE.to_owned(), &JsonLimits::default());
    let document = document.expect("the example is JSON");
    let context = Context { now_ms: crate::NOW_MS, ..Context::default() };
    let first = expression.evaluate(document.root(), &context).map(|items| items.len()).ok();
    let second = expression.evaluate(document.root(), &context).map(|items| items.len()).ok();
    assert_eq!(first, second, "an expression says the same twice");
}
