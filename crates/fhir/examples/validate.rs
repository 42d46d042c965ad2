//! Validates JSON lines, for comparing with other implementations
//! (`tests/validator`). Each line of the input is answered with one line.
//!
//! - `validate rules`: the invariants, without input.
//! - `validate validate`: a resource; answered with its errors.
//! - `validate fhirpath`: `{"expressions": […], "resource": {…}}`; answered with
//!   the truth of each: `true`, `false`, `null` for empty, or `"error"`.

use std::error::Error;
use std::io::{BufRead, Write};

use fhir::fhirpath::{Context, Expression, Item, Node};
use fhir::json::{Document, Value, Writer};
use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use fhir::validate;

fn main() -> Result<(), Box<dyn Error>> {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if mode == "rules" {
        for rule in validate::rules() {
            let mut line = Writer::with_capacity(256);
            line.begin_object().field("owner", rule.owner).field("element", rule.element);
            line.field("key", rule.key).field("expression", rule.expression).end_object();
            writeln!(out, "{}", line.finish())?;
        }
        return Ok(());
    }
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let answer = if mode == "validate" { errors(line) } else { truths(line) };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

fn errors(line: String) -> String {
    let mut writer = Writer::with_capacity(256);
    writer.begin_array();
    match Resource::parse(line.into_bytes(), &JsonLimits::default()) {
        Err(refusal) => {
            let at = refusal.expression.as_deref().unwrap_or_default();
            writer.begin_object().field("code", refusal.code.code()).field("at", at);
            writer.field("text", &refusal.diagnostics).end_object();
        }
        Ok(resource) => {
            for issue in validate::issues(resource.root()) {
                let at = issue.expression.as_deref().unwrap_or_default();
                writer.begin_object().field("code", issue.code.code()).field("at", at);
                writer.field("text", &issue.diagnostics).end_object();
            }
        }
    }
    writer.end_array();
    writer.finish()
}

fn truths(line: String) -> String {
    let Ok(document) = Document::parse(line, &JsonLimits::default()) else {
        return "null".to_owned();
    };
    let Some(resource) = document.root().get("resource") else { return "null".to_owned() };
    let context = Context::default();
    let truth = |text: &str| {
        let found = Expression::parse(text)
            .and_then(|expression| expression.test(Item::Node(Node::resource(resource)), &context));
        match found {
            Ok(Some(true)) => "true",
            Ok(Some(false)) => "false",
            Ok(None) => "null",
            Err(_) => "\"error\"",
        }
    };
    let found: Vec<_> = document
        .root()
        .each("expressions")
        .filter_map(Value::as_str)
        .map(|text| truth(&text))
        .collect();
    format!("[{}]", found.join(","))
}
