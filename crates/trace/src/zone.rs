//! Instants in the local time of a region.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{self, TimeZone};

/// Zones that regions of the province name, with their whole history.
static ZONES: [(&str, TimeZone); 4] = [
    ("America/Toronto", tz::get!("America/Toronto")),
    ("America/Montreal", tz::get!("America/Toronto")),
    ("America/Halifax", tz::get!("America/Halifax")),
    ("America/Blanc-Sablon", tz::get!("America/Blanc-Sablon")),
];

/// The time zone of a region.
#[derive(Clone, Debug)]
pub struct Zone {
    zone: TimeZone,
    known: bool,
}

/// An instant as a clock on the wall shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local {
    /// Year.
    pub year: i16,
    /// Month, from 1.
    pub month: i8,
    /// Day, from 1.
    pub day: i8,
    /// Hour, 0 to 23.
    pub hour: i8,
    /// Minute.
    pub minute: i8,
}

impl Zone {
    /// The zone of this IANA name. One that is not known here is UTC, and says
    /// so wherever a time is shown.
    pub fn of(name: &str) -> Self {
        let found = ZONES.iter().find(|(known, _)| *known == name);
        match found {
            Some((_, zone)) => Self { zone: zone.clone(), known: true },
            None => Self { zone: TimeZone::UTC, known: false },
        }
    }

    /// What has to stand after a time for it to be understood.
    pub fn suffix(&self) -> &'static str {
        if self.known { "" } else { " UTC" }
    }

    /// An instant (milliseconds since 1970); the nearest that can be told.
    pub fn local(&self, at_ms: u64) -> Local {
        let at_ms = i64::try_from(at_ms).unwrap_or(i64::MAX);
        let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::MAX);
        let zoned = at.to_zoned_datetime(self.zone.clone());
        Local {
            year: zoned.year(),
            month: zoned.month(),
            day: zoned.day(),
            hour: zoned.hour(),
            minute: zoned.minute(),
        }
    }

    /// The first instant of a day and the first after it, milliseconds since
    /// 1970; `text` is a year, a month or a day (`2026`, `2026-11`,
    /// `2026-11-26`). `None` for anything else.
    pub fn days(&self, text: &str) -> Option<(i64, i64)> {
        let mut parts = text.split('-');
        let year: i16 = number(parts.next(), 4)?;
        let month = parts.next().map(|part| number::<i8>(Some(part), 2));
        let day = parts.next().map(|part| number::<i8>(Some(part), 2));
        if parts.next().is_some() {
            return None;
        }
        let (first, after) = match (month, day) {
            (None, _) => (Date::new(year, 1, 1), Date::new(year.checked_add(1)?, 1, 1)),
            (Some(month), None) => {
                let month = month?;
                let (next, of) =
                    if month == 12 { (1, year.checked_add(1)?) } else { (month + 1, year) };
                (Date::new(year, month, 1), Date::new(of, next, 1))
            }
            (Some(month), Some(day)) => {
                let date = Date::new(year, month?, day?);
                let next = date.clone().and_then(|date| date.tomorrow());
                (date, next)
            }
        };
        let begins = |date: Date| {
            let zoned = date.to_zoned_datetime(self.zone.clone()).ok()?;
            Some(zoned.timestamp().as_millisecond())
        };
        Some((begins(first.ok()?)?, begins(after.ok()?)?))
    }
}

fn number<N: std::str::FromStr>(part: Option<&str>, digits: usize) -> Option<N> {
    let part = part?;
    let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
    if plain { part.parse().ok() } else { None }
}

#[cfg(test)]
mod tests;
