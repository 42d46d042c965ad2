use proptest::prelude::*;

use super::*;
use crate::types::Home;

fn parse(text: &str) -> Resource {
    Resource::parse(text.as_bytes().to_vec(), &JsonLimits::default()).unwrap()
}

#[test]
fn stamps_without_touching_the_rest() {
    for (sent, stored) in [
        (
            r#"{"resourceType":"Patient"}"#,
            r#"{"resourceType":"Patient","id":"n","meta":{"versionId":"2","lastUpdated":"1970-01-01T00:00:00.001Z"}}"#,
        ),
        (
            "{ \"id\" : \"old\", \"x\": 1.000,\n \"meta\": { },\n \"resourceType\" : \"Patient\" }",
            "{ \"id\" : \"n\", \"x\": 1.000,\n \"meta\": {\"versionId\":\"2\",\"lastUpdated\":\"1970-01-01T00:00:00.001Z\" },\n \"resourceType\" : \"Patient\" }",
        ),
        (
            r#"{"resourceType":"Patient","meta":{"profile":["p"],"lastUpdated":"then","versionId":"7"}}"#,
            r#"{"resourceType":"Patient","id":"n","meta":{"profile":["p"],"lastUpdated":"1970-01-01T00:00:00.001Z","versionId":"2"}}"#,
        ),
        (
            r#"{"meta":{"versionId":"7","tag":[]},"resourceType":"Patient","id":"o"}"#,
            r#"{"meta":{"lastUpdated":"1970-01-01T00:00:00.001Z","versionId":"2","tag":[]},"resourceType":"Patient","id":"n"}"#,
        ),
    ] {
        assert_eq!(parse(sent).stamped("n", 2, 1), stored);
    }
}

#[test]
fn refuses_what_is_no_resource() {
    for (text, status) in [
        ("[]", 400),
        ("{}", 400),
        (r#"{"resourceType":"patient"}"#, 400),
        (r#"{"resourceType":"Patient","id":7}"#, 400),
        (r#"{"resourceType":"Patient","id":"a/b"}"#, 400),
        (r#"{"resourceType":"Patient","meta":[]}"#, 400),
        (r#"{"resourceType":"Patient","id":"a","id":"b"}"#, 400),
    ] {
        let refusal = Resource::parse(text.as_bytes().to_vec(), &JsonLimits::default());
        assert_eq!(refusal.unwrap_err().status.code(), status, "{text}");
    }
}

#[test]
fn finds_and_rewrites_references() {
    let text = r##"{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:1","resource":{
 "resourceType":"Observation","subject":{"reference":"urn:uuid:1"},"text":{"div":"<a href=\"urn:uuid:1\"/>"},
 "contained":[{"performer":[{"reference":"#p"}]}],"identifier":[{"system":"urn:x","value":"urn:uuid:1"}],
 "extension":[{"url":"http://x","valueReference":{"reference":"urn:uuid:2"}},{"url":"http://y","valueUri":"urn:uuid:1"}],
 "content":[{"attachment":{"url":"urn:uuid:1"}}]}}]}"##;
    let resource = parse(text);
    let found: Vec<_> = references(resource.root()).collect();
    let texts: Vec<_> = found.iter().map(|reference| &*reference.text).collect();
    assert_eq!(texts, ["urn:uuid:1", "#p", "urn:uuid:2"]);
    assert_eq!(&text[found[0].span.clone()], "\"urn:uuid:1\"");
    let to = |old: &str| (old == "urn:uuid:1").then(|| "Patient/9".to_owned());
    let rewritten = rewrite_references(&resource, &to);
    assert_eq!(rewritten.matches("Patient/9").count(), 3);
    let expected = text
        .replace("\"reference\":\"urn:uuid:1\"", "\"reference\":\"Patient/9\"")
        .replace("\"valueUri\":\"urn:uuid:1\"", "\"valueUri\":\"Patient/9\"")
        .replace("{\"url\":\"urn:uuid:1\"}", "{\"url\":\"Patient/9\"}");
    assert_eq!(rewritten, expected);
}

#[test]
fn knows_whom_a_resource_is_about() {
    let resource = parse(
        r#"{"resourceType":"Appointment","participant":[{"actor":{"reference":"Practitioner/1"}},
            {"actor":{"reference":"Patient/2"}},{"status":"x"}]}"#,
    );
    let texts: Vec<_> = resource.patient_references().iter().map(|r| r.text.to_string()).collect();
    assert_eq!(texts, ["Practitioner/1", "Patient/2"]);
}

#[test]
fn the_table_of_types_is_that_of_r4() {
    let home = |name: &str| types::named(name).map(ResourceType::home);
    assert_eq!(types::all().count(), 146);
    assert!(types::all().zip(types::all().skip(1)).all(|(one, next)| one.name < next.name));
    let compartment = types::all().filter(|kind| kind.home() == Home::Compartment);
    assert_eq!(compartment.count(), 67);
    assert_eq!(home("Observation"), Some(Home::Compartment));
    assert_eq!(home("Device"), Some(Home::Instance));
    for registry in ["Organization", "Practitioner", "PractitionerRole", "Location", "Medication"] {
        assert_eq!(home(registry), Some(Home::Registry), "{registry}");
    }
    assert_eq!(home("DomainResource"), None);
    let observation = types::named("Observation").unwrap();
    assert_eq!(observation.compartment_paths, ["subject", "performer"]);
    assert_eq!(types::named("Task").unwrap().compartment_paths, ["for", "focus"]);
}

#[test]
fn instants_are_text_and_back() {
    for (ms, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_826_154_123, "2000-02-29T12:09:14.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(instant(ms), text);
        assert_eq!(parse_instant(text), Some(ms));
    }
    assert_eq!(parse_instant("1970-01-01T01:00:00.5+01:00"), Some(500));
    assert_eq!(parse_instant("1970-01-01T00:00:00-00:30"), Some(1_800_000));
    for bad in [
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00:00+15:00",
        "x",
        "1970-01-01T00:00:00.Z",
    ] {
        assert_eq!(parse_instant(bad), None, "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_instant_comes_back(ms in -62_135_596_800_000_i64..=253_402_300_799_999) {
        prop_assert_eq!(parse_instant(&instant(ms)), Some(ms));
    }

    #[test]
    fn stamping_twice_is_stamping_once(id in "[a-z0-9.-]{1,12}", version in 1_u64..99, ms in 0_i64..9_999_999_999_999) {
        let sent = r#"{"resourceType":"Patient", "meta" : {"source":"é"}, "multipleBirthInteger":1}"#;
        let once = parse(sent).stamped("first", 1, 0);
        let stored = parse(&once).stamped(&id, version, ms);
        prop_assert_eq!(&stored, &parse(sent).stamped(&id, version, ms));
        let resource = parse(&stored);
        prop_assert_eq!(resource.id(), Some(id.as_str()));
        prop_assert_eq!(crate::validate::issues(resource.root()), []);
    }
}
