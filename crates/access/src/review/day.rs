//! The charts that a user opened on one day, by hour.

use std::collections::BTreeMap;

use chart::table::{Condition, Item, Value};
use sha2::{Digest, Sha256};

use crate::entry::Agent;
use crate::journal::JournalError;
use crate::limits::{CHARTS_PER_DAY_MAX, CHARTS_PER_HOUR_MAX, CHARTS_REMEMBERED_MAX};

/// Attribute: the charts, 19 bytes each.
const CHARTS: &str = "c";
/// Attribute: counts the writes; no two see the same.
const TURN: &str = "turn";
const DAY_MS: u64 = 86_400_000;
const HOUR_MS: u64 = 3_600_000;
/// Bytes that stand for a person, and of the hours after them.
const PERSON_BYTES: usize = 16;
const HOUR_BYTES: usize = 3;

type Person = [u8; PERSON_BYTES];

/// The day (since 1970, UTC) of an instant.
pub fn day_of(at_ms: u64) -> u64 {
    at_ms / DAY_MS
}

/// What stands for a user in a key.
pub fn user_of(agent: &Agent) -> String {
    let digest = Sha256::digest(format!("{}\n{}", agent.issuer, agent.subject).as_bytes());
    digest.iter().take(PERSON_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

fn person_of(person: &str) -> Person {
    let digest = Sha256::digest(person.as_bytes());
    let mut short = [0; PERSON_BYTES];
    short.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    short
}

/// One user's day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Of each person the hours, one bit each.
    charts: BTreeMap<Person, u32>,
    turn: i64,
    changed: bool,
}

/// What an access added to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// The user opened this chart for the first time that day.
    pub first: bool,
    /// With it they had opened more than the rule allows, for the first time:
    /// so many.
    pub many: Option<u32>,
}

impl Day {
    pub fn from_item(item: &Item) -> Result<Self, JournalError> {
        let damaged = JournalError::Corrupt("a user's day cannot be read");
        let bytes = item.bytes(CHARTS).ok_or_else(|| damaged.clone())?;
        let turn = item.num(TURN).ok_or_else(|| damaged.clone())?;
        let mut charts = BTreeMap::new();
        for chart in bytes.chunks(PERSON_BYTES + HOUR_BYTES) {
            let (person, hours) =
                chart.split_first_chunk::<PERSON_BYTES>().ok_or_else(|| damaged.clone())?;
            let [low, middle, high] = *hours else { return Err(damaged) };
            charts.insert(*person, u32::from_le_bytes([low, middle, high, 0]));
        }
        Ok(Self { charts, turn, changed: false })
    }

    /// The item to write, and the condition under which; nothing when nothing
    /// was added.
    pub fn to_write(&self) -> Option<(Item, Condition)> {
        if !self.changed {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.charts.len() * (PERSON_BYTES + HOUR_BYTES));
        for (person, hours) in &self.charts {
            bytes.extend_from_slice(person);
            bytes.extend(hours.to_le_bytes().into_iter().take(HOUR_BYTES));
        }
        let as_read = match self.turn {
            0 => Condition::Absent,
            turn => Condition::Equals(TURN.to_owned(), Value::N(turn)),
        };
        let item = Item::default()
            .with(CHARTS, Value::B(bytes))
            .with(TURN, Value::N(self.turn.saturating_add(1)));
        Some((item, as_read))
    }

    /// Takes in that the user opened this person's chart at this instant.
    pub fn add(&mut self, person: &str, at_ms: u64) -> Added {
        let hour = 1_u32 << (at_ms / HOUR_MS % 24);
        let person = person_of(person);
        let held = self.charts.get(&person).copied();
        if held.is_some_and(|hours| hours & hour != 0) {
            return Added { first: false, many: None };
        }
        if held.is_none() && self.charts.len() >= CHARTS_REMEMBERED_MAX {
            return Added { first: true, many: None };
        }
        self.charts.insert(person, held.unwrap_or_default() | hour);
        self.changed = true;
        let in_hour = self.charts.values().filter(|hours| **hours & hour != 0).count();
        let first = held.is_none();
        // Counted upon each growth, so each limit is passed once an hour or day.
        let many = (in_hour == CHARTS_PER_HOUR_MAX + 1).then_some(in_hour);
        let many = many.or_else(|| {
            let in_day = self.charts.len();
            (first && in_day == CHARTS_PER_DAY_MAX + 1).then_some(in_day)
        });
        Added { first, many: many.and_then(|count| u32::try_from(count).ok()) }
    }
}
