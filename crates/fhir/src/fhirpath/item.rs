//! What an expression yields: elements of the document, and computed values.

use std::borrow::Cow;

use super::decimal::Decimal;
use super::node::{Node, NodeType};
use super::syntax::TypeName;
use super::temporal::{Temporal, TemporalKind};
use crate::definitions::Structure;
use crate::json::{Kind, Value};
use crate::validate::Primitive;

/// One item of a collection.
#[derive(Clone, Debug)]
pub enum Item<'d> {
    /// An element in the document.
    Node(Node<'d>),
    /// The target of a reference that is not at hand: only its type is known.
    Referred(&'static str),
    /// `true` or `false`
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A decimal.
    Decimal(Decimal),
    /// A text.
    String(Cow<'d, str>),
    /// A date, dateTime or time.
    Temporal(Temporal),
    /// A number with a unit: a UCUM code, or a calendar unit in the singular.
    Quantity(Decimal, Cow<'d, str>),
}

impl<'d> Item<'d> {
    /// The element, if it is one.
    pub fn node(&self) -> Option<Node<'d>> {
        match self {
            Self::Node(node) => Some(*node),
            _ => None,
        }
    }

    /// The name of its type: of FHIR (`HumanName`, `code`) for an element, of
    /// System (`String`) for a computed value; `None` when it is not known.
    pub fn type_name(&self) -> Option<&'static str> {
        match self {
            Self::Node(node) => node.type_name(),
            Self::Referred(name) => Some(name),
            Self::Boolean(_) => Some("Boolean"),
            Self::Integer(_) => Some("Integer"),
            Self::Decimal(_) => Some("Decimal"),
            Self::String(_) => Some("String"),
            Self::Temporal(temporal) => Some(match temporal.kind() {
                TemporalKind::Date => "Date",
                TemporalKind::DateTime => "DateTime",
                TemporalKind::Time => "Time",
            }),
            Self::Quantity(..) => Some("Quantity"),
        }
    }

    /// The value of a primitive or quantity element, as System has it; itself
    /// for a computed value; `None` for anything else.
    pub fn system(&self) -> Option<Item<'d>> {
        match self {
            Self::Node(node) => of_node(*node),
            Self::Referred(_) => None,
            computed => Some(computed.clone()),
        }
    }

    /// The text of a string-like item (string, code, uri, id, markdown …).
    pub fn as_str(&self) -> Option<Cow<'d, str>> {
        match self.system()? {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// `true` or `false`, if it is one of them.
    pub fn as_bool(&self) -> Option<bool> {
        match self.system()? {
            Self::Boolean(truth) => Some(truth),
            _ => None,
        }
    }

    /// Whether it is of the type or of one derived from it (N1, `is`). The
    /// primitives of FHIR are also what they convert to in System.
    pub(super) fn is(&self, wanted: &TypeName) -> bool {
        let name = &*wanted.name;
        match self {
            Self::Referred(known) => wanted.system != Some(true) && is_resource(known, name),
            Self::Node(node) if wanted.system != Some(true) => {
                let structural = match node.kind() {
                    NodeType::Structure(structure) => is_structure(structure, name),
                    NodeType::Primitive(primitive) => is_primitive(primitive, name),
                    NodeType::Unknown => false,
                };
                structural || (wanted.system.is_none() && self.is_system(name))
            }
            _ => self.is_system(name),
        }
    }

    fn is_system(&self, name: &str) -> bool {
        let found = self.system().and_then(|system| system.type_name());
        found == Some(name)
    }
}

fn is_resource(known: &str, name: &str) -> bool {
    known == name
        || name == "Resource"
        || (name == "DomainResource" && !matches!(known, "Bundle" | "Binary" | "Parameters"))
}

fn is_structure(structure: Structure, name: &str) -> bool {
    let known = structure.name();
    if structure.is_resource() {
        return is_resource(known, name);
    }
    if known == name || name == "Element" {
        return true;
    }
    match name {
        "Quantity" => is_quantity(known),
        "BackboneElement" => {
            matches!(known, "Dosage" | "Timing" | "ElementDefinition")
                || known
                    .split_once('.')
                    .is_some_and(|(owner, _)| crate::types::is_resource_type(owner))
        }
        _ => false,
    }
}

pub(super) fn is_quantity(name: &str) -> bool {
    matches!(name, "Quantity" | "Age" | "Count" | "Distance" | "Duration" | "MoneyQuantity")
}

fn is_primitive(primitive: Primitive, name: &str) -> bool {
    use Primitive::*;
    primitive.name() == name
        || match name {
            "Element" => true,
            "string" => matches!(primitive, Code | Id | Markdown),
            "uri" => matches!(primitive, Url | Canonical | Oid | Uuid),
            "integer" => matches!(primitive, UnsignedInt | PositiveInt),
            _ => false,
        }
}

fn of_node(node: Node<'_>) -> Option<Item<'_>> {
    use Primitive::*;
    let value = node.value()?;
    match (node.kind(), value.kind()) {
        (NodeType::Structure(structure), Kind::Object) if is_quantity(structure.name()) => {
            quantity(value)
        }
        (NodeType::Primitive(Date | DateTime | Instant), Kind::String) => {
            let text = value.as_str()?;
            Some(Temporal::parse(&text).map_or(Item::String(text), Item::Temporal))
        }
        (NodeType::Primitive(Time), Kind::String) => {
            let text = value.as_str()?;
            let time = Temporal::parse(&format!("T{text}"));
            Some(time.map_or(Item::String(text), Item::Temporal))
        }
        (NodeType::Primitive(Decimal), Kind::Number) => number(value.raw()),
        (_, Kind::Bool) => value.as_bool().map(Item::Boolean),
        (_, Kind::Number) => match value.raw().parse() {
            Ok(whole) => Some(Item::Integer(whole)),
            Err(_) => number(value.raw()),
        },
        (_, Kind::String) => value.as_str().map(Item::String),
        _ => None,
    }
}

fn number(text: &str) -> Option<Item<'static>> {
    super::decimal::Decimal::parse(text).map(Item::Decimal)
}

/// A FHIR Quantity as System has it: its unit is the code, the unit if there
/// is no code, and `1` if there is neither.
fn quantity(value: Value<'_>) -> Option<Item<'_>> {
    let number = Decimal::parse(value.get("value")?.number_text()?)?;
    let unit = value.get("code").or_else(|| value.get("unit")).and_then(Value::as_str);
    Some(Item::Quantity(number, unit.unwrap_or(Cow::Borrowed("1"))))
}
