use super::*;
use fhir::limits::JsonLimits;
use proptest::prelude::*;

fn digest(text: &str) -> chart::Digest {
    of_content(&Resource::parse(text.into(), &JsonLimits::default()).unwrap())
}

#[test]
fn what_the_server_assigns_does_not_count() {
    let plain = digest(r#"{"resourceType":"Basic","code":{"text":"é"}}"#);
    for same in [
        r#"{ "resourceType" : "Basic", "id":"a", "code": { "text":"\u00e9" } }"#,
        r#"{"code":{"text":"é"},"resourceType":"Basic"}"#,
        r#"{"resourceType":"Basic","meta":{"versionId":"7","lastUpdated":"x"},"code":{"text":"é"}}"#,
        r#"{"resourceType":"Basic","meta":{},"code":{"text":"é"}}"#,
    ] {
        assert_eq!(digest(same), plain, "{same}");
    }
    for other in [
        r#"{"resourceType":"Basic","code":{"text":"e"}}"#,
        r#"{"resourceType":"Basic","meta":{"source":"s"},"code":{"text":"é"}}"#,
        r#"{"resourceType":"Basic","code":{"text":"é","id":"a"}}"#,
        r#"{"resourceType":"Basic","code":{"text":"é"},"contained":[{"resourceType":"Basic","id":"a"}]}"#,
    ] {
        assert_ne!(digest(other), plain, "{other}");
    }
}

#[test]
fn numbers_count_by_their_text_and_arrays_by_their_order() {
    let with = |held: &str| digest(&format!(r#"{{"resourceType":"Basic","x":{held}}}"#));
    let all =
        ["1", "1.0", "1.00", "\"1\"", "[1]", "[1,2]", "[2,1]", "[[1],2]", "null", "{\"a\":1}"];
    for (at, left) in all.iter().enumerate() {
        for right in all.iter().skip(at + 1) {
            assert_ne!(with(left), with(right), "{left} {right}");
        }
    }
}

proptest! {
    /// Another text somewhere is another digest, and the stamp is none.
    #[test]
    fn stamping_changes_nothing(a in "[a-z\"\\\\{}:,é]{0,8}", b in "[a-z\"\\\\{}:,é]{0,8}", version in 1_u64..) {
        let with = |text: &str| {
            let quoted = fhir::json::quoted(text);
            format!("{{\"resourceType\":\"Basic\",\"language\":{quoted}}}")
        };
        let resource = Resource::parse(with(&a).into(), &JsonLimits::default()).unwrap();
        let stamped = resource.stamped("x", version, 1_800_000_000_000);
        prop_assert_eq!(digest(&stamped), of_content(&resource));
        prop_assert_eq!(digest(&with(&b)) == of_content(&resource), a == b);
    }
}
