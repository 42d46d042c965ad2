//! Numbers with the precision of their text (R4 §3.1.1.4.6): `100` stands for
//! everything from 99.5 up to but not including 100.5.

use super::date::Prefix;

/// A wanted number: its value and what its precision lets pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WantedNumber {
    /// The number as written.
    pub value: f64,
    /// The least number that rounds to it.
    pub low: f64,
    /// The least number above it that does not.
    pub high: f64,
}

impl WantedNumber {
    /// Parses a decimal with optional exponent; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let value = parse_decimal(text)?;
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let decimals = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let weight = exponent.checked_sub(i32::try_from(decimals).ok()?)?;
        let half = 0.5 * 10f64.powi(weight);
        // The bounds are read from their decimal text, because a difference of
        // floats would not be the float nearest to 5.35.
        let digits: String = mantissa.chars().filter(|letter| *letter != '.').collect();
        let bound = |by: i128| {
            let digits = digits.parse::<i128>().ok()?.checked_mul(10)?.checked_add(by)?;
            format!("{digits}e{}", weight.checked_sub(1)?).parse::<f64>().ok()
        };
        let low = bound(-5).unwrap_or(value - half);
        let high = bound(5).unwrap_or(value + half);
        (low.is_finite() && high.is_finite()).then_some(Self { value, low, high })
    }

    /// Whether the held interval, a point for a plain number, answers.
    pub(crate) fn holds(&self, prefix: Prefix, low: f64, high: f64) -> bool {
        let within = low >= self.low && (high < self.high || (low == high && high == self.value));
        match prefix {
            Prefix::Equal => within,
            Prefix::NotEqual => !within,
            Prefix::Greater => high > self.value,
            Prefix::Less => low < self.value,
            Prefix::GreaterOrEqual => high >= self.value,
            Prefix::LessOrEqual => low <= self.value,
            Prefix::StartsAfter => low > self.value,
            Prefix::EndsBefore => high < self.value,
            Prefix::Approximately => {
                let slack = (self.value.abs() * 0.1).max(self.high - self.value);
                low <= self.value + slack && high >= self.value - slack
            }
        }
    }
}

/// A JSON-like decimal; `inf`, `nan` and hexadecimal are no numbers here.
pub(crate) fn parse_decimal(text: &str) -> Option<f64> {
    let plain =
        text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    if !plain || text.len() > 64 {
        return None;
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}
