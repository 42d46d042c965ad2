use proptest::prelude::*;

use super::*;
use crate::json::Document;
use crate::limits::JsonLimits;

fn found(text: &str) -> Vec<(String, &'static str)> {
    let document = Document::parse(text.to_owned(), &JsonLimits::default()).unwrap();
    let issues = issues(document.root()).into_iter();
    issues.map(|issue| (issue.expression.unwrap_or_default(), issue.code.code())).collect()
}

/// Exactly one issue, at `expression` and of `code`.
fn one(text: &str, expression: &str, code: &str) {
    assert_eq!(found(text), [(expression.to_owned(), code)], "{text}");
}

fn patient(members: &str) -> String {
    format!("{{\"resourceType\":\"Patient\",{members}}}")
}

#[test]
fn takes_what_is_valid() {
    for text in [
        patient(r#""birthDate":"1970-03-30","active":true,"multipleBirthInteger":2"#),
        patient(r#""_birthDate":{"extension":[{"url":"http://x.y","valueCode":"unknown"}]}"#),
        patient(r#""name":[{"given":["A",null],"_given":[null,{"id":"g"}],"family":"B"}]"#),
        patient(r##""contained":[{"resourceType":"Organization","id":"o","name":"N"}],"managingOrganization":{"reference":"#o"}"##),
        patient(r#""text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">on = 1 &lt; 2</div>"}"#),
        patient(r#""extension":[{"url":"u","extension":[{"url":"v","valueBoolean":false}]}]"#),
        r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","active":true}}]}"#.to_owned(),
        r#"{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"1.1","type":"display"}]}]}"#.to_owned(),
    ] {
        assert_eq!(found(&text), [], "{text}");
    }
}

#[test]
fn refuses_unknown_elements_and_wrong_types() {
    one(&patient(r#""birthdate":"1970""#), "Patient.birthdate", "structure");
    one(
        &patient(r#""name":[{"given":["A"]},{"givn":["A"]}]"#),
        "Patient.name[1].givn",
        "structure",
    );
    one(&patient(r#""active":"true""#), "Patient.active", "structure");
    one(&patient(r#""gender":1"#), "Patient.gender", "structure");
    one(&patient(r#""name":{"family":"A"}"#), "Patient.name", "structure");
    one(&patient(r#""birthDate":["1970"]"#), "Patient.birthDate", "structure");
    one(&patient(r#""name":["A"]"#), "Patient.name[0]", "structure");
    one(&patient(r#""name":[]"#), "Patient.name", "structure");
    one(&patient(r#""name":[{}]"#), "Patient.name[0]", "structure");
    one(&patient(r#""birthDate":null"#), "Patient.birthDate", "structure");
    one(&patient(r#""name":[{"given":[null]}]"#), "Patient.name[0].given[0]", "structure");
    one(&patient(r#""_name":[{"id":"x"}]"#), "Patient.name", "structure");
    one(&patient(r#""name":[{"_given":[null]}]"#), "Patient.name[0].given[0]", "structure");
    one(&patient(r#""value":1"#), "Patient.value", "structure");
    one(
        r#"{"resourceType":"Patient","contained":[{"id":"x"}]}"#,
        "Patient.contained[0].resourceType",
        "structure",
    );
    one(r#"{"resourceType":"Nobody"}"#, "resourceType", "structure");
    one("[]", "", "structure");
}

#[test]
fn refuses_what_is_missing_or_twice() {
    let text = r#"{"resourceType":"Observation","status":"final"}"#;
    one(text, "Observation.code", "required");
    let text = r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"a","valueBoolean":true}"#;
    one(text, "Observation.valueBoolean", "structure");
    let text = r#"{"resourceType":"MedicationRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"}}"#;
    one(text, "MedicationRequest.medication", "required");
    let text = r#"{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"type":"display"}]}]}"#;
    one(text, "Questionnaire.item[0].item[0].linkId", "required");
    let text = r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","gender":"x"}}]}"#;
    one(text, "Bundle.entry[0].resource.gender", "code-invalid");
}

#[test]
fn refuses_codes_that_are_not_of_their_set() {
    one(&patient(r#""gender":"f""#), "Patient.gender", "code-invalid");
    let condition = |clinical: &str| {
        format!(
            "{{\"resourceType\":\"Condition\",\"subject\":{{\"reference\":\"Patient/1\"}},\
             \"clinicalStatus\":{clinical}}}"
        )
    };
    let system = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    let coded = |code: &str| {
        condition(&format!(r#"{{"coding":[{{"system":"{system}","code":"{code}"}}]}}"#))
    };
    assert_eq!(found(&coded("active")), []);
    one(&coded("actve"), "Condition.clinicalStatus.coding", "code-invalid");
    assert_eq!(found(&condition(r#"{"text":"better"}"#)), []);
}

#[test]
fn refuses_extensions_with_both_or_neither() {
    one(&patient(r#""extension":[{"url":"u"}]"#), "Patient.extension[0]", "invariant");
    let both =
        r#""extension":[{"url":"u","valueCode":"c","extension":[{"url":"v","valueCode":"c"}]}]"#;
    one(&patient(both), "Patient.extension[0]", "invariant");
    one(&patient(r#""extension":[{"valueCode":"c"}]"#), "Patient.extension[0].url", "required");
}

#[test]
fn refuses_references_to_other_types() {
    let observation = |members: &str| {
        format!(
            "{{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{{\"text\":\"x\"}},{members}}}"
        )
    };
    for subject in [
        r#"{"reference":"Patient/1"}"#,
        r#"{"reference":"urn:uuid:x"}"#,
        r#"{"reference":"http://x.y/fhir/Group/1/_history/2"}"#,
        r#"{"reference":"http://x.y/z"}"#,
        r#"{"display":"x"}"#,
        r#"{"type":"Patient"}"#,
        r#"{"reference":"Patient?identifier=x"}"#,
    ] {
        assert_eq!(found(&observation(&format!("\"subject\":{subject}"))), [], "{subject}");
    }
    for subject in [
        r#"{"reference":"Organization/1"}"#,
        r#"{"reference":"http://x.y/fhir/Organization/1/_history/2"}"#,
        r#"{"type":"Organization","display":"x"}"#,
        r#"{"reference":"Organization?identifier=x"}"#,
    ] {
        one(&observation(&format!("\"subject\":{subject}")), "Observation.subject", "invalid");
    }
    let contained =
        r##""contained":[{"resourceType":"Organization","id":"o"}],"subject":{"reference":"#o"}"##;
    let wanted = [
        ("Observation.contained[0]".to_owned(), "invariant"),
        ("Observation.subject".to_owned(), "invalid"),
    ];
    assert_eq!(found(&observation(contained)), wanted);
    one(
        &observation(
            r#""performer":[{"reference":"Practitioner/1"},{"reference":"Medication/1"}]"#,
        ),
        "Observation.performer[1]",
        "invalid",
    );
}

#[test]
fn refuses_what_breaks_an_invariant() {
    one(&patient(r#""contact":[{"gender":"male"}]"#), "Patient.contact[0]", "invariant");
    one(
        &patient(r#""name":[{"period":{"start":"2020-02","end":"2020-01"}}]"#),
        "Patient.name[0].period",
        "invariant",
    );
    one(
        &patient(r##""managingOrganization":{"reference":"#o"}"##),
        "Patient.managingOrganization",
        "invariant",
    );
    one(
        &patient(r#""contained":[{"resourceType":"Organization","id":"o","name":"x"}]"#),
        "Patient",
        "invariant",
    );
    let organization =
        r#"{"resourceType":"Organization","name":"x","address":[{"use":"work"},{"use":"home"}]}"#;
    one(organization, "Organization.address[1]", "invariant");
    let text = r#"{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"1","type":"display"}]}]}"#;
    one(text, "Questionnaire", "invariant");
    let text = r#"{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient"}}]}"#;
    one(text, "Bundle", "invariant");
    // Inside a bundle, the resource of the entry is the root of its references.
    let text = r##"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},
        "contained":[{"resourceType":"Patient","id":"p","generalPractitioner":[{"reference":"#q"}]},{"resourceType":"Practitioner","id":"q"}],
        "subject":{"reference":"#p"}}}]}"##;
    assert_eq!(found(text), []);
}

/// What is large by design of its sender costs time in proportion only.
#[test]
fn nothing_is_quadratic() {
    let begun = std::time::Instant::now();
    let many = |make: &dyn Fn(usize) -> String| (0..30_000).map(make).collect::<Vec<_>>().join(",");
    let contained = many(&|at| format!(r#"{{"resourceType":"Patient","id":"p{at}"}}"#));
    let links = many(&|at| format!(r##"{{"reference":"#p{at}"}}"##));
    let list = format!(
        r#"{{"resourceType":"Group","type":"person","actual":true,"contained":[{contained}],"member":[{}]}}"#,
        links.replace("{\"reference", "{\"entity\":{\"reference").replace('}', "}}")
    );
    assert_eq!(found(&list), []);
    let nulls = format!(
        r#""name":[{{"given":[{}],"_given":[{}]}}]"#,
        many(&|_| "null".to_owned()),
        many(&|_| r#"{"id":"x"}"#.to_owned())
    );
    assert_eq!(found(&patient(&nulls)), []);
    let items = many(&|at| format!(r#"{{"linkId":"{at}","type":"display"}}"#));
    assert_eq!(
        found(&format!(r#"{{"resourceType":"Questionnaire","status":"draft","item":[{items}]}}"#)),
        []
    );
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
}

#[test]
fn refuses_narrative_that_acts() {
    for div in [
        "<p>no div</p>",
        "<div><script>1</script></div>",
        "<div><ScRipt src=1/></div>",
        "<div><img src='x' onerror='y'/></div>",
        "<div><a href='java\\nscript:x'>y</a></div>",
        "<div><iframe/></div>",
        "<div><a href='java&#115;cript:x'>y</a></div>",
        "<div><a href='&#x6A;avascript&#58;x'>y</a></div>",
        "<div>not closed",
        "<div><b>crossed</div></b>",
        "<div>two</div><div>of them</div>",
        "<div>x</div> and more",
        "<!DOCTYPE html><div>x</div>",
        "<div class=bare>x</div>",
        "<div> <p/> </div>",
        "<div/>",
    ] {
        let text = patient(&format!(r#""text":{{"status":"generated","div":"{div}"}}"#));
        one(&text, "Patient.text.div", "invariant");
    }
}

#[test]
fn keeps_narrative_that_is_read() {
    for div in [
        "<div>x</div>",
        " <div xmlns='http://www.w3.org/1999/xhtml'><p>&eacute;&nbsp;&#233;</p><br/></div> ",
        "<div><img src='#photo' alt=''/></div>",
        "<div><!-- a comment --><a href='http://example.org/?a=1&amp;b=2'>y</a></div>",
        "<h:div xmlns:h='http://www.w3.org/1999/xhtml'>x</h:div>",
    ] {
        let text = patient(&format!(r#""text":{{"status":"generated","div":"{div}"}}"#));
        assert_eq!(found(&text), [], "{div}");
    }
}

#[test]
fn refuses_references_that_contradict_themselves() {
    let managed = |reference: &str| patient(&format!(r#""managingOrganization":{reference}"#));
    one(&managed(r#"{"reference":"Spaceship/1"}"#), "Patient.managingOrganization", "invalid");
    one(
        &managed(r#"{"reference":"Organization/1","type":"Device"}"#),
        "Patient.managingOrganization",
        "invalid",
    );
    for fine in [
        r#"{"reference":"http://elsewhere.org/Spaceship/1"}"#,
        r#"{"reference":"Organization/1","type":"Organization"}"#,
        r#"{"reference":"Organization/1","type":"http://hl7.org/fhir/StructureDefinition/Organization"}"#,
        r#"{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}"#,
    ] {
        assert_eq!(found(&managed(fine)), [], "{fine}");
    }
}

#[test]
fn checks_the_format_of_every_primitive() {
    use Primitive::*;
    for (primitive, good, bad) in [
        (Integer, vec!["0", "-1", "2147483647"], vec!["1.0", "1e2", "2147483648", "-0"]),
        (UnsignedInt, vec!["0", "7"], vec!["-1", "1.5"]),
        (PositiveInt, vec!["1"], vec!["0", "-3"]),
        (Decimal, vec!["1.00", "-0.5e-7"], vec![&"9".repeat(61)]),
        (Code, vec!["a", "a b"], vec!["", " a", "a ", "a  b"]),
        (Id, vec!["a-1.B"], vec!["", "a_b", &"x".repeat(65)]),
        (Uri, vec!["urn:x", "Patient/1"], vec!["", "a b"]),
        (Oid, vec!["urn:oid:1.2.3"], vec!["1.2.3", "urn:oid:3.1", "urn:oid:1", "urn:oid:1.02"]),
        (
            Uuid,
            vec!["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
            vec![
                "c757873d-ec9a-4326-a141-556f43239520",
                "urn:uuid:C757873D-EC9A-4326-A141-556F43239520",
            ],
        ),
        (Base64Binary, vec!["QUJD", "QQ==", "QUI=\n"], vec!["", "QUJ", "Q===", "QQ=A", "Q!=="]),
        (
            Instant,
            vec!["2015-02-07T13:28:17.239+02:00", "2017-01-01T00:00:00Z"],
            vec!["2015-02-07", "2015-02-07T13:28:17", "2015-02-07T13:28Z", "2015-02-30T13:28:17Z"],
        ),
        (
            Date,
            vec!["2018", "1973-06", "2000-02-29"],
            vec!["18", "2018-13", "1900-02-29", "2018-1-1", "2018-01-01T"],
        ),
        (
            DateTime,
            vec!["2018", "2015-02-07T13:28:17-05:00"],
            vec!["2015-02-07T13:28", "2015-02-07T24:00:00Z", "2015-02-07 13:28:17Z"],
        ),
        (Time, vec!["13:28:17", "00:00:00.1"], vec!["13:28", "24:00:00", "13:28:17Z"]),
        (String, vec!["a\tb", " "], vec!["", "a\u{2}"]),
    ] {
        for text in good {
            assert!(primitive.accepts(text), "{primitive:?} {text:?}");
        }
        for text in bad {
            assert!(!primitive.accepts(text), "{primitive:?} {text:?}");
        }
    }
}

#[test]
fn stops_at_twenty_issues_and_refuses_with_the_right_status() {
    let names: Vec<_> = (0..50).map(|number| format!("\"x{number}\":1")).collect();
    assert_eq!(found(&patient(&names.join(","))).len(), crate::limits::ISSUES_MAX);
    let status = |text: &str| {
        let resource = Resource::parse(text.as_bytes().to_vec(), &JsonLimits::default()).unwrap();
        check(&resource).map_err(|refusal| refusal.status.code()).err()
    };
    assert_eq!(status(&patient(r#""x":1,"gender":"f""#)), Some(400));
    assert_eq!(status(&patient(r#""birthDate":"70","gender":"f""#)), Some(422));
    assert_eq!(status(&patient(r#""gender":"female""#)), None);
}

const SAMPLE: &str = r##"{"resourceType":"Observation","id":"o","meta":{"profile":["http://p"]},"status":"final","category":[{"coding":[{"system":"http://s","code":"c"}]}],"code":{"text":"t"},"subject":{"reference":"#p"},"effectiveDateTime":"2020-01-01","_issued":{"extension":[{"url":"u","valueCode":"c"}]},"component":[{"code":{"text":"t"},"valueQuantity":{"value":1.00,"unit":"mg"}}],"contained":[{"resourceType":"Patient","id":"p","name":[{"given":[null,"x"],"_given":[{"id":"i"},null]}]}]}"##;

#[test]
fn the_sample_is_valid() {
    assert_eq!(found(SAMPLE), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever takes the place of any value is refused, but a number for a
    /// decimal.
    #[test]
    fn any_value_anywhere_is_judged(which in 0_usize..60, with in 0_usize..6) {
        let document = Document::parse(SAMPLE.to_owned(), &JsonLimits::default()).unwrap();
        let mut places = Vec::new();
        let mut open = vec![document.root()];
        while let Some(value) = open.pop() {
            places.push((value.span(), value.kind()));
            open.extend(value.items());
            open.extend(value.fields().map(|(_, held)| held));
        }
        let (span, kind) = places[which % places.len()].clone();
        let with = ["{}", "[]", "\"\"", "-1", "true", "null"][with];
        let mutated = format!("{}{with}{}", &SAMPLE[..span.start], &SAMPLE[span.end..]);
        let found = found(&mutated);
        prop_assert!(found.len() <= crate::limits::ISSUES_MAX);
        let number = kind == crate::json::Kind::Number && with == "-1";
        prop_assert_eq!(found.is_empty(), number || mutated == SAMPLE, "{}", mutated);
    }
}
