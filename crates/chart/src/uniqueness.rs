//! Uniqueness cells: a generation, and who owns the key for which period.

use crate::request::{Claim, Period};
use crate::table::Value;

/// A resource that owns a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its type.
    pub resource_type: String,
    /// Its id.
    pub id: String,
    /// When it owns the key.
    pub period: Period,
}

/// The value of a U cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uniqueness {
    /// Grows with every commit that touches the cell.
    pub generation: i64,
    pub owners: Vec<Owner>,
}

impl Uniqueness {
    pub fn parse(value: Option<&Value>) -> Option<Self> {
        let Some(value) = value else { return Some(Self::default()) };
        let Value::L(parts) = value else { return None };
        let (first, owners) = parts.split_first()?;
        let Value::N(generation) = first else { return None };
        let owners = owners.iter().map(parse_owner).collect::<Option<_>>()?;
        Some(Self { generation: *generation, owners })
    }

    pub fn value(&self) -> Value {
        let mut parts = vec![Value::N(self.generation)];
        parts.extend(self.owners.iter().map(|owner| {
            Value::L(vec![
                Value::S(owner.resource_type.clone()),
                Value::S(owner.id.clone()),
                Value::N(owner.period.from_ms.unwrap_or(i64::MIN)),
                Value::N(owner.period.to_ms.unwrap_or(i64::MAX)),
            ])
        }));
        Value::L(parts)
    }

    /// Takes every claim of a resource out.
    pub fn release(&mut self, resource_type: &str, id: &str) {
        self.owners.retain(|owner| owner.resource_type != resource_type || owner.id != id);
    }

    /// Another owner whose period overlaps.
    pub fn rival(&self, resource_type: &str, id: &str, period: &Period) -> Option<&Owner> {
        self.owners.iter().find(|owner| {
            (owner.resource_type != resource_type || owner.id != id)
                && owner.period.overlaps(period)
        })
    }
}

fn parse_owner(value: &Value) -> Option<Owner> {
    let Value::L(parts) = value else { return None };
    let [Value::S(resource_type), Value::S(id), Value::N(from), Value::N(to)] = parts.as_slice()
    else {
        return None;
    };
    let period = Period {
        from_ms: Some(*from).filter(|at| *at != i64::MIN),
        to_ms: Some(*to).filter(|at| *at != i64::MAX),
    };
    Some(Owner { resource_type: resource_type.clone(), id: id.clone(), period })
}

/// A claim as a resource cell remembers it: key, then the period when there is
/// one. Equal text means that the uniqueness cell already says so.
pub(crate) fn spell(claim: &Claim) -> String {
    match (claim.period.from_ms, claim.period.to_ms) {
        (None, None) => claim.key.clone(),
        (from, to) => {
            let bound = |at: Option<i64>| at.map_or_else(String::new, |at| at.to_string());
            format!("{}:{}:{}", claim.key, bound(from), bound(to))
        }
    }
}

/// The key of a claim that [`spell`] wrote.
pub(crate) fn key_of(spelt: &str) -> &str {
    spelt.split(':').next().unwrap_or(spelt)
}
