//! Real charts from elsewhere: every resource of the Synthea bundles parses,
//! validates and keeps its text. Runs when the bundles are found: in
//! `DOSSIER_SYNTHEA_DIR`, or beside the project.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fhir::json::{Document, Value};
use fhir::limits::JsonLimits;
use fhir::resource::{Resource, references, rewrite_references};
use fhir::validate;

fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/synthea");
    let folder = std::env::var_os("DOSSIER_SYNTHEA_DIR").map_or(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

fn bundles(folder: &Path) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut bundles = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "bz2") {
            let mut bytes = Vec::new();
            bzip2::read::BzDecoder::new(std::fs::File::open(&path)?).read_to_end(&mut bytes)?;
            bundles.push((path.display().to_string(), bytes));
        }
    }
    Ok(bundles)
}

#[test]
fn every_resource_is_valid_and_keeps_its_text() {
    let Some(folder) = folder() else {
        println!("skipped: no Synthea bundles; set DOSSIER_SYNTHEA_DIR to their folder");
        return;
    };
    let limits = JsonLimits::default();
    let (mut resources, mut bytes_read, mut nodes, mut pointers) = (0, 0, 0, 0);
    let mut spent = Duration::ZERO;
    let bundles = bundles(&folder).unwrap();
    assert!(!bundles.is_empty(), "no bundles in the folder");
    for (name, bytes) in bundles {
        bytes_read += bytes.len();
        let bundle =
            Document::parse_bytes(bytes, &limits).unwrap_or_else(|e| panic!("{name}: {e}"));
        nodes += bundle.nodes();
        for entry in bundle.root().each("entry") {
            let text = entry.get("resource").map(Value::raw).unwrap();
            let begun = Instant::now();
            let resource = Resource::parse(text.as_bytes().to_vec(), &limits).unwrap();
            let issues = validate::issues(resource.root());
            spent += begun.elapsed();
            assert_eq!(issues, [], "{name}: {text}");
            assert_eq!(resource.text(), text);
            assert_eq!(rewrite_references(&resource, &|same| Some(same.to_owned())), text);
            pointers += references(resource.root()).count();
            resources += 1;
        }
    }
    println!(
        "{resources} resources, {bytes_read} bytes, {nodes} nodes, {pointers} references; \
         parse and validate {spent:?} in all"
    );
    if std::env::var_os("DOSSIER_SYNTHEA_DIR").is_none() {
        assert_eq!(resources, 18_584);
    }
    assert!(pointers > resources);
}
