use super::*;
use fhir::limits::JsonLimits;

fn resolved() -> Resolved {
    let mut resolved = Resolved { bases: vec!["https://own/fhir".into()], ..Resolved::default() };
    resolved.entry("urn:uuid:1", &ResourceKey::new("Patient", "new"));
    resolved.entry("https://x/fhir/Patient/1", &ResourceKey::new("Patient", "new"));
    resolved.entry("https://x/fhir/Patient/2", &ResourceKey::new("Patient", "2"));
    resolved
}

#[test]
fn references_resolve_as_the_standard_says() {
    let resolved = resolved();
    let here = Some("https://x/fhir/Observation/9");
    for (text, full_url, told) in [
        ("urn:uuid:1", None, Some("Patient/new")),
        ("https://x/fhir/Patient/1", None, Some("Patient/new")),
        ("https://x/fhir/Patient/1/_history/3", None, Some("Patient/new")),
        ("https://x/fhir/Patient/2/_history/3", None, Some("Patient/2/_history/3")),
        ("Patient/1", here, Some("Patient/new")),
        ("Patient/2", here, None),
        ("Patient/1", None, None),
        ("Patient/1", Some("urn:uuid:9"), None),
        ("Patient/1", Some("https://y/fhir/Observation/9"), None),
        ("#a", here, None),
        ("urn:uuid:2", here, None),
    ] {
        assert_eq!(resolved.of(text, full_url).as_deref(), told, "{text} in {full_url:?}");
    }
}

#[test]
fn a_base_of_our_own_is_as_none() {
    let resolved = resolved();
    let key = Reference::Local(ResourceKey::new("Patient", "1"));
    for text in ["Patient/1", "Patient/1/_history/2", "https://own/fhir/Patient/1"] {
        assert_eq!(resolved.read(text), key, "{text}");
    }
    for text in ["https://own/fhir/x/Patient/1", "https://other/fhir/Patient/1", "https://own"] {
        assert_eq!(resolved.read(text), Reference::Elsewhere, "{text}");
    }
}

#[test]
fn references_have_their_paths_and_narratives_their_links() {
    let text = r#"{"resourceType":"Basic","text":{"div":"<a href=\"urn:uuid:1\">é</a><img src='urn:uuid:2'/> href= <a href=\"urn:uuid:1\"/>"},"subject":{"reference":"a"},"extension":[{},{"valueReference":{"reference":"b"}}]}"#;
    let resource = Resource::parse(text.into(), &JsonLimits::default()).unwrap();
    assert_eq!(
        placed_references(&resource),
        [
            ("Basic.subject".to_owned(), "a".to_owned()),
            ("Basic.extension[1].valueReference".to_owned(), "b".to_owned()),
        ]
    );
    let told = narrative(&resource, &resolved(), None).unwrap();
    assert_eq!(told, text.replace("urn:uuid:1", "Patient/new"));
    assert!(narrative(&resource, &Resolved::default(), None).is_none());
}
