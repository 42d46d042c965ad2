use super::*;
use proptest::prelude::*;

fn through(plain: &[u8]) -> Option<(usize, usize, Vec<u8>)> {
    let close = take_out(plain)?;
    let mut stored = close.habit.as_slice();
    let spaces = habit(&mut stored)?;
    assert!(stored.is_empty());
    let back = put_back(&close.text, &spaces, plain.len())?;
    Some((close.text.len(), spaces.differing.len(), back))
}

const MEMBERS: &str = "{\n      \"resourceType\": \"X\",\n      \"meta\": {\n        \"profile\": [ \"a\", \"b: [ {\" ]\n      },\n      \"code\": {\n        \"coding\": [ {\n          \"system\": \"s\\\"\",\n          \"code\": -1.50\n        }, {\n          \"code\": \"c}\"\n        } ],\n        \"none\": [ ]\n      }\n    }";

#[test]
fn habits_are_known() {
    let elements = "{\n  \"a\": [\n    {\n      \"b\": 1,\n      \"c\": {}\n    },\n    [],\n    2\n  ],\n  \"d\": true\n}";
    let four = elements.replace("  ", "    ");
    let line = r#"{"a": [{"b": 1, "c": {}}, [], 2], "d": true, "e": "x, y: z"}"#;
    for (text, differing) in [(MEMBERS, 1), (elements, 0), (&four, 0), (line, 0)] {
        let (length, found, back) = through(text.as_bytes()).unwrap();
        assert_eq!(back, text.as_bytes());
        assert_eq!(found, differing, "{text}");
        assert!(length < text.len());
    }
}

#[test]
fn what_the_server_puts_in_differs_in_few_places() {
    let text =
        MEMBERS.replace("\"meta\": {", "\"meta\": {\"versionId\":\"1\",\"lastUpdated\":\"2026\",");
    let (_, differing, back) = through(text.as_bytes()).unwrap();
    assert_eq!(back, text.as_bytes());
    assert!(differing <= 6, "{differing}");
}

#[test]
fn close_texts_are_left_alone() {
    assert!(take_out(br#"{"a":1,"b":[1,2]}"#).is_none());
    assert!(take_out(b"").is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_text_comes_back_or_is_left_alone(
        parts in proptest::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"a\"", "\"", "\\", " ", "\n", "\n  ", "\n    ", "1.0",
                "true", "\t", "\": ", "[ ",
            ]),
            0..60,
        ),
        start in prop::sample::select(vec!["{\n  ", "{\n      \"a\": [ ", "{\"a\": ", ""]),
    ) {
        let text = format!("{start}{}", parts.concat());
        if let Some(close) = take_out(text.as_bytes()) {
            let mut stored = close.habit.as_slice();
            let spaces = habit(&mut stored).unwrap();
            prop_assert_eq!(put_back(&close.text, &spaces, text.len()), Some(text.into_bytes()));
        }
    }

    #[test]
    fn no_bytes_break_it(
        stored in proptest::collection::vec(any::<u8>(), 0..40),
        text in proptest::collection::vec(any::<u8>(), 0..60),
        whole in 0_usize..4000,
    ) {
        let mut stored = stored.as_slice();
        if let Some(spaces) = habit(&mut stored) {
            let _ = put_back(&text, &spaces, whole);
        }
    }
}
