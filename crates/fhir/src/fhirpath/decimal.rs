//! Decimals without rounding, as far as 34 digits go.

use std::cmp::Ordering;

const DIGITS_MAX: u32 = 34;
/// Decimal places that a division gives at most (FHIRPath N1, Decimal: at
/// least eight).
const QUOTIENT_SCALE: u32 = 12;

/// A decimal number: `mantissa / 10^scale`.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

impl Decimal {
    /// Parses JSON's or FHIRPath's way of writing numbers. Decimals beyond 34
    /// digits are cut; `None` when the whole part alone has more.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (digits, exponent) = match rest.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() {
            return None;
        }
        let (mut mantissa, mut scale, mut count) = (0_i128, 0_i32, 0_u32);
        for byte in whole.bytes() {
            mantissa = mantissa.checked_mul(10)?.checked_add(digit(byte)?)?;
            count += u32::from(mantissa != 0);
        }
        for byte in fraction.bytes() {
            let digit = digit(byte)?;
            if count < DIGITS_MAX && scale < 60 {
                mantissa = mantissa.checked_mul(10)?.checked_add(digit)?;
                scale += 1;
                count += u32::from(mantissa != 0);
            }
        }
        if count > DIGITS_MAX {
            return None;
        }
        let scale = scale.checked_sub(exponent)?;
        let mantissa = if negative { -mantissa } else { mantissa };
        if scale < 0 {
            let factor = power(scale.unsigned_abs())?;
            return Some(Self { mantissa: mantissa.checked_mul(factor)?, scale: 0 });
        }
        (scale <= 64).then_some(Self { mantissa, scale: scale.unsigned_abs() })
    }

    /// The nearest decimal with twelve places; `None` of what is not finite.
    pub fn of_f64(number: f64) -> Option<Self> {
        number.is_finite().then(|| Self::parse(&format!("{number:.12}")))?.map(Self::trimmed)
    }

    pub(super) fn as_f64(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The whole number that it is, if it is one.
    pub fn as_integer(self) -> Option<i64> {
        let trimmed = self.trimmed();
        (trimmed.scale == 0).then(|| i64::try_from(trimmed.mantissa).ok())?
    }

    fn trimmed(mut self) -> Self {
        while self.scale > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.scale -= 1;
        }
        self
    }

    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let (one, two) = (self.trimmed(), other.trimmed());
        let scale = one.scale.max(two.scale);
        let one_mantissa = one.mantissa.checked_mul(power(scale - one.scale)?)?;
        let two_mantissa = two.mantissa.checked_mul(power(scale - two.scale)?)?;
        Some((one_mantissa, two_mantissa, scale))
    }

    /// By value: 1.0 is 1.00.
    pub fn compare(self, other: Self) -> Ordering {
        match self.aligned(other) {
            Some((one, two, _)) => one.cmp(&two),
            None => self.as_f64().total_cmp(&other.as_f64()),
        }
    }

    /// `~`: equal when rounded to the lesser precision.
    pub(super) fn is_near(self, other: Self) -> bool {
        let scale = self.trimmed().scale.min(other.trimmed().scale);
        match (self.rounded(scale), other.rounded(scale)) {
            (Some(one), Some(two)) => one.compare(two).is_eq(),
            _ => self.compare(other).is_eq(),
        }
    }

    pub(super) fn rounded(self, scale: u32) -> Option<Self> {
        if self.scale <= scale {
            return Some(self);
        }
        let factor = power(self.scale - scale)?;
        let half = if self.mantissa < 0 { -(factor / 2) } else { factor / 2 };
        Some(Self { mantissa: self.mantissa.checked_add(half)? / factor, scale })
    }

    /// Toward negative infinity, toward zero, toward positive infinity.
    pub(super) fn whole(self, toward: Ordering) -> Option<i64> {
        let factor = power(self.scale)?;
        let (quotient, rest) = (self.mantissa / factor, self.mantissa % factor);
        let step = match toward {
            Ordering::Less => -i128::from(rest < 0),
            Ordering::Equal => 0,
            Ordering::Greater => i128::from(rest > 0),
        };
        i64::try_from(quotient + step).ok()
    }

    pub(super) fn negated(self) -> Self {
        Self { mantissa: -self.mantissa, scale: self.scale }
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let (one, two, scale) = self.aligned(other)?;
        Some(Self { mantissa: one.checked_add(two)?, scale })
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        let (one, two) = (self.trimmed(), other.trimmed());
        let scale = one.scale + two.scale;
        (scale <= 64).then_some(())?;
        Some(Self { mantissa: one.mantissa.checked_mul(two.mantissa)?, scale })
    }

    pub(super) fn over(self, other: Self) -> Option<Self> {
        let (one, two, _) = self.aligned(other)?;
        let mantissa = one.checked_mul(power(QUOTIENT_SCALE)?)?.checked_div(two)?;
        Some(Self { mantissa, scale: QUOTIENT_SCALE }.trimmed())
    }

    pub(super) fn quotient(self, other: Self) -> Option<i64> {
        let (one, two, _) = self.aligned(other)?;
        i64::try_from(one.checked_div(two)?).ok()
    }

    pub(super) fn remainder(self, other: Self) -> Option<Self> {
        let (one, two, scale) = self.aligned(other)?;
        Some(Self { mantissa: one.checked_rem(two)?, scale })
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self { mantissa: i128::from(number), scale: 0 }
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let width = self.scale as usize + 1;
        let digits = format!("{:0width$}", self.mantissa.unsigned_abs());
        let (whole, fraction) = digits.split_at(digits.len() - self.scale as usize);
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

fn digit(byte: u8) -> Option<i128> {
    byte.is_ascii_digit().then(|| i128::from(byte - b'0'))
}

fn power(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}
