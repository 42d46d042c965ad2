use fhir::json::Document;
use fhir::limits::JsonLimits;
use fhir::patch;
use fhir::resource::Resource;

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","active":true,"name":[{"family":"Tremblay","given":["Aurélie","Anne"]},{"text":"A. T."}],"telecom":[{"system":"phone","value":"555","rank":1}],"birthDate":"1984-06-02","_birthDate":{"extension":[{"url":"http://example.org/x","valueDecimal":1.00}]},"multipleBirthInteger":2}"#;

fn patient() -> Resource {
    Resource::parse(PATIENT.into(), &JsonLimits::default()).expect("the example is a resource")
}

fn settled(changed: &Resource) {
    assert_eq!((changed.type_name(), changed.id()), ("Patient", Some("p")));
    assert!(fhir::validate::check(changed).is_ok(), "a patch leaves a valid resource");
    let again = Resource::parse(changed.text().into(), &JsonLimits::default());
    again.expect("a patch leaves a resource");
}

/// A JSON Patch: what it makes is valid, of its type and id.
pub fn json_patch(bytes: &[u8]) {
    let Ok(document) = Document::parse_bytes(bytes.to_vec(), &JsonLimits::default()) else {
        return;
    };
    if let Ok(changed) = patch::json_patch::apply(&patient(), &document) {
        settled(&changed);
    }
}

/// A FHIRPath Patch: likewise. Bytes that are no Parameters are a path of one.
pub fn fhirpath_patch(bytes: &[u8]) {
    let parameters = Resource::parse(bytes.to_vec(), &JsonLimits::default()).ok();
    let parameters =
        parameters.filter(|it| it.type_name() == "Parameters").or_else(|| deletion(bytes));
    let Some(parameters) = parameters else { return };
    if let Ok(changed) = patch::fhirpath_patch::apply(&patient(), &parameters, crate::NOW_MS) {
        settled(&changed);
    }
}

fn deletion(path: &[u8]) -> Option<Resource> {
    let path = fhir::json::quoted(std::str::from_utf8(path).ok()?);
    let text = format!(
        r#"{{"resourceType":"Parameters","parameter":[{{"name":"operation","part":[{{"name":"type","valueCode":"delete"}},{{"name":"path","valueString":{path}}}]}}]}}"#
    );
    Resource::parse(text.into_bytes(), &JsonLimits::default()).ok()
}
