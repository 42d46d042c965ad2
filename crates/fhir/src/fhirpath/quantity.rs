//! The few units that are converted: everyday UCUM of time, mass, length and
//! volume, and the calendar durations that are as long (N1, Quantity).

use std::cmp::Ordering;

use super::decimal::Decimal;

/// Dimension, unit, and how many of the dimension's smallest unit it is.
const UNITS: &[(u8, &str, &str)] = &[
    (0, "ms", "1"),
    (0, "millisecond", "1"),
    (0, "s", "1000"),
    (0, "second", "1000"),
    (0, "min", "60000"),
    (0, "minute", "60000"),
    (0, "h", "3600000"),
    (0, "hour", "3600000"),
    (0, "d", "86400000"),
    (0, "day", "86400000"),
    (0, "wk", "604800000"),
    (0, "week", "604800000"),
    (1, "month", "1"),
    (1, "year", "12"),
    (2, "mo", "1"),
    (2, "a", "12"),
    (3, "ng", "1"),
    (3, "ug", "1000"),
    (3, "mg", "1000000"),
    (3, "g", "1000000000"),
    (3, "kg", "1000000000000"),
    (4, "um", "1"),
    (4, "mm", "1000"),
    (4, "cm", "10000"),
    (4, "m", "1000000"),
    (4, "km", "1000000000"),
    (4, "[in_i]", "25400"),
    (4, "[ft_i]", "304800"),
    (5, "uL", "1"),
    (5, "mL", "1000"),
    (5, "dL", "100000"),
    (5, "L", "1000000"),
];

/// Compares quantities; `None` when their units cannot be compared.
pub(super) fn compare(one: (Decimal, &str), two: (Decimal, &str)) -> Option<Ordering> {
    let (one_value, two_value) = in_one_unit(one, two)?;
    Some(one_value.compare(two_value))
}

/// Both values in the same unit.
pub(super) fn in_one_unit(
    one: (Decimal, &str),
    two: (Decimal, &str),
) -> Option<(Decimal, Decimal)> {
    if one.1 == two.1 {
        return Some((one.0, two.0));
    }
    let find = |unit: &str| UNITS.iter().find(|(_, known, _)| *known == unit);
    let ((dimension, _, factor), (other, _, other_factor)) = (find(one.1)?, find(two.1)?);
    (dimension == other).then_some(())?;
    let factors = (Decimal::parse(factor)?, Decimal::parse(other_factor)?);
    Some((one.0.times(factors.0)?, two.0.times(factors.1)?))
}
