//! Civil dates and the record's own time zone. FHIR leaves a date without an
//! offset to the server's local time (R4 §3.1.1.4.7); this record's is Eastern
//! time. Cells hold the resulting instants, so a change of these rules is a
//! change of the stored format.

/// Milliseconds in a day.
pub(super) const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
const STANDARD_MS: i64 = -5 * HOUR_MS;
const DAYLIGHT_MS: i64 = -4 * HOUR_MS;
/// Daylight time was not uniform before; standard time is assumed.
const DAYLIGHT_SINCE: i64 = 1967;

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
pub(super) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that a leap day falls at a year's end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The instant (Unix, milliseconds) at which Eastern clocks show `local_ms`,
/// counted as if they ran on UTC. In the repeated hour of autumn the first.
pub(super) fn instant_of_local(local_ms: i64) -> i64 {
    let offset = if is_daylight(local_ms) { DAYLIGHT_MS } else { STANDARD_MS };
    local_ms - offset
}

fn is_daylight(local_ms: i64) -> bool {
    let year = year_of(local_ms.div_euclid(DAY_MS));
    if year < DAYLIGHT_SINCE {
        return false;
    }
    let (start, end) = match year {
        2007.. => (sunday_from(year, 3, 8), sunday_from(year, 11, 1)),
        1987..=2006 => (sunday_from(year, 4, 1), sunday_from(year, 10, 25)),
        _ => (sunday_from(year, 4, 24), sunday_from(year, 10, 25)),
    };
    let change = 2 * HOUR_MS;
    (start * DAY_MS + change..end * DAY_MS + change).contains(&local_ms)
}

/// The first Sunday on or after a date, in days since 1970-01-01, a Thursday.
fn sunday_from(year: i64, month: i64, day: i64) -> i64 {
    let days = days_of(year, month, day);
    let weekday = (days + 4).rem_euclid(7);
    days + (7 - weekday).rem_euclid(7)
}

fn year_of(days: i64) -> i64 {
    let guess = 1970 + days.div_euclid(365);
    // A guess by 365-day years is late by at most one year in 1,460 days.
    (0..).map(|back| guess - back).find(|year| days_of(*year, 1, 1) <= days).unwrap_or(guess)
}
