//! Functions on numbers (N1 §5.7).

use std::cmp::Ordering;

use super::super::decimal::Decimal;
use super::super::error::FhirPathError;
use super::super::evaluator::{Collection, Evaluator, Focus};
use super::super::item::Item;
use super::super::operators::number;
use super::super::syntax::Term;
use super::{Function, only};

const PLACES_MAX: i64 = 28;

impl<'d> Evaluator<'d> {
    pub(super) fn math_function(
        &mut self,
        function: Function,
        items: Collection<'d>,
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        let Some(item) = only(&items, "Math")? else { return Ok(Vec::new()) };
        let system = item.system();
        if let (Function::Abs, Some(Item::Quantity(value, unit))) = (function, &system) {
            return Ok(vec![Item::Quantity(absolute(*value), unit.clone())]);
        }
        if let (Function::Abs, Some(Item::Integer(whole))) = (function, &system) {
            return Ok(whole.checked_abs().map(Item::Integer).into_iter().collect());
        }
        let Some(value) = system.as_ref().and_then(number) else {
            return Err(FhirPathError::typed("This function takes a number."));
        };
        let argument = self.single_argument(arguments, 0, focus)?;
        let other = argument.as_ref().and_then(number);
        let result = match function {
            Function::Abs => Some(Item::Decimal(absolute(value))),
            Function::Ceiling => value.whole(Ordering::Greater).map(Item::Integer),
            Function::Floor => value.whole(Ordering::Less).map(Item::Integer),
            Function::Truncate => value.whole(Ordering::Equal).map(Item::Integer),
            Function::Round => {
                let places = other.and_then(Decimal::as_integer).unwrap_or(0);
                let places = u32::try_from(places.clamp(0, PLACES_MAX)).unwrap_or(0);
                value.rounded(places).map(Item::Decimal)
            }
            Function::Sqrt => real(value.as_f64().sqrt()),
            Function::Exp => real(value.as_f64().exp()),
            Function::Ln => real(value.as_f64().ln()),
            Function::Log => other.and_then(|base| real(value.as_f64().log(base.as_f64()))),
            Function::Power => match (&system, &argument) {
                (Some(Item::Integer(base)), Some(Item::Integer(exponent))) => {
                    match u32::try_from(*exponent) {
                        Ok(exponent) => base.checked_pow(exponent).map(Item::Integer),
                        Err(_) => real((*base as f64).powf(*exponent as f64)),
                    }
                }
                _ => other.and_then(|power| real(value.as_f64().powf(power.as_f64()))),
            },
            _ => None,
        };
        Ok(result.into_iter().collect())
    }
}

fn absolute(value: Decimal) -> Decimal {
    if value.compare(Decimal::from(0)) == Ordering::Less { value.negated() } else { value }
}

/// Empty when there is no such number.
fn real<'d>(number: f64) -> Option<Item<'d>> {
    Decimal::of_f64(number).map(Item::Decimal)
}
