//! Judges resources by searches, so that the engine can be compared with an
//! independent one.
//!
//! ```text
//! judge RESOURCES.ndjson QUERIES.txt
//! ```
//!
//! A line of the first file is a resource, a line of the second `Type?query`.
//! For each query one line of JSON: `{"query":…,"matches":["Type/id",…]}`, or
//! `{"query":…,"refused":…}` with the reason. Every match is asked of the body
//! and of the cell; where they contradict one another the line has `"cell"`
//! with the ids at fault. Chains and value sets that need a server are refused.
//! Matches are in the order of the search.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};

use fhir::json::{Document, Value, Writer};
use fhir::limits::JsonLimits;
use fhir::search::{DateRange, Query, Settings, Tokens, Verdict};

/// The present, for `ap` on dates: fixed, so that two runs say the same.
const NOW_MS: i64 = 1_700_000_000_000;

struct Resource {
    id: String,
    last_updated_ms: i64,
    document: Document,
    tokens: Tokens,
}

fn lines(path: &str) -> impl Iterator<Item = String> {
    let file = std::fs::File::open(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    BufReader::new(file).lines().map(Result::unwrap).filter(|line| !line.trim().is_empty())
}

fn resource(line: String) -> (String, Resource) {
    let document = Document::parse(line, &JsonLimits::default()).expect("a line is a resource");
    let root = document.root();
    let text = |value: Option<Value<'_>>| value.and_then(Value::as_str).map(|it| it.into_owned());
    let kind = text(root.get("resourceType")).expect("a resource says its type");
    let id = text(root.get("id")).unwrap_or_default();
    let updated = text(root.get("meta").and_then(|meta| meta.get("lastUpdated")));
    let updated = updated.and_then(|text| DateRange::parse(&text));
    let last_updated_ms = updated.map_or(0, |range| range.lower_ms);
    let tokens = Tokens::extract(&kind, root);
    (kind, Resource { id, last_updated_ms, document, tokens })
}

fn answer(line: &str, resources: &BTreeMap<String, Vec<Resource>>, writer: &mut Writer) {
    let settings = Settings {
        own_bases: &[],
        now_ms: NOW_MS,
        count_default: 20,
        count_max: 1_000,
        lenient: false,
    };
    let (kind, text) = line.split_once('?').unwrap_or((line, ""));
    let refused = match Query::parse(kind, text, &settings) {
        Err(error) => error.to_string(),
        Ok(query) if !query.chains().is_empty() => "chains need a server".to_owned(),
        Ok(query) if !query.value_sets_wanted().is_empty() => {
            "the value set is not known".to_owned()
        }
        Ok(query) => return matches(kind, &query, resources, writer),
    };
    writer.field("refused", &refused);
}

fn matches(
    kind: &str,
    query: &Query,
    resources: &BTreeMap<String, Vec<Resource>>,
    writer: &mut Writer,
) {
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for one in resources.get(kind).into_iter().flatten() {
        let root = one.document.root();
        let body = query.matches_body(root, &one.id, one.last_updated_ms);
        let cell = query.matches(&one.tokens, &one.id, one.last_updated_ms);
        if (cell == Verdict::Yes && !body) || (cell == Verdict::No && body) {
            wrong.push(one.id.clone());
        }
        if body {
            found.push(query.position_of_body(root, &one.id, one.last_updated_ms));
        }
    }
    found.sort_by(|left, right| query.compare_positions(left, right));
    writer.key("matches").begin_array();
    for position in found {
        writer.string(&format!("{kind}/{}", position.id));
    }
    writer.end_array();
    if !wrong.is_empty() {
        writer.key("cell").begin_array();
        for id in &wrong {
            writer.string(id);
        }
        writer.end_array();
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(resources), Some(queries)) = (arguments.next(), arguments.next()) else {
        panic!("usage: judge RESOURCES.ndjson QUERIES.txt");
    };
    let mut by_type: BTreeMap<String, Vec<Resource>> = BTreeMap::new();
    for (kind, one) in lines(&resources).map(resource) {
        by_type.entry(kind).or_default().push(one);
    }
    let mut out = std::io::stdout().lock();
    for line in lines(&queries) {
        let mut writer = Writer::with_capacity(256);
        writer.begin_object().field("query", &line);
        answer(line.trim(), &by_type, &mut writer);
        writer.end_object();
        writeln!(out, "{}", writer.finish()).unwrap();
    }
}
