//! What one door counted in some time. Slices of any doors and times merge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;
use crate::limits::ESTABLISHMENTS_MAX;
use crate::reason;

/// Under which requests are counted that no establishment's token made: those
/// of patients, of systems, and of nobody who is known.
pub const NO_ESTABLISHMENT: &str = "";

/// What else is counted of a door, by its word in metrics and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Handed on to the region it belongs to.
    Forwarded,
    /// That did not succeed.
    ForwardFailed,
    /// The caller was told another door.
    Redirected,
    /// Served in the place of a region whose own door does not answer.
    ServedForNeighbour,
    /// A neighbour stopped answering, or answers again.
    NeighbourChanged,
    /// Refused for want of a place: a declared emergency.
    ShedEmergency,
    /// The same of a change.
    ShedWrite,
    /// The same of a read or search.
    ShedRead,
    /// The same of an export, a history or a search of all people.
    ShedBulk,
}

impl Event {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Forwarded,
        Self::ForwardFailed,
        Self::Redirected,
        Self::ServedForNeighbour,
        Self::NeighbourChanged,
        Self::ShedEmergency,
        Self::ShedWrite,
        Self::ShedRead,
        Self::ShedBulk,
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Forwarded => "forwarded",
            Self::ForwardFailed => "forward-failed",
            Self::Redirected => "redirected",
            Self::ServedForNeighbour => "served-for-neighbour",
            Self::NeighbourChanged => "neighbour-changed",
            Self::ShedEmergency => "shed-emergency",
            Self::ShedWrite => "shed-write",
            Self::ShedRead => "shed-read",
            Self::ShedBulk => "shed-bulk",
        }
    }
}

/// The requests of one establishment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Answers by the first digit of their status, 1 to 5.
    pub classes: [u64; 5],
    /// From the head of a request to its answer.
    pub latency: Histogram,
    /// Refusals by the words of [`reason::WORDS`].
    pub refusals: BTreeMap<String, u64>,
    /// Changes that met another's (409, 412).
    pub conflicts: u64,
    /// Changes that were asked for.
    pub changes: u64,
    /// Permitted under a declared emergency.
    pub emergencies: u64,
}

impl Tally {
    /// Requests.
    pub fn requests(&self) -> u64 {
        self.classes.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Requests that failed by no fault of the caller.
    pub fn failed(&self) -> u64 {
        let [.., failed] = self.classes;
        failed
    }

    /// Counts all that another counted.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.classes.iter_mut().zip(other.classes) {
            *count = count.saturating_add(more);
        }
        self.latency.merge(&other.latency);
        add_all(&mut self.refusals, &other.refusals);
        self.conflicts = self.conflicts.saturating_add(other.conflicts);
        self.changes = self.changes.saturating_add(other.changes);
        self.emergencies = self.emergencies.saturating_add(other.emergencies);
    }
}

/// How a ledger fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Most leaves.
    pub size: u64,
    /// Most leaves that a published checkpoint covered.
    pub published: u64,
    /// Longest time since everything accepted was published, in milliseconds.
    pub lag_ms_max: u64,
}

impl Ledger {
    fn merge(&mut self, other: &Self) {
        self.size = self.size.max(other.size);
        self.published = self.published.max(other.published);
        self.lag_ms_max = self.lag_ms_max.max(other.lag_ms_max);
    }
}

/// What one door counted in some time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// By the id of the establishment in the token.
    pub establishments: BTreeMap<String, Tally>,
    /// How long each function took; `door` for what no function answered.
    pub functions: BTreeMap<String, Histogram>,
    /// By [`Event::word`].
    pub events: BTreeMap<String, u64>,
    /// How the region's ledger fared.
    pub ledger: Option<Ledger>,
}

/// One answered request.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// Id of an establishment of the directory; [`NO_ESTABLISHMENT`] otherwise.
    pub establishment: &'a str,
    /// Who answered.
    pub function: &'a str,
    /// HTTP status.
    pub status: u16,
    /// From the request's head to its answer, in microseconds.
    pub taken_us: u64,
    /// Whether it asked for a change.
    pub change: bool,
    /// Whether an emergency was declared.
    pub emergency: bool,
    /// The reason in the journal's entry of a denial.
    pub denied: Option<&'a str>,
    /// Whether it was refused for want of a place.
    pub shed: bool,
}

impl Slice {
    /// Counts a request.
    pub fn request(&mut self, answered: &Answered<'_>) {
        let latency = entry(&mut self.functions, answered.function);
        latency.add(answered.taken_us);
        let full = self.establishments.len() >= ESTABLISHMENTS_MAX
            && !self.establishments.contains_key(answered.establishment);
        let establishment = if full { NO_ESTABLISHMENT } else { answered.establishment };
        let tally = entry(&mut self.establishments, establishment);
        let class = usize::from(answered.status / 100).saturating_sub(1);
        if let Some(count) = tally.classes.get_mut(class) {
            *count += 1;
        }
        tally.latency.add(answered.taken_us);
        tally.changes += u64::from(answered.change);
        let emergency = answered.emergency && answered.status < 400;
        tally.emergencies += u64::from(emergency);
        tally.conflicts += u64::from(matches!(answered.status, 409 | 412));
        if let Some(word) = reason::word(answered.status, answered.denied, answered.shed) {
            *entry(&mut tally.refusals, word) += 1;
        }
    }

    /// Counts an event.
    pub fn event(&mut self, event: Event) {
        *entry(&mut self.events, event.word()) += 1;
    }

    /// Counts how the ledger fares now.
    pub fn ledger(&mut self, now: Ledger) {
        self.ledger.get_or_insert_default().merge(&now);
    }

    /// Counts all that another counted. Associative and commutative.
    pub fn merge(&mut self, other: &Self) {
        for (id, more) in &other.establishments {
            entry(&mut self.establishments, id).merge(more);
        }
        for (name, more) in &other.functions {
            entry(&mut self.functions, name).merge(more);
        }
        add_all(&mut self.events, &other.events);
        if let Some(more) = &other.ledger {
            self.ledger(*more);
        }
    }

    /// All establishments together.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.establishments.values().for_each(|tally| total.merge(tally));
        total
    }

    /// How often this happened.
    pub fn count(&self, event: Event) -> u64 {
        self.events.get(event.word()).copied().unwrap_or_default()
    }

    /// Whether no request was counted and nothing happened.
    pub fn is_quiet(&self) -> bool {
        self.establishments.is_empty() && self.functions.is_empty() && self.events.is_empty()
    }
}

/// The value under a name, made when it is not there.
fn entry<'m, V: Default>(map: &'m mut BTreeMap<String, V>, name: &str) -> &'m mut V {
    map.entry(name.to_owned()).or_default()
}

fn add_all(to: &mut BTreeMap<String, u64>, more: &BTreeMap<String, u64>) {
    for (name, count) in more {
        let held = entry(to, name);
        *held = held.saturating_add(*count);
    }
}
