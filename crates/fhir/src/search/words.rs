//! The texts of a resource: names and addresses by their parts, what is shown
//! for a code, the narrative, and all text there is.

use std::borrow::Cow;

use crate::json::{Kind, Value};

use super::fold::fold;
use super::held::{Held, filled, member, text};

/// The texts that a string parameter compares.
pub(crate) fn texts<'d>(element: &str, value: Value<'d>, held: &mut Vec<Held<'d>>) {
    let members: &[&str] = match element {
        "HumanName" => &["family", "given", "text", "prefix", "suffix"],
        "Address" => &["text", "line", "city", "district", "state", "postalCode", "country"],
        "CodeableConcept" => &["text"],
        "Narrative" => return held.extend(member(value, "div").map(|div| joined(&shown(&div)))),
        "Content" => {
            let mut all = String::new();
            content(value, &mut all);
            return held.push(joined(&all));
        }
        _ => return held.extend(filled(value).map(text)),
    };
    for name in members {
        held.extend(value.each(name).filter_map(filled).map(text));
    }
}

/// The texts that are shown for a code or an identifier (R4 §3.1.1.4.4, `:text`).
pub(crate) fn displays<'d>(element: &str, value: Value<'d>, held: &mut Vec<Held<'d>>) {
    let concept = match element {
        "CodeableConcept" => Some(value),
        "Identifier" => value.get("type"),
        _ => {
            held.extend(member(value, "display").map(text));
            return;
        }
    };
    let Some(concept) = concept else { return };
    held.extend(member(concept, "text").map(text));
    held.extend(concept.each("coding").filter_map(|coding| member(coding, "display")).map(text));
}

/// Whether elements of this type have a text that is shown for them.
pub(crate) fn has_display(element: &str) -> bool {
    matches!(element, "CodeableConcept" | "Coding" | "Identifier" | "Reference")
}

fn joined<'d>(all: &str) -> Held<'d> {
    Held::Text { folded: Cow::Owned(fold(all)), whole: true, raw: None }
}

/// What a narrative shows: its text without the tags, entities resolved where
/// they stand for letters.
fn shown(div: &str) -> String {
    let mut text = String::with_capacity(div.len() / 2);
    let mut rest = div;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        let close = if from.starts_with('<') { '>' } else { ';' };
        let Some(end) = from.find(close) else {
            rest = from.get(1..).unwrap_or_default();
            continue;
        };
        if close == '>' {
            // A tag parts words only where it parts lines; this errs to parting.
            text.push(' ');
        } else if let Some(letter) = entity(from.get(1..end).unwrap_or_default()) {
            text.push(letter);
        } else {
            text.push(' ');
        }
        rest = from.get(end + 1..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// The letter of an entity; of a named one without its accent, which folding
/// would take away in any case.
fn entity(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else {
        let accents = ["acute", "grave", "circ", "uml", "cedil", "tilde"];
        let accented =
            accents.iter().any(|accent| name.len() == accent.len() + 1 && name.ends_with(accent));
        return name.chars().next().filter(|_| accented);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    code.ok().and_then(char::from_u32)
}

/// Every string of a value but its markup and its encoded bytes. Documents are
/// no deeper than their parser allows.
fn content(value: Value<'_>, all: &mut String) {
    match value.kind() {
        Kind::Object => {
            for (name, member) in value.fields() {
                if name.is_str("div") {
                    all.push_str(&shown(&member.as_str().unwrap_or_default()));
                    all.push(' ');
                } else if !name.is_str("data") {
                    content(member, all);
                }
            }
        }
        Kind::Array => value.items().for_each(|item| content(item, all)),
        Kind::String => {
            all.push_str(&value.as_str().unwrap_or_default());
            all.push(' ');
        }
        _ => {}
    }
}
