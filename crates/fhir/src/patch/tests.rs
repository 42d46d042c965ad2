use proptest::prelude::*;

use super::equal::equal_numbers;
use super::json_patch::{apply, patched};
use super::pointer::Pointer;
use crate::json::{Document, quoted};
use crate::limits::JsonLimits;
use crate::resource::Resource;

fn document(text: &str) -> Document {
    Document::parse(text.to_owned(), &JsonLimits::default()).expect(text)
}

fn by(text: &str, patch: &str) -> Result<String, (u16, String)> {
    patched(&document(text), &document(patch))
        .map_err(|refusal| (refusal.status.code(), refusal.diagnostics))
}

fn status(text: &str, patch: &str) -> u16 {
    by(text, patch).expect_err(patch).0
}

/// RFC 6902, appendix A, by its numbers; facts restated with values of ours.
#[test]
fn the_operations_of_the_rfc() {
    for (text, patch, expected) in [
        // A.1, A.2, A.16: adding a member, an item, an array.
        (
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz","value":"qux"}]"#,
            r#"{"foo":"bar","baz":"qux"}"#,
        ),
        (
            r#"{"f":["a","b"]}"#,
            r#"[{"op":"add","path":"/f/1","value":"q"}]"#,
            r#"{"f":["a","q","b"]}"#,
        ),
        (
            r#"{"f":["a"]}"#,
            r#"[{"op":"add","path":"/f/-","value":["b","c"]}]"#,
            r#"{"f":["a",["b","c"]]}"#,
        ),
        (r#"{"f":["a"]}"#, r#"[{"op":"add","path":"/f/1","value":1.00}]"#, r#"{"f":["a",1.00]}"#),
        // §4.1: an existing member gives way.
        (r#"{"f":1}"#, r#"[{"op":"add","path":"/f","value":2.50}]"#, r#"{"f":2.50}"#),
        // A.3, A.4: removing.
        (r#"{"b":"q","f":"r"}"#, r#"[{"op":"remove","path":"/b"}]"#, r#"{"f":"r"}"#),
        (r#"{"f":["a","q","b"]}"#, r#"[{"op":"remove","path":"/f/1"}]"#, r#"{"f":["a","b"]}"#),
        // A.5: replacing.
        (
            r#"{"b":"q","f":1.0}"#,
            r#"[{"op":"replace","path":"/b","value":"x"}]"#,
            r#"{"b":"x","f":1.0}"#,
        ),
        // A.6, A.7: moving.
        (
            r#"{"f":{"b":"z","w":1e2},"q":{"c":"g"}}"#,
            r#"[{"op":"move","from":"/f/w","path":"/q/t"}]"#,
            r#"{"f":{"b":"z"},"q":{"c":"g","t":1e2}}"#,
        ),
        (
            r#"{"f":["all","grass","cows","eat"]}"#,
            r#"[{"op":"move","from":"/f/1","path":"/f/3"}]"#,
            r#"{"f":["all","cows","eat","grass"]}"#,
        ),
        // A.8, A.14: tests, and the order of escapes.
        (
            r#"{"b":"q","f":["a",2,"c"]}"#,
            r#"[{"op":"test","path":"/b","value":"q"},{"op":"test","path":"/f/1","value":2}]"#,
            r#"{"b":"q","f":["a",2,"c"]}"#,
        ),
        (r#"{"/":9,"~1":10}"#, r#"[{"op":"test","path":"/~01","value":10}]"#, r#"{"/":9,"~1":10}"#),
        // A.11: unknown members are no fault. An empty patch does nothing.
        (
            r#"{"f":"b"}"#,
            r#"[{"op":"add","path":"/z","value":"q","xyz":123}]"#,
            r#"{"f":"b","z":"q"}"#,
        ),
        (r#"{ "f" : 1.0 }"#, "[]", r#"{ "f" : 1.0 }"#),
        // Copying, also into itself; the whole document; names that need care.
        (
            r#"{"a":{"n":1.10}}"#,
            r#"[{"op":"copy","from":"/a","path":"/a/b"}]"#,
            r#"{"a":{"n":1.10,"b":{"n":1.10}}}"#,
        ),
        (r#"{"a":1}"#, r#"[{"op":"replace","path":"","value":{"b":[2.0]}}]"#, r#"{"b":[2.0]}"#),
        (r#"{"a":1}"#, r#"[{"op":"move","from":"/a","path":"/a"}]"#, r#"{"a":1}"#),
        (r#"{"":{"":1}}"#, r#"[{"op":"replace","path":"//","value":2}]"#, r#"{"":{"":2}}"#),
        (
            r#"{"\u0061":1,"b":2}"#,
            r#"[{"op":"remove","path":"/b"},{"op":"replace","path":"/a","value":"\u0062"}]"#,
            r#"{"\u0061":"\u0062"}"#,
        ),
    ] {
        assert_eq!(by(text, patch).as_deref(), Ok(expected), "{patch}");
    }
}

#[test]
fn what_is_malformed_is_400_and_what_leads_nowhere_422() {
    let text = r#"{"a":{"b":1},"l":[1,2],"s":"x"}"#;
    for patch in [
        "{}",
        "1",
        "[1]",
        "[{}]",
        r#"[{"op":1,"path":"/a"}]"#,
        r#"[{"op":"add","path":"/a"}]"#,
        r#"[{"op":"add","value":1}]"#,
        r#"[{"op":"add","path":1,"value":1}]"#,
        r#"[{"op":"add","path":"a","value":1}]"#,
        r#"[{"op":"add","path":"/a~2","value":1}]"#,
        r#"[{"op":"add","path":"/a~","value":1}]"#,
        r#"[{"op":"move","path":"/a"}]"#,
        r#"[{"op":"copy","path":"/a","from":"b"}]"#,
        r#"[{"op":"ADD","path":"/a","value":1}]"#,
        r#"[{"op":"replace","path":"/s","value":1},{"op":"x","path":""}]"#,
    ] {
        assert_eq!(status(text, patch), 400, "{patch}");
    }
    for patch in [
        r#"[{"op":"remove","path":"/x"}]"#,
        r#"[{"op":"remove","path":""}]"#,
        r#"[{"op":"remove","path":"/l/2"}]"#,
        r#"[{"op":"remove","path":"/l/-"}]"#,
        r#"[{"op":"remove","path":"/l/00"}]"#,
        r#"[{"op":"replace","path":"/x","value":1}]"#,
        r#"[{"op":"replace","path":"/l/01","value":1}]"#,
        r#"[{"op":"add","path":"/x/y","value":1}]"#,
        r#"[{"op":"add","path":"/l/3","value":1}]"#,
        r#"[{"op":"add","path":"/l/+1","value":1}]"#,
        r#"[{"op":"add","path":"/l/99999999999999999999","value":1}]"#,
        r#"[{"op":"add","path":"/s/0","value":1}]"#,
        r#"[{"op":"move","from":"/a","path":"/a/b/c"}]"#,
        r#"[{"op":"move","from":"/x","path":"/a"}]"#,
        r#"[{"op":"copy","from":"/x","path":"/a"}]"#,
        r#"[{"op":"test","path":"/x","value":null}]"#,
        r#"[{"op":"test","path":"/s","value":"y"}]"#,
        r#"[{"op":"test","path":"/l","value":[2,1]}]"#,
        r#"[{"op":"test","path":"/l","value":{"0":1}}]"#,
        r#"[{"op":"test","path":"/l/0","value":"1"}]"#,
    ] {
        assert_eq!(status(text, patch), 422, "{patch}");
    }
    let (_, told) =
        by(text, r#"[{"op":"test","path":"/s","value":"x"},{"op":"remove","path":"/l/7"}]"#)
            .unwrap_err();
    assert!(told.starts_with("Operation 1 (remove /l/7): "), "{told}");
}

#[test]
fn tests_compare_values_not_texts() {
    let text =
        r#"{"n":1.00,"s":"\u00e9","o":{"a":1,"b":[true,null]},"big":12345678901234567890.1}"#;
    for (path, value) in [
        ("/n", "1"),
        ("/n", "10e-1"),
        ("/s", "\"é\""),
        ("/o", r#"{"b":[true,null],"a":1.0}"#),
        ("/big", "12345678901234567890.10"),
    ] {
        let patch = format!(r#"[{{"op":"test","path":"{path}","value":{value}}}]"#);
        assert_eq!(by(text, &patch).as_deref(), Ok(text), "{patch}");
    }
    assert_eq!(
        status(text, r#"[{"op":"test","path":"/big","value":12345678901234567890.2}]"#),
        422
    );
    for (one, other, same) in [
        ("0", "-0.0", true),
        ("0e9", "0", true),
        ("100", "1e2", true),
        ("1E+2", "0.1e3", true),
        ("-1.50", "-1.5", true),
        ("1.5", "-1.5", false),
        ("1e400", "1e401", false),
        ("1e99999999999999999999", "1", false),
        ("0.10", "0.01", false),
    ] {
        assert_eq!(equal_numbers(one, other), same, "{one} {other}");
    }
}

#[test]
fn what_a_patch_empties_goes() {
    let text = r#"{"a":[{"b":[1]}],"c":2}"#;
    assert_eq!(by(text, r#"[{"op":"remove","path":"/a/0/b/0"}]"#).as_deref(), Ok(r#"{"c":2}"#));
    let refilled = r#"[{"op":"remove","path":"/a/0"},{"op":"add","path":"/a/-","value":3.0}]"#;
    assert_eq!(by(text, refilled).as_deref(), Ok(r#"{"a":[3.0],"c":2}"#));
    let added = r#"[{"op":"add","path":"/d","value":[]},{"op":"add","path":"/d/0","value":4}]"#;
    assert_eq!(by(text, added).unwrap(), r#"{"a":[{"b":[1]}],"c":2,"d":[4]}"#);
}

#[test]
fn limits_end_what_grows_without_end() {
    let doubled = vec![r#"{"op":"copy","from":"/a","path":"/a/-"}"#; 60].join(",");
    assert_eq!(status(r#"{"a":["xxxxxxxxxx"]}"#, &format!("[{doubled}]")), 413);
    let deeper = vec![r#"{"op":"copy","from":"","path":"/a"}"#; 80].join(",");
    assert_eq!(status(r#"{"a":1}"#, &format!("[{deeper}]")), 413);
    let many = vec![r#"{"op":"test","path":"","value":{}}"#; 1_001].join(",");
    assert_eq!(status("{}", &format!("[{many}]")), 413);
}

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","name":[{"family":"Roy"}],"multipleBirthInteger":2,"extension":[{"url":"http://x.example/e","valueDecimal":1.00}]}"#;

fn patient(patch: &str) -> Result<String, u16> {
    let resource = Resource::of_document(document(PATIENT)).unwrap();
    apply(&resource, &document(patch))
        .map(Resource::into_text)
        .map_err(|refusal| refusal.status.code())
}

#[test]
fn a_resource_stays_one() {
    let renamed = patient(r#"[{"op":"replace","path":"/name/0/family","value":"Côté"}]"#).unwrap();
    assert_eq!(renamed, PATIENT.replace("Roy", "Côté"));
    let nameless = patient(r#"[{"op":"remove","path":"/name/0"}]"#).unwrap();
    assert_eq!(nameless, PATIENT.replace(r#""name":[{"family":"Roy"}],"#, ""));
    for patch in [
        r#"[{"op":"replace","path":"/id","value":"q"}]"#,
        r#"[{"op":"remove","path":"/id"}]"#,
        r#"[{"op":"replace","path":"/resourceType","value":"Practitioner"}]"#,
        r#"[{"op":"remove","path":"/resourceType"}]"#,
        r#"[{"op":"replace","path":"","value":[]}]"#,
        r#"[{"op":"add","path":"/gender","value":"m"}]"#,
        r#"[{"op":"add","path":"/nonsense","value":1}]"#,
        r#"[{"op":"add","path":"/contact","value":[]}]"#,
        r#"[{"op":"remove","path":"/extension/0/url"}]"#,
    ] {
        assert_eq!(patient(patch), Err(422), "{patch}");
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// An object of arrays and numbers, and names that need escapes.
fn object() -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    let number = "-?(0|[1-9][0-9]{0,4})(\\.[0-9]{1,5})?";
    let items = prop::collection::vec(number, 1..5);
    prop::collection::btree_map("[a-c~/é\"]{1,3}", items, 2..6)
        .prop_map(|members| members.into_iter().collect())
}

fn written(members: &[(String, Vec<String>)]) -> String {
    let members =
        members.iter().map(|(name, items)| format!("{}:[{}]", quoted(name), items.join(",")));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_patch_and_its_inverse_leave_everything(members in object(), pick in any::<prop::sample::Index>(), at in any::<prop::sample::Index>()) {
        let text = written(&members);
        let (name, items) = pick.get(&members);
        let at = at.index(items.len());
        let path = quoted(&format!("/{}/{at}", escaped(name)));
        let held = &items[at];
        let there_and_back = format!(
            r#"[{{"op":"test","path":{path},"value":{held}}},{{"op":"remove","path":{path}}},{{"op":"add","path":{path},"value":{held}}},
                {{"op":"copy","from":{path},"path":"/new"}},{{"op":"remove","path":"/new"}},
                {{"op":"replace","path":{path},"value":"x"}},{{"op":"replace","path":{path},"value":{held}}},
                {{"op":"move","from":{path},"path":"/zz"}},{{"op":"move","from":"/zz","path":{path}}}]"#
        );
        prop_assert_eq!(by(&text, &there_and_back), Ok(text));
    }

    #[test]
    fn a_pointer_reads_what_was_escaped(names in prop::collection::vec(any::<String>(), 0..5)) {
        let text: String = names.iter().map(|name| format!("/{}", escaped(name))).collect();
        let pointer = Pointer::parse(&text).unwrap();
        prop_assert_eq!(pointer.tokens(), &names[..]);
    }

    #[test]
    fn any_patch_is_answered(members in object(), operations in prop::collection::vec(
        (prop_oneof!["add|remove|replace|move|copy|test".prop_map(String::from), Just("x".into())], "(/[a-c0-2~/-]{1,2}){0,3}", "(/[a-c0-2]{1,2}){0,2}", "[0-9]|\\[\\]|\\{\\}|null"), 0..6)) {
        let operations = operations.iter().map(|(op, path, from, value)| {
            format!(r#"{{"op":"{op}","path":"{path}","from":"{from}","value":{value}}}"#)
        });
        let patch = format!("[{}]", operations.collect::<Vec<_>>().join(","));
        match by(&written(&members), &patch) {
            Ok(text) => { document(&text); }
            Err((code, _)) => prop_assert!([400, 413, 422].contains(&code)),
        }
    }

    #[test]
    fn numbers_are_equal_as_their_values_are(digits in "[1-9][0-9]{0,6}", zeros in 0_usize..5, shift in -9_i32..9) {
        let plain = format!("{digits}e{shift}");
        let padded = format!("{digits}.{}e{shift}", "0".repeat(zeros + 1));
        let moved = format!("{digits}{}e{}", "0".repeat(zeros), shift - zeros as i32);
        prop_assert!(equal_numbers(&plain, &padded) && equal_numbers(&plain, &moved));
        let other = format!("-{padded}");
        prop_assert!(!equal_numbers(&plain, &other));
    }
}
