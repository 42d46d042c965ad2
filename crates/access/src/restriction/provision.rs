//! One provision: against whom, for what purposes, when, and what.

use fhir::search::DateRange;

use super::actor::{Actor, Caller};
use super::what::What;
use crate::claims::Purpose;
use crate::facts::Facts;

/// One provision of a Consent. What is not given is not asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Provision {
    /// It permits; otherwise it denies.
    pub permits: bool,
    /// While it holds.
    pub period: Option<DateRange>,
    /// Any of them; everybody when none is named.
    pub actors: Vec<Actor>,
    /// Any of them; every purpose when none is named.
    pub purposes: Vec<Purpose>,
    /// What it is about.
    pub what: What,
    /// Which provisions of the restriction except from this one, as bits.
    pub exceptions: u64,
}

impl Provision {
    /// Everything, from everybody, always.
    pub fn deny_all() -> Self {
        Self::default()
    }

    /// Whether the caller, the purpose and the time are its own.
    pub fn concerns(&self, caller: &Caller<'_>, purpose: Purpose, now_ms: i64) -> bool {
        let now = |period: DateRange| (period.lower_ms..period.upper_ms).contains(&now_ms);
        // Emergency care is care (v3-ActReason: ETREAT is a kind of TREAT).
        let meant = |named: &Purpose| {
            *named == purpose || (*named == Purpose::Treatment && purpose == Purpose::Emergency)
        };
        self.period.is_none_or(now)
            && (self.purposes.is_empty() || self.purposes.iter().any(meant))
            && (self.actors.is_empty() || self.names(caller).unwrap_or(!self.permits))
    }

    fn names(&self, caller: &Caller<'_>) -> Option<bool> {
        any(self.actors.iter().map(|actor| actor.is(caller)))
    }

    /// Whether it is about this resource, its exceptions aside.
    pub fn takes(&self, facts: &dyn Facts) -> Option<bool> {
        let taken = self.what.takes(facts, self.permits);
        // What nothing more can tell is decided against showing.
        if taken.is_none() && facts.complete() { Some(!self.permits) } else { taken }
    }

    /// The indices of its exceptions.
    pub fn exceptions(&self) -> impl Iterator<Item = usize> {
        let mut left = self.exceptions;
        std::iter::from_fn(move || {
            let at = left.trailing_zeros() as usize;
            left &= left.checked_sub(1)?;
            Some(at)
        })
    }
}

/// Whether any holds: *yes* if one does, *no* if none can.
pub(crate) fn any(each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut found = Some(false);
    for holds in each {
        match holds {
            Some(true) => return Some(true),
            Some(false) => {}
            None => found = None,
        }
    }
    found
}

/// Whether all hold: *no* if one does not, *yes* if each does.
pub(crate) fn all(each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut found = Some(true);
    for holds in each {
        match holds {
            Some(false) => return Some(false),
            Some(true) => {}
            None => found = None,
        }
    }
    found
}
