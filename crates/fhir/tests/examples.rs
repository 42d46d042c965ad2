//! The standard's own examples (npm `hl7.fhir.r4.examples` 4.0.1): each is
//! taken, or refused for a fault that it has. Runs when the unpacked package
//! is found at `DOSSIER_EXAMPLES_DIR`, or where `tests/validator` has fetched
//! it to; prints every refusal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use fhir::validate;

/// Every example that is refused: how many, where, and why rightly.
const JUSTIFIED: &[(&str, &str, &str)] = &[
    ("SearchParameter", "400 structure: An id", "an id has 64 characters at most, this one has 67"),
    ("CodeSystem.concept.code", "value", "v2-0550: a code with a double or outer space"),
    ("Bundle.entry.resource.concept.code", "value", "the same code system in a bundle"),
    ("DeviceMetric.parent", "invalid", "is to a DeviceDefinition, may be to a Device only"),
    ("DeviceUseStatement.reasonReference", "invalid", "is to a Procedure, which is not listed"),
    (
        "MedicationRequest.dispenseRequest.performer",
        "invalid",
        "a Practitioner, not an Organization",
    ),
    ("Observation.performer", "invalid", "is to an Encounter, which is not listed"),
    ("ImplementationGuide.name", "required", "1..1, and absent"),
    ("ImplementationGuide.status", "required", "1..1, and absent"),
    ("Questionnaire.item.item.linkId", "required", "1..1, and absent"),
    ("Questionnaire.item.item.item.linkId", "required", "1..1, and absent"),
    ("Questionnaire.item.item.item.item.linkId", "required", "1..1, and absent"),
    ("SearchParameter.base", "required", "1..*, and absent"),
    ("ActivityDefinition.text.div", "invariant", "txt-2: a comment is all there is"),
    ("EventDefinition.text.div", "invariant", "txt-2: a comment is all there is"),
    ("Questionnaire.text.div", "invariant", "txt-2: a comment is all there is"),
    ("StructureDefinition", "invariant", "sdf-4: not abstract and without baseDefinition"),
];
const REFUSED: usize = 28;

fn is_justified(fault: &str, file: &str) -> bool {
    JUSTIFIED.iter().any(|(place, why, _)| {
        fault.starts_with(&format!("{place} | {why} |"))
            || (fault.starts_with(why) && file.starts_with(place))
    })
}

#[test]
fn refuses_only_what_is_at_fault() {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/examples/package");
    let folder = std::env::var_os("DOSSIER_EXAMPLES_DIR").map_or(fetched, PathBuf::from);
    if !folder.is_dir() {
        println!("skipped: set DOSSIER_EXAMPLES_DIR to the unpacked hl7.fhir.r4.examples");
        return;
    }
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
    let unjustified: Vec<_> = faults
        .iter()
        .filter(|(fault, files)| !files.iter().all(|file| is_justified(fault, file)))
        .collect();
    assert!(unjustified.is_empty(), "{unjustified:#?}");
    assert_eq!((count, refused), (5306, REFUSED));
    println!("{count} examples, {refused} refused; {spent:?} in all, slowest {slowest:?}");
}
