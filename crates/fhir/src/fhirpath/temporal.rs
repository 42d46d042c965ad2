//! Dates and times that know their precision (FHIRPath N1, Date, DateTime, Time).

use std::cmp::Ordering;

use super::decimal::Decimal;
use crate::resource::{civil, days, instant, is_calendar_day};

/// Which of the three types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemporalKind {
    /// `@2018-01`
    Date,
    /// `@2018-01T`, `@2018-01-01T10:00Z`
    DateTime,
    /// `@T10:00`
    Time,
}

const DAY: u8 = 3;
const MINUTE: u8 = 5;
const SECOND: u8 = 6;
const DAY_MS: i64 = 86_400_000;

/// A date, dateTime or time, down to its precision.
#[derive(Clone, Copy, Debug)]
pub struct Temporal {
    kind: TemporalKind,
    date: (i64, i64, i64),
    /// Since midnight.
    time_ms: i64,
    /// 1 year, 2 month, 3 day, 4 hour, 5 minute, 6 second (with its fraction).
    precision: u8,
    zone_minutes: Option<i64>,
}

impl Temporal {
    /// Parses what follows the `@` of a literal, which is also how FHIR writes
    /// date, dateTime and instant; a time begins with `T`.
    pub fn parse(text: &str) -> Option<Self> {
        let (date_text, time_text) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let mut found = Self {
            kind: if time_text.is_some() { TemporalKind::DateTime } else { TemporalKind::Date },
            date: (1, 1, 1),
            time_ms: 0,
            precision: 0,
            zone_minutes: None,
        };
        if date_text.is_empty() {
            found.kind = TemporalKind::Time;
            found.precision = DAY;
        } else {
            let mut parts = date_text.split('-');
            found.date.0 = number(parts.next()?, 4)?;
            found.precision = 1;
            if let Some(month) = parts.next() {
                found.date.1 = number(month, 2)?;
                found.precision = 2;
            }
            if let Some(day) = parts.next() {
                found.date.2 = number(day, 2)?;
                found.precision = DAY;
            }
            let (year, month, day) = found.date;
            if parts.next().is_some() || !is_calendar_day(year, month, day) {
                return None;
            }
        }
        match time_text {
            Some(time) if !time.is_empty() => {
                found.with_time(time).filter(|_| found.precision == DAY)
            }
            _ if found.kind == TemporalKind::Time => None,
            _ => Some(found),
        }
    }

    fn with_time(mut self, text: &str) -> Option<Self> {
        let (clock, zone) = match text.find(['Z', '+', '-']) {
            Some(at) => text.split_at_checked(at)?,
            None => (text, ""),
        };
        self.zone_minutes = match zone {
            "" => None,
            "Z" => Some(0),
            _ => {
                let (hours, minutes) = zone.get(1..)?.split_once(':')?;
                let ahead = number(hours, 2)? * 60 + number(minutes, 2)?;
                Some(if zone.starts_with('-') { -ahead } else { ahead })
            }
        };
        if self.kind == TemporalKind::Time && self.zone_minutes.is_some() {
            return None;
        }
        let mut parts = clock.split(':');
        let hour = number(parts.next()?, 2)?;
        self.precision = 4;
        let minute = match parts.next() {
            Some(part) => {
                self.precision = MINUTE;
                number(part, 2)?
            }
            None => 0,
        };
        let second_ms = match parts.next() {
            Some(part) => {
                self.precision = SECOND;
                let (whole, fraction) = part.split_once('.').unwrap_or((part, "000"));
                let plain = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
                let milliseconds: String = fraction.chars().chain("00".chars()).take(3).collect();
                plain.then_some(())?;
                number(whole, 2)? * 1000 + milliseconds.parse::<i64>().ok()?
            }
            None => 0,
        };
        if parts.next().is_some() || hour > 23 || minute > 59 || second_ms >= 61_000 {
            return None;
        }
        self.time_ms = (hour * 60 + minute) * 60_000 + second_ms;
        Some(self)
    }

    /// The instant `ms` after 1970, in UTC.
    pub(super) fn of_instant(ms: i64) -> Option<Self> {
        Self::parse(&instant(ms))
    }

    /// Which type it is.
    pub fn kind(self) -> TemporalKind {
        self.kind
    }

    /// Only its day.
    pub(super) fn to_date(self) -> Option<Self> {
        (self.kind != TemporalKind::Time).then_some(Self {
            kind: TemporalKind::Date,
            time_ms: 0,
            precision: self.precision.min(DAY),
            zone_minutes: None,
            ..self
        })
    }

    /// As a dateTime of the same precision.
    pub(super) fn to_date_time(self) -> Option<Self> {
        (self.kind != TemporalKind::Time).then_some(Self { kind: TemporalKind::DateTime, ..self })
    }

    /// Only its time.
    pub(super) fn to_time(self) -> Option<Self> {
        (self.precision > DAY).then_some(Self {
            kind: TemporalKind::Time,
            date: (1, 1, 1),
            zone_minutes: None,
            ..self
        })
    }

    /// Years, months, days, hours, minutes, milliseconds; in UTC if `utc`.
    fn components(self, utc: bool) -> [i64; 6] {
        let (mut date, mut time_ms) = (self.date, self.time_ms);
        if let Some(ahead) = self.zone_minutes.filter(|ahead| utc && *ahead != 0) {
            let shifted = time_ms - ahead * 60_000;
            date = civil(days(date.0, date.1, date.2) + shifted.div_euclid(DAY_MS));
            time_ms = shifted.rem_euclid(DAY_MS);
        }
        let minutes = time_ms / 60_000;
        [date.0, date.1, date.2, minutes / 60, minutes % 60, time_ms % 60_000]
    }

    /// Which is earlier; `None` when their precision does not tell, when only
    /// one has a time zone, or when one is a time and the other is not.
    pub fn compare(self, other: Self) -> Option<Ordering> {
        if (self.kind == TemporalKind::Time) != (other.kind == TemporalKind::Time) {
            return None;
        }
        let timed = self.precision > DAY && other.precision > DAY;
        let zoned = self.zone_minutes.is_some();
        if timed && zoned != other.zone_minutes.is_some() {
            return None;
        }
        let pairs = self.components(timed).into_iter().zip(other.components(timed));
        for (one, two) in pairs.take(usize::from(self.precision.min(other.precision))) {
            if one != two {
                return Some(one.cmp(&two));
            }
        }
        (self.precision == other.precision).then_some(Ordering::Equal)
    }

    /// `~`: the same to the same precision.
    pub(super) fn is_same(self, other: Self) -> bool {
        self.precision == other.precision && self.compare(other) == Some(Ordering::Equal)
    }

    /// `+`: a calendar duration later (FHIRPath N1, Date/Time Arithmetic);
    /// what is finer than the precision is cut to it.
    pub(super) fn plus(self, amount: Decimal, unit: &str) -> Option<Self> {
        let whole = amount.whole(Ordering::Equal)?;
        match unit {
            "year" | "a" => self.plus_months(whole.checked_mul(12)?),
            "month" | "mo" => self.plus_months(whole),
            "week" | "wk" => self.plus_days(whole.checked_mul(7)?),
            "day" | "d" => self.plus_days(whole),
            "hour" | "h" => self.plus_ms(whole.checked_mul(3_600_000)?),
            "minute" | "min" => self.plus_ms(whole.checked_mul(60_000)?),
            "second" | "s" => {
                self.plus_ms(amount.times(Decimal::from(1000))?.whole(Ordering::Equal)?)
            }
            "millisecond" | "ms" => self.plus_ms(whole),
            _ => None,
        }
    }

    fn plus_months(mut self, months: i64) -> Option<Self> {
        if self.kind == TemporalKind::Time {
            return None;
        }
        let months = if self.precision == 1 { months / 12 * 12 } else { months };
        let total = (self.date.0 * 12 + self.date.1 - 1).checked_add(months)?;
        let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
        (1..=9999).contains(&year).then_some(())?;
        // The last day of a shorter month.
        let day = (28..=self.date.2).rev().find(|day| is_calendar_day(year, month, *day));
        self.date = (year, month, day.unwrap_or(self.date.2));
        Some(self)
    }

    fn plus_days(mut self, count: i64) -> Option<Self> {
        match self.precision {
            1 => return self.plus_months(count / 365 * 12),
            2 => return self.plus_months(count / 30),
            _ if self.kind == TemporalKind::Time => return None,
            _ => {}
        }
        (count.abs() < 4_000_000).then_some(())?;
        self.date = civil(days(self.date.0, self.date.1, self.date.2) + count);
        (1..=9999).contains(&self.date.0).then_some(self)
    }

    fn plus_ms(mut self, ms: i64) -> Option<Self> {
        if self.precision <= DAY {
            return self.plus_days(ms / DAY_MS);
        }
        let unit_ms = match self.precision {
            SECOND => 1,
            MINUTE => 60_000,
            _ => 3_600_000,
        };
        let sum = self.time_ms.checked_add(ms / unit_ms * unit_ms)?;
        self.time_ms = sum.rem_euclid(DAY_MS);
        if self.kind == TemporalKind::Time {
            return Some(self);
        }
        self.plus_days(sum.div_euclid(DAY_MS))
    }
}

impl std::fmt::Display for Temporal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [year, month, day, hour, minute, ms] = self.components(false);
        if self.kind != TemporalKind::Time {
            write!(f, "{year:04}")?;
            if self.precision >= 2 {
                write!(f, "-{month:02}")?;
            }
            if self.precision >= DAY {
                write!(f, "-{day:02}")?;
            }
        }
        if self.precision <= DAY {
            return Ok(());
        }
        if self.kind != TemporalKind::Time {
            f.write_str("T")?;
        }
        write!(f, "{hour:02}")?;
        if self.precision >= MINUTE {
            write!(f, ":{minute:02}")?;
        }
        if self.precision >= SECOND {
            write!(f, ":{:02}", ms / 1000)?;
            if ms % 1000 != 0 {
                write!(f, ".{:03}", ms % 1000)?;
            }
        }
        match self.zone_minutes {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(ahead) => {
                let sign = if ahead < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", ahead.abs() / 60, ahead.abs() % 60)
            }
        }
    }
}

fn number(text: &str, width: usize) -> Option<i64> {
    (text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}
