use super::*;

/// A file written before the second form: packed by the deflate codec as it was.
#[test]
fn the_first_form_is_still_read() {
    let text = br#"{"resourceType":"Patient","id":"a","active":true,"name":[{"family":"Roy"}]}"#;
    let mut packed = vec![DEFLATED_BEFORE];
    packed.extend_from_slice(&(text.len() as u32).to_be_bytes());
    packed.extend(deflated::pack(text).unwrap());
    assert_eq!(unpack(&packed).unwrap(), text);
}

#[test]
fn attachments_are_kept_decoded() {
    use base64::Engine as _;
    let words = "the patient reports no pain at rest and some after walking. ".repeat(9);
    let data = base64::engine::general_purpose::STANDARD.encode(&words);
    let url = data.replace('=', "A").replace('b', "_");
    let text = format!(
        r#"{{"resourceType":"Binary","contentType":"text/plain","data":"{data}","other":"{url}","data":"{data}"}}"#
    );
    let packed = pack(text.as_bytes());
    assert_eq!(packed[0] & ATTACHED, ATTACHED);
    assert_eq!(unpack(&packed).unwrap(), text.as_bytes());
}

#[test]
fn base64_of_another_spelling_stays() {
    for data in ["A".repeat(64) + "AB==", "A".repeat(68) + "=", "A=".repeat(40)] {
        let text = format!(r#"{{"data":"{data}"}}"#);
        assert_eq!(unpack(&pack(text.as_bytes())).unwrap(), text.as_bytes(), "{data}");
    }
}

#[test]
fn what_is_long_comes_back() {
    let text: String = (0..40_000).map(|n| format!("{{\"n\":{n}}},")).collect();
    let packed = pack(text.as_bytes());
    assert_eq!(packed[0], DEFLATED);
    assert!(packed.len() * 3 < text.len());
    assert_eq!(unpack(&packed).unwrap(), text.as_bytes());
}
