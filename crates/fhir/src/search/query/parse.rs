//! From a query string to a [`Query`].

use super::super::cursor::Cursor;
use super::super::error::SearchError;
use super::super::indexed;
use super::super::limits::{
    QUERY_BYTES_MAX, QUERY_PARAMETERS_MAX, QUERY_VALUES_MAX, SORT_KEYS_MAX,
};
use super::super::parameters::{self, Parameter, ParameterKind};
use super::text::{decode, split};
use super::wanted;
use super::{Filter, Modifier, Query, Settings, SortKey, Source, Total, Wanted};

/// Result parameters understood here.
pub const RESULT_PARAMETERS: [&str; 5] = ["_sort", "_count", "_total", "_summary", "_page"];

/// Parameters that the HTTP layer reads; skipped here.
pub const ELSEWHERE: [&str; 2] = ["_format", "_pretty"];

/// Parameters of the standard that are refused with a reason of their own.
const NOT_YET: [&str; 11] = [
    "_include",
    "_revinclude",
    "_has",
    "_elements",
    "_contained",
    "_containedType",
    "_text",
    "_content",
    "_list",
    "_filter",
    "_query",
];

pub(super) fn parse(
    resource_type: &str,
    query: &str,
    settings: &Settings<'_>,
) -> Result<Query, SearchError> {
    if query.len() > QUERY_BYTES_MAX {
        let text = format!("the query string is over {QUERY_BYTES_MAX} bytes. Split the search.");
        return Err(SearchError::too_much("", text));
    }
    let mut parsed = Query {
        resource_type: resource_type.to_owned(),
        filters: Vec::new(),
        sort: Vec::new(),
        count: settings.count_default.min(settings.count_max),
        count_given: false,
        count_only: false,
        total: Total::Unsaid,
        cursor: None,
        own_bases: settings
            .own_bases
            .iter()
            .map(|base| base.trim_end_matches('/').to_owned())
            .collect(),
        now_ms: settings.now_ms,
    };
    let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    if pairs.len() > QUERY_PARAMETERS_MAX {
        let text =
            format!("there are more than {QUERY_PARAMETERS_MAX} parameters. Split the search.");
        return Err(SearchError::too_much("", text));
    }
    let mut seen: Vec<String> = Vec::new();
    let mut page = None;
    for pair in pairs {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(name), Some(value)) = (decode(name), decode(value)) else {
            let text = format!("'{pair}' is not percent-encoded UTF-8. Encode '%' itself as %25.");
            return Err(SearchError::invalid("", text));
        };
        if ELSEWHERE.contains(&name.as_str()) {
            continue;
        }
        if !RESULT_PARAMETERS.contains(&name.as_str()) {
            parsed.filters.push(filter(resource_type, &name, &value, settings)?);
            continue;
        }
        if seen.contains(&name) {
            return Err(SearchError::invalid(&name, "may be given only once."));
        }
        if name == "_page" {
            page = Some(value);
        } else {
            result_parameter(&mut parsed, &name, &value, settings)?;
        }
        seen.push(name);
    }
    if let Some(text) = page {
        let cursor = Cursor::decode(&text, &parsed).ok_or_else(|| {
            SearchError::invalid(
                "_page",
                "is not a page of this search. Follow the links of the first page.",
            )
        })?;
        // What was "now" on the first page stays so on the following ones.
        parsed.now_ms = cursor.snapshot_ms;
        parsed.cursor = Some(cursor);
    }
    Ok(parsed)
}

fn result_parameter(
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
            query.count_only |= count == 0;
        }
        ("_total", "none") => query.total = Total::None,
        ("_total", "estimate") => query.total = Total::Estimate,
        ("_total", "accurate") => query.total = Total::Accurate,
        ("_total", _) => {
            return refuse(format!("'{value}' is not 'none', 'estimate' or 'accurate'."));
        }
        ("_summary", "false") => {}
        ("_summary", "count") => query.count_only = true,
        _ => {
            return refuse(format!(
                "'{value}' is not supported. Use 'count' or 'false'; whole resources are returned."
            ));
        }
    }
    Ok(())
}

fn sort(resource_type: &str, value: &str) -> Result<Vec<SortKey>, SearchError> {
    let mut keys: Vec<SortKey> = Vec::new();
    for text in value.split(',') {
        let (descending, code) = match text.strip_prefix('-') {
            Some(code) => (true, code),
            None => (false, text),
        };
        let parameter = parameters::find(resource_type, code)
            .filter(|parameter| !matches!(parameter.kind, ParameterKind::Number | ParameterKind::Quantity))
            .ok_or_else(|| {
                let text = format!(
                    "'{code}' cannot order {resource_type}. Use one or more of its date, string, token, \
                     reference or uri parameters, a '-' before those to be reversed: {}.",
                    supported(resource_type)
                );
                SearchError::unsupported("_sort", text)
            })?;
        if keys.iter().any(|key| key.parameter.code == code) {
            return Err(SearchError::invalid("_sort", format!("names '{code}' twice.")));
        }
        if keys.len() == SORT_KEYS_MAX {
            return Err(SearchError::too_much(
                "_sort",
                format!("takes at most {SORT_KEYS_MAX} keys."),
            ));
        }
        let slot = indexed::slot(resource_type, &parameter);
        keys.push(SortKey { parameter, descending, slot, source: Source::of(&parameter) });
    }
    Ok(keys)
}

fn filter(
    resource_type: &str,
    name: &str,
    value: &str,
    settings: &Settings<'_>,
) -> Result<Filter, SearchError> {
    let (code, modifier) = match name.split_once(':') {
        Some((code, modifier)) => (code, Some(modifier)),
        None => (name, None),
    };
    let parameter = parameters::find(resource_type, code)
        .ok_or_else(|| SearchError::unsupported(name, unknown(resource_type, code)))?;
    let modifier = match modifier {
        None => Modifier::Plain,
        Some(text) => known_modifier(&parameter, text).ok_or_else(|| {
            let text = format!(
                "the modifier ':{text}' is not supported here. '{code}' is a {} parameter and takes {}.",
                parameter.kind.name(),
                wanted::modifiers_of(parameter.kind)
            );
            SearchError::unsupported(name, text)
        })?,
    };
    let texts = split(value, ',');
    if texts.len() > QUERY_VALUES_MAX {
        let text = format!("has more than {QUERY_VALUES_MAX} values. Split the search.");
        return Err(SearchError::too_much(name, text));
    }
    if modifier == Modifier::Missing && texts.len() > 1 {
        return Err(SearchError::invalid(name, "takes one value, 'true' or 'false'."));
    }
    let mut alternatives = Vec::with_capacity(texts.len());
    let mut canonical = Vec::with_capacity(texts.len());
    for text in texts {
        let wanted = wanted::parse(name, &parameter, &modifier, text, settings)?;
        canonical.push(canonical_text(&modifier, &wanted, text));
        alternatives.push(wanted);
    }
    Ok(Filter {
        parameter,
        modifier,
        wanted: alternatives,
        slot: indexed::slot(resource_type, &parameter),
        source: Source::of(&parameter),
        text: canonical.join(","),
    })
}

/// References into this record are spelled `Type/id`; all else as it came.
fn canonical_text(modifier: &Modifier, wanted: &Wanted, text: &str) -> String {
    match (modifier, wanted) {
        (Modifier::Plain, Wanted::Reference { base: None, kind: Some(kind), id: Some(id) }) => {
            format!("{kind}/{id}")
        }
        _ => text.to_owned(),
    }
}

fn known_modifier(parameter: &Parameter, text: &str) -> Option<Modifier> {
    let modifier = wanted::modifier(parameter.kind, text)?;
    // Every resource has an id and an instant, so asking is a mistake; and
    // `:not` on them would hide a typing error as well.
    let always = Source::of(parameter) != Source::Content;
    (!always || modifier == Modifier::Plain).then_some(modifier)
}

fn unknown(resource_type: &str, code: &str) -> String {
    let supported = supported(resource_type);
    if NOT_YET.contains(&code) {
        return format!(
            "is not supported by this server yet. Supported for {resource_type}: {supported}."
        );
    }
    if code.contains('.') {
        return format!(
            "chained parameters are not supported yet; search the other type first and give its ids. \
             Supported for {resource_type}: {supported}."
        );
    }
    format!("is not a search parameter of {resource_type} here. Supported: {supported}.")
}

fn supported(resource_type: &str) -> String {
    let codes: Vec<&str> = parameters::of_type(resource_type)
        .map(|parameter| parameter.code)
        .chain(RESULT_PARAMETERS)
        .collect();
    codes.join(", ")
}
