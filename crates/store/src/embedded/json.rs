//! Items as the DynamoDB protocol spells them: read from requests, and written
//! for the engine, whose storage is a view of ours (`layout`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chart::table::{Item, Name, TableError, Value};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

use super::packed::Held;

#[cfg(test)]
mod tests;

/// The JSON text of an item as the engine writes it, key included.
pub(super) fn encode(
    pk: &str,
    sk: &str,
    attributes: &[(Name, Held)],
) -> Result<String, TableError> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(b"{\"pk\":{\"S\":");
    write_text(&mut out, pk)?;
    out.extend_from_slice(b"},\"sk\":{\"S\":");
    write_text(&mut out, sk)?;
    out.push(b'}');
    for (name, held) in attributes {
        out.push(b',');
        write_text(&mut out, name)?;
        out.push(b':');
        match held {
            Held::Known(value) => write_value(&mut out, value)?,
            Held::Foreign(json) => out.extend_from_slice(json.as_bytes()),
        }
    }
    out.push(b'}');
    String::from_utf8(out).map_err(|error| TableError::Rejected(error.to_string()))
}

fn write_text(out: &mut Vec<u8>, text: &str) -> Result<(), TableError> {
    serde_json::to_writer(out, text).map_err(|error| TableError::Rejected(error.to_string()))
}

fn write_value(out: &mut Vec<u8>, value: &Value) -> Result<(), TableError> {
    match value {
        Value::S(text) => {
            out.extend_from_slice(b"{\"S\":");
            write_text(out, text)?;
        }
        Value::N(number) => {
            out.extend_from_slice(format!("{{\"N\":\"{number}\"").as_bytes());
        }
        Value::B(bytes) => {
            out.extend_from_slice(b"{\"B\":\"");
            out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
            out.push(b'"');
        }
        Value::L(values) => {
            out.extend_from_slice(b"{\"L\":[");
            for (position, value) in values.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                write_value(out, value)?;
            }
            out.push(b']');
        }
    }
    out.push(b'}');
    Ok(())
}

/// An item as it is written in JSON, its key apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) pk: Option<String>,
    pub(super) sk: Option<String>,
    pub(super) item: Item,
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ItemSeed)
    }
}

/// A value as it is written in JSON.
pub(super) struct StoredValue(pub(super) Value);

impl<'de> Deserialize<'de> for StoredValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ValueSeed.deserialize(deserializer).map(Self)
    }
}

struct ItemSeed;

impl<'de> Visitor<'de> for ItemSeed {
    type Value = Stored;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Stored, A::Error> {
        let mut attributes: Vec<(Name, Value)> = Vec::with_capacity(8);
        let (mut pk, mut sk) = (None, None);
        while let Some(name) = map.next_key_seed(TextSeed)? {
            let value = map.next_value_seed(ValueSeed)?;
            match (name.as_ref(), value) {
                ("pk", Value::S(text)) => pk = Some(text),
                ("sk", Value::S(text)) => sk = Some(text),
                (_, value) => attributes.push((Cow::Owned(name.into_owned()), value)),
            }
        }
        // As from DynamoDB, where attributes have no order of their own.
        if !attributes.is_sorted_by(|(left, _), (right, _)| left <= right) {
            attributes.sort_by(|(left, _), (right, _)| left.cmp(right));
        }
        Ok(Stored { pk, sk, item: Item(attributes) })
    }
}

/// Text, borrowed from the input unless it holds escapes.
struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Cow<'de, str>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

struct ValueSeed;

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of type S, N, B or L")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let kind = map.next_key_seed(TextSeed)?.ok_or_else(|| A::Error::custom("empty value"))?;
        let value = match kind.as_ref() {
            "S" => Value::S(map.next_value_seed(TextSeed)?.into_owned()),
            "N" => Value::N(map.next_value_seed(TextSeed)?.parse().map_err(A::Error::custom)?),
            "B" => {
                let text = map.next_value_seed(TextSeed)?;
                Value::B(STANDARD.decode(text.as_bytes()).map_err(A::Error::custom)?)
            }
            "L" => Value::L(map.next_value_seed(ListSeed)?),
            other => return Err(A::Error::custom(format!("type {other}"))),
        };
        match map.next_key::<serde::de::IgnoredAny>()? {
            None => Ok(value),
            Some(_) => Err(A::Error::custom("a value with two types")),
        }
    }
}

struct ListSeed;

impl<'de> DeserializeSeed<'de> for ListSeed {
    type Value = Vec<Value>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Value>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ListSeed {
    type Value = Vec<Value>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Value>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(ValueSeed)? {
            values.push(value);
        }
        Ok(values)
    }
}
