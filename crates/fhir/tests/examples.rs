//! The standard's own examples (npm `hl7.fhir.r4.examples` 4.0.1): each is
//! taken, or refused for a fault that it has. Runs when the unpacked package
//! is found at `DOSSIER_EXAMPLES_DIR`; prints every refusal.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use fhir::validate;

#[test]
fn refuses_only_what_is_at_fault() {
    let Some(folder) = std::env::var_os("DOSSIER_EXAMPLES_DIR").map(PathBuf::from) else {
        println!("skipped: set DOSSIER_EXAMPLES_DIR to the unpacked hl7.fhir.r4.examples");
        return;
    };
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut count, mut refused, mut spent) = (0, 0, Duration::ZERO);
    let mut slowest = (Duration::ZERO, String::new());
    let mut faults: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".json") || name == "package.json" || name == ".index.json" {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        count += 1;
        let begun = Instant::now();
        let resource = match Resource::parse(bytes, &JsonLimits::default()) {
            Ok(resource) => resource,
            Err(refusal) => {
                refused += 1;
                faults.entry(format!("{refusal}")).or_default().push(name);
                continue;
            }
        };
        let issues = validate::issues(resource.root());
        spent += begun.elapsed();
        if begun.elapsed() > slowest.0 {
            slowest = (begun.elapsed(), name.clone());
        }
        refused += usize::from(!issues.is_empty());
        for issue in issues {
            let at = issue.expression.unwrap_or_default();
            let element: String =
                at.chars().filter(|c| !c.is_ascii_digit()).collect::<String>().replace("[]", "");
            let key = format!("{element} | {} | {}", issue.code.code(), issue.diagnostics);
            let files = faults.entry(key).or_default();
            if files.last() != Some(&name) {
                files.push(name.clone());
            }
        }
    }
    for (fault, files) in &faults {
        println!("{} × {fault} | {}", files.len(), files.first().map_or("", |name| name));
    }
    println!("{count} examples, {refused} refused; {spent:?} in all, slowest {slowest:?}");
}
