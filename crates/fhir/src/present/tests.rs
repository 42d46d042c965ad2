use proptest::prelude::*;

use super::*;
use crate::json::{Document, Kind, Value};
use crate::limits::JsonLimits;

const PATIENT: &str = r##" {"resourceType":"Patient","id":"p","meta":{"versionId":"3","profile":["http://x.example/p"]},
 "implicitRules":"http://x.example/r","language":"fr","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">A</div>"},
 "contained":[{"resourceType":"Organization","id":"o","name":"O"}],
 "extension":[{"url":"http://x.example/e","valueDecimal":1.00}],
 "modifierExtension":[{"url":"http://x.example/m","valueDecimal":2.50}],
 "identifier":[{"system":"http://x.example/i","value":"\u00e9","assigner":{"reference":"#o"}}],
 "active":true,"name":[{"family":"Roy","given":["A",null],"_given":[null,{"extension":[{"url":"http://x.example/e","valueString":"s"}]}]}],
 "photo":[{"contentType":"image/png","data":"AAAA"}],
 "contact":[{"name":{"text":"C"}}],"birthDate":"1980-01-01","_birthDate":{"extension":[{"url":"http://x.example/t","valueString":"t"}]},
 "link":[{"id":"l","other":{"reference":"Patient/q","display":"Q"},"type":"seealso"}]}
"##;

const OBSERVATION: &str = r#"{"resourceType":"Observation","meta":{"tag":[]},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">A</div>"},"status":"final","code":{"coding":[{"code":"x","extension":[{"url":"http://x.example/e","valueString":"s"}]}],"text":"x"},"valueQuantity":{"value":1.00,"unit":"mg"},"referenceRange":[{"low":{"value":0.10}}],"component":[{"code":{"text":"c"},"valueQuantity":{"value":1e2},"interpretation":[{"text":"H"}]}]}"#;

fn parse(text: &str) -> Document {
    Document::parse(text.to_owned(), &JsonLimits::default()).unwrap()
}

fn how(summary: Option<&str>, elements: Option<&str>, kind: Option<&str>) -> Presentation {
    Presentation::parse(summary, elements, None, kind).unwrap()
}

/// Member names of an object, without meta and what always leads.
fn names(text: &str) -> Vec<String> {
    let document = parse(text);
    let names = document.root().members().map(|(name, _)| name.into_owned());
    names.filter(|name| name != "resourceType" && name != "meta").collect()
}

fn subset(text: &str, how: &Presentation) -> String {
    let written = resource(text, how).unwrap();
    let document = parse(&written);
    let tags = document.root().get("meta").unwrap().get("tag").unwrap();
    let tagged = tags.items().filter(|tag| tag.get("code").unwrap().is_str("SUBSETTED")).count();
    assert_eq!(tagged, 1, "{written}");
    // A summary leaves `contained` out, and what refers into it stays.
    let mut issues = crate::validate::issues(document.root());
    issues.retain(|issue| !issue.diagnostics.contains("(ref-1)"));
    assert_eq!(issues, [], "{written}");
    assert_eq!(resource(&written, how).unwrap(), written, "a second time changes nothing");
    written
}

#[test]
fn a_summary_has_the_summary_elements() {
    let written = subset(PATIENT, &how(Some("true"), None, None));
    let expected = [
        "id",
        "implicitRules",
        "modifierExtension",
        "identifier",
        "active",
        "name",
        "birthDate",
        "_birthDate",
        "link",
    ];
    assert_eq!(names(&written), expected);
    let document = parse(&written);
    let root = document.root();
    let meta = root.get("meta").unwrap();
    assert_eq!(meta.get("versionId").unwrap().raw(), "\"3\"");
    assert_eq!(
        root.get("identifier").unwrap().items().next().unwrap().get("value").unwrap().raw(),
        "\"\\u00e9\""
    );
    assert!(written.contains("\"valueDecimal\":2.50"));
    let link = root.get("link").unwrap().items().next().unwrap();
    assert_eq!(link.raw(), r#"{"other":{"reference":"Patient/q","display":"Q"},"type":"seealso"}"#);
    let written = subset(OBSERVATION, &how(Some("true"), None, None));
    assert_eq!(names(&written), ["status", "code", "valueQuantity", "component"]);
    assert!(written.contains(r#""value":1.00"#) && written.contains("1e2"));
    assert!(!written.contains("interpretation") && !written.contains("x.example/e"));
}

#[test]
fn the_other_summaries() {
    let written = subset(OBSERVATION, &how(Some("text"), None, None));
    assert_eq!(names(&written), ["text", "status", "code"]);
    let written = subset(PATIENT, &how(Some("data"), None, None));
    assert!(!names(&written).contains(&"text".to_owned()));
    assert_eq!(names(&written).len(), names(PATIENT).len() - 1);
    let whole = how(Some("false"), None, None);
    assert_eq!(resource(PATIENT, &whole).unwrap(), PATIENT);
    let refused = resource(PATIENT, &how(Some("count"), None, None)).unwrap_err();
    assert_eq!(refused.status.code(), 400);
    assert_eq!(Summary::parse("True").unwrap_err().expression.as_deref(), Some("_summary"));
}

#[test]
fn elements_by_name_with_and_without_their_type() {
    let chosen = |list: &str, text: &str| names(&subset(text, &how(None, Some(list), None)));
    let always = ["id", "implicitRules", "modifierExtension"];
    let with = |more: &[&'static str]| [&always[..], more].concat();
    assert_eq!(chosen("name", PATIENT), with(&["name"]));
    assert_eq!(
        chosen("Patient.birthDate,active", PATIENT),
        with(&["active", "birthDate", "_birthDate"])
    );
    assert_eq!(chosen("Observation.value", OBSERVATION), ["status", "code", "valueQuantity"]);
    assert_eq!(chosen("valueQuantity", OBSERVATION), ["status", "code", "valueQuantity"]);
    assert_eq!(chosen("value[x]", OBSERVATION), ["status", "code", "valueQuantity"]);
    let nested = subset(PATIENT, &how(None, Some("name.family, link.other"), Some("Patient")));
    assert!(nested.contains(r#""name":[{"family":"Roy"}]"#), "{nested}");
    assert!(nested.contains(
        r#""link":[{"other":{"reference":"Patient/q","display":"Q"},"type":"seealso"}]"#
    ));
    // A type of which nothing is asked is given whole.
    let other = how(None, Some("Patient.name"), None);
    assert_eq!(resource(OBSERVATION, &other).unwrap(), OBSERVATION);
}

#[test]
fn wrong_elements_are_refused() {
    for (list, kind) in [
        ("", None),
        (",", None),
        ("nonsense", None),
        ("birthDate", Some("Observation")),
        ("Patient.valueQuantity", None),
        ("name.family.x", Some("Patient")),
        ("birthDate.x", Some("Patient")),
        (&"name.".repeat(20), None),
        (&"name,".repeat(65), None),
    ] {
        let refused = Presentation::parse(None, Some(list), None, kind).unwrap_err();
        assert_eq!(refused.status.code(), 400, "{list}");
        assert_eq!(refused.expression.as_deref(), Some("_elements"));
    }
    assert!(Presentation::parse(Some("true"), Some("name"), None, None).is_err());
    assert!(Presentation::parse(Some("false"), Some("name"), None, None).is_ok());
    assert!(Presentation::parse(None, None, Some("yes"), None).is_err());
}

#[test]
fn every_entry_of_a_bundle_but_outcomes() {
    let outcome = crate::outcome::information("x");
    let text = format!(
        r#"{{"resourceType":"Bundle","type":"searchset","total":2,"link":[{{"relation":"self","url":"http://x"}}],
        "entry":[{{"fullUrl":"http://x/1","resource":{PATIENT},"search":{{"mode":"match"}}}},{{"resource":{OBSERVATION}}},{{"resource":{outcome}}},{{"response":{{"status":"204"}}}}]}}"#
    );
    let written = bundle(&text, &how(None, Some("Patient.name,code"), None)).unwrap();
    let document = parse(&written);
    let entries: Vec<_> = document.root().each("entry").collect();
    let first = how(None, Some("name"), None);
    assert_eq!(entries[0].get("resource").unwrap().raw(), resource(PATIENT, &first).unwrap());
    let second = how(None, Some("code"), None);
    assert_eq!(entries[1].get("resource").unwrap().raw(), resource(OBSERVATION, &second).unwrap());
    assert_eq!(entries[2].get("resource").unwrap().raw(), outcome);
    assert!(written.contains(r#""link":[{"relation":"self""#));
    let counted = bundle(&text, &how(Some("count"), None, None)).unwrap();
    assert_eq!(
        counted,
        r#"{"resourceType":"Bundle","type":"searchset","total":2,"link":[{"relation":"self","url":"http://x"}]}"#
    );
    let history = r#"{"resourceType":"Bundle","type":"history"}"#;
    assert!(bundle(history, &how(Some("count"), None, None)).is_err());
}

#[test]
fn a_pretty_text_has_a_line_for_each_member() {
    let text = r#"{"a":[1.00,{"b":"x,\"{y"},[],{ }],"c":null}"#;
    let expected = "{\n  \"a\": [\n    1.00,\n    {\n      \"b\": \"x,\\\"{y\"\n    },\n    [],\n    {}\n  ],\n  \"c\": null\n}\n";
    assert_eq!(pretty(text), expected);
    let how = Presentation::parse(None, None, Some("true"), None).unwrap();
    assert_eq!(pretty(&resource(PATIENT, &how).unwrap()), resource(PATIENT, &how).unwrap());
}

/// Every token but punctuation, in order.
fn tokens<'d>(value: Value<'d>, found: &mut Vec<&'d str>) {
    match value.kind() {
        Kind::Object => value.fields().for_each(|(key, held)| {
            found.push(key.raw());
            tokens(held, found);
        }),
        Kind::Array => {
            found.push("[");
            value.items().for_each(|item| tokens(item, found));
            found.push("]");
        }
        _ => found.push(value.raw()),
    }
}

fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,3})?",
        any::<String>().prop_map(|text| crate::json::quoted(&text)),
        Just("\"\\u00e9\\\\\\/\"".to_owned()),
        Just("null".to_owned()),
        Just("true".to_owned()),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let spaced = ("[ \n\t]{0,2}", inner).prop_map(|(space, value)| space + &value);
        prop_oneof![
            prop::collection::vec(spaced.clone(), 0..6)
                .prop_map(|items| format!("[{} ]", items.join(" ,"))),
            prop::collection::btree_map("[a-z\\[{,:é]{1,4}", spaced, 0..6).prop_map(|members| {
                let members = members
                    .iter()
                    .map(|(name, value)| format!("{} :{value}", crate::json::quoted(name)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(",\n"))
            }),
        ]
    })
}

/// Two spellings of the same subset: a list of numbers put into Observations.
fn observation() -> impl Strategy<Value = String> {
    let number = "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,6})?(e[+-]?[0-9]{1,2})?";
    prop::collection::vec((number, number, any::<bool>()), 1..4).prop_map(|parts| {
        let component = parts.iter().map(|(value, low, ranged)| {
            let range = format!(r#","referenceRange":[{{"low":{{"value": {low}}}}}]"#);
            format!(
                r#"{{"code":{{"text":"c\u0041"}} ,"valueQuantity":{{"value":{value}}}{}}}"#,
                if *ranged { range.as_str() } else { "" }
            )
        });
        let component: Vec<String> = component.collect();
        format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"component":[{}],"note":[{{"text":"n"}}]}}"#,
            component.join(", ")
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn pretty_changes_no_token(text in any_json()) {
        let laid_out = pretty(&text);
        let (one, other) = (parse(&text), parse(&laid_out));
        let (mut before, mut after) = (Vec::new(), Vec::new());
        tokens(one.root(), &mut before);
        tokens(other.root(), &mut after);
        prop_assert_eq!(before, after);
        prop_assert_eq!(pretty(&laid_out), laid_out);
    }

    #[test]
    fn pretty_never_panics(text in any::<String>()) {
        pretty(&text);
    }

    #[test]
    fn a_subset_has_tokens_of_the_whole_in_their_order(
        text in observation(),
        which in prop_oneof![
            Just((Some("true"), None)),
            Just((Some("text"), None)),
            Just((Some("data"), None)),
            Just((None, Some("component.value,note"))),
            Just((None, Some("Observation.component"))),
        ],
    ) {
        let written = subset(&text, &how(which.0, which.1, None));
        let (one, other) = (parse(&text), parse(&written));
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (name, held) in one.root().members() {
            if name != "meta" { tokens(held, &mut before); }
        }
        for (name, held) in other.root().members() {
            if name != "meta" { tokens(held, &mut after); }
        }
        let mut rest = before.iter();
        for token in &after {
            prop_assert!(rest.any(|held| held == token), "{token} in {written}");
        }
    }
}
