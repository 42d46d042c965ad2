//! Asking a resource's cell and its body the same question.

use fhir::json::Document;
use fhir::limits::JsonLimits;
use fhir::search::limits::TOKENS_BYTES_MAX;
use fhir::search::{Query, Settings, Tokens, Verdict};
use serde_json::Value as Json;

pub fn settings() -> Settings<'static> {
    Settings {
        own_bases: &["http://127.0.0.1:8406/fhir"],
        now_ms: 1_700_000_000_000,
        count_default: 20,
        count_max: 100,
        lenient: false,
    }
}

/// What a cell and a body say of one search.
pub struct Judged {
    pub cell: Verdict,
    pub body: bool,
}

/// Asks both, and fails when the cell is certain of what the body denies.
pub fn judge(resource: &Json, query: &str) -> Judged {
    let resource_type = resource["resourceType"].as_str().unwrap();
    let document = Document::parse(resource.to_string(), &JsonLimits::default()).unwrap();
    let query =
        Query::parse(resource_type, query, &settings()).unwrap_or_else(|error| panic!("{error}"));
    let stored = Tokens::extract(resource_type, document.root()).to_bytes().to_vec();
    assert!(stored.len() <= TOKENS_BYTES_MAX, "{} bytes", stored.len());
    let tokens = Tokens::from_bytes(stored).unwrap();
    let judged = Judged {
        cell: query.matches(&tokens, "id-1", 1_600_000_000_000),
        body: query.matches_body(document.root(), "id-1", 1_600_000_000_000),
    };
    match judged.cell {
        Verdict::Yes => {
            assert!(judged.body, "the cell says yes, the body no: {query:?} {resource}")
        }
        Verdict::No => {
            assert!(!judged.body, "the cell says no, the body yes: {query:?} {resource}")
        }
        Verdict::Maybe => {}
    }
    judged
}
