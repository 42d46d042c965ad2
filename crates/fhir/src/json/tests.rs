use proptest::prelude::*;

use super::*;
use crate::limits::JsonLimits;

fn parse(text: &str) -> Result<Document, JsonError> {
    Document::parse(text.to_owned(), &JsonLimits::default())
}

fn refused(text: &str) -> JsonError {
    parse(text).expect_err(text)
}

#[test]
fn keeps_the_text_of_every_value() {
    let text = " {\"a\" : 1.00, \"b\":[true,null , -0.5e+3],\"c\":{\"d\":\"x\\u00e9\\n\"}}\n";
    let document = parse(text).unwrap();
    let root = document.root();
    assert_eq!(document.text(), text);
    assert_eq!(root.get("a").unwrap().number_text(), Some("1.00"));
    let items: Vec<_> = root.get("b").unwrap().items().map(Value::raw).collect();
    assert_eq!(items, ["true", "null", "-0.5e+3"]);
    let inner = root.get("c").unwrap().get("d").unwrap();
    assert_eq!(inner.as_str().unwrap(), "xé\n");
    assert_eq!(inner.raw(), "\"x\\u00e9\\n\"");
    assert_eq!(&text[inner.span()], inner.raw());
    assert_eq!(root.len(), 3);
    let names: Vec<_> = root.members().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(document.into_text(), text);
}

#[test]
fn each_takes_one_or_many() {
    let document = parse(r#"{"one":{"x":1},"many":[1,[2],3],"none":[]}"#).unwrap();
    let count = |name| document.root().each(name).count();
    assert_eq!((count("one"), count("many"), count("none"), count("absent")), (1, 3, 0, 0));
}

#[test]
fn refuses_what_the_rfc_refuses() {
    for (text, offset) in [
        ("", 0),
        ("{", 1),
        ("[1,]", 3),
        ("{\"a\":1,}", 7),
        ("{\"a\":}", 5),
        ("{\"a\" 1}", 5),
        ("{a:1}", 1),
        ("[1 2]", 3),
        ("01", 0),
        ("-", 1),
        ("1.", 2),
        ("1e", 2),
        (".5", 0),
        ("+1", 0),
        ("NaN", 0),
        ("tru", 0),
        ("\"\\x\"", 1),
        ("\"\\u12g4\"", 1),
        ("\"\\ud800\"", 1),
        ("\"\\ud800\\u0041\"", 1),
        ("\"\\udc00\"", 1),
        ("\"a\u{1}\"", 2),
        ("\"abc", 4),
        ("{} {}", 3),
        ("[1}", 2),
        ("{\"a\":1]", 6),
        ("'a'", 0),
        ("/* */1", 0),
        ("\u{feff}{}", 0),
        ("\u{a0}1", 0),
    ] {
        assert_eq!(refused(text).offset, offset, "{text:?}");
    }
}

#[test]
fn says_where_a_fault_is() {
    let error = refused("{\"resourceType\":\"Patient\",\n \"name\":[{},{\"given\":[\"é\",tru]}]}");
    assert_eq!((error.line, error.column), (2, 27));
    assert_eq!(error.path, "Patient.name[1].given[1]");
    assert_eq!(error.kind, JsonErrorKind::Syntax);
    assert!(error.to_string().starts_with("line 2, column 27, at Patient.name[1].given[1]: "));
}

#[test]
fn refuses_a_name_that_occurs_twice() {
    let error = refused(r#"{"resourceType":"Patient","name":[{"use":"usual","use":"x"}]}"#);
    assert_eq!(error.kind, JsonErrorKind::DuplicateKey);
    assert_eq!(error.path, "Patient.name[0].use");
    assert_eq!(error.offset, 49);
    assert!(error.message.contains("\"use\""));
    assert_eq!(refused(r#"{"a":1,"\u0061":2}"#).kind, JsonErrorKind::DuplicateKey);
    let many: String = (0..100).map(|number| format!("\"m{number}\":[{number}],")).collect();
    assert!(parse(&format!("{{{many}\"last\":0}}")).is_ok());
    let error = refused(&format!("{{{many}\"m7\":0}}"));
    assert_eq!((error.kind, error.path.as_str()), (JsonErrorKind::DuplicateKey, "m7"));
}

#[test]
fn refuses_what_is_over_a_limit() {
    let limits = JsonLimits { depth_max: 3, nodes_max: 6, text_bytes_max: 40 };
    let kind = |text: &str| Document::parse(text.to_owned(), &limits).map_err(|e| e.kind).err();
    assert_eq!(kind("[[[1]]]"), None);
    assert_eq!(kind("[[[[1]]]]"), Some(JsonErrorKind::TooDeep));
    assert_eq!(kind("[1,2,3,4,5]"), None);
    assert_eq!(kind("[1,2,3,4,5,6]"), Some(JsonErrorKind::TooMany));
    assert_eq!(kind(&" ".repeat(41)), Some(JsonErrorKind::TooLarge));
    let deep = "[".repeat(1_000_000);
    assert_eq!(refused(&deep).kind, JsonErrorKind::TooDeep);
}

#[test]
fn refuses_bytes_that_are_not_utf8() {
    let error = Document::parse_bytes(b"{\n\"a\xff\"}".to_vec(), &JsonLimits::default());
    let error = error.unwrap_err();
    assert_eq!((error.kind, error.line, error.column), (JsonErrorKind::Encoding, 2, 3));
}

#[test]
fn splices_without_touching_the_rest() {
    let mut edits = vec![Edit::insert(6, "<"), Edit::replace(0..1, "[["), Edit::insert(6, ">")];
    assert_eq!(splice("(héllo)", &mut edits), "[[héll<>o)");
    assert_eq!(splice("same", &mut []), "same");
}

#[test]
fn writes_compact_json() {
    let mut writer = Writer::new();
    writer.begin_object().field("a", "q\"\\\u{1}\né").key("b").begin_array();
    writer.number("1.00").bool(true).null().begin_object().end_object().end_array();
    writer.field_raw("c", "{\"d\":0}").key("e").integer(-3).end_object();
    let text = writer.finish();
    assert_eq!(text, r#"{"a":"q\"\\\u0001\né","b":[1.00,true,null,{}],"c":{"d":0},"e":-3}"#);
    assert!(parse(&text).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_string_comes_back(text in any::<String>()) {
        let document = parse(&quoted(&text)).unwrap();
        prop_assert_eq!(document.root().as_str().unwrap(), text.as_str());
        prop_assert!(document.root().is_str(&text));
    }

    #[test]
    fn agrees_with_serde_json(text in "[\\[\\]{}\",:\\\\ a0-3.eu\\-tn]{0,24}") {
        let ours = parse(&text);
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        match (&ours, &theirs) {
            (Err(error), Ok(_)) => prop_assert_eq!(error.kind, JsonErrorKind::DuplicateKey),
            // A number that no float holds is no fault of the text.
            (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("out of range")),
            _ => {}
        }
    }

    #[test]
    fn cut_texts_are_refused_with_a_place(cut in 1_usize..74) {
        let text = r#"{"resourceType":"Patient","name":[{"given":["A\u00e9\\"],"x":-1.5e3}],"y":true}"#;
        let error = refused(&text[..cut]);
        prop_assert!(error.offset <= cut && error.line == 1);
    }
}
