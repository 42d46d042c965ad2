//! Values that operations bring: a `value[x]`, a resource, or parts.

use super::Fault;
use super::operation::value_member;
use super::place::{Pair, Place};
use crate::definitions::{Content, Element, Structure};
use crate::json::Value;
use crate::patch::tree::{Member, Node};

/// The member that `name` is in an object of this structure, for this value:
/// itself, or of a choice the member for the value's type (`value` and
/// `valueQuantity` make `valueQuantity`).
pub(super) fn member(
    structure: Structure,
    name: &str,
    value: Value<'_>,
) -> Result<(String, Element), Fault> {
    let name = name.strip_suffix("[x]").unwrap_or(name);
    if let Some(element) = structure.element(name) {
        return Ok((name.to_owned(), element));
    }
    let kind = value_member(value).map(|(kind, ..)| kind);
    let chosen = kind.map(|kind| format!("{name}{kind}"));
    let element = chosen.as_deref().and_then(|chosen| structure.element(chosen));
    match (chosen, element) {
        (Some(chosen), Some(element)) if element.is_choice() => Ok((chosen, element)),
        _ => Err(Fault::told(
            "The element has no such name, or does not take a value of this type; correct one of \
             them.",
        )),
    }
}

/// The member that takes the place of another: the same, or another type of
/// the same choice.
pub(super) fn replaced(place: &Place, value: Value<'_>) -> Result<(String, Element), Fault> {
    let element = place.element()?;
    let (true, Some(structure)) = (element.is_choice(), place.structure) else {
        return Ok((place.member.clone(), element));
    };
    match value_member(value) {
        Some(_) => member(structure, &structure.slot_name(element.slot()), value),
        None => Ok((place.member.clone(), element)),
    }
}

/// The value of a parameter or part, for an element with this content.
pub(super) fn pair<'p>(part: Value<'p>, content: Content) -> Result<Pair<'p>, Fault> {
    let given = value_member(part);
    let resource = part.get("resource");
    let parts = part.get("part");
    match (given, resource, parts) {
        (Some((_, value, companion)), None, None) => {
            Ok((value.map(Node::Kept), companion.map(Node::Kept)))
        }
        (None, Some(resource), None) => Ok((Some(Node::Kept(resource)), None)),
        (None, None, Some(_)) => match content {
            Content::Structure(number) => Ok((Some(object(part, Structure(number))?), None)),
            _ => {
                Err(Fault::told("The element has no parts of its own; give its value as value[x]."))
            }
        },
        _ => Err(Fault::told(
            "A value is given as one value[x], as a resource or as parts; give one of them.",
        )),
    }
}

/// An element made of parts. A part that occurs again is the next item. As deep
/// as the patch, which [`crate::limits::JsonLimits`] bounds.
fn object<'p>(part: Value<'p>, structure: Structure) -> Result<Node<'p>, Fault> {
    let mut lists: Vec<(String, Element, Vec<Pair<'p>>)> = Vec::new();
    for inner in part.each("part") {
        let name = inner.get("name").and_then(Value::as_str).unwrap_or_default();
        let (name, element) = member(structure, &name, inner)?;
        let made = pair(inner, element.content())?;
        match lists.iter_mut().find(|(known, ..)| *known == name) {
            Some((.., items)) => items.push(made),
            None => lists.push((name, element, vec![made])),
        }
    }
    let mut members = Vec::with_capacity(lists.len());
    for (name, element, items) in lists {
        if items.len() > 1 && !element.repeats() {
            return Err(Fault::told(
                "A part is given twice, but its element does not repeat; keep one of the two.",
            ));
        }
        let (values, companions): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        for (name, nodes) in [(name.clone(), values), (format!("_{name}"), companions)] {
            if nodes.iter().all(Option::is_none) {
                continue;
            }
            let mut nodes = nodes.into_iter().map(|node| node.unwrap_or(Node::Null));
            let node = if element.repeats() {
                Node::Array(nodes.collect())
            } else {
                nodes.next().unwrap_or(Node::Null)
            };
            members.push(Member::new(&name, node));
        }
    }
    Ok(Node::Object(members))
}
