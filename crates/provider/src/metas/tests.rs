use super::*;

fn resource(text: &str) -> Resource {
    Resource::parse(text.into(), &JsonLimits::default()).unwrap()
}

fn asking(meta: &str) -> Resource {
    resource(&format!(
        r#"{{"resourceType":"Parameters","parameter":[{{"name":"meta","valueMeta":{meta}}}]}}"#
    ))
}

fn basic(meta: &str) -> Resource {
    resource(&format!(r#"{{"resourceType":"Basic"{meta},"x":1.00}}"#))
}

#[test]
fn merging_keeps_what_is_there_and_adds_each_once() {
    let held =
        basic(r#","meta":{"versionId":"3","tag":[{"system":"s","code":"a","display":"A"}]}"#);
    let asked = asking(
        r#"{"versionId":"9","profile":["p"],"tag":[{"code":"a","system":"s"},{"system":"s","code":"b"},{"system":"s","code":"b"}],"security":[{"code":"R"}]}"#,
    );
    let text = merged(&held, &asked, How::Add).unwrap();
    assert_eq!(
        text,
        r#"{"resourceType":"Basic","meta":{"versionId":"3","tag":[{"system":"s","code":"a","display":"A"},{"system":"s","code":"b"}],"profile":["p"],"security":[{"code":"R"}]},"x":1.00}"#
    );
    let again = resource(&text);
    assert_eq!(merged(&again, &asked, How::Add).unwrap(), text, "nothing to add");
    let back = merged(&again, &asked, How::Delete).unwrap();
    assert_eq!(back, r#"{"resourceType":"Basic","meta":{"versionId":"3"},"x":1.00}"#);
}

#[test]
fn a_meta_is_made_where_there_is_none() {
    let text = merged(&basic(""), &asking(r#"{"profile":["p"]}"#), How::Add).unwrap();
    assert_eq!(text, r#"{"resourceType":"Basic","meta":{"profile":["p"]},"x":1.00}"#);
    let none = merged(&basic(""), &asking(r#"{"profile":["p"]}"#), How::Delete).unwrap();
    assert_eq!(none, r#"{"resourceType":"Basic","x":1.00}"#);
}

#[test]
fn extensions_stay_beside_their_profiles() {
    let held = basic(r#","meta":{"profile":["a","b"],"_profile":[null,{"id":"x"}]}"#);
    let without =
        |url: &str| merged(&held, &asking(&format!("{{\"profile\":[\"{url}\"]}}")), How::Delete);
    assert!(without("a").unwrap().contains(r#""profile":["b"],"_profile":[{"id":"x"}]"#));
    assert!(without("b").unwrap().contains(r#""meta":{"profile":["a"]}"#));
    let with = merged(&held, &asking(r#"{"profile":["c"]}"#), How::Add).unwrap();
    assert!(with.contains(r#"["a","b","c"],"_profile":[null,{"id":"x"},null]"#));
}

#[test]
fn a_body_without_meta_is_refused() {
    let empty = resource(r#"{"resourceType":"Parameters","parameter":[{"name":"other"}]}"#);
    assert!(merged(&basic(""), &empty, How::Add).is_err());
}

#[test]
fn a_tag_is_put_once() {
    let once = tagged(&basic(""), "s", "c");
    assert!(once.contains(r#""meta":{"tag":[{"system":"s","code":"c"}]}"#));
    assert_eq!(tagged(&resource(&once), "s", "c"), once);
    assert!(!is_tagged_otherwise(&resource(&once), "s", "c"));
    assert!(is_tagged_otherwise(&resource(&once), "s", "d"));
}
