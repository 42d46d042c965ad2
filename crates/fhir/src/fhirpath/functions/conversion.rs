//! Conversions (N1 §5.5) and the clock (N1 §5.9).

use std::borrow::Cow;

use super::super::decimal::Decimal;
use super::super::error::FhirPathError;
use super::super::evaluator::{Collection, Evaluator, Focus};
use super::super::item::Item;
use super::super::operators::{boolean, text};
use super::super::parser::calendar_unit;
use super::super::quantity;
use super::super::syntax::Term;
use super::super::temporal::{Temporal, TemporalKind};
use super::{Function, only};

impl<'d> Evaluator<'d> {
    pub(super) fn conversion(
        &mut self,
        function: Function,
        items: Collection<'d>,
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        let Some(item) = only(&items, "A conversion")? else { return Ok(Vec::new()) };
        let converted = convert(function, &item);
        let unit = self.single_argument(arguments, 0, focus)?;
        let converted = match (converted, unit) {
            (Some(Item::Quantity(value, from)), Some(Item::String(to))) => {
                let one = quantity::in_one_unit((value, &from), (Decimal::from(1), &to));
                one.and_then(|(value, unit)| value.over(unit))
                    .map(|value| Item::Quantity(value, to))
            }
            (converted, _) => converted,
        };
        Ok(converted.into_iter().collect())
    }

    pub(super) fn converts(
        &mut self,
        function: Function,
        items: Collection<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        let item = only(&items, "A conversion")?;
        Ok(boolean(item.map(|item| convert(function, &item).is_some())))
    }

    pub(super) fn clock(&self, function: Function) -> Collection<'d> {
        let now = Temporal::of_instant(self.context.now_ms);
        let found = match function {
            Function::Today => now.and_then(Temporal::to_date),
            Function::TimeOfDay => now.and_then(Temporal::to_time),
            _ => now,
        };
        found.map(Item::Temporal).into_iter().collect()
    }
}

fn convert<'d>(function: Function, item: &Item<'d>) -> Option<Item<'d>> {
    let system = item.system()?;
    match function {
        Function::ToText => text(item).map(|text| Item::String(Cow::Owned(text))),
        Function::ToBoolean => truth(&system).map(Item::Boolean),
        Function::ToInteger => match system {
            Item::Integer(_) => Some(system),
            Item::Boolean(truth) => Some(Item::Integer(i64::from(truth))),
            Item::String(text) => {
                let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
                let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                plain.then(|| text.parse().ok())?.map(Item::Integer)
            }
            _ => None,
        },
        Function::ToDecimal => match system {
            Item::Integer(whole) => Some(Item::Decimal(Decimal::from(whole))),
            Item::Decimal(_) => Some(system),
            Item::Boolean(truth) => Some(Item::Decimal(Decimal::from(i64::from(truth)))),
            Item::String(text) if !text.contains(['e', 'E']) => {
                Decimal::parse(&text).map(Item::Decimal)
            }
            _ => None,
        },
        Function::ToQuantity => match system {
            Item::Quantity(..) => Some(system),
            Item::Integer(whole) => Some(Item::Quantity(Decimal::from(whole), "1".into())),
            Item::Decimal(decimal) => Some(Item::Quantity(decimal, "1".into())),
            Item::Boolean(truth) => {
                Some(Item::Quantity(Decimal::from(i64::from(truth)), "1".into()))
            }
            Item::String(text) => quantity_of(&text),
            _ => None,
        },
        Function::ToDate => temporal(&system, TemporalKind::Date)?.to_date().map(Item::Temporal),
        Function::ToDateTime => {
            temporal(&system, TemporalKind::DateTime)?.to_date_time().map(Item::Temporal)
        }
        Function::ToTime => temporal(&system, TemporalKind::Time).map(Item::Temporal),
        _ => None,
    }
}

fn truth(item: &Item<'_>) -> Option<bool> {
    match item {
        Item::Boolean(truth) => Some(*truth),
        Item::Integer(1) => Some(true),
        Item::Integer(0) => Some(false),
        Item::Decimal(decimal) => match decimal.as_integer()? {
            1 => Some(true),
            0 => Some(false),
            _ => None,
        },
        Item::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
            "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn temporal(item: &Item<'_>, kind: TemporalKind) -> Option<Temporal> {
    let found = match item {
        Item::Temporal(found) => *found,
        Item::String(text) if kind == TemporalKind::Time => {
            let text = text.strip_prefix('T').unwrap_or(text);
            Temporal::parse(&format!("T{text}"))?
        }
        Item::String(text) => Temporal::parse(text)?,
        _ => return None,
    };
    ((found.kind() == TemporalKind::Time) == (kind == TemporalKind::Time)).then_some(found)
}

/// `4 days`, `10 'mg'`, `1.5`
fn quantity_of<'d>(text: &str) -> Option<Item<'d>> {
    let (value, unit) = match text.trim().split_once(' ') {
        Some((value, unit)) => (value, unit.trim()),
        None => (text.trim(), "'1'"),
    };
    let quoted = unit.strip_prefix('\'').and_then(|unit| unit.strip_suffix('\''));
    let unit = quoted.or_else(|| calendar_unit(unit)).filter(|unit| !unit.is_empty())?;
    Some(Item::Quantity(Decimal::parse(value)?, Cow::Owned(unit.to_owned())))
}
