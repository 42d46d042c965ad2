//! The order of results. It is total: by the keys asked for, what has no value
//! last either way, then by type and id. An id never changes, so a resource that is
//! updated between two pages keeps its place unless its own key changed.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::json::Value;

use super::atom::Atom;
use super::held::{self, Held};
use super::query::{Query, SortKey, Source};
use super::tokens::{Tokens, cut};

/// The value of one sort key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderKey {
    /// The resource has none.
    Missing,
    /// An instant, Unix time in milliseconds.
    Instant(i64),
    /// A number as bits that order like it; see [`OrderKey::number`].
    Number(i64),
    /// Text, at most [`super::limits::ATOM_BYTES_MAX`] bytes of it.
    Text(String),
}

impl OrderKey {
    /// The key of a number.
    pub fn number(value: f64) -> Self {
        // Both zeros are one number. The bits of negative floats fall as the
        // number rises, so all but the sign is turned over.
        let bits = if value == 0.0 { 0 } else { value.to_bits().cast_signed() };
        Self::Number(if bits < 0 { bits ^ i64::MAX } else { bits })
    }
}

/// Where a resource stands in the order of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// One for each key of the search, in its order.
    pub keys: Vec<OrderKey>,
    /// The resource's type, which tells equals apart when several types are
    /// searched at once.
    pub resource_type: Arc<str>,
    /// The resource's id.
    pub id: String,
}

impl Query {
    /// The place of a resource by its cell; `None` when only the body knows, see
    /// [`Query::position_of_body`].
    pub fn position(&self, tokens: &Tokens, id: &str, last_updated_ms: i64) -> Option<Position> {
        let key = |sort: &SortKey| match sort.source {
            Source::Content => {
                let kept = tokens.kept(sort.slot?, sort.parameter.kind)?;
                if kept.incomplete {
                    return None;
                }
                order_key(sort, kept)
            }
            source => Some(self.meta_key(source, id, last_updated_ms)),
        };
        let keys = self.sort.iter().map(key).collect::<Option<_>>()?;
        Some(self.place(keys, id))
    }

    /// The place of a resource by its body; the same as by its cell.
    pub fn position_of_body(&self, root: Value<'_>, id: &str, last_updated_ms: i64) -> Position {
        let key = |sort: &SortKey| match sort.source {
            Source::Content => {
                let held = held::values(&sort.parameter, root).into_iter().map(Some);
                order_key(sort, held).unwrap_or(OrderKey::Missing)
            }
            source => self.meta_key(source, id, last_updated_ms),
        };
        self.place(self.sort.iter().map(key).collect(), id)
    }

    fn place(&self, keys: Vec<OrderKey>, id: &str) -> Position {
        Position { keys, resource_type: Arc::clone(&self.resource_type), id: id.to_owned() }
    }

    fn meta_key(&self, source: Source, id: &str, last_updated_ms: i64) -> OrderKey {
        match source {
            Source::LastUpdated => OrderKey::Instant(last_updated_ms),
            Source::Type => OrderKey::Text(cut(&self.resource_type).to_owned()),
            _ => OrderKey::Text(cut(id).to_owned()),
        }
    }

    /// Compares two places in the order of this search.
    pub fn compare_positions(&self, left: &Position, right: &Position) -> Ordering {
        let pairs = left.keys.iter().zip(&right.keys).zip(&self.sort);
        for ((left, right), sort) in pairs {
            let ordering = compare_keys(left, right, sort.descending);
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        left.resource_type.cmp(&right.resource_type).then_with(|| left.id.cmp(&right.id))
    }

    /// Whether a resource at `position` belongs to this page or a later one.
    pub fn is_after_cursor(&self, position: &Position) -> bool {
        self.cursor.as_ref().is_none_or(|cursor| {
            self.compare_positions(position, &cursor.position) == Ordering::Greater
        })
    }
}

/// Of several values the one that comes first in the wanted direction: a period
/// counts by its start when ascending and by its end when descending. `None`
/// when the cell holds a hash, which has no order.
fn order_key<'a>(sort: &SortKey, held: impl Iterator<Item = Option<Held<'a>>>) -> Option<OrderKey> {
    let mut best = OrderKey::Missing;
    for value in held {
        let key = match value? {
            Held::Date(range) if sort.descending => OrderKey::Instant(range.upper_ms),
            Held::Date(range) => OrderKey::Instant(range.lower_ms),
            Held::Number { high, .. } if sort.descending => OrderKey::number(high),
            Held::Number { low, .. } => OrderKey::number(low),
            Held::Text { folded, .. } => OrderKey::Text(cut(&folded).to_owned()),
            Held::Token { code, .. } => text_key(&code)?,
            Held::Reference { id, base, .. } if id.is_absent() => text_key(&base)?,
            Held::Reference { id, .. } => text_key(&id)?,
            Held::Uri(uri) => text_key(&uri)?,
            Held::Present | Held::OfType { .. } | Held::Place { .. } => OrderKey::Missing,
        };
        if compare_keys(&key, &best, sort.descending) == Ordering::Less {
            best = key;
        }
    }
    Some(best)
}

/// A text's key; `None` when only its hash is known.
fn text_key(atom: &Atom<'_>) -> Option<OrderKey> {
    match atom {
        Atom::Absent => Some(OrderKey::Missing),
        _ => atom.text().map(|text| OrderKey::Text(cut(&text).to_owned())),
    }
}

fn compare_keys(left: &OrderKey, right: &OrderKey, descending: bool) -> Ordering {
    let ordering = match (left, right) {
        (OrderKey::Missing, OrderKey::Missing) => return Ordering::Equal,
        (OrderKey::Missing, _) => return Ordering::Greater,
        (_, OrderKey::Missing) => return Ordering::Less,
        (OrderKey::Instant(left), OrderKey::Instant(right)) => left.cmp(right),
        (OrderKey::Text(left), OrderKey::Text(right)) => left.cmp(right),
        (OrderKey::Number(left), OrderKey::Number(right)) => left.cmp(right),
        // One parameter has one kind, so these never meet; any fixed order does.
        (left, right) => rank(left).cmp(&rank(right)),
    };
    if descending { ordering.reverse() } else { ordering }
}

fn rank(key: &OrderKey) -> u8 {
    match key {
        OrderKey::Instant(_) => 0,
        OrderKey::Number(_) => 1,
        OrderKey::Text(_) => 2,
        OrderKey::Missing => 3,
    }
}
