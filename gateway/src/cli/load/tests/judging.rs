//! What answers say.

use std::time::Duration;

use serde_json::{Value, json};

use super::counting::parcel;
use crate::cli::load::client::Answer;
use crate::cli::load::count::Fate;
use crate::cli::load::judge::{Verdict, judge};

const NOON_MS: i64 = 1_767_268_800_000;
const BEFORE: &str = "2026-01-01T11:59:59.999Z";
const AFTER: &str = "2026-01-01T07:00:00.000-05:00";

fn answer(status: u16, replayed: bool, body: &Value) -> Answer {
    let body = body.to_string().into_bytes();
    Answer { status, replayed, retry_after: None, next: None, body }
}

/// What becomes of one entry of this method, by what is answered of it.
fn fate(method: &str, replayed: bool, response: Value) -> Option<Fate> {
    let sent = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": method, "url": "Patient/x"}},
    ]});
    let told = json!({"resourceType": "Bundle", "entry": [{"response": response}]});
    match judge(&parcel(&sent), answer(200, replayed, &told), NOON_MS) {
        Verdict::Entries(mut fates) => fates.pop().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn entries_are_told_apart() {
    let said = |status: &str, at: &str| json!({"status": status, "lastModified": at});
    for (method, replayed, response, told) in [
        ("POST", false, said("201 Created", AFTER), Fate::Created),
        ("POST", false, json!({"status": "201"}), Fate::Created),
        ("POST", false, said("200 OK", BEFORE), Fate::There),
        ("POST", false, said("200 OK", AFTER), Fate::There),
        // A kept answer repeats the first status; the instant tells.
        ("POST", false, said("201 Created", BEFORE), Fate::There),
        ("POST", true, said("201 Created", BEFORE), Fate::There),
        ("POST", true, said("201 Created", AFTER), Fate::Created),
        ("POST", true, json!({"status": "201 Created"}), Fate::There),
        ("PUT", false, said("201 Created", AFTER), Fate::Created),
        ("PUT", false, said("200 OK", AFTER), Fate::Updated),
        ("PUT", false, said("200 OK", BEFORE), Fate::There),
        ("PUT", true, said("200 OK", BEFORE), Fate::There),
        ("DELETE", false, json!({"status": "204 No Content"}), Fate::Updated),
        ("DELETE", true, json!({"status": "204 No Content"}), Fate::There),
        ("GET", false, json!({"status": "200"}), Fate::There),
    ] {
        assert_eq!(fate(method, replayed, response.clone()), Some(told), "{method} {response}");
    }
    assert_eq!(fate("POST", false, json!({"status": "503"})), None);
    let strange = fate("POST", false, json!({"status": "é"}));
    assert!(matches!(strange, Some(Fate::Refused { .. })));
}

#[test]
fn refusals_are_told_in_the_words_of_the_door() {
    let outcome = json!({"resourceType": "OperationOutcome", "issue": [
        {"diagnostics": "One\nline.", "expression": ["Bundle.entry[1]"]},
        {"details": {"text": "Another."}},
        {"severity": "error"},
        {"diagnostics": "Not told any more."},
    ]});
    let sent = parcel(&super::chart("x", 1));
    let refused = Fate::Refused {
        status: Some(422),
        reason: "One line. [Bundle.entry[1]] Another.".to_owned(),
    };
    let verdict = judge(&sent, answer(422, false, &outcome), NOON_MS);
    assert_eq!(verdict, Verdict::Entries(vec![Some(refused.clone()), Some(refused)]));
    let long =
        json!({"resourceType": "OperationOutcome", "issue": [{"diagnostics": "é".repeat(999)}]});
    let Verdict::Entries(fates) = judge(&sent, answer(400, false, &long), NOON_MS) else {
        panic!()
    };
    let Some(Fate::Refused { reason, .. }) = &fates[0] else { panic!() };
    assert_eq!(reason.chars().count(), 401);
}

#[test]
fn what_is_no_answer_is_not_taken_for_one() {
    let sent = parcel(&super::chart("x", 1));
    let one = json!({"resourceType": "Bundle", "entry": [{"response": {"status": "201"}}]});
    for body in [one, json!("<html>"), json!({})] {
        let Verdict::Entries(fates) = judge(&sent, answer(200, false, &body), NOON_MS) else {
            panic!("{body}")
        };
        assert!(fates.iter().all(|fate| matches!(fate, Some(Fate::Refused { .. }))), "{body}");
    }
    let gateway = Answer { body: b"busy".to_vec(), ..answer(503, false, &json!({})) };
    assert!(matches!(judge(&sent, gateway, NOON_MS), Verdict::Again { status: 503, .. }));
    let asked = Some(Duration::from_secs(3));
    let conflict = Answer { retry_after: asked, ..answer(409, false, &json!({})) };
    assert!(
        matches!(judge(&sent, conflict, NOON_MS), Verdict::Again { after, .. } if after == asked)
    );
    assert!(matches!(judge(&sent, answer(401, false, &json!({})), NOON_MS), Verdict::Shut(_)));
}
