//! Dates as FHIR means them: every value is a range of instants as wide as its
//! precision (R4 §2.24.0.1, §3.1.1.4.7).

use super::zone::{DAY_MS, days_of, instant_of_local};

/// Instants from `lower_ms` up to but not including `upper_ms` (Unix time in
/// milliseconds); `i64::MIN` and `i64::MAX` stand for an open end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// First instant of the range.
    pub lower_ms: i64,
    /// First instant after the range.
    pub upper_ms: i64,
}

impl DateRange {
    /// The one millisecond that begins at `at_ms`.
    pub fn instant(at_ms: i64) -> Self {
        Self { lower_ms: at_ms, upper_ms: at_ms.saturating_add(1) }
    }

    /// Parses a FHIR date, dateTime or instant: `YYYY`, `YYYY-MM`, `YYYY-MM-DD`,
    /// or with a time `Thh:mm`, `Thh:mm:ss`, fractions, and `Z` or an offset.
    /// Without an offset Eastern time is meant. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let mut parts = date.split('-');
        let year = digits(parts.next()?, 4, 1, 9999)?;
        let month = parts.next().map(|part| digits(part, 2, 1, 12));
        let day = parts.next().map(|part| digits(part, 2, 1, 31));
        if parts.next().is_some() {
            return None;
        }
        match (month, day, time) {
            (None, None, None) => Some(Self::local_days((year, 1, 1), (year + 1, 1, 1))),
            (Some(month), None, None) => {
                let month = month?;
                let after = if month == 12 { (year + 1, 1, 1) } else { (year, month + 1, 1) };
                Some(Self::local_days((year, month, 1), after))
            }
            (Some(month), Some(day), time) => {
                let (month, day) = (month?, day?);
                let days = days_of(year, month, day);
                let following = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                if days >= days_of(following.0, following.1, 1) {
                    return None;
                }
                match time {
                    None => Some(Self {
                        lower_ms: instant_of_local(days * DAY_MS),
                        upper_ms: instant_of_local((days + 1) * DAY_MS),
                    }),
                    Some(time) => Self::of_time(days, time),
                }
            }
            _ => None,
        }
    }

    /// From the start of `self` to the end of `other`, as a period's bounds.
    pub(crate) fn hull(self, other: Self) -> Self {
        Self {
            lower_ms: self.lower_ms.min(other.lower_ms),
            upper_ms: self.upper_ms.max(other.upper_ms),
        }
    }

    fn local_days(first: (i64, i64, i64), after: (i64, i64, i64)) -> Self {
        Self {
            lower_ms: instant_of_local(days_of(first.0, first.1, first.2) * DAY_MS),
            upper_ms: instant_of_local(days_of(after.0, after.1, after.2) * DAY_MS),
        }
    }

    fn of_time(days: i64, text: &str) -> Option<Self> {
        let (clock, zone) = split_zone(text)?;
        let (clock, fraction) = match clock.split_once('.') {
            Some((clock, fraction)) => (clock, Some(fraction)),
            None => (clock, None),
        };
        let mut parts = clock.split(':');
        let hour = digits(parts.next()?, 2, 0, 23)?;
        let minute = digits(parts.next()?, 2, 0, 59)?;
        let second = match parts.next() {
            Some(part) => Some(digits(part, 2, 0, 60)?),
            None => None,
        };
        if parts.next().is_some() || (fraction.is_some() && second.is_none()) {
            return None;
        }
        let (fraction_ms, width_ms) = match (second, fraction) {
            (None, _) => (0, 60_000),
            (Some(_), None) => (0, 1_000),
            (Some(_), Some(text)) => fraction_ms(text)?,
        };
        let seconds = (hour * 60 + minute) * 60 + second.unwrap_or(0);
        let local_ms = days * DAY_MS + seconds * 1_000 + fraction_ms;
        let lower_ms = match zone {
            Some(offset_ms) => local_ms - offset_ms,
            None => instant_of_local(local_ms),
        };
        Some(Self { lower_ms, upper_ms: lower_ms + width_ms })
    }
}

/// A number of exactly `width` digits within bounds.
fn digits(text: &str, width: usize, low: i64, high: i64) -> Option<i64> {
    if text.len() != width || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| (low..=high).contains(number))
}

/// Milliseconds of a second's fraction, and how wide its precision is; what is
/// finer than a millisecond is cut.
fn fraction_ms(text: &str) -> Option<(i64, i64)> {
    if text.is_empty() || text.len() > 9 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut value = 0;
    let mut width = 1_000;
    for byte in text.bytes().take(3) {
        value = value * 10 + i64::from(byte - b'0');
        width /= 10;
    }
    Some((value * width, width))
}

/// The clock part and the offset in milliseconds, `None` when there is none.
fn split_zone(text: &str) -> Option<(&str, Option<i64>)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, Some(0)));
    }
    // A plus sign in a query string that was not encoded arrives as a space.
    let Some(at) = text.rfind(['+', '-', ' ']) else {
        return Some((text, None));
    };
    let (clock, zone) = text.split_at_checked(at)?;
    let negative = zone.starts_with('-');
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let minutes = digits(hours, 2, 0, 14)? * 60 + digits(minutes, 2, 0, 59)?;
    let offset_ms = minutes * 60_000;
    Some((clock, Some(if negative { -offset_ms } else { offset_ms })))
}

/// How a date, a number or a quantity is compared (R4 §3.1.1.4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// `eq`, or none: the wanted range contains the held one.
    Equal,
    /// `ne`
    NotEqual,
    /// `gt`
    Greater,
    /// `lt`
    Less,
    /// `ge`
    GreaterOrEqual,
    /// `le`
    LessOrEqual,
    /// `sa`: starts after.
    StartsAfter,
    /// `eb`: ends before.
    EndsBefore,
    /// `ap`: within a tenth of the distance from now.
    Approximately,
}

impl Prefix {
    /// The prefix at the front of `text`, and the rest.
    pub fn split(text: &str) -> (Self, &str) {
        let prefix = match text.get(..2) {
            Some("eq") => Self::Equal,
            Some("ne") => Self::NotEqual,
            Some("gt") => Self::Greater,
            Some("lt") => Self::Less,
            Some("ge") => Self::GreaterOrEqual,
            Some("le") => Self::LessOrEqual,
            Some("sa") => Self::StartsAfter,
            Some("eb") => Self::EndsBefore,
            Some("ap") => Self::Approximately,
            _ => return (Self::Equal, text),
        };
        (prefix, text.get(2..).unwrap_or_default())
    }

    /// Whether a held range answers a wanted one.
    pub(crate) fn holds(self, held: DateRange, wanted: DateRange, now_ms: i64) -> bool {
        let contained = wanted.lower_ms <= held.lower_ms && held.upper_ms <= wanted.upper_ms;
        match self {
            Self::Equal => contained,
            Self::NotEqual => !contained,
            Self::Greater => held.upper_ms > wanted.upper_ms,
            Self::Less => held.lower_ms < wanted.lower_ms,
            Self::GreaterOrEqual => held.upper_ms > wanted.upper_ms || contained,
            Self::LessOrEqual => held.lower_ms < wanted.lower_ms || contained,
            Self::StartsAfter => held.lower_ms >= wanted.upper_ms,
            Self::EndsBefore => held.upper_ms <= wanted.lower_ms,
            Self::Approximately => {
                let slack = now_ms.saturating_sub(wanted.lower_ms).saturating_abs() / 10;
                held.lower_ms < wanted.upper_ms.saturating_add(slack)
                    && held.upper_ms > wanted.lower_ms.saturating_sub(slack)
            }
        }
    }
}
