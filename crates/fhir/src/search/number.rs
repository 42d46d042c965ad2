//! Numbers with the precision of their text (R4 §3.1.1.4.6): `100` stands for
//! everything from 99.5 up to but not including 100.5.

use super::date::Prefix;

/// A wanted number: its value and what its precision lets pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WantedNumber {
    /// The number as written.
    pub value: f64,
    /// Half the weight of its last digit.
    pub half: f64,
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
        Some(Self { value, half: 0.5 * 10f64.powi(weight) })
    }

    /// Whether the held interval, a point for a plain number, answers.
    pub(crate) fn holds(&self, prefix: Prefix, low: f64, high: f64) -> bool {
        let within = low >= self.value - self.half
            && (high < self.value + self.half || (low == high && high == self.value));
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
                let slack = (self.value.abs() * 0.1).max(self.half);
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
