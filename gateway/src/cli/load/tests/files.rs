//! Which files, in which order, and how they are opened.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use serde_json::json;

use super::{chart, registry, write};
use crate::cli::load::files::{Packing, Shape, find, kind, open};
use crate::cli::load::peek::{Rank, rank};

pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

pub fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut packed = BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

#[test]
fn names_tell_what_files_hold() {
    for (name, told) in [
        ("a.json", Some((Shape::Json, Packing::Plain))),
        ("a.b.JSON.GZ", Some((Shape::Json, Packing::Gzip))),
        ("Patient.ndjson.bz2", Some((Shape::Lines, Packing::Bzip2))),
        ("Patient.ndjson", Some((Shape::Lines, Packing::Plain))),
        ("README.md", None),
        ("LICENSE", None),
        ("json", None),
        ("a.gz", None),
    ] {
        assert_eq!(kind(Path::new(name)), told, "{name}");
    }
}

#[test]
fn packed_files_are_unpacked_to_their_end() {
    let folder = tempfile::tempdir().unwrap();
    let text = "é".repeat(100_000);
    // Several members or streams one after the other are one text.
    let two = |pack: fn(&[u8]) -> Vec<u8>| {
        let (first, second) = text.split_at(text.len() / 2);
        [pack(first.as_bytes()), pack(second.as_bytes())].concat()
    };
    for (packed, packing) in [
        (text.clone().into_bytes(), Packing::Plain),
        (two(gzip), Packing::Gzip),
        (two(bzip2), Packing::Bzip2),
    ] {
        let path = folder.path().join("text");
        std::fs::write(&path, &packed).unwrap();
        let (mut unpacked, taken) = (String::new(), Arc::default());
        open(&path, packing, &taken).unwrap().read_to_string(&mut unpacked).unwrap();
        assert!(unpacked == text, "{packing:?}");
        assert_eq!(taken.load(std::sync::atomic::Ordering::Relaxed), packed.len() as u64);
    }
}

#[test]
fn what_charts_refer_to_comes_before_them() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    write(&deep, "chart.json", &chart("x", 1));
    write(folder.path(), "0-chart.json", &chart("y", 1));
    let hospitals = bzip2(registry(&["h"]).to_string().as_bytes());
    std::fs::write(folder.path().join("zz.json.bz2"), hospitals).unwrap();
    write(folder.path(), "Patient.ndjson", &json!({"resourceType": "Patient", "id": "p"}));
    write(folder.path(), "Observation.ndjson", &json!({"resourceType": "Observation"}));
    write(
        folder.path(),
        "registry.json",
        &json!({
            "resourceType": "Bundle", "type": "transaction",
            "entry": [{"fullUrl": "urn:uuid:x", "resource": {"resourceType": "Organization"}}],
        }),
    );
    std::fs::write(folder.path().join("README.md"), "no resource").unwrap();
    let found = find(&[folder.path().to_owned()]).unwrap();
    let names: Vec<(&str, Rank)> = found
        .iter()
        .map(|file| (file.path.strip_prefix(folder.path()).unwrap().to_str().unwrap(), file.rank))
        .collect();
    assert_eq!(
        names,
        [
            ("zz.json.bz2", Rank::Batches),
            ("registry.json", Rank::Registries),
            ("Patient.ndjson", Rank::People),
            ("0-chart.json", Rank::Charts),
            ("Observation.ndjson", Rank::Charts),
            ("a/b/chart.json", Rank::Charts),
        ]
    );
    assert!(find(&[folder.path().join("nowhere")]).is_err());
    // The same file by two ways is loaded once; one of an unknown kind is kept
    // when it was named, to be told.
    let readme = folder.path().join("README.md");
    let named = [readme.clone(), readme, deep.clone(), deep.join("chart.json")];
    assert_eq!(find(&named).unwrap().len(), 2);
}

#[test]
fn the_rank_does_not_depend_on_the_order_of_members() {
    let entry = r#"{"request":{"url":"x"},"resource":{"contained":[{"resourceType":"Device"}],"resourceType":"Location"}}"#;
    let of = |text: &str| rank(text.as_bytes()).unwrap();
    for (text, told) in [
        (format!(r#"{{"entry":[{entry}],"type":"batch","resourceType":"Bundle"}}"#), Rank::Batches),
        (format!(r#"{{"entry":[{entry}],"type":"transaction","resourceType":"Bundle"}}"#), Rank::Registries),
        (format!(r#"{{"link":[{{"type":"batch"}},{{}}],"resourceType":"Bundle","type":"collection","entry":[{entry}]}}"#), Rank::Registries),
        (r#"{"resourceType":"Bundle","type":"collection","entry":[{"a":"}]\"{"},{"resource":{"resourceType":"Location"}}]}"#.into(), Rank::Charts),
        (r#"{"id":"type","type":"batch","resourceType":"Patient"}"#.into(), Rank::People),
        (r#"{"type":{"text":"batch"},"resourceType":"Organization"}"#.into(), Rank::Registries),
        ("no JSON".into(), Rank::Charts),
        (String::new(), Rank::Charts),
    ] {
        assert_eq!(of(&text), told, "{text}");
    }
    // It reads no more than it must.
    let endless = std::io::repeat(b' ');
    let start = br#"{"resourceType":"Bundle","type":"batch","#;
    assert_eq!(rank(start.chain(endless)).unwrap(), Rank::Batches);
}
