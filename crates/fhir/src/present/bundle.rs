//! A Bundle that answers, with each of its resources as the caller asked.

use super::{Presentation, Summary, pretty, subset};
use crate::json::{Document, Edit, Kind, splice};
use crate::limits::JsonLimits;
use crate::outcome::Refusal;

/// The text of a searchset, history or batch answer, the resource of each
/// entry presented. `_summary=count` leaves all entries out and keeps
/// `Bundle.total`, which the search has to state. The Bundle itself is whole
/// and is not tagged.
///
/// # Errors
/// 400 when the text is no JSON, and for `_summary=count` on a Bundle without
/// a total.
pub fn bundle(text: &str, how: &Presentation) -> Result<String, Refusal> {
    let written = if how.is_subset() {
        let document = Document::parse(text.to_owned(), &JsonLimits::of_answers())?;
        if how.summary == Some(Summary::Count) { counted(&document)? } else { each(&document, how) }
    } else {
        text.to_owned()
    };
    Ok(if how.pretty { pretty(&written) } else { written })
}

fn each(document: &Document, how: &Presentation) -> String {
    let entries = document.root().each("entry");
    let resources = entries.filter_map(|entry| entry.get("resource"));
    let mut edits: Vec<Edit> = resources
        .filter(|resource| resource.kind() == Kind::Object)
        .map(|resource| Edit::replace(resource.span(), subset::of_value(resource, how)))
        .collect();
    splice(document.text(), &mut edits)
}

fn counted(document: &Document) -> Result<String, Refusal> {
    let root = document.root();
    if root.get("total").is_none() {
        let text = "_summary=count counts what a search finds; leave it out here.";
        return Err(Refusal::invalid(text).at("_summary"));
    }
    let mut out = String::from("{");
    for (key, value) in root.fields().filter(|(key, _)| !key.is_str("entry")) {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(key.raw());
        out.push(':');
        out.push_str(value.raw());
    }
    out.push('}');
    Ok(out)
}
