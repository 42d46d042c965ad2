//! A resource with some of its elements.

use super::elements::{Elements, Part, part};
use super::{Presentation, Summary, pretty};
use crate::definitions::{Content, Element, Structure};
use crate::json::{Document, Edit, Kind, Value, splice};
use crate::limits::JsonLimits;
use crate::outcome::Refusal;

/// The tag of a resource that is not whole (R4 §3.1.1.5.8).
const SUBSETTED: &str = "{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ObservationValue\",\
                         \"code\":\"SUBSETTED\"}";

/// A resource's text as a caller asked for it. An OperationOutcome, which
/// tells the caller something, is never made smaller.
///
/// # Errors
/// 400 when the text is no JSON (a stored text always is), and for
/// `_summary=count`, which only a search can answer.
pub fn resource(text: &str, how: &Presentation) -> Result<String, Refusal> {
    if how.summary == Some(Summary::Count) {
        let text = "_summary=count counts what a search finds; leave it out here.";
        return Err(Refusal::invalid(text).at("_summary"));
    }
    let subset = if how.is_subset() {
        let document = Document::parse(text.to_owned(), &JsonLimits::of_answers())?;
        of_value(document.root(), how)
    } else {
        text.to_owned()
    };
    Ok(if how.pretty { pretty(&subset) } else { subset })
}

/// The subset of one resource inside a document.
pub(super) fn of_value(resource: Value<'_>, how: &Presentation) -> String {
    let type_name = resource.get("resourceType").and_then(Value::as_str).unwrap_or_default();
    let structure = Structure::of_resource(&type_name);
    let Some(structure) = structure.filter(|_| type_name != "OperationOutcome") else {
        return resource.raw().to_owned();
    };
    let paths = how.elements.as_ref().map(|elements: &Elements| elements.of_type(&type_name));
    let kept = match (how.summary, &paths) {
        (Some(Summary::True), _) => Kept::Summary,
        (Some(Summary::Data | Summary::Count), _) => Kept::Data,
        (Some(Summary::Text), _) => Kept::Text,
        (None, Some(Some(paths))) => Kept::Paths(paths),
        (None, _) => return resource.raw().to_owned(),
    };
    let mut out = String::with_capacity(resource.raw().len());
    write(&mut out, resource, structure, kept, true);
    tagged(out)
}

/// Which members of an object are kept.
#[derive(Clone, Copy)]
enum Kept<'k> {
    Summary,
    Data,
    Text,
    Paths(&'k [&'k [String]]),
}

/// What of a member is kept.
enum Portion<'k> {
    Nothing,
    Whole,
    /// The member's own summary.
    Summary,
    Below(Vec<&'k [String]>),
}

/// Writes what is kept of an object; false, and nothing written, when nothing
/// is.
fn write(
    out: &mut String,
    object: Value<'_>,
    structure: Structure,
    kept: Kept<'_>,
    top: bool,
) -> bool {
    let start = out.len();
    let mut comma = '{';
    for (key, held) in object.fields() {
        let name = key.as_str().unwrap_or_default();
        let bare = name.strip_prefix('_').unwrap_or(&name);
        let element = structure.element(bare);
        let portion = portion(bare, element, structure, kept, top);
        let before = out.len();
        if matches!(portion, Portion::Nothing) {
            continue;
        }
        out.push(comma);
        out.push_str(key.raw());
        out.push(':');
        if member(out, held, element, &portion) {
            comma = ',';
        } else {
            out.truncate(before);
        }
    }
    if comma == '{' {
        out.truncate(start);
        return false;
    }
    out.push('}');
    true
}

fn portion<'k>(
    name: &str,
    element: Option<Element>,
    structure: Structure,
    kept: Kept<'k>,
    top: bool,
) -> Portion<'k> {
    // What says what the resource is, and what may turn its meaning round, is
    // never left out.
    if (top && matches!(name, "resourceType" | "id" | "meta" | "implicitRules"))
        || name == "modifierExtension"
    {
        return Portion::Whole;
    }
    // A stored resource holds no element that the tables do not know; if it
    // did, a subset would not show it.
    let Some(element) = element else { return Portion::Nothing };
    let mandatory = element.slot() > 0 && structure.required() >> element.slot() & 1 == 1;
    match kept {
        Kept::Data if name == "text" => Portion::Nothing,
        Kept::Data => Portion::Whole,
        Kept::Text if name == "text" || mandatory => Portion::Whole,
        Kept::Text => Portion::Nothing,
        Kept::Summary if element.is_summary() || mandatory => Portion::Summary,
        Kept::Summary => Portion::Nothing,
        Kept::Paths(paths) => match part(paths, element.name(), element.is_choice()) {
            Part::Whole => Portion::Whole,
            Part::Below(paths) => Portion::Below(paths),
            Part::Nothing if mandatory => Portion::Whole,
            Part::Nothing => Portion::Nothing,
        },
    }
}

/// Writes what is kept of a member's value; false when that is nothing.
fn member(
    out: &mut String,
    held: Value<'_>,
    element: Option<Element>,
    portion: &Portion<'_>,
) -> bool {
    let kept = match portion {
        Portion::Nothing => return false,
        Portion::Whole => {
            out.push_str(held.raw());
            return true;
        }
        Portion::Summary => Kept::Summary,
        Portion::Below(paths) => Kept::Paths(paths),
    };
    match (held.kind(), element.map(Element::content)) {
        (Kind::Array, Some(Content::Structure(_) | Content::Resource)) => {
            let start = out.len();
            let mut comma = '[';
            for item in held.items() {
                out.push(comma);
                let before = out.len();
                if !member(out, item, element, portion) {
                    // An item that has nothing to show keeps its place whole:
                    // an item left out would change what the others are.
                    out.truncate(before);
                    out.push_str(item.raw());
                }
                comma = ',';
            }
            if comma == '[' {
                out.truncate(start);
                return false;
            }
            out.push(']');
            true
        }
        (Kind::Object, Some(Content::Structure(number))) => {
            let whole = write(out, held, Structure(number), kept, false);
            if !whole {
                out.push_str(held.raw());
            }
            true
        }
        (Kind::Object, Some(Content::Resource)) => {
            let name = held.get("resourceType").and_then(Value::as_str).unwrap_or_default();
            let written = Structure::of_resource(&name)
                .is_some_and(|structure| write(out, held, structure, kept, true));
            if !written {
                out.push_str(held.raw());
            }
            true
        }
        _ => {
            out.push_str(held.raw());
            true
        }
    }
}

/// The text with the tag in its meta.
fn tagged(text: String) -> String {
    let Ok(document) = Document::parse(text.clone(), &JsonLimits::of_answers()) else {
        return text;
    };
    let root = document.root();
    let after = root.get("resourceType").map_or(0, |value| value.span().end);
    let edit = match root.get("meta") {
        None => Edit::insert(after, format!(",\"meta\":{{\"tag\":[{SUBSETTED}]}}")),
        Some(meta) => {
            let there = meta
                .each("tag")
                .any(|tag| tag.get("code").is_some_and(|code| code.is_str("SUBSETTED")));
            if there {
                return text;
            }
            match meta.get("tag").filter(|tag| tag.kind() == Kind::Array) {
                Some(tags) => {
                    let comma = if tags.is_empty() { "" } else { "," };
                    Edit::insert(tags.span().end.saturating_sub(1), format!("{comma}{SUBSETTED}"))
                }
                None => {
                    let comma = if meta.is_empty() { "" } else { "," };
                    let end = meta.span().end.saturating_sub(1);
                    Edit::insert(end, format!("{comma}\"tag\":[{SUBSETTED}]"))
                }
            }
        }
    };
    splice(&text, &mut [edit])
}
