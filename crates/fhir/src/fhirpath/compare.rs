//! Equality, equivalence and order of items and collections (N1, Equality,
//! Comparison).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

use super::decimal::Decimal;
use super::error::FhirPathError;
use super::evaluator::Evaluator;
use super::item::Item;
use super::quantity;
use crate::json::{Kind, Value};

/// Collections up to this length are compared pairwise.
const PAIRWISE_MAX: usize = 16;

fn number(item: &Item<'_>) -> Option<Decimal> {
    match item {
        Item::Integer(whole) => Some(Decimal::from(*whole)),
        Item::Decimal(decimal) => Some(*decimal),
        _ => None,
    }
}

impl<'d> Evaluator<'d> {
    /// `=` of items: `None` when it is not known (dates of unlike precision).
    pub(super) fn item_equal(
        &mut self,
        one: &Item<'d>,
        two: &Item<'d>,
    ) -> Result<Option<bool>, FhirPathError> {
        self.spend(1)?;
        let (Some(left), Some(right)) = (one.system(), two.system()) else {
            return Ok(Some(match (one, two) {
                (Item::Node(one), Item::Node(two)) => match (one.value(), two.value()) {
                    (Some(one), Some(two)) => self.json_equal(one, two, false)?,
                    _ => one.companion().map(Value::span) == two.companion().map(Value::span),
                },
                (Item::Referred(one), Item::Referred(two)) => one == two,
                _ => false,
            }));
        };
        Ok(match (&left, &right) {
            (Item::Boolean(one), Item::Boolean(two)) => Some(one == two),
            (Item::String(one), Item::String(two)) => {
                self.spend_text(one.len().min(two.len()))?;
                Some(one == two)
            }
            (Item::Temporal(one), Item::Temporal(two)) => {
                if one.to_time().is_some() && one.to_date().is_some() != two.to_date().is_some() {
                    Some(false)
                } else {
                    one.compare(*two).map(Ordering::is_eq)
                }
            }
            (Item::Quantity(one, unit), Item::Quantity(two, other)) => {
                quantity::compare((*one, unit), (*two, other)).map(Ordering::is_eq)
            }
            _ => match (number(&left), number(&right)) {
                (Some(one), Some(two)) => Some(one.compare(two).is_eq()),
                _ => Some(false),
            },
        })
    }

    /// `~` of items.
    fn item_equivalent(&mut self, one: &Item<'d>, two: &Item<'d>) -> Result<bool, FhirPathError> {
        self.spend(1)?;
        Ok(match (one.system(), two.system()) {
            (Some(Item::String(one)), Some(Item::String(two))) => {
                self.spend_text(one.len() + two.len())?;
                folded(&one) == folded(&two)
            }
            (Some(Item::Temporal(one)), Some(Item::Temporal(two))) => one.is_same(two),
            (Some(Item::Quantity(one, unit)), Some(Item::Quantity(two, other))) => {
                let values = quantity::in_one_unit((one, &unit), (two, &other));
                values.is_some_and(|(one, two)| one.is_near(two))
            }
            (Some(left), Some(right)) => match (number(&left), number(&right)) {
                (Some(one), Some(two)) => one.is_near(two),
                _ => self.item_equal(one, two)? == Some(true),
            },
            _ => match (one, two) {
                (Item::Node(one), Item::Node(two)) => match (one.value(), two.value()) {
                    (Some(one), Some(two)) => self.json_equal(one, two, true)?,
                    _ => false,
                },
                _ => false,
            },
        })
    }

    /// Whether two JSON values say the same: members in any order, numbers by
    /// value; items in any order if `any_order`.
    fn json_equal(
        &mut self,
        one: Value<'d>,
        two: Value<'d>,
        any_order: bool,
    ) -> Result<bool, FhirPathError> {
        self.spend(1)?;
        if one.kind() != two.kind() {
            return Ok(false);
        }
        Ok(match one.kind() {
            Kind::Object => {
                if one.len() != two.len() {
                    return Ok(false);
                }
                for (name, held) in one.members() {
                    self.spend(1)?;
                    let Some(other) = two.get(&name) else { return Ok(false) };
                    if !self.json_equal(held, other, any_order)? {
                        return Ok(false);
                    }
                }
                true
            }
            Kind::Array => {
                if one.len() != two.len() {
                    return Ok(false);
                }
                let others: Vec<_> = two.items().collect();
                for (at, item) in one.items().enumerate() {
                    let mut found = false;
                    for (place, other) in others.iter().enumerate() {
                        if any_order || place == at {
                            found = found || self.json_equal(item, *other, any_order)?;
                        }
                    }
                    if !found {
                        return Ok(false);
                    }
                }
                true
            }
            Kind::String => {
                self.spend_text(one.raw().len())?;
                one.as_str() == two.as_str()
            }
            Kind::Number => match (Decimal::parse(one.raw()), Decimal::parse(two.raw())) {
                (Some(one), Some(two)) => one.compare(two).is_eq(),
                _ => one.raw() == two.raw(),
            },
            Kind::Bool | Kind::Null => one.raw() == two.raw(),
        })
    }

    /// `=` of collections; `None` when empty or not known.
    pub(super) fn equal(
        &mut self,
        left: &[Item<'d>],
        right: &[Item<'d>],
    ) -> Result<Option<bool>, FhirPathError> {
        if left.is_empty() || right.is_empty() {
            return Ok(None);
        }
        if left.len() != right.len() {
            return Ok(Some(false));
        }
        let mut result = Some(true);
        for (one, two) in left.iter().zip(right) {
            match self.item_equal(one, two)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => result = None,
            }
        }
        Ok(result)
    }

    /// `~` of collections: the same items in any order.
    pub(super) fn equivalent(
        &mut self,
        left: &[Item<'d>],
        right: &[Item<'d>],
    ) -> Result<bool, FhirPathError> {
        if left.len() != right.len() {
            return Ok(false);
        }
        let mut free: Vec<_> = right.iter().collect();
        for one in left {
            let mut place = None;
            for (at, two) in free.iter().enumerate() {
                if self.item_equivalent(one, two)? {
                    place = Some(at);
                    break;
                }
            }
            match place {
                Some(at) => drop(free.swap_remove(at)),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The order of two items; `None` when it is not known.
    pub(super) fn order(
        &mut self,
        one: &Item<'d>,
        two: &Item<'d>,
    ) -> Result<Option<Ordering>, FhirPathError> {
        self.spend(1)?;
        let mismatch = || {
            FhirPathError::typed(
                "Only two numbers, strings, dates, times or quantities can be compared by order.",
            )
        };
        let (Some(left), Some(right)) = (one.system(), two.system()) else {
            return if self.is_hollow(one) || self.is_hollow(two) {
                Ok(None)
            } else {
                Err(mismatch())
            };
        };
        Ok(match (&left, &right) {
            (Item::String(one), Item::String(two)) => Some(one.cmp(two)),
            (Item::Temporal(one), Item::Temporal(two)) => one.compare(*two),
            (Item::Quantity(one, unit), Item::Quantity(two, other)) => {
                quantity::compare((*one, unit), (*two, other))
            }
            (Item::Quantity(one, unit), _) if number(&right).is_some() && **unit == *"1" => {
                number(&right).map(|two| one.compare(two))
            }
            _ => match (number(&left), number(&right)) {
                (Some(one), Some(two)) => Some(one.compare(two)),
                _ => return Err(mismatch()),
            },
        })
    }

    /// An element without a value of its own: a primitive with extensions
    /// only, a quantity without a number.
    fn is_hollow(&self, item: &Item<'d>) -> bool {
        item.node().is_some_and(|node| {
            node.type_name().is_none_or(|name| {
                super::item::is_quantity(name) || name.starts_with(|c: char| c.is_ascii_lowercase())
            })
        })
    }

    /// Whether `items` has one that is equal to `wanted`.
    pub(super) fn holds(
        &mut self,
        items: &[Item<'d>],
        wanted: &Item<'d>,
    ) -> Result<bool, FhirPathError> {
        for item in items {
            if self.item_equal(item, wanted)? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The items without those equal to an earlier one.
    pub(super) fn distinct(
        &mut self,
        items: Vec<Item<'d>>,
    ) -> Result<Vec<Item<'d>>, FhirPathError> {
        let mut texts: HashSet<Cow<'d, str>> = HashSet::new();
        let hashed = items.len() > PAIRWISE_MAX;
        let mut kept: Vec<Item<'d>> = Vec::with_capacity(items.len());
        // Places of what is kept and not in `texts`.
        let mut others: Vec<Item<'d>> = Vec::new();
        for item in items {
            self.spend(1)?;
            match item.as_str().filter(|_| hashed) {
                Some(text) => {
                    self.spend_text(text.len())?;
                    if texts.insert(text) {
                        kept.push(item);
                    }
                }
                None => {
                    if !self.holds(&others, &item)? {
                        others.push(item.clone());
                        kept.push(item);
                    }
                }
            }
        }
        Ok(kept)
    }
}

/// For `~`: without case, and with white space made even.
fn folded(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}
