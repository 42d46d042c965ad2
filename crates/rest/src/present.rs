//! The parameters that say how any answer is written: `_format`, `_pretty`,
//! `_summary` and `_elements` (R4 §3.1.0.1.10–11, §3.1.1.5.8–9).

use crate::answer::Answer;
use crate::ask::parameters;
use contracts::Refusal;
use fhir::present::Presentation;
use std::borrow::Cow;

/// Their names: an interaction that checks its parameters knows these too.
pub const PARAMETERS: [&str; 4] = ["_format", "_pretty", "_summary", "_elements"];

/// What a query asks for of `_summary`, `_elements` and `_pretty`. `type_name`
/// is the type that the path names, if it names one. (`_format` was judged by
/// [`crate::headers::accepts_json`].)
///
/// # Errors
/// 400 for a value that is none, or a parameter given twice.
pub fn asked(query: &str, type_name: Option<&str>) -> Result<Presentation, Refusal> {
    let once = |name: &'static str| {
        let mut all = parameters(query, name);
        match (all.next(), all.next()) {
            (first, None) => Ok(first),
            (_, Some(_)) => {
                Err(Refusal::invalid("This parameter may be given only once.").at(name))
            }
        }
    };
    let (summary, elements, pretty) = (once("_summary")?, once("_elements")?, once("_pretty")?);
    Presentation::parse(summary.as_deref(), elements.as_deref(), pretty.as_deref(), type_name)
}

/// The answer to a read or vread, its resource as asked for. An answer without
/// a resource, such as 304 or an error, stays as it is.
///
/// # Errors
/// What [`fhir::present::resource`] refuses.
pub fn resource(answer: Answer, how: &Presentation) -> Result<Answer, Refusal> {
    written(answer, how, fhir::present::resource)
}

/// The answer to a search, history or `$everything`, the resource of each
/// entry as asked for.
///
/// # Errors
/// What [`fhir::present::bundle`] refuses.
pub fn bundle(answer: Answer, how: &Presentation) -> Result<Answer, Refusal> {
    written(answer, how, fhir::present::bundle)
}

fn written(
    mut answer: Answer,
    how: &Presentation,
    write: fn(&str, &Presentation) -> Result<String, Refusal>,
) -> Result<Answer, Refusal> {
    if how.is_plain() || answer.body().is_empty() || !answer.status().is_success() {
        return Ok(answer);
    }
    let text = match String::from_utf8_lossy(answer.body()) {
        Cow::Borrowed(text) => write(text, how)?,
        // What is stored was UTF-8 when it was taken in.
        Cow::Owned(_) => return Ok(answer),
    };
    *answer.body_mut() = text.into_bytes();
    Ok(answer)
}
