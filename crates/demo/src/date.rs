//! Calendar dates and Montréal's clock, without a clock.

/// A day, as days since 1970-01-01 (proleptic Gregorian).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date(pub i64);

/// The demonstration's last day: charts end here, ages are counted to here.
pub(crate) const TODAY: Date = Date(20_634);

/// Days in a year, on average.
pub(crate) const YEAR: i64 = 365;

impl Date {
    /// The day of this year, month (1 to 12) and day.
    pub(crate) fn of(year: i64, month: i64, day: i64) -> Self {
        let shifted = if month <= 2 { year - 1 } else { year };
        let era = shifted.div_euclid(400);
        let of_era = shifted.rem_euclid(400);
        let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
        Self(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
    }

    /// Year, month (1 to 12) and day.
    pub(crate) fn civil(self) -> (i64, i64, i64) {
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let of_era = z.rem_euclid(146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        (year + era * 400 + i64::from(month <= 2), month, day)
    }

    /// So many days later.
    pub(crate) fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// Whole years from `birth` to this day, roughly (365.25 days each).
    pub(crate) fn years_since(self, birth: Self) -> i64 {
        (self.0 - birth.0) * 4 / 1461
    }

    /// FHIR `date`.
    pub(crate) fn text(self) -> String {
        let (year, month, day) = self.civil();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// FHIR `dateTime` at this minute of the day on Montréal's clock.
    pub(crate) fn at(self, minute: i64) -> String {
        let offset = if self.summer() { 4 } else { 5 };
        format!("{}T{:02}:{:02}:00-{offset:02}:00", self.text(), minute / 60, minute % 60)
    }

    /// Daylight time: second Sunday of March to first Sunday of November.
    fn summer(self) -> bool {
        let (year, _, _) = self.civil();
        let sunday = |from: Self| from.plus((3 - from.0).rem_euclid(7));
        self >= sunday(Self::of(year, 3, 8)) && self < sunday(Self::of(year, 11, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_come_back() {
        for day in (-40_000..25_000).step_by(13) {
            let (year, month, day_of_month) = Date(day).civil();
            assert_eq!(Date::of(year, month, day_of_month), Date(day));
        }
        assert_eq!(TODAY.text(), "2026-06-30");
        assert_eq!(Date::of(2000, 2, 29).plus(1).text(), "2000-03-01");
    }

    #[test]
    fn the_clock_changes_on_sundays() {
        assert_eq!(Date::of(2026, 3, 7).at(540), "2026-03-07T09:00:00-05:00");
        assert_eq!(Date::of(2026, 3, 8).at(540), "2026-03-08T09:00:00-04:00");
        assert_eq!(Date::of(2025, 11, 1).at(540), "2025-11-01T09:00:00-04:00");
        assert_eq!(Date::of(2025, 11, 2).at(540), "2025-11-02T09:00:00-05:00");
    }
}
