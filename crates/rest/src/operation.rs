//! Parameters of an operation: in the query of a GET, or in the Parameters
//! resource of a POST (R4 §3.2.0.1).

use crate::ask::Ask;
use crate::headers::carries_json;
use contracts::Refusal;
use fhir::json::{Kind, Value};
use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use std::borrow::Cow;
use std::fmt::Write;

/// A Parameters resource, valid.
pub struct Parameters(Resource);

impl Parameters {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 or 422 when it is no valid Parameters resource.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let resource = Resource::parse(body.to_vec(), &JsonLimits::default())?;
        if resource.type_name() != "Parameters" {
            return Err(Refusal::invalid(format!(
                "An operation takes a Parameters resource; this is a {}.",
                resource.type_name()
            ))
            .at("resourceType"));
        }
        Ok(Self(resource))
    }

    /// Each parameter: its place, its name, and its element.
    pub fn each(&self) -> impl Iterator<Item = (usize, Cow<'_, str>, Value<'_>)> {
        self.0.root().each("parameter").enumerate().map(|(index, parameter)| {
            let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
            (index, name, parameter)
        })
    }

    /// The resource itself.
    pub fn resource(&self) -> &Resource {
        &self.0
    }
}

/// The text of a parameter's primitive `value[x]`; `None` when it has another
/// value or none.
pub fn primitive(parameter: Value<'_>) -> Option<String> {
    let (_, value) = parameter.members().find(|(name, _)| name.starts_with("value"))?;
    match value.kind() {
        Kind::String => value.as_str().map(Cow::into_owned),
        Kind::Number | Kind::Bool => Some(value.raw().to_owned()),
        _ => None,
    }
}

/// The parameters of an operation that takes only primitives, as one query: of
/// the URL, and of the Parameters in the body of a POST.
///
/// # Errors
/// 415 and 400 for a body that is no such Parameters.
pub fn query<'a>(ask: &Ask<'a>) -> Result<Cow<'a, str>, Refusal> {
    if ask.body.is_empty() {
        return Ok(Cow::Borrowed(ask.query));
    }
    carries_json(ask.headers)?;
    let parameters = Parameters::parse(ask.body)?;
    let mut query = ask.query.to_owned();
    for (index, name, parameter) in parameters.each() {
        let value = primitive(parameter).ok_or_else(|| {
            Refusal::invalid(
                "The parameters of this operation have primitive values, such as valueDate.",
            )
            .at(format!("Parameters.parameter[{index}].value"))
        })?;
        if !query.is_empty() {
            query.push('&');
        }
        percent_encode(&mut query, &name);
        query.push('=');
        percent_encode(&mut query, &value);
    }
    Ok(Cow::Owned(query))
}

/// Adds text to a query, percent-encoded but for what may stand in its values as
/// it is (RFC 3986 §3.4).
pub fn percent_encode(query: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' | b',' => {
                query.push(char::from(byte));
            }
            // Writing to a String cannot fail.
            _ => _ = write!(query, "%{byte:02X}"),
        }
    }
}

/// The query without the parameters that only say how the answer is written
/// and which page of it: what is left are the criteria.
pub fn criteria(query: &str) -> String {
    let kept = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && !crate::present::PARAMETERS.contains(&name)
    });
    kept.collect::<Vec<_>>().join("&")
}
