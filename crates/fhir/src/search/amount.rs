//! Numbers and quantities as a resource holds them: intervals with a unit.

use std::borrow::Cow;

use crate::json::{Kind, Value};

use super::atom::Atom;
use super::held::{Held, member};
use super::number::parse_decimal;

/// The code system of `Money.currency`.
const CURRENCIES: &str = "urn:iso:std:iso:4217";

/// The interval that an element stands for; `None` when it has no number.
///
/// A quantity with a comparator (`<5`) is everything on that side of it; a
/// sampled series is what lies between its bounds, as R4 says of
/// `Observation.value-quantity`.
pub(crate) fn held<'d>(element: &str, value: Value<'d>) -> Option<Held<'d>> {
    let (low, high, unit_of) = match element {
        "Range" => {
            let (low, high) = (value.get("low"), value.get("high"));
            let (from, to) = (low.and_then(amount), high.and_then(amount));
            if from.is_none() && to.is_none() {
                return None;
            }
            (from.unwrap_or(f64::NEG_INFINITY), to.unwrap_or(f64::INFINITY), low.or(high)?)
        }
        "SampledData" => {
            let (low, high) = sampled(value)?;
            (low, high, value.get("origin")?)
        }
        _ if value.kind() == Kind::Number => (decimal(value)?, decimal(value)?, value),
        _ => {
            let (low, high) = compared(amount(value)?, value);
            (low, high, value)
        }
    };
    // Money has a currency for its code, of an implied system (R4 §2.24.0.10).
    let money = element == "Money";
    let code = if money { "currency" } else { "code" };
    let implied = money.then_some(Cow::Borrowed(CURRENCIES));
    Some(Held::Number {
        low,
        high,
        system: Atom::of(implied.or_else(|| member(unit_of, "system"))),
        code: Atom::of(member(unit_of, code)),
        unit: Atom::of(member(unit_of, "unit")),
    })
}

fn compared(amount: f64, value: Value<'_>) -> (f64, f64) {
    match member(value, "comparator").as_deref() {
        Some("<") => (f64::NEG_INFINITY, amount.next_down()),
        Some("<=") => (f64::NEG_INFINITY, amount),
        Some(">") => (amount.next_up(), f64::INFINITY),
        Some(">=") => (amount, f64::INFINITY),
        _ => (amount, amount),
    }
}

/// The bounds of a series: stated limits first, else what its data reach.
fn sampled(value: Value<'_>) -> Option<(f64, f64)> {
    let origin = amount(value.get("origin")?)?;
    let number = |name: &str| value.get(name).and_then(decimal);
    let factor = number("factor").unwrap_or(1.0);
    let data = value.get("data").and_then(Value::as_str).unwrap_or_default();
    let points = data.split_whitespace().filter_map(parse_decimal);
    let reached = points.map(|point| origin + factor * point).fold(None, |reached, point| {
        let (low, high) = reached.unwrap_or((point, point));
        Some((f64::min(low, point), f64::max(high, point)))
    });
    let low = number("lowerLimit").or(reached.map(|(low, _)| low));
    let high = number("upperLimit").or(reached.map(|(_, high)| high));
    Some((low.or(high).unwrap_or(origin), high.or(low).unwrap_or(origin)))
}

fn amount(value: Value<'_>) -> Option<f64> {
    decimal(value.get("value")?)
}

fn decimal(value: Value<'_>) -> Option<f64> {
    value.number_text().and_then(parse_decimal)
}
