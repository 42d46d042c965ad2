use fhir::json::Document;
use fhir::limits::JsonLimits;
use fhir::present::Presentation;
use fhir::resource::Resource;
use fhir::search::Tokens;

/// A resource: its text is kept; what the server assigns can be spliced in, and
/// what comes out is read again; validation, search tokens and presentation
/// come to an end.
pub fn resource(bytes: &[u8]) {
    let Ok(parsed) = Resource::parse(bytes.to_vec(), &JsonLimits::default()) else { return };
    assert_eq!(parsed.text().as_bytes(), bytes, "the text is the client's");
    let stamped = parsed.stamped("fuzzed-1", 3, 1_790_000_000_123);
    let again = Resource::parse(stamped.into_bytes(), &JsonLimits::of_answers());
    let again = again.expect("a stamped resource is a resource");
    assert_eq!((again.type_name(), again.id()), (parsed.type_name(), Some("fuzzed-1")));
    let twice = again.stamped("fuzzed-1", 3, 1_790_000_000_123);
    assert_eq!(twice, again.text(), "stamping twice is stamping once");
    let issues = fhir::validate::issues(parsed.root());
    assert_eq!(issues.is_empty(), fhir::validate::check(&parsed).is_ok(), "check and issues agree");
    let _ = Tokens::extract(parsed.type_name(), parsed.root());
    let _ = parsed.patient_references();
    for (summary, pretty) in [("true", None), ("text", Some("true")), ("data", None)] {
        let how = Presentation::parse(Some(summary), None, pretty, Some(parsed.type_name()));
        let how = how.expect("these are values of the standard");
        if let Ok(shown) = fhir::present::resource(parsed.text(), &how) {
            Document::parse(shown, &JsonLimits::of_answers()).expect("what is shown is JSON");
        }
    }
}
