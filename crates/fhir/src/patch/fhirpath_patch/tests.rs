use proptest::prelude::*;

use super::apply;
use crate::json::{Document, quoted};
use crate::limits::JsonLimits;
use crate::resource::Resource;

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","name":[{"family":"Roy","given":["Ann",null],"_given":[null,{"extension":[{"url":"http://x.example/e","valueString":"s"}]}]},{"text":"Two"}],"gender":"female","contact":[{"name":{"text":"C"},"gender":"male"}],"multipleBirthInteger":2,"extension":[{"url":"http://x.example/e","valueDecimal":1.00}]}"#;

fn resource(text: &str) -> Resource {
    Resource::of_document(Document::parse(text.to_owned(), &JsonLimits::default()).expect(text))
        .unwrap()
}

/// An operation: `type path` and its other parts as JSON.
fn operation(kind: &str, path: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(
        r#"{{"name":"operation","part":[{{"name":"type","valueCode":"{kind}"}},{{"name":"path","valueString":{}}}{comma}{more}]}}"#,
        quoted(path)
    )
}

fn patch(operations: &[String]) -> Resource {
    if operations.is_empty() {
        return resource(r#"{"resourceType":"Parameters"}"#);
    }
    let list = operations.join(",");
    resource(&format!(r#"{{"resourceType":"Parameters","parameter":[{list}]}}"#))
}

fn by(text: &str, operations: &[String]) -> Result<String, (u16, String)> {
    apply(&resource(text), &patch(operations), 0)
        .map(Resource::into_text)
        .map_err(|refusal| (refusal.status.code(), refusal.diagnostics))
}

fn one(kind: &str, path: &str, more: &str) -> Result<String, (u16, String)> {
    by(PATIENT, &[operation(kind, path, more)])
}

/// What changed of the patient, as a replacement of one text by another.
fn changed(kind: &str, path: &str, more: &str, before: &str, after: &str) {
    assert!(PATIENT.contains(before), "{before}");
    let expected = PATIENT.replacen(before, after, 1);
    assert_eq!(one(kind, path, more), Ok(expected), "{kind} {path}");
}

#[test]
fn a_patch_without_an_operation_is_none() {
    assert_eq!(by(PATIENT, &[]).map_err(|(status, _)| status), Err(400));
}

#[test]
fn add_puts_a_value_into_an_element() {
    let end = r#""valueDecimal":1.00}]}"#;
    let value =
        r#"{"name":"name","valueString":"birthDate"},{"name":"value","valueDate":"1990-02-03"}"#;
    changed("add", "Patient", value, end, r#""valueDecimal":1.00}],"birthDate":"1990-02-03"}"#);
    let value = r#"{"name":"name","valueString":"maritalStatus"},{"name":"value","valueCodeableConcept":{"text":"M"}}"#;
    changed("add", "Patient", value, end, r#""valueDecimal":1.00}],"maritalStatus":{"text":"M"}}"#);
    // To a list: at its end, or as its first item.
    let value = r#"{"name":"name","valueString":"name"},{"name":"value","valueHumanName":{"text":"Three"}}"#;
    changed("add", "Patient", value, r#"{"text":"Two"}]"#, r#"{"text":"Two"},{"text":"Three"}]"#);
    let value = r#"{"name":"name","valueString":"telecom"},{"name":"value","valueContactPoint":{"system":"phone","value":"1"}}"#;
    changed(
        "add",
        "Patient.contact[0]",
        value,
        r#""gender":"male"}"#,
        r#""gender":"male","telecom":[{"system":"phone","value":"1"}]}"#,
    );
    // A list of primitives keeps its companions beside it.
    let value = r#"{"name":"name","valueString":"given"},{"name":"value","valueString":"Eve"}"#;
    changed(
        "add",
        "Patient.name[0]",
        value,
        r#""given":["Ann",null],"_given":[null,{"extension":[{"url":"http://x.example/e","valueString":"s"}]}]"#,
        r#""given":["Ann",null,"Eve"],"_given":[null,{"extension":[{"url":"http://x.example/e","valueString":"s"}]},null]"#,
    );
    // Parts make up an element that has parts, in depth.
    let value = r#"{"name":"name","valueString":"contact"},{"name":"value","part":[{"name":"relationship","valueCodeableConcept":{"text":"R"}},{"name":"relationship","valueCodeableConcept":{"text":"S"}},{"name":"name","part":[{"name":"given","valueString":"G"}]}]}"#;
    changed(
        "add",
        "Patient",
        value,
        r#""gender":"male"}]"#,
        r#""gender":"male"},{"relationship":[{"text":"R"},{"text":"S"}],"name":{"given":["G"]}}]"#,
    );
    // A choice is named by the type of its value; numbers keep their text.
    let observation = r#"{"resourceType":"Observation","status":"final","code":{"text":"c"}}"#;
    let value =
        r#"{"name":"name","valueString":"value"},{"name":"value","valueQuantity":{"value":1.50}}"#;
    let added = by(observation, &[operation("add", "Observation", value)]).unwrap();
    assert_eq!(added, observation.replace(r#""c"}}"#, r#""c"},"valueQuantity":{"value":1.50}}"#));
    // An extension to a primitive, by its companion.
    let value = r#"{"name":"name","valueString":"birthDate"},{"name":"value","_valueDate":{"extension":[{"url":"http://x.example/e","valueCode":"unknown"}]}}"#;
    let added = one("add", "Patient", value).unwrap();
    assert!(added.ends_with(
        r#","_birthDate":{"extension":[{"url":"http://x.example/e","valueCode":"unknown"}]}}"#
    ));
    let value = r#"{"name":"name","valueString":"contained"},{"name":"value","resource":{"resourceType":"Organization","id":"o","name":"O"}}"#;
    // What is contained must be referred to (dom-3).
    assert_eq!(one("add", "Patient", value).unwrap_err().0, 422);
}

#[test]
fn insert_puts_a_value_at_its_index() {
    let value = |index: &str| {
        format!(
            r#"{{"name":"index","valueInteger":{index}}},{{"name":"value","valueHumanName":{{"text":"N"}}}}"#
        )
    };
    changed("insert", "Patient.name", &value("0"), r#""name":[{"#, r#""name":[{"text":"N"},{"#);
    changed(
        "insert",
        "Patient.name",
        &value("1"),
        r#",{"text":"Two"}]"#,
        r#",{"text":"N"},{"text":"Two"}]"#,
    );
    changed(
        "insert",
        "Patient.name",
        &value("2"),
        r#"{"text":"Two"}]"#,
        r#"{"text":"Two"},{"text":"N"}]"#,
    );
    // Into a list that is not there yet.
    let telecom = r#"{"name":"index","valueInteger":0},{"name":"value","valueContactPoint":{"system":"phone","value":"1"}}"#;
    changed(
        "insert",
        "Patient.telecom",
        telecom,
        r#"1.00}]}"#,
        r#"1.00}],"telecom":[{"system":"phone","value":"1"}]}"#,
    );
    assert_eq!(one("insert", "Patient.name", &value("3")).unwrap_err().0, 422);
    assert_eq!(one("insert", "Patient.name.where(text = 'Two')", &value("0")).unwrap_err().0, 422);
    assert_eq!(one("insert", "Patient.name[1]", &value("0")).unwrap_err().0, 422);
    assert_eq!(
        one(
            "insert",
            "Patient.gender",
            r#"{"name":"index","valueInteger":0},{"name":"value","valueCode":"male"}"#
        )
        .unwrap_err()
        .0,
        422
    );
}

#[test]
fn delete_takes_one_element_out() {
    changed("delete", "Patient.gender", "", r#""gender":"female","#, "");
    changed("delete", "Patient.name[1]", "", r#",{"text":"Two"}"#, "");
    changed("delete", "Patient.name.where(family = 'Roy').family", "", r#""family":"Roy","#, "");
    // The last of a list takes the list along, and what becomes empty.
    changed(
        "delete",
        "Patient.contact[0]",
        "",
        r#""contact":[{"name":{"text":"C"},"gender":"male"}],"#,
        "",
    );
    changed(
        "delete",
        "Patient.contact.gender",
        "",
        r#"{"name":{"text":"C"},"gender":"male"}"#,
        r#"{"name":{"text":"C"}}"#,
    );
    changed("delete", "Patient.multipleBirth", "", r#""multipleBirthInteger":2,"#, "");
    // A primitive in a list goes with its companion, and the other way round.
    changed(
        "delete",
        "Patient.name[0].given[0]",
        "",
        r#""given":["Ann",null],"_given":[null,{"#,
        r#""_given":[{"#,
    );
    changed(
        "delete",
        "Patient.name[0].given[1]",
        "",
        r#""given":["Ann",null],"_given":[null,{"extension":[{"url":"http://x.example/e","valueString":"s"}]}]"#,
        r#""given":["Ann"]"#,
    );
    // Nothing to delete is no fault; several are.
    assert_eq!(one("delete", "Patient.birthDate", ""), Ok(PATIENT.to_owned()));
    assert_eq!(one("delete", "Patient.name", "").unwrap_err().0, 422);
    assert_eq!(one("delete", "Patient", "").unwrap_err().0, 422);
    assert_eq!(one("delete", "Patient.name.count()", "").unwrap_err().0, 422);
}

#[test]
fn replace_gives_an_element_another_value() {
    let value = |text: &str| format!(r#"{{"name":"value",{text}}}"#);
    changed("replace", "Patient.gender", &value(r#""valueCode":"other""#), "female", "other");
    changed(
        "replace",
        "Patient.contact[0].name",
        &value(r#""valueHumanName":{"text":"D"}"#),
        r#"{"text":"C"}"#,
        r#"{"text":"D"}"#,
    );
    changed(
        "replace",
        "Patient.contact.where(gender='male').name.text",
        &value(r#""valueString":"D""#),
        r#""C""#,
        r#""D""#,
    );
    changed(
        "replace",
        "Patient.name[1]",
        &value(r#""part":[{"name":"family","valueString":"F"}]"#),
        r#"{"text":"Two"}"#,
        r#"{"family":"F"}"#,
    );
    changed(
        "replace",
        "Patient.extension('http://x.example/e').value",
        &value(r#""valueDecimal":2.500"#),
        "1.00",
        "2.500",
    );
    // Another type of the same choice.
    changed(
        "replace",
        "Patient.multipleBirth",
        &value(r#""valueBoolean":true"#),
        r#""multipleBirthInteger":2"#,
        r#""multipleBirthBoolean":true"#,
    );
    changed("replace", "Patient.name[0].given[0]", &value(r#""valueString":"Zoé""#), "Ann", "Zoé");
    assert_eq!(
        one("replace", "Patient.birthDate", &value(r#""valueDate":"1990-02-03""#)).unwrap_err().0,
        422
    );
    assert_eq!(
        one("replace", "Patient.name", &value(r#""valueHumanName":{"text":"D"}"#)).unwrap_err().0,
        422
    );
    assert_eq!(
        one("replace", "Patient.gender", &value(r#""valueCode":"nonsense""#)).unwrap_err().0,
        422
    );
    assert_eq!(one("replace", "Patient.id", &value(r#""valueId":"q""#)).unwrap_err().0, 422);
}

#[test]
fn move_changes_the_order_of_a_list() {
    let names = |order: &[u8]| {
        let list: Vec<_> = order.iter().map(|n| format!(r#"{{"text":"{n}"}}"#)).collect();
        format!(r#"{{"resourceType":"Patient","id":"p","name":[{}]}}"#, list.join(","))
    };
    let moved = |source: u8, destination: u8| {
        let parts = format!(
            r#"{{"name":"source","valueInteger":{source}}},{{"name":"destination","valueInteger":{destination}}}"#
        );
        by(&names(&[0, 1, 2, 3]), &[operation("move", "Patient.name", &parts)])
    };
    assert_eq!(moved(3, 1), Ok(names(&[0, 3, 1, 2])));
    assert_eq!(moved(0, 3), Ok(names(&[1, 2, 3, 0])));
    assert_eq!(moved(3, 0), Ok(names(&[3, 0, 1, 2])));
    assert_eq!(moved(2, 2), Ok(names(&[0, 1, 2, 3])));
    assert_eq!(moved(4, 0).unwrap_err().0, 422);
    assert_eq!(moved(0, 4).unwrap_err().0, 422);
    let parts = r#"{"name":"source","valueInteger":0},{"name":"destination","valueInteger":1}"#;
    let companions = one("move", "Patient.name[0].given", parts).unwrap();
    assert!(companions.contains(r#""given":[null,"Ann"],"_given":[{"extension":[{"url":"http://x.example/e","valueString":"s"}]},null]"#), "{companions}");
}

#[test]
fn later_operations_see_what_earlier_ones_did() {
    let value = r#"{"name":"name","valueString":"communication"},{"name":"value","part":[{"name":"language","valueCodeableConcept":{"text":"fr"}}]}"#;
    let added = operation("add", "Patient", value);
    let replaced = operation(
        "replace",
        "Patient.communication[0].language.text",
        r#"{"name":"value","valueString":"en"}"#,
    );
    let deleted = operation("delete", "Patient.communication.where(language.text = 'en')", "");
    let both = by(PATIENT, &[added.clone(), replaced.clone()]).unwrap();
    assert!(both.contains(r#""communication":[{"language":{"text":"en"}}]"#));
    assert_eq!(by(PATIENT, &[added, replaced, deleted]), Ok(PATIENT.to_owned()));
}

#[test]
fn what_is_malformed_is_400_and_named() {
    let index = r#"{"name":"index","valueInteger":0}"#;
    let value = r#"{"name":"value","valueCode":"male"}"#;
    let both = format!("{index},{value}");
    for (kind, path, more) in [
        ("update", "Patient.gender", value),
        ("replace", "Patient.(", value),
        ("replace", "Patient.gender", ""),
        ("replace", "Patient.gender", &both),
        ("insert", "Patient.name", value),
        (
            "insert",
            "Patient.name",
            r#"{"name":"index","valueInteger":-1},{"name":"value","valueCode":"x"}"#,
        ),
        (
            "insert",
            "Patient.name",
            r#"{"name":"index","valueString":"0"},{"name":"value","valueCode":"x"}"#,
        ),
        ("move", "Patient.name", index),
        ("add", "Patient", value),
        ("delete", "Patient.gender", value),
        ("delete", "Patient.nonsense()", ""),
    ] {
        let (code, told) = one(kind, path, more).unwrap_err();
        assert_eq!(code, 400, "{kind} {path} {more}: {told}");
        assert!(told.starts_with("Operation 0"), "{told}");
    }
    let twice = format!("{value},{value}");
    assert_eq!(one("replace", "Patient.gender", &twice).unwrap_err().0, 400);
    let refused =
        |text: &str| apply(&resource(PATIENT), &resource(text), 0).unwrap_err().status.code();
    assert_eq!(refused(PATIENT), 400);
    assert_eq!(
        refused(r#"{"resourceType":"Parameters","parameter":[{"name":"x","valueCode":"y"}]}"#),
        400
    );
    // Against an invariant of Parameters before it is against the patch's form.
    assert_eq!(refused(r#"{"resourceType":"Parameters","parameter":[{"name":"operation"}]}"#), 422);
    assert_eq!(refused(r#"{"resourceType":"Parameters","parameter":[{"nonsense":1}]}"#), 400);
    let (_, told) = by(
        PATIENT,
        &[
            operation("delete", "Patient.birthDate", ""),
            operation("replace", "Patient.birthDate", value),
        ],
    )
    .unwrap_err();
    assert!(told.starts_with("Operation 1 (replace Patient.birthDate): "), "{told}");
}

#[test]
fn what_does_not_fit_is_422() {
    for (name, value) in [
        ("gender", r#""valueCode":"male""#),
        ("multipleBirth", r#""valueBoolean":true"#),
        ("nonsense", r#""valueCode":"male""#),
        ("deceased", r#""valueQuantity":{"value":1}"#),
        ("birthDate", r#""valueInteger":1"#),
        ("birthDate", r#""part":[{"name":"x","valueCode":"y"}]"#),
        ("contact", r#""part":[{"name":"nonsense","valueCode":"y"}]"#),
        (
            "contact",
            r#""part":[{"name":"gender","valueCode":"male"},{"name":"gender","valueCode":"male"}]"#,
        ),
        ("communication", r#""part":[{"name":"preferred","valueBoolean":true}]"#),
    ] {
        let parts =
            format!(r#"{{"name":"name","valueString":"{name}"}},{{"name":"value",{value}}}"#);
        let (code, told) = one("add", "Patient", &parts).unwrap_err();
        assert_eq!(code, 422, "{name} {value}: {told}");
    }
    let value = r#"{"name":"name","valueString":"x"},{"name":"value","valueCode":"y"}"#;
    assert_eq!(one("add", "Patient.contact.where(false)", value).unwrap_err().0, 422);
    assert_eq!(one("add", "Patient.name", value).unwrap_err().0, 422);
    // Values of a type that the standard does not allow are its own fault.
    assert_eq!(
        one("replace", "Patient.gender", r#"{"name":"value","valueDate":"x"}"#).unwrap_err().0,
        422
    );
}

#[test]
fn work_is_bounded() {
    let long = format!(
        r#"{{"resourceType":"Patient","id":"p","name":[{{"text":{}}}]}}"#,
        quoted(&"x".repeat(1 << 20))
    );
    let operations = vec![operation("delete", "Patient.gender", ""); 200];
    assert_eq!(by(&long, &operations).unwrap_err().0, 413);
    let operations = vec![operation("delete", "Patient.gender", ""); 1_001];
    assert_eq!(by(PATIENT, &operations).unwrap_err().0, 413);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_patch_and_its_inverse_leave_everything(texts in prop::collection::vec("[a-zé\"]{1,4}", 1..5), at in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), number in "[1-9][0-9]{0,3}\\.[0-9]{1,4}") {
        let names: Vec<_> = texts.iter().map(|text| format!(r#"{{"text":{},"extension":[{{"url":"http://x.example/e","valueDecimal":{number}}}]}}"#, quoted(text))).collect();
        let text = format!(r#"{{"resourceType":"Patient","id":"p","name":[{}]}}"#, names.join(","));
        let (at, to) = (at.index(names.len()), to.index(names.len()));
        let moved = |source: usize, destination: usize| operation("move", "Patient.name", &format!(r#"{{"name":"source","valueInteger":{source}}},{{"name":"destination","valueInteger":{destination}}}"#));
        let held = &names[at];
        let operations = [
            moved(at, to),
            moved(to, at),
            operation("delete", &format!("Patient.name[{at}]"), ""),
            operation("insert", "Patient.name", &format!(r#"{{"name":"index","valueInteger":{at}}},{{"name":"value","valueHumanName":{held}}}"#)),
            operation("replace", &format!("Patient.name[{at}]"), r#"{"name":"value","valueHumanName":{"text":"other"}}"#),
            operation("replace", &format!("Patient.name[{at}]"), &format!(r#"{{"name":"value","valueHumanName":{held}}}"#)),
        ];
        prop_assert_eq!(by(&text, &operations), Ok(text));
    }

    #[test]
    fn any_path_is_answered(kind in "add|insert|delete|replace|move", path in "[A-Za-z.()\\[\\]0-2' =|]{0,24}") {
        let more = match kind.as_str() {
            "add" => r#"{"name":"name","valueString":"gender"},{"name":"value","valueCode":"male"}"#,
            "insert" => r#"{"name":"index","valueInteger":0},{"name":"value","valueCode":"male"}"#,
            "delete" => "",
            "replace" => r#"{"name":"value","valueCode":"male"}"#,
            _ => r#"{"name":"source","valueInteger":0},{"name":"destination","valueInteger":0}"#,
        };
        if let Err((code, _)) = one(&kind, &path, more) {
            prop_assert!([400, 422].contains(&code));
        }
    }
}
