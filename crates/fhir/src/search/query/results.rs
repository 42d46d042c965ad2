//! Parameters that shape the results (R4 §3.1.1.5).

use super::super::error::SearchError;
use super::super::indexed;
use super::super::limits::{ELEMENTS_MAX, SORT_KEYS_MAX};
use super::super::parameters::{self, Parameter, ParameterKind};
use super::parse::supported;
use super::{Query, Settings, SortKey, Source, Total};
use crate::definitions::Structure;

/// Result parameters understood here; `_page` is this server's own.
pub const RESULT_PARAMETERS: [&str; 9] = [
    "_sort",
    "_count",
    "_total",
    "_summary",
    "_elements",
    "_include",
    "_revinclude",
    "_contained",
    "_page",
];

/// How much of each result is wanted (`_summary`, R4 §3.1.1.5.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Summary {
    /// Not said: everything.
    #[default]
    Unsaid,
    /// `true`: the elements that the standard marks as summary.
    True,
    /// `text`: the narrative, id, meta and mandatory elements.
    Text,
    /// `data`: everything but the narrative.
    Data,
    /// `count`: only how many there are.
    Count,
    /// `false`: everything.
    False,
}

impl Summary {
    /// The code as it is written in a query.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unsaid => "",
            Self::True => "true",
            Self::Text => "text",
            Self::Data => "data",
            Self::Count => "count",
            Self::False => "false",
        }
    }
}

pub(super) fn apply(
    query: &mut Query,
    name: &str,
    value: &str,
    settings: &Settings<'_>,
) -> Result<(), SearchError> {
    let refuse = |text: String| Err(SearchError::invalid(name, text));
    match (name, value) {
        ("_sort", _) => query.sort = sort(&query.resource_type, value)?,
        ("_count", _) => {
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            if !digits {
                return refuse(format!("'{value}' is not a whole number from 0."));
            }
            // A number too large to hold is over the limit like any other.
            let count = value.parse::<u32>().unwrap_or(u32::MAX);
            query.count = count.min(settings.count_max);
            query.count_given = true;
        }
        ("_total", "none") => query.total = Total::None,
        ("_total", "estimate") => query.total = Total::Estimate,
        ("_total", "accurate") => query.total = Total::Accurate,
        ("_total", _) => {
            return refuse(format!("'{value}' is not 'none', 'estimate' or 'accurate'."));
        }
        ("_summary", "true") => query.summary = Summary::True,
        ("_summary", "text") => query.summary = Summary::Text,
        ("_summary", "data") => query.summary = Summary::Data,
        ("_summary", "count") => query.summary = Summary::Count,
        ("_summary", "false") => query.summary = Summary::False,
        ("_summary", _) => {
            return refuse(format!("'{value}' is not 'true', 'text', 'data', 'count' or 'false'."));
        }
        ("_elements", _) => query.elements = elements(&query.resource_type, value)?,
        ("_contained", "false") => {}
        ("_contained", "true" | "both") => {
            let text = "contained resources are not searched. Leave it out, or write \
                        _contained=false; search the containing type by its own parameters.";
            return Err(SearchError::unsupported(name, text));
        }
        _ => return refuse(format!("'{value}' is not 'true', 'false' or 'both'.")),
    }
    Ok(())
}

fn elements(resource_type: &str, value: &str) -> Result<Vec<String>, SearchError> {
    let mut names: Vec<String> = Vec::new();
    for text in value.split(',') {
        // `Patient.name` is written where several types are in one answer.
        let (kind, path) = match text.split_once('.') {
            Some((kind, path)) if crate::types::is_resource_type(kind) => (kind, path),
            _ => (resource_type, text),
        };
        if !is_element(kind, path) {
            let text = format!(
                "'{text}' is no element of {kind}. Name elements of the top level, separated by commas."
            );
            return Err(SearchError::invalid("_elements", text));
        }
        if names.len() == ELEMENTS_MAX {
            let text = format!("takes at most {ELEMENTS_MAX} names.");
            return Err(SearchError::too_much("_elements", text));
        }
        if !names.iter().any(|known| known == text) {
            names.push(text.to_owned());
        }
    }
    Ok(names)
}

/// Whether a type has an element; of a choice its bare name counts.
fn is_element(resource_type: &str, path: &str) -> bool {
    let name = path.split('.').next().unwrap_or_default();
    let name = name.strip_suffix("[x]").unwrap_or(name);
    if resource_type == parameters::ANY_RESOURCE {
        return !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    }
    let Some(structure) = Structure::of_resource(resource_type) else { return false };
    let of_choice = |element: crate::definitions::Element| {
        let rest = element.name().strip_prefix(name).unwrap_or_default();
        element.is_choice() && rest.starts_with(|first: char| first.is_ascii_uppercase())
    };
    !name.is_empty()
        && (name == "resourceType"
            || structure.element(name).is_some()
            || structure.elements().any(of_choice))
}

fn sort(resource_type: &str, value: &str) -> Result<Vec<SortKey>, SearchError> {
    let mut keys: Vec<SortKey> = Vec::new();
    for text in value.split(',') {
        let (descending, code) = match text.strip_prefix('-') {
            Some(code) => (true, code),
            None => (false, text),
        };
        let ordered = |parameter: &Parameter| {
            !matches!(parameter.kind, ParameterKind::Composite | ParameterKind::Special)
                && !matches!(parameter.code, "_text" | "_content" | "phonetic")
        };
        let parameter = parameters::find(resource_type, code).filter(ordered).ok_or_else(|| {
            let text = format!(
                "'{code}' cannot order {resource_type}. Use one or more of its parameters that have \
                 an order, a '-' before those to be reversed: {}.",
                supported(resource_type)
            );
            SearchError::unsupported("_sort", text)
        })?;
        if keys.iter().any(|key| key.parameter.code == code) {
            return Err(SearchError::invalid("_sort", format!("names '{code}' twice.")));
        }
        if keys.len() == SORT_KEYS_MAX {
            let text = format!("takes at most {SORT_KEYS_MAX} keys.");
            return Err(SearchError::too_much("_sort", text));
        }
        let slot = indexed::slot(resource_type, &parameter);
        keys.push(SortKey { parameter, descending, slot, source: Source::of(&parameter) });
    }
    Ok(keys)
}
