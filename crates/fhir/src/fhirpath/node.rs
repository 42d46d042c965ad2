//! Nodes of the document with the FHIR type that the tables give them.

use std::collections::{HashMap, HashSet};

use crate::definitions::{Content, ELEMENT, Element, Structure};
use crate::json::{Kind, Value};
use crate::types;
use crate::validate::Primitive;

/// What a node is, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeType {
    /// In an element that R4 does not know.
    Unknown,
    Primitive(Primitive),
    /// A resource, a datatype, or a part of either.
    Structure(Structure),
}

/// A step from a value in the JSON text to one inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the member of an object with this name, as in JSON (`valueQuantity`).
    Member(String),
    /// To an item of an array.
    Index(usize),
}

/// An element in the document.
#[derive(Clone, Copy, Debug)]
pub struct Node<'d> {
    value: Option<Value<'d>>,
    companion: Option<Value<'d>>,
    kind: NodeType,
}

impl<'d> Node<'d> {
    /// A resource, of the type that it names; or any other JSON, whose types
    /// are then guessed from the JSON.
    pub fn resource(value: Value<'d>) -> Self {
        let named = value.get("resourceType").and_then(Value::as_str);
        let structure = named.and_then(|name| Structure::of_resource(&name));
        let kind = structure.map_or(NodeType::Unknown, NodeType::Structure);
        Self { value: Some(value), companion: None, kind }
    }

    pub(crate) fn structured(value: Value<'d>, structure: Structure) -> Self {
        Self { value: Some(value), companion: None, kind: NodeType::Structure(structure) }
    }

    /// The JSON value; `None` for a primitive that has extensions only.
    pub fn value(self) -> Option<Value<'d>> {
        self.value
    }

    /// The object of the member `_name`: id and extensions of a primitive.
    pub fn companion(self) -> Option<Value<'d>> {
        self.companion
    }

    pub(crate) fn kind(self) -> NodeType {
        self.kind
    }

    /// Its FHIR type: `HumanName`, `code`, `Patient`; `Patient.contact` for a
    /// part of a resource; `None` where R4 does not tell.
    pub fn type_name(self) -> Option<&'static str> {
        match self.kind {
            NodeType::Unknown => None,
            NodeType::Primitive(primitive) => Some(primitive.name()),
            NodeType::Structure(structure) => Some(structure.name()),
        }
    }

    /// How to get to it from `root`, the value that was evaluated. A primitive
    /// without a value is found by its companion, `_name`.
    pub fn location(self, root: Value<'d>) -> Vec<Step> {
        let mut steps = Vec::new();
        let Some(target) = self.value.or(self.companion).map(Value::span) else { return steps };
        let mut here = root;
        // Spans are nested as values are, and no two values have the same.
        while here.span() != target {
            let holds = |value: &Value<'_>| {
                let span = value.span();
                span.start <= target.start && target.end <= span.end
            };
            let member = here.members().find(|(_, value)| holds(value));
            let item = here.items().enumerate().find(|(_, value)| holds(value));
            match (member, item) {
                (Some((name, value)), _) => {
                    steps.push(Step::Member(name.into_owned()));
                    here = value;
                }
                (None, Some((index, value))) => {
                    steps.push(Step::Index(index));
                    here = value;
                }
                (None, None) => return Vec::new(),
            }
        }
        steps
    }

    /// The object with its elements: its own, or a primitive's companion.
    fn object(self) -> Option<(Value<'d>, Option<Structure>)> {
        match self.kind {
            NodeType::Primitive(_) => Some((self.companion?, Some(Structure(ELEMENT)))),
            NodeType::Structure(structure) => Some((self.value?, Some(structure))),
            NodeType::Unknown => Some((self.value?, None)),
        }
    }

    /// The elements called `name`; the one of a choice by the choice's name.
    /// Gives how many members were looked at.
    pub(crate) fn each_child(self, name: &str, to: &mut impl FnMut(Node<'d>)) -> usize {
        let Some((object, structure)) = self.object() else { return 0 };
        let mut looked_at = 0;
        let known = structure.and_then(|structure| structure.element(name));
        if known.is_some_and(Element::is_choice) {
            // By FHIRPath a choice is called `value`, never `valueString`.
            return 0;
        }
        let (mut value, mut companion) = (None, None);
        let mut chosen = None;
        for (key, held) in object.fields() {
            looked_at += 1;
            let Some(key) = key.as_str() else { continue };
            if *key == *name {
                value = Some(held);
            } else if let Some(suffix) = key.strip_prefix(name)
                && known.is_none()
                && suffix.starts_with(|c: char| c.is_ascii_uppercase())
            {
                chosen = choice(structure, &key, suffix).or(chosen);
                if chosen.is_some() {
                    value = value.or(Some(held));
                }
            } else if let Some(base) = key.strip_prefix('_') {
                if base == name {
                    companion = Some(held);
                } else if known.is_none()
                    && let Some(suffix) = base.strip_prefix(name)
                    && suffix.starts_with(|c: char| c.is_ascii_uppercase())
                    && let Some(kind) = choice(structure, base, suffix)
                {
                    chosen = Some(kind);
                    companion = Some(held);
                }
            }
        }
        if name != "resourceType" {
            emit(value, companion, known.map(Element::content), chosen, to);
        }
        looked_at
    }

    /// Every element, in the order of the text.
    pub(crate) fn each_element(self, to: &mut impl FnMut(&str, Node<'d>)) {
        let Some((object, structure)) = self.object() else { return };
        // Names and companions are looked up in maps: an object may have many.
        let mut companions = HashMap::new();
        for (key, held) in object.members() {
            if let Some(base) = key.strip_prefix('_') {
                companions.insert(base.to_owned(), held);
            }
        }
        let names: HashSet<_> = match companions.is_empty() {
            true => HashSet::new(),
            false => object.members().map(|(key, _)| key).collect(),
        };
        for (key, held) in object.members() {
            let (name, value, companion) = match key.strip_prefix('_') {
                Some(base) if names.contains(base) => continue,
                Some(base) => (base, None, Some(held)),
                None if *key == *"resourceType" => continue,
                None => (&*key, Some(held), companions.get(&*key).copied()),
            };
            let companion = companion.filter(|_| value.is_none_or(|v| v.kind() != Kind::Object));
            let element = structure.and_then(|structure| structure.element(name));
            emit(value, companion, element.map(Element::content), None, &mut |node| to(name, node));
        }
    }
}

/// The type of a choice's member: `Quantity` of `valueQuantity`.
fn choice(structure: Option<Structure>, key: &str, suffix: &str) -> Option<NodeType> {
    let Some(structure) = structure else { return type_named(suffix) };
    let content = structure.element(key).filter(|element| element.is_choice())?.content();
    let kind = match content {
        Content::Primitive(primitive) => NodeType::Primitive(primitive),
        Content::Structure(number) => NodeType::Structure(Structure(number)),
        Content::Resource => return None,
    };
    let name = match kind {
        NodeType::Primitive(primitive) => primitive.name(),
        NodeType::Structure(structure) => structure.name(),
        NodeType::Unknown => return None,
    };
    let same = name.len() == suffix.len()
        && name.get(1..) == suffix.get(1..)
        && name.get(..1)?.eq_ignore_ascii_case(suffix.get(..1)?);
    same.then_some(kind)
}

/// A datatype or primitive by name, whatever the case of its first letter.
fn type_named(name: &str) -> Option<NodeType> {
    let lower = name.get(..1)?.to_ascii_lowercase() + name.get(1..)?;
    if let Some(primitive) = Primitive::named(&lower) {
        return Some(NodeType::Primitive(primitive));
    }
    Structure::of_datatype(name).map(NodeType::Structure)
}

fn emit<'d>(
    value: Option<Value<'d>>,
    companion: Option<Value<'d>>,
    content: Option<Content>,
    chosen: Option<NodeType>,
    to: &mut impl FnMut(Node<'d>),
) {
    let one = |value: Option<Value<'d>>, companion: Option<Value<'d>>| {
        let value = value.filter(|value| value.kind() != Kind::Null);
        let companion = companion.filter(|companion| companion.kind() == Kind::Object);
        let kind = match (chosen, content) {
            (Some(kind), _) => kind,
            (None, Some(Content::Primitive(primitive))) => NodeType::Primitive(primitive),
            (None, Some(Content::Structure(number))) => NodeType::Structure(Structure(number)),
            (None, Some(Content::Resource)) => return value.map(Node::resource),
            (None, None) => match value {
                Some(value) if value.kind() == Kind::Object => return Some(Node::resource(value)),
                _ => NodeType::Unknown,
            },
        };
        let present = value.is_some() || companion.is_some();
        present.then_some(Node { value, companion, kind })
    };
    let is_array = |value: Option<Value<'d>>| value.is_some_and(|v| v.kind() == Kind::Array);
    if !is_array(value) && !is_array(companion) {
        one(value, companion).into_iter().for_each(to);
        return;
    }
    let mut values = value.map(Value::items);
    let mut companions = companion.map(Value::items);
    loop {
        let value = values.as_mut().and_then(Iterator::next);
        let companion = companions.as_mut().and_then(Iterator::next);
        if value.is_none() && companion.is_none() {
            return;
        }
        one(value, companion).into_iter().for_each(&mut *to);
    }
}

/// The resource type that a reference is to, from its `type` or its text:
/// `Patient/1`, `http://…/Patient/1/_history/2`, `Patient?identifier=…`.
pub(crate) fn referred_type(reference: Value<'_>) -> Option<&'static str> {
    let text = reference.get("reference").and_then(Value::as_str);
    let from_text = text.and_then(|text| type_in_text(&text));
    from_text.or_else(|| {
        let named = reference.get("type").and_then(Value::as_str)?;
        types::named(named.rsplit('/').next()?).map(|known| known.name)
    })
}

/// The resource type that a literal reference's text names.
pub(crate) fn type_in_text(text: &str) -> Option<&'static str> {
    if text.starts_with('#') || text.starts_with("urn:") {
        return None;
    }
    let path = text.split(['?', '#', '|']).next()?;
    let path = path.split_once("/_history/").map_or(path, |(path, _)| path);
    let mut parts = path.rsplit('/');
    let last = parts.next()?;
    if text.contains('?') && !path.contains('/') {
        return types::named(last).map(|known| known.name);
    }
    types::is_id(last).then(|| types::named(parts.next()?))?.map(|known| known.name)
}
