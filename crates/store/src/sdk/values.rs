//! Items of the port as the SDK's, and back.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use chart::table::{Item, Key, Name, TableError, TableResult, Value};
use std::collections::HashMap;

use crate::expression::Expression;

/// Attributes as the SDK holds them.
pub(super) type Attributes = HashMap<String, AttributeValue>;

pub(super) fn to_sdk(value: Value) -> AttributeValue {
    match value {
        Value::S(text) => AttributeValue::S(text),
        Value::N(number) => AttributeValue::N(number.to_string()),
        Value::B(bytes) => AttributeValue::B(Blob::new(bytes)),
        Value::L(values) => AttributeValue::L(values.into_iter().map(to_sdk).collect()),
    }
}

fn from_sdk(value: AttributeValue) -> TableResult<Value> {
    Ok(match value {
        AttributeValue::S(text) => Value::S(text),
        AttributeValue::N(number) => {
            Value::N(number.parse().map_err(|_| TableError::Rejected("not an integer".to_owned()))?)
        }
        AttributeValue::B(bytes) => Value::B(bytes.into_inner()),
        AttributeValue::L(values) => {
            Value::L(values.into_iter().map(from_sdk).collect::<TableResult<_>>()?)
        }
        _ => return Err(TableError::Rejected("a type that the record does not use".to_owned())),
    })
}

pub(super) fn key_attributes(key: &Key) -> Attributes {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(key.pk.clone())),
        ("sk".to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

/// A whole item, key included.
pub(super) fn item_attributes(key: &Key, item: Item) -> Attributes {
    let mut attributes = key_attributes(key);
    attributes.extend(item.0.into_iter().map(|(name, value)| (name.into_owned(), to_sdk(value))));
    attributes
}

/// An item without its key, its attributes in the order of their names; its
/// key apart.
pub(super) fn from_attributes(mut attributes: Attributes) -> TableResult<(Key, Item)> {
    let mut half = |name: &str| match attributes.remove(name) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(TableError::Rejected(format!("an item without {name}"))),
    };
    let key = Key { pk: half("pk")?, sk: half("sk")? };
    let mut item = attributes
        .into_iter()
        .map(|(name, value)| Ok((name.into(), from_sdk(value)?)))
        .collect::<TableResult<Vec<(Name, _)>>>()?;
    item.sort_by(|(left, _), (right, _)| left.cmp(right));
    Ok((key, Item(item)))
}

/// An expression's names and values, `None` where it has none, as the protocol
/// wants it.
pub(super) struct Placeholders {
    pub(super) text: Option<String>,
    pub(super) names: Option<HashMap<String, String>>,
    pub(super) values: Option<Attributes>,
}

impl From<Option<Expression>> for Placeholders {
    fn from(expression: Option<Expression>) -> Self {
        let Some(Expression { text, names, values }) = expression else {
            return Self { text: None, names: None, values: None };
        };
        let values: Attributes =
            values.into_iter().map(|(name, value)| (name, to_sdk(value))).collect();
        Self {
            text: Some(text),
            names: (!names.is_empty()).then(|| names.into_iter().collect()),
            values: (!values.is_empty()).then_some(values),
        }
    }
}
