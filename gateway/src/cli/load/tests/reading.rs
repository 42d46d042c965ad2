//! Files as pieces: what is sent as it is, what is taken apart, what is unfit.

use serde_json::{Value, json};

use super::files::{bzip2, gzip};
use super::{chart, registry};
use crate::cli::load::files::find;
use crate::cli::load::limits::LINES_PER_BATCH;
use crate::cli::load::parcel::{Parcel, Piece, Place, Unfit, Verb};
use crate::cli::load::reading::Pieces;

/// The pieces of one file, after a check that their weight is the file's.
fn read(name: &str, content: &[u8]) -> (Vec<Parcel>, Vec<Unfit>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let (mut parcels, mut unfit, mut weight) = (Vec::new(), Vec::new(), 0);
    for piece in Pieces::new(find(&[path]).unwrap()) {
        match piece {
            Piece::Parcel(parcel) => {
                weight += parcel.weight;
                parcels.push(parcel);
            }
            Piece::Unfit(item) => unfit.push(item),
            Piece::Passed(passed) => weight += passed,
        }
    }
    assert_eq!(weight, content.len() as u64, "{name}");
    (parcels, unfit)
}

fn body(parcel: &Parcel) -> Value {
    serde_json::from_slice(&parcel.body).unwrap()
}

#[test]
fn bundles_are_sent_byte_for_byte_whatever_they_are_packed_in() {
    let text = format!("\n {}\n", chart("x", 2).to_string().replace(':', " :  "));
    for (name, content) in [
        ("a.json", text.clone().into_bytes()),
        ("a.json.gz", gzip(text.as_bytes())),
        ("a.json.bz2", bzip2(text.as_bytes())),
    ] {
        let (parcels, unfit) = read(name, &content);
        let [parcel] = parcels.as_slice() else { panic!("{name}: {parcels:?}") };
        assert!(unfit.is_empty() && parcel.whole);
        assert_eq!(parcel.body, text.as_bytes());
        assert_eq!(parcel.key().len(), "sha-256=".len() + 64);
        let kinds: Vec<&str> = parcel.items.iter().map(|item| item.kind).collect();
        assert_eq!(kinds, ["Patient", "Observation", "Observation"]);
        assert_eq!(parcel.items[2].place, Place::Entry(2));
    }
}

#[test]
fn lines_travel_together_and_keep_their_text() {
    let line = |index: usize| {
        format!(
            r#"{{"resourceType":"Observation", "id":"o{index}","valueQuantity":{{"value":1.00}}}}"#
        )
    };
    let mut text: String = (0..LINES_PER_BATCH + 1).map(|index| line(index) + "\r\n\n").collect();
    text.push_str(&chart("in-a-line", 1).to_string());
    text.push('\n');
    text.push_str(r#"{"resourceType":"Location","name":"without an id"}"#);
    for (name, content) in [
        ("a.ndjson", text.clone().into_bytes()),
        ("a.ndjson.gz", gzip(text.as_bytes())),
        ("a.ndjson.bz2", bzip2(text.as_bytes())),
    ] {
        let (parcels, unfit) = read(name, &content);
        assert!(unfit.is_empty(), "{unfit:?}");
        let sizes: Vec<usize> = parcels.iter().map(|parcel| parcel.items.len()).collect();
        assert_eq!(sizes, [LINES_PER_BATCH, 2, 2], "{name}");
        assert!(!parcels[0].whole && parcels[1].whole && !parcels[2].whole);
        let sent = body(&parcels[0]);
        assert_eq!(sent["type"], "batch");
        let first = json!({"method": "PUT", "url": "Observation/o0"});
        assert_eq!(sent["entry"][0]["request"], first);
        assert!(std::str::from_utf8(&parcels[0].body).unwrap().contains("{\"value\":1.00}"));
        assert_eq!(parcels[1].items[1].place, Place::EntryOfLine(403, 1));
        let last = body(&parcels[2]);
        assert_eq!(last["entry"][1]["request"], json!({"method": "POST", "url": "Location"}));
        assert_eq!(parcels[2].items[1].verb, Verb::Create);
        assert_eq!(parcels[2].items[1].place, Place::Line(404));
    }
}

#[test]
fn collections_become_transactions() {
    let text = json!({"resourceType": "Bundle", "type": "searchset", "entry": [
        {"fullUrl": "http://elsewhere/Patient/p", "resource": {"resourceType": "Patient", "id": "p"}},
        {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Observation"}},
        {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}},
        {"fullUrl": "urn:uuid:2"},
    ]});
    let (parcels, unfit) = read("a.json", text.to_string().as_bytes());
    let [parcel] = parcels.as_slice() else { panic!("{parcels:?}") };
    assert!(parcel.whole);
    assert_eq!(
        body(parcel),
        json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"fullUrl": "http://elsewhere/Patient/p", "resource": {"resourceType": "Patient", "id": "p"},
             "request": {"method": "PUT", "url": "Patient/p"}},
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Observation"},
             "request": {"method": "POST", "url": "Observation"}},
        ]})
    );
    let places: Vec<Place> = unfit.iter().map(|item| item.place).collect();
    assert_eq!(places, [Place::Entry(2), Place::Entry(3)]);
}

#[test]
fn what_is_malformed_is_one_unfit_item_and_the_rest_goes_on() {
    let good = registry(&["h"]).to_string();
    let torn = gzip(good.as_bytes());
    let torn = &torn[..torn.len() - 12];
    let twice = r#"{"resourceType":"Patient","id":"secret","id":"secret"}"#;
    for (name, content, told) in [
        ("half.json", &good.as_bytes()[..30], "line 1"),
        ("empty.json", b"".as_slice(), "line 1"),
        ("array.json", b"[]", "resourceType"),
        ("type.json", br#"{"resourceType":"Pation"}"#, "resourceType"),
        ("no-utf8.json", b"{\"resourceType\":\"\xff\"}", "UTF-8"),
        ("twice.json", twice.as_bytes(), "line 1"),
        ("document.json", br#"{"resourceType":"Bundle","type":"document"}"#, "transaction"),
        ("torn.json.gz", torn, "cannot be read"),
        ("plain.json.bz2", good.as_bytes(), "cannot be read"),
        ("notes.txt", good.as_bytes(), ".ndjson"),
    ] {
        let (parcels, unfit) = read(name, content);
        assert!(parcels.is_empty(), "{name}");
        assert_eq!(unfit.len(), 1, "{name}");
        assert!(unfit[0].reason.contains(told), "{name}: {}", unfit[0].reason);
        assert!(!unfit[0].reason.contains("secret"));
    }
    let lines = format!("{{\"resourceType\":\"Patient\"}}\n{{\"half\n{twice}\n{good}\n");
    let (parcels, unfit) = read("a.ndjson", lines.as_bytes());
    let places: Vec<Place> = unfit.iter().map(|item| item.place).collect();
    assert_eq!(places, [Place::Line(2), Place::Line(3)]);
    assert_eq!(parcels.iter().map(|parcel| parcel.items.len()).sum::<usize>(), 2);
    // Lines before a damage are loaded.
    let many = "{\"resourceType\":\"Patient\"}\n".repeat(50_000);
    let packed = gzip(many.as_bytes());
    let (parcels, unfit) = read("torn.ndjson.gz", &packed[..packed.len() - 10]);
    assert!(parcels.len() > 2 && unfit.len() == 1, "{} {}", parcels.len(), unfit.len());
}

#[test]
fn lines_stay_within_the_largest_body() {
    // Ten lines of 1 MB cannot be in one batch of 4 MB.
    let line = format!("{{\"resourceType\":\"Binary\",\"data\":\"{}\"}}\n", "A".repeat(1 << 20));
    let (parcels, _) = read("a.ndjson", line.repeat(10).as_bytes());
    assert_eq!(parcels.iter().map(|parcel| parcel.items.len()).collect::<Vec<_>>(), [3, 3, 3, 1]);
    assert!(parcels.iter().all(|parcel| parcel.body.len() < 5 << 20));
}

#[test]
fn a_file_too_large_is_refused_without_being_held() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.json");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(60 << 20).unwrap();
    let pieces: Vec<Piece> = Pieces::new(find(&[path]).unwrap()).collect();
    assert!(matches!(&pieces[0], Piece::Unfit(unfit) if unfit.reason.contains("larger")));
}
