//! The order of results. It is total: by the keys asked for, what has no value
//! last either way, then by id. An id never changes, so a resource that is
//! updated between two pages keeps its place unless its own key changed.

use std::cmp::Ordering;

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
    /// Text, at most [`super::limits::ATOM_BYTES_MAX`] bytes of it.
    Text(String),
}

/// Where a resource stands in the order of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// One for each key of the search, in its order.
    pub keys: Vec<OrderKey>,
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
                order_key(sort, &kept.values)
            }
            source => Some(meta_key(source, id, last_updated_ms)),
        };
        let keys = self.sort.iter().map(key).collect::<Option<_>>()?;
        Some(Position { keys, id: id.to_owned() })
    }

    /// The place of a resource by its body; the same as by its cell.
    pub fn position_of_body(&self, root: Value<'_>, id: &str, last_updated_ms: i64) -> Position {
        let key = |sort: &SortKey| match sort.source {
            Source::Content => {
                order_key(sort, &held::values(&sort.parameter, root)).unwrap_or(OrderKey::Missing)
            }
            source => meta_key(source, id, last_updated_ms),
        };
        Position { keys: self.sort.iter().map(key).collect(), id: id.to_owned() }
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
        left.id.cmp(&right.id)
    }

    /// Whether a resource at `position` belongs to this page or a later one.
    pub fn is_after_cursor(&self, position: &Position) -> bool {
        self.cursor.as_ref().is_none_or(|cursor| {
            self.compare_positions(position, &cursor.position) == Ordering::Greater
        })
    }
}

fn meta_key(source: Source, id: &str, last_updated_ms: i64) -> OrderKey {
    match source {
        Source::LastUpdated => OrderKey::Instant(last_updated_ms),
        _ => OrderKey::Text(cut(id).to_owned()),
    }
}

/// Of several values the one that comes first in the wanted direction: a period
/// counts by its start when ascending and by its end when descending. `None`
/// when the cell holds a hash, which has no order.
fn order_key(sort: &SortKey, held: &[Held<'_>]) -> Option<OrderKey> {
    let mut best = OrderKey::Missing;
    for value in held {
        let key = match value {
            Held::Date(range) if sort.descending => OrderKey::Instant(range.upper_ms),
            Held::Date(range) => OrderKey::Instant(range.lower_ms),
            Held::Text { folded, .. } => OrderKey::Text(cut(folded).to_owned()),
            Held::Token { code, .. } => text_key(code)?,
            Held::Reference { id, .. } => text_key(id)?,
            Held::Uri(uri) => text_key(uri)?,
            Held::Number { .. } => OrderKey::Missing,
        };
        if compare_keys(&key, &best, sort.descending) == Ordering::Less {
            best = key;
        }
    }
    Some(best)
}

fn text_key(atom: &Atom<'_>) -> Option<OrderKey> {
    match atom {
        Atom::Absent => Some(OrderKey::Missing),
        Atom::Text(text) => Some(OrderKey::Text(cut(text).to_owned())),
        Atom::Uuid(bytes) => Some(OrderKey::Text(uuid_text(bytes))),
        Atom::Hash(_) => None,
    }
}

fn uuid_text(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    text
}

fn compare_keys(left: &OrderKey, right: &OrderKey, descending: bool) -> Ordering {
    let ordering = match (left, right) {
        (OrderKey::Missing, OrderKey::Missing) => return Ordering::Equal,
        (OrderKey::Missing, _) => return Ordering::Greater,
        (_, OrderKey::Missing) => return Ordering::Less,
        (OrderKey::Instant(left), OrderKey::Instant(right)) => left.cmp(right),
        (OrderKey::Text(left), OrderKey::Text(right)) => left.cmp(right),
        // One parameter has one kind, so these never meet; any fixed order does.
        (OrderKey::Instant(_), OrderKey::Text(_)) => Ordering::Less,
        (OrderKey::Text(_), OrderKey::Instant(_)) => Ordering::Greater,
    };
    if descending { ordering.reverse() } else { ordering }
}
