//! The counts of a period: by establishment, function, licence, action, purpose
//! and basis; what was refused, emergencies, reviews and how they ended. Each
//! division counts every line of the register exactly once, so its sum is the
//! total.

use std::collections::BTreeMap;

use access::review::Outcome;
use fhir::outcome::Language;

use crate::csv;
use crate::register::COLUMNS;

mod page;
#[cfg(test)]
mod tests;

pub use page::{Period, html, markdown};

/// What the accesses are divided by, in the order of the page.
pub const DIVISIONS: [&str; 9] = [
    "establishment",
    "function",
    "licence",
    "action",
    "purpose",
    "basis",
    "result",
    "emergency",
    "month",
];

/// How many accesses have one value of a division.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All of them.
    pub accesses: u64,
    /// Of them refused.
    pub refused: u64,
    /// Of them failed.
    pub failed: u64,
    /// Of them in a declared emergency.
    pub emergency: u64,
}

/// What an emergency is counted by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All accesses.
    pub total: Count,
    /// By division and value; an empty value is "not known".
    pub by: BTreeMap<&'static str, BTreeMap<String, Count>>,
    /// Emergencies that were permitted, by establishment and user.
    pub emergencies: BTreeMap<(String, String), u64>,
    /// Reviews that were added to, by outcome.
    pub reviews: BTreeMap<&'static str, u64>,
}

/// Why a register cannot be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotARegister;

impl std::fmt::Display for NotARegister {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("this is no page of a register of accesses")
    }
}

impl std::error::Error for NotARegister {}

impl Counts {
    /// Adds a page of the register, heading included.
    ///
    /// # Errors
    /// [`NotARegister`]; nothing is added then.
    pub fn add_page(&mut self, page: &str) -> Result<u64, NotARegister> {
        let records = csv::records(page).ok_or(NotARegister)?;
        let (heading, records) = records.split_first().ok_or(NotARegister)?;
        let expected = heading.iter().map(String::as_str).eq(COLUMNS);
        if !expected || records.iter().any(|record| record.len() != COLUMNS.len()) {
            return Err(NotARegister);
        }
        for record in records {
            self.add(&Record(record));
        }
        Ok(u64::try_from(records.len()).unwrap_or(u64::MAX))
    }

    fn add(&mut self, record: &Record<'_>) {
        let result = record.value("result");
        let emergency = !record.value("emergency").is_empty();
        let count = |count: &mut Count| {
            count.accesses += 1;
            count.refused += u64::from(result == "refused");
            count.failed += u64::from(result == "failed");
            count.emergency += u64::from(emergency);
        };
        count(&mut self.total);
        for division in DIVISIONS {
            let value = match division {
                "emergency" => if emergency { "declared" } else { "none" }.to_owned(),
                "month" => record.value("when").get(..7).unwrap_or_default().to_owned(),
                column => record.value(column).to_owned(),
            };
            count(self.by.entry(division).or_default().entry(value).or_default());
        }
        if emergency && result == "done" {
            let who = (record.value("establishment").to_owned(), record.value("user").to_owned());
            *self.emergencies.entry(who).or_default() += 1;
        }
        if record.value("action") == "review" && result == "done" {
            let asked = record.value("query");
            let outcome = Outcome::ALL
                .into_iter()
                .find(|outcome| asked.contains(&format!("$review?outcome={}&", outcome.code())));
            *self.reviews.entry(outcome.map_or("", Outcome::code)).or_default() += 1;
        }
    }

    /// The counts as CSV: one line for each value of each division.
    pub fn to_csv(&self) -> String {
        let mut text =
            csv::line(["division", "value", "accesses", "refused", "failed", "emergency"]);
        let mut line = |division: &str, value: &str, count: &Count| {
            let numbers = [count.accesses, count.refused, count.failed, count.emergency];
            let numbers = numbers.map(|number| number.to_string());
            let values = [division, value].into_iter().chain(numbers.iter().map(String::as_str));
            text.push_str(&csv::line(values));
        };
        line("total", "", &self.total);
        for division in DIVISIONS {
            for (value, count) in self.by.get(division).into_iter().flatten() {
                line(division, value, count);
            }
        }
        let count = |number: u64| Count { accesses: number, emergency: number, ..Count::default() };
        for ((establishment, user), number) in &self.emergencies {
            line("emergency-by-user", &format!("{establishment} {user}"), &count(*number));
        }
        for (outcome, number) in &self.reviews {
            let count = Count { accesses: *number, ..Count::default() };
            line("review-outcome", outcome, &count);
        }
        text
    }

    /// The first division whose sum is not the total; none when all agree.
    pub fn disagrees(&self) -> Option<&'static str> {
        DIVISIONS.into_iter().find(|division| {
            let mut sum = Count::default();
            for count in self.by.get(division).into_iter().flatten().map(|(_, count)| count) {
                sum.accesses += count.accesses;
                sum.refused += count.refused;
                sum.failed += count.failed;
                sum.emergency += count.emergency;
            }
            sum != self.total
        })
    }
}

struct Record<'r>(&'r [String]);

impl Record<'_> {
    fn value(&self, column: &str) -> &str {
        let at = COLUMNS.iter().position(|held| *held == column);
        at.and_then(|at| self.0.get(at)).map(String::as_str).unwrap_or_default()
    }
}

/// What a division and a value are called.
fn title(division: &str, language: Language) -> &'static str {
    let french = language == Language::French;
    match division {
        "establishment" if french => "Par établissement",
        "establishment" => "By establishment",
        "function" if french => "Par fonction",
        "function" => "By function",
        "licence" if french => "Par permis d'exercice",
        "licence" => "By licence",
        "action" if french => "Par action",
        "action" => "By action",
        "purpose" if french => "Par but",
        "purpose" => "By purpose",
        "basis" if french => "Par fondement",
        "basis" => "By basis",
        "result" if french => "Par résultat",
        "result" => "By result",
        "emergency" if french => "Urgences déclarées",
        "emergency" => "Declared emergencies",
        "month" if french => "Par mois (UTC)",
        _ => "By month (UTC)",
    }
}
