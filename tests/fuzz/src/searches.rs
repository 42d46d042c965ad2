use fhir::json::Document;
use fhir::limits::JsonLimits;
use fhir::search::{Query, Settings, Tokens, Verdict};

const OBSERVATION: &str = r##"{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}],"text":"Hémoglobine"},"subject":{"reference":"Patient/p"},"effectiveDateTime":"2026-03-04T10:00:00-05:00","valueQuantity":{"value":131,"unit":"g/L","system":"http://unitsofmeasure.org","code":"g/L"},"component":[{"code":{"text":"x"},"valueRange":{"low":{"value":1}}}]}"##;

/// A search, `Type?query`: what is parsed has a self link that is parsed again
/// and is its own; the cell never contradicts the body.
pub fn search(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (kind, query) = text.split_once('?').unwrap_or(("Observation", text));
    for lenient in [false, true] {
        let settings = Settings {
            own_bases: &["http://127.0.0.1/fhir"],
            now_ms: crate::NOW_MS,
            count_default: 20,
            count_max: 1_000,
            lenient,
        };
        let Ok(parsed) = Query::parse(kind, query, &settings) else { continue };
        let link = parsed.self_link();
        let (_, own) = link.split_once('?').unwrap_or((&link, ""));
        let again = Query::parse(kind, own, &settings);
        let again = again.unwrap_or_else(|refused| panic!("{link}: {refused}"));
        assert_eq!(again.self_link(), link, "the self link is its own");
        judged(kind, &parsed);
    }
}

fn judged(kind: &str, query: &Query) {
    if kind != "Observation" || !query.chains().is_empty() {
        return;
    }
    let document = Document::parse(OBSERVATION.to_owned(), &JsonLimits::default());
    let document = document.expect("the example is JSON");
    let tokens = Tokens::extract(kind, document.root());
    let body = query.matches_body(document.root(), "o", crate::NOW_MS);
    match query.matches(&tokens, "o", crate::NOW_MS) {
        Verdict::Yes => assert!(body, "the cell says yes, the body no"),
        Verdict::No => assert!(!body, "the cell says no, the body yes"),
        _ => {}
    }
}
