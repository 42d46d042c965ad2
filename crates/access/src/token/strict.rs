//! JSON objects in which no member is named twice, at any depth. `serde_json`
//! keeps the last of two silently, and two readers that keep different ones
//! would disagree on what a token says.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Why a text is not such an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStrict {
    /// Not JSON, or not an object.
    Malformed,
    /// A member is named twice.
    Duplicate,
}

const TWICE: &str = "member named twice";

/// The object that `bytes` spell.
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, NotStrict> {
    serde_json::from_slice::<Scan>(bytes).map_err(|error| {
        if error.to_string().starts_with(TWICE) {
            NotStrict::Duplicate
        } else {
            NotStrict::Malformed
        }
    })?;
    serde_json::from_slice(bytes).map_err(|_| NotStrict::Malformed)
}

/// Walks through a value and keeps nothing of it.
struct Scan;

impl<'a> Deserialize<'a> for Scan {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'a> Visitor<'a> for Walk {
    type Value = Scan;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Scan, E> {
        Ok(Scan)
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Scan, E> {
        Ok(Scan)
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Scan, E> {
        Ok(Scan)
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Scan, E> {
        Ok(Scan)
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<Scan, E> {
        Ok(Scan)
    }
    fn visit_unit<E: Error>(self) -> Result<Scan, E> {
        Ok(Scan)
    }
    fn visit_seq<A: SeqAccess<'a>>(self, mut access: A) -> Result<Scan, A::Error> {
        while access.next_element::<Scan>()?.is_some() {}
        Ok(Scan)
    }
    fn visit_map<A: MapAccess<'a>>(self, mut access: A) -> Result<Scan, A::Error> {
        let mut met = HashSet::new();
        while let Some(name) = access.next_key::<String>()? {
            // With arbitrary precision on, serde_json shows a number as a map
            // of one private member, whose value is not asked for here.
            if name.starts_with("$serde_json::private") {
                access.next_value::<IgnoredAny>()?;
            } else {
                access.next_value::<Scan>()?;
            }
            if !met.insert(name) {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(Scan)
    }
}
