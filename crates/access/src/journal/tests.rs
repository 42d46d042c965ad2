//! The journal over a table in memory that loses replies, fails and dies.

mod appending;
mod finding;
pub(crate) mod table;

use super::*;
use crate::entry::{Entry, id};

/// An entry at `at_ms` about these people, its id told apart by `number`.
pub(crate) fn entry(at_ms: u64, number: u32, persons: &[&str]) -> Entry {
    let mut random = [0; 10];
    random[6..].copy_from_slice(&number.to_be_bytes());
    Entry {
        id: id(at_ms, random),
        at_ms,
        persons: persons.iter().map(|person| (*person).to_owned()).collect(),
        ..crate::entry::tests::sample()
    }
}
