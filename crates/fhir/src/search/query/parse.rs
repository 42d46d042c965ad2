//! From a query string to a [`Query`].

use super::super::cursor::Cursor;
use super::super::error::{SearchError, SearchFault};
use super::super::held::View;
use super::super::indexed;
use super::super::limits::{
    CHAIN_QUERIES_MAX, INCLUDES_MAX, QUERY_BYTES_MAX, QUERY_PARAMETERS_MAX, QUERY_VALUES_MAX,
};
use super::super::parameters::{self, Parameter, ParameterKind};
use super::super::sought::Prepared;
use super::results::{self, RESULT_PARAMETERS};
use super::text::{decode, split};
use super::{Filter, Modifier, Narrowing, Query, Settings, Source, Summary, Total, Wanted};
use super::{chain, include, wanted};

/// Parameters that the HTTP layer reads; skipped here.
pub const ELSEWHERE: [&str; 2] = ["_format", "_pretty"];

/// Parameters of the standard that are refused, with what to do instead.
const REFUSED: [(&str, &str); 3] = [
    ("_containedType", "contained resources are not searched; leave it out"),
    ("_filter", "write the conditions as parameters of their own, which all must hold"),
    ("_query", "no named queries are defined here; write the conditions as parameters"),
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
    let mut parsed = empty(resource_type, settings);
    let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    if pairs.len() > QUERY_PARAMETERS_MAX {
        let text =
            format!("there are more than {QUERY_PARAMETERS_MAX} parameters. Split the search.");
        return Err(SearchError::too_much("", text));
    }
    let mut parser = Parser { settings, inner_queries: 0 };
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
        let once = RESULT_PARAMETERS.contains(&name.as_str()) && !include::is_include(&name);
        if once && seen.contains(&name) {
            return Err(SearchError::invalid(&name, "may be given only once."));
        }
        let done = match name.as_str() {
            "_page" => {
                page = Some(value);
                Ok(())
            }
            _ if once => results::apply(&mut parsed, &name, &value, settings),
            _ => parser.pair(&mut parsed, &name, &value, 0),
        };
        match done {
            Err(error) if settings.lenient && error.fault == SearchFault::Unsupported => {
                parsed.ignored.push(error);
            }
            done => done?,
        }
        if once {
            seen.push(name);
        }
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

/// A search for everything of a type.
pub(super) fn empty(resource_type: &str, settings: &Settings<'_>) -> Query {
    let bases = settings.own_bases.iter();
    Query {
        resource_type: resource_type.into(),
        filters: Vec::new(),
        chains: Vec::new(),
        confined: None,
        value_sets: Vec::new(),
        sort: Vec::new(),
        count: settings.count_default.min(settings.count_max),
        count_given: false,
        summary: Summary::Unsaid,
        elements: Vec::new(),
        includes: Vec::new(),
        total: Total::Unsaid,
        cursor: None,
        ignored: Vec::new(),
        own_bases: bases.map(|base| base.trim_end_matches('/').to_owned()).collect(),
        now_ms: settings.now_ms,
    }
}

/// What is counted over one search and the searches inside it.
pub(super) struct Parser<'a> {
    settings: &'a Settings<'a>,
    inner_queries: usize,
}

impl Parser<'_> {
    /// Adds one parameter to a search that is `depth` chains deep.
    fn pair(
        &mut self,
        query: &mut Query,
        name: &str,
        value: &str,
        depth: usize,
    ) -> Result<(), SearchError> {
        let resource_type = std::sync::Arc::clone(&query.resource_type);
        if include::is_include(name) && depth == 0 {
            if query.includes.len() == INCLUDES_MAX {
                let text = format!("may be given {INCLUDES_MAX} times at most.");
                return Err(SearchError::too_much(name, text));
            }
            query.includes.push(include::parse(&resource_type, name, value)?);
        } else if name.starts_with("_has:") {
            query.chains.push(chain::reverse(self, &resource_type, name, value, depth)?);
        } else if name == "_list" {
            // What is on a list is what the list refers to as its items.
            let on_list = chain::reverse(self, &resource_type, "_has:List:item:_id", value, depth);
            let mut on_list = on_list.map_err(|error| SearchError {
                parameter: name.to_owned(),
                diagnostics:
                    "takes the id of a List; functional lists such as '$current-problems' \
                              are not kept here."
                        .to_owned(),
                ..error
            })?;
            name.clone_into(&mut on_list.name);
            query.chains.push(on_list);
        } else if name.contains('.') {
            query.chains.push(chain::forward(self, &resource_type, name, value, depth)?);
        } else {
            query.filters.push(filter(&resource_type, name, value, self.settings)?);
            query.note_value_sets();
        }
        Ok(())
    }

    /// The search inside the chain `name`: for one type, by the rest of it.
    pub(super) fn inner(
        &mut self,
        name: &str,
        resource_type: &str,
        rest: &str,
        value: &str,
        depth: usize,
    ) -> Result<Query, SearchError> {
        self.inner_queries += 1;
        if self.inner_queries > CHAIN_QUERIES_MAX {
            let text = format!(
                "means more than {CHAIN_QUERIES_MAX} searches. Name the types, as in subject:Patient.name."
            );
            return Err(SearchError::too_much(name, text));
        }
        let mut query = empty(resource_type, self.settings);
        query.count = self.settings.count_max;
        self.pair(&mut query, rest, value, depth + 1)
            .map_err(|error| SearchError { parameter: name.to_owned(), ..error })?;
        Ok(query)
    }
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
        Some(text) => known_modifier(&parameter, text)
            .ok_or_else(|| SearchError::unsupported(name, no_modifier(&parameter, text)))?,
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
        let place = wanted::Place { name, resource_type, parameter: &parameter };
        let wanted = wanted::parse(&place, &modifier, text, settings)?;
        canonical.push(canonical_text(&modifier, &wanted, text));
        alternatives.push(wanted);
    }
    let view = match modifier {
        Modifier::Text => View::Display,
        Modifier::OfType => View::OfType,
        Modifier::Identifier => View::Identifier,
        _ => View::Value,
    };
    // Cells know neither displays nor the version of a canonical.
    let versioned = |wanted: &Wanted| matches!(wanted, Wanted::Reference { version: Some(_), .. });
    let in_cells = view == View::Value
        && !matches!(modifier, Modifier::Above | Modifier::Below)
        && !alternatives.iter().any(versioned);
    let slot = indexed::slot(resource_type, &parameter).filter(|_| in_cells);
    let narrowing = narrowing(resource_type, &parameter, &alternatives);
    Ok(Filter {
        prepared: Prepared::of(&modifier, &alternatives, slot),
        modifier,
        wanted: alternatives,
        slot,
        source: Source::of(&parameter),
        view,
        narrowing,
        text: canonical.join(","),
        parameter,
    })
}

/// What cells can say of a composite.
fn narrowing(resource_type: &str, parameter: &Parameter, wanted: &[Wanted]) -> Option<Narrowing> {
    let (at, slot, kind) = indexed::narrowing(resource_type, parameter)?;
    let parts = wanted.iter().map(|wanted| match wanted {
        Wanted::Composite(parts) => parts.get(at).cloned(),
        _ => None,
    });
    let parts: Vec<Wanted> = parts.collect::<Option<_>>()?;
    let prepared = Prepared::of(&Modifier::Plain, &parts, Some(slot))?;
    Some(Narrowing { slot, kind, prepared })
}

/// References into this record are spelled `Type/id`; all else as it came.
fn canonical_text(modifier: &Modifier, wanted: &Wanted, text: &str) -> String {
    match (modifier, wanted) {
        (
            Modifier::Plain,
            Wanted::Reference { base: None, kind: Some(kind), id: Some(id), version: None },
        ) => format!("{kind}/{id}"),
        _ => text.to_owned(),
    }
}

fn known_modifier(parameter: &Parameter, text: &str) -> Option<Modifier> {
    let modifier = wanted::modifier(parameter, text)?;
    // Every resource has an id, a type and an instant, so asking is a mistake;
    // and `:not` on them would hide a typing error as well.
    let always = Source::of(parameter) != Source::Content;
    (!always || modifier == Modifier::Plain).then_some(modifier)
}

fn no_modifier(parameter: &Parameter, text: &str) -> String {
    let code = parameter.code;
    let instead = match (text, parameter.kind) {
        ("above" | "below", ParameterKind::Token) => {
            " Hierarchies of codes are not kept here: list the codes, separated by commas, or use \
             ':in' with a value set."
        }
        ("above" | "below", ParameterKind::Reference) => {
            " Hierarchies of resources are not kept here: search the ones above or below first and \
             give their ids."
        }
        _ => "",
    };
    format!(
        "the modifier ':{text}' is not supported here. '{code}' is a {} parameter and takes {}.{instead}",
        parameter.kind.name(),
        wanted::modifiers_of(parameter)
    )
}

fn unknown(resource_type: &str, code: &str) -> String {
    let supported = supported(resource_type);
    if let Some((_, instead)) = REFUSED.iter().find(|(name, _)| *name == code) {
        return format!("is not supported by this server: {instead}.");
    }
    format!("is not a search parameter of {resource_type} here. Supported: {supported}.")
}

/// Every parameter of a type, in words.
pub(super) fn supported(resource_type: &str) -> String {
    let codes: Vec<&str> = parameters::of_type(resource_type)
        .map(|parameter| parameter.code)
        .chain(RESULT_PARAMETERS)
        .collect();
    codes.join(", ")
}
