//! The report for machines: the model as it is, with each region's verdict.

use serde_json::{Value, json};

use crate::model::Report;

/// The text.
pub fn text(report: &Report) -> String {
    let mut told = serde_json::to_value(report).unwrap_or(Value::Null);
    let regions = told.get_mut("regions").and_then(Value::as_array_mut);
    for (told, region) in regions.into_iter().flatten().zip(&report.regions) {
        if let Some(told) = told.as_object_mut() {
            told.insert("verdict".to_owned(), json!(region.verdict()));
        }
    }
    format!("{told:#}\n")
}
