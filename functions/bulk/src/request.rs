//! What a kick-off asks for (Bulk Data Access 2.0 §2.4), from its query or
//! from the Parameters of its body.

use contracts::{ExportLevel, ExportRequest, Refusal};
use fhir::json::Value;
use fhir::limits::JsonLimits;
use fhir::present::Elements;
use fhir::resource::{Resource, parse_instant};
use rest::ask::form_decoded;
use rest::path::{check_id, printable};

/// The parameters that are understood.
const KNOWN: &str = "_outputFormat, _since, _type, _typeFilter, _elements, patient";

/// Names and values, in their order.
type Named = Vec<(String, String)>;

/// The parameters of a query.
pub fn of_query(query: &str) -> Named {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (form_decoded(name), form_decoded(value))
    };
    pairs.map(pair).collect()
}

/// The parameters of a body.
///
/// # Errors
/// 400 when it is no Parameters resource.
pub fn of_body(body: &[u8]) -> Result<Named, Refusal> {
    let resource = Resource::parse(body.to_vec(), &JsonLimits::default())?;
    if resource.type_name() != "Parameters" {
        return Err(Refusal::invalid(
            "A $export by POST sends a Parameters resource with its parameters.",
        )
        .at("resourceType"));
    }
    let text =
        |value: Option<Value<'_>>| value.and_then(Value::as_str).map(|text| text.into_owned());
    let mut named = Vec::new();
    for (index, parameter) in resource.root().each("parameter").enumerate() {
        let name = text(parameter.get("name")).unwrap_or_default();
        let value = ["valueString", "valueInstant", "valueCode", "valueUri", "valueDateTime"]
            .iter()
            .find_map(|member| text(parameter.get(member)));
        let reference =
            parameter.get("valueReference").and_then(|held| text(held.get("reference")));
        match value.or(reference) {
            Some(value) => named.push((name, value)),
            None => {
                return Err(Refusal::invalid(
                    "This parameter has no value that is understood: give valueString, \
                     valueInstant or valueReference.",
                )
                .at(format!("Parameters.parameter[{index}]")));
            }
        }
    }
    Ok(named)
}

/// The export that these parameters ask for.
///
/// # Errors
/// 400 naming the parameter at fault; what is not known is refused unless
/// `lenient`.
pub fn export(
    level: ExportLevel,
    url: String,
    named: Named,
    lenient: bool,
) -> Result<ExportRequest, Refusal> {
    let mut request = ExportRequest {
        level,
        url,
        resource_types: Vec::new(),
        since_ms: None,
        filters: Vec::new(),
        patients: Vec::new(),
        elements: None,
    };
    for (name, value) in named {
        match name.as_str() {
            "_outputFormat" => format(&value)?,
            "_since" => request.since_ms = Some(since(&value)?),
            "_type" => types(&value, &mut request.resource_types)?,
            "_typeFilter" => filters(&value, &mut request.filters)?,
            "_elements" => {
                Elements::parse(&value, None)?;
                request.elements = Some(value);
            }
            "patient" => {
                for one in value.split(',') {
                    let id = one.rsplit_once("Patient/").map_or(one, |(_, id)| id);
                    check_id(id).map_err(|refusal| refusal.at("patient"))?;
                    request.patients.push(id.to_owned());
                }
            }
            _ if lenient => {}
            other => {
                return Err(Refusal::invalid(format!(
                    "The parameter \"{}\" is not known here. Known are: {KNOWN}.",
                    printable(other)
                ))
                .at(printable(other)));
            }
        }
    }
    if request.level == ExportLevel::System && !request.patients.is_empty() {
        return Err(Refusal::invalid(
            "patient narrows an export of people: ask for Patient/$export or Group/{id}/$export.",
        )
        .at("patient"));
    }
    for (resource_type, _) in &request.filters {
        if !request.resource_types.is_empty() && !request.resource_types.contains(resource_type) {
            return Err(Refusal::invalid(format!(
                "_typeFilter names {resource_type}, which _type leaves out: name it in both."
            ))
            .at("_typeFilter"));
        }
    }
    Ok(request)
}

fn format(value: &str) -> Result<(), Refusal> {
    // A '+' that was not encoded arrives as a space.
    let known =
        ["application/fhir+ndjson", "application/fhir ndjson", "application/ndjson", "ndjson"];
    if known.contains(&value) {
        return Ok(());
    }
    Err(Refusal::invalid("_outputFormat is application/fhir+ndjson here: leave it out.")
        .at("_outputFormat"))
}

fn since(value: &str) -> Result<i64, Refusal> {
    parse_instant(value).ok_or_else(|| {
        Refusal::invalid(
            "_since must be an instant, for example 2026-01-31T13:00:00Z (write + as %2B).",
        )
        .at("_since")
    })
}

fn types(value: &str, all: &mut Vec<String>) -> Result<(), Refusal> {
    for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if !fhir::types::is_resource_type(name) {
            let named = printable(name);
            return Err(Refusal::invalid(format!("_type names no resource type of R4: {named}."))
                .at("_type"));
        }
        all.push(name.to_owned());
    }
    Ok(())
}

/// `Type?criteria`, several separated by commas: a comma that parts them is
/// followed by another `Type?`.
fn filters(value: &str, all: &mut Vec<(String, String)>) -> Result<(), Refusal> {
    for part in value.split(',') {
        let begins = part.split_once('?').filter(|(name, _)| fhir::types::is_resource_type(name));
        match (begins, all.last_mut()) {
            (Some((name, query)), _) => all.push((name.to_owned(), query.to_owned())),
            // A comma within criteria.
            (None, Some((_, query))) => {
                query.push(',');
                query.push_str(part);
            }
            (None, None) => {
                return Err(Refusal::invalid(
                    "_typeFilter is a search: for example Observation?category=laboratory.",
                )
                .at("_typeFilter"));
            }
        }
    }
    Ok(())
}
