//! When two values are the same (RFC 6902 §4.6).

use std::borrow::Cow;
use std::cmp::Ordering;

use super::tree::Node;
use crate::json::{Kind, Value};

/// Whether two values are equal: strings by their characters, numbers by their
/// value (`1.0` is `1.00`, exactly, at any length), objects whatever the order
/// of their members.
pub(super) fn equal(one: &Node<'_>, other: Value<'_>) -> bool {
    match one {
        Node::Kept(value) => equal_values(*value, other),
        Node::Null => other.kind() == Kind::Null,
        Node::Object(members) => {
            if other.kind() != Kind::Object || members.len() != other.len() {
                return false;
            }
            let mut mine: Vec<_> =
                members.iter().map(|member| (&member.name, &member.node)).collect();
            mine.sort_by(|one, other| one.0.cmp(other.0));
            sorted(other)
                .zip(mine)
                .all(|((name, held), (mine, node))| *mine == name && equal(node, held))
        }
        Node::Array(items) => {
            other.kind() == Kind::Array
                && items.len() == other.len()
                && items.iter().zip(other.items()).all(|(item, held)| equal(item, held))
        }
    }
}

fn equal_values(one: Value<'_>, other: Value<'_>) -> bool {
    if one.kind() != other.kind() {
        return false;
    }
    match one.kind() {
        Kind::Object => {
            one.len() == other.len()
                && sorted(one)
                    .zip(sorted(other))
                    .all(|((name, held), (its, others))| name == its && equal_values(held, others))
        }
        Kind::Array => {
            one.len() == other.len()
                && one.items().zip(other.items()).all(|(item, its)| equal_values(item, its))
        }
        Kind::String => one.as_str() == other.as_str(),
        Kind::Number => equal_numbers(one.raw(), other.raw()),
        Kind::Bool | Kind::Null => one.raw() == other.raw(),
    }
}

fn sorted(object: Value<'_>) -> impl Iterator<Item = (Cow<'_, str>, Value<'_>)> {
    let mut members: Vec<_> = object.members().collect();
    members.sort_by(|one, other| one.0.cmp(&other.0));
    members.into_iter()
}

/// Whether two JSON numbers have the same value. Nothing is converted to a
/// float, which would make equal what differs in the eighteenth digit.
pub(super) fn equal_numbers(one: &str, other: &str) -> bool {
    one == other || number(one).cmp(&number(other)) == Ordering::Equal
}

/// A number as its sign, its digits without zeros at the ends, and the power
/// of ten of its last digit; an exponent beyond `i64` is taken as the largest.
fn number(text: &str) -> (bool, String, i64) {
    let (negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let far = if exponent.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 };
    let exponent: i64 = exponent.parse().unwrap_or(far);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let short = digits.trim_end_matches('0');
    if short.is_empty() {
        return (false, String::new(), 0);
    }
    let shift = (digits.len() - short.len()) as i64 - fraction.len() as i64;
    (negative, short.to_owned(), exponent.saturating_add(shift))
}
