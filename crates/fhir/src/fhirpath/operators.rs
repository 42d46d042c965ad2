//! What operators do with their operands (N1, Operations).

use std::borrow::Cow;
use std::cmp::Ordering;

use super::decimal::Decimal;
use super::error::FhirPathError;
use super::evaluator::{Collection, Evaluator};
use super::item::Item;
use super::syntax::Operator;

/// Singleton evaluation where a boolean is expected: one item that is no
/// boolean counts as true.
pub(super) fn truth(items: &[Item<'_>]) -> Result<Option<bool>, FhirPathError> {
    match items {
        [] => Ok(None),
        [one] => Ok(Some(one.as_bool().unwrap_or(true))),
        _ => Err(FhirPathError::several("A condition")),
    }
}

pub(super) fn boolean<'d>(truth: Option<bool>) -> Collection<'d> {
    truth.map(Item::Boolean).into_iter().collect()
}

fn one<'i, 'd>(items: &'i [Item<'d>], what: &str) -> Result<Option<&'i Item<'d>>, FhirPathError> {
    match items {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(FhirPathError::several(what)),
    }
}

impl<'d> Evaluator<'d> {
    pub(super) fn operate(
        &mut self,
        operator: Operator,
        left: Collection<'d>,
        right: Collection<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        Ok(match operator {
            Operator::And => boolean(match (truth(&left)?, truth(&right)?) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            }),
            Operator::Or => boolean(match (truth(&left)?, truth(&right)?) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            }),
            Operator::Xor => boolean(match (truth(&left)?, truth(&right)?) {
                (Some(one), Some(two)) => Some(one != two),
                _ => None,
            }),
            Operator::Implies => boolean(match (truth(&left)?, truth(&right)?) {
                (Some(false), _) | (_, Some(true)) => Some(true),
                (Some(true), known) => known,
                (None, _) => None,
            }),
            Operator::Equal => boolean(self.equal(&left, &right)?),
            Operator::NotEqual => boolean(self.equal(&left, &right)?.map(|same| !same)),
            Operator::Equivalent => boolean(Some(self.equivalent(&left, &right)?)),
            Operator::NotEquivalent => boolean(Some(!self.equivalent(&left, &right)?)),
            Operator::In => self.membership(&left, &right)?,
            Operator::Contains => self.membership(&right, &left)?,
            Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => {
                let pair = one(&left, "A comparison")?.zip(one(&right, "A comparison")?);
                let Some((left, right)) = pair else { return Ok(Vec::new()) };
                let order = self.order(left, right)?;
                boolean(order.map(|order| match operator {
                    Operator::Less => order == Ordering::Less,
                    Operator::LessOrEqual => order != Ordering::Greater,
                    Operator::Greater => order == Ordering::Greater,
                    _ => order != Ordering::Less,
                }))
            }
            Operator::Join => {
                let text = |items: &[Item<'d>]| match one(items, "&")? {
                    None => Ok(Cow::Borrowed("")),
                    Some(item) => item
                        .as_str()
                        .or_else(|| self::text(item).map(Cow::Owned))
                        .ok_or_else(|| FhirPathError::typed("& joins strings.")),
                };
                let (left, right) = (text(&left)?, text(&right)?);
                self.spend_text(left.len() + right.len())?;
                vec![Item::String(Cow::Owned(format!("{left}{right}")))]
            }
            _ => self.arithmetic(operator, &left, &right)?,
        })
    }

    /// `in`: whether the one item is among the others.
    fn membership(
        &mut self,
        item: &[Item<'d>],
        items: &[Item<'d>],
    ) -> Result<Collection<'d>, FhirPathError> {
        let Some(item) = one(item, "Membership")? else { return Ok(Vec::new()) };
        Ok(boolean(Some(self.holds(items, item)?)))
    }

    fn arithmetic(
        &mut self,
        operator: Operator,
        left: &[Item<'d>],
        right: &[Item<'d>],
    ) -> Result<Collection<'d>, FhirPathError> {
        let pair = one(left, "Arithmetic")?.zip(one(right, "Arithmetic")?);
        let Some((left, right)) = pair else { return Ok(Vec::new()) };
        let Some((left, right)) = left.system().zip(right.system()) else {
            return Err(FhirPathError::typed(
                "Arithmetic takes numbers, strings, dates, quantities.",
            ));
        };
        self.spend(1)?;
        let result = match (&left, &right) {
            (Item::Integer(one), Item::Integer(two)) => whole(operator, *one, *two),
            (Item::String(one), Item::String(two)) if operator == Operator::Plus => {
                self.spend_text(one.len() + two.len())?;
                Some(Item::String(Cow::Owned(format!("{one}{two}"))))
            }
            (Item::Temporal(when), Item::Quantity(amount, unit)) => match operator {
                Operator::Plus => when.plus(*amount, unit).map(Item::Temporal),
                Operator::Minus => when.plus(amount.negated(), unit).map(Item::Temporal),
                _ => return Err(unfit()),
            },
            (Item::Quantity(one, unit), Item::Quantity(two, other)) => {
                quantities(operator, (*one, unit), (*two, other))
            }
            (Item::Quantity(one, unit), _) if number(&right).is_some() => {
                let result = number(&right).and_then(|two| decimals(operator, *one, two));
                scaled(operator, result, unit)?
            }
            (_, Item::Quantity(two, unit)) if number(&left).is_some() => {
                let result = number(&left).and_then(|one| decimals(operator, one, *two));
                scaled(
                    if operator == Operator::Over { Operator::Plus } else { operator },
                    result,
                    unit,
                )?
            }
            _ => match (number(&left), number(&right)) {
                (Some(one), Some(two)) => decimals(operator, one, two),
                _ => return Err(unfit()),
            },
        };
        Ok(result.into_iter().collect())
    }

    pub(super) fn negated(
        &mut self,
        items: Collection<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        let Some(item) = one(&items, "A sign")? else { return Ok(Vec::new()) };
        Ok(match item.system() {
            Some(Item::Integer(whole)) => {
                whole.checked_neg().map(Item::Integer).into_iter().collect()
            }
            Some(Item::Decimal(decimal)) => vec![Item::Decimal(decimal.negated())],
            Some(Item::Quantity(value, unit)) => vec![Item::Quantity(value.negated(), unit)],
            _ => return Err(FhirPathError::typed("A sign stands before a number.")),
        })
    }
}

fn unfit() -> FhirPathError {
    FhirPathError::typed("These two types do not go together in arithmetic.")
}

pub(super) fn number(item: &Item<'_>) -> Option<Decimal> {
    match item {
        Item::Integer(whole) => Some(Decimal::from(*whole)),
        Item::Decimal(decimal) => Some(*decimal),
        _ => None,
    }
}

fn whole<'d>(operator: Operator, one: i64, two: i64) -> Option<Item<'d>> {
    match operator {
        Operator::Plus => one.checked_add(two),
        Operator::Minus => one.checked_sub(two),
        Operator::Times => one.checked_mul(two),
        Operator::Div => one.checked_div(two),
        Operator::Mod => one.checked_rem(two),
        _ => return decimals(operator, Decimal::from(one), Decimal::from(two)),
    }
    .map(Item::Integer)
}

/// Empty on overflow and on division by zero (N1, Math).
fn decimals<'d>(operator: Operator, one: Decimal, two: Decimal) -> Option<Item<'d>> {
    match operator {
        Operator::Plus => one.plus(two),
        Operator::Minus => one.plus(two.negated()),
        Operator::Times => one.times(two),
        Operator::Over => one.over(two),
        Operator::Mod => one.remainder(two),
        Operator::Div => return one.quotient(two).map(Item::Integer),
        _ => None,
    }
    .map(Item::Decimal)
}

fn quantities<'d>(
    operator: Operator,
    one: (Decimal, &Cow<'d, str>),
    two: (Decimal, &Cow<'d, str>),
) -> Option<Item<'d>> {
    if one.1 == two.1 {
        return match (operator, decimals(operator, one.0, two.0)?) {
            (Operator::Plus | Operator::Minus | Operator::Mod, Item::Decimal(value)) => {
                Some(Item::Quantity(value, one.1.clone()))
            }
            (Operator::Over, Item::Decimal(value)) => Some(Item::Quantity(value, "1".into())),
            (Operator::Div, whole) => Some(whole),
            _ => None,
        };
    }
    None
}

/// A quantity times or by a number; other operators do not take both.
fn scaled<'d>(
    operator: Operator,
    result: Option<Item<'d>>,
    unit: &Cow<'d, str>,
) -> Result<Option<Item<'d>>, FhirPathError> {
    match (operator, result) {
        (Operator::Times | Operator::Over, Some(Item::Decimal(value))) => {
            Ok(Some(Item::Quantity(value, unit.clone())))
        }
        (Operator::Times | Operator::Over, _) => Ok(None),
        _ => Err(unfit()),
    }
}

/// `toString()`
pub(super) fn text(item: &Item<'_>) -> Option<String> {
    // The text of the document is kept: 1.00 stays 1.00.
    if let Some(value) = item.node().and_then(|node| node.value())
        && let Some(number) = value.number_text()
    {
        return Some(number.to_owned());
    }
    Some(match item.system()? {
        Item::Boolean(truth) => truth.to_string(),
        Item::Integer(whole) => whole.to_string(),
        Item::Decimal(decimal) => decimal.to_string(),
        Item::String(text) => text.into_owned(),
        Item::Temporal(temporal) => temporal.to_string(),
        Item::Quantity(value, unit) => match super::parser::calendar_unit(&unit) {
            Some(word) => format!("{value} {word}"),
            None => format!("{value} '{unit}'"),
        },
        Item::Node(_) | Item::Referred(_) => return None,
    })
}
