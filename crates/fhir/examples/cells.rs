//! What it costs to judge a cell: `cells [FOLDER]` reads bundles (`*.json.bz2`)
//! and prints nanoseconds for each cell and search, and the bytes of cells.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::hint::black_box;
use std::io::Read;
use std::time::Instant;

use fhir::json::{Document, Value};
use fhir::limits::JsonLimits;
use fhir::search::{Query, Settings, Tokens, Verdict};

const SEARCHES: [(&str, &str); 9] = [
    ("Observation", "patient=1363ed76-25b9-dc4f-6de7-6ee133d82db3&code=http://loinc.org|8302-2"),
    ("Observation", "code=http://loinc.org|8302-2,http://loinc.org|29463-7,4548-4,2339-0"),
    ("Observation", "date=ge2015-01-01&date=lt2018"),
    ("Observation", "category=laboratory&_sort=-date"),
    ("Observation", "code-value-quantity=http://loinc.org|8302-2$gt150"),
    ("Condition", "clinical-status=active&code=44054006"),
    ("Encounter", "class=AMB&date=gt2014"),
    ("MedicationRequest", "status=active&authoredon=ge2012"),
    ("Patient", "name=smi"),
];

fn main() {
    let Some(folder) = std::env::args().nth(1) else {
        return println!("Give the folder of packed Bundles.");
    };
    let mut cells: Vec<(String, String, Tokens)> = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}")) {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "bz2") {
            continue;
        }
        let mut text = String::new();
        let file = std::fs::File::open(path).unwrap();
        bzip2::read::BzDecoder::new(file).read_to_string(&mut text).unwrap();
        let bundle = Document::parse(text, &JsonLimits::default()).unwrap();
        for resource in bundle.root().each("entry").filter_map(|entry| entry.get("resource")) {
            let text = |name| resource.get(name).and_then(Value::as_str).unwrap().into_owned();
            let kind = text("resourceType");
            let tokens = Tokens::extract(&kind, resource);
            cells.push((kind, text("id"), tokens));
        }
    }
    let bytes: usize = cells.iter().map(|(_, _, tokens)| tokens.to_bytes().len()).sum();
    println!("{} cells, {} bytes each", cells.len(), bytes / cells.len());
    let settings = Settings {
        own_bases: &["http://127.0.0.1:8406/fhir"],
        now_ms: 1_700_000_000_000,
        count_default: 20,
        count_max: 100,
        lenient: false,
    };
    for (kind, text) in SEARCHES {
        let Ok(query) = Query::parse(kind, text, &settings) else {
            println!("{kind}?{text}: refused");
            continue;
        };
        let of_kind: Vec<_> = cells.iter().filter(|(name, ..)| name == kind).collect();
        // The fastest of many rounds, since others use the machine as well.
        let (mut yes, mut unsure, mut fastest_ns) = (0, 0, u128::MAX);
        for _ in 0..(400_000 / of_kind.len() + 1) {
            (yes, unsure) = (0, 0);
            let begun = Instant::now();
            for (_, id, tokens) in &of_kind {
                match query.matches(black_box(tokens), id, 0) {
                    Verdict::Yes => {
                        yes += 1;
                        black_box(query.position(tokens, id, 0));
                    }
                    Verdict::Maybe => unsure += 1,
                    Verdict::No => {}
                }
            }
            fastest_ns = fastest_ns.min(begun.elapsed().as_nanos());
        }
        println!(
            "{:>4} ns/cell  {kind}?{text}  ({} cells, {} yes, {} maybe)",
            fastest_ns / of_kind.len() as u128,
            of_kind.len(),
            yes,
            unsure
        );
    }
}
