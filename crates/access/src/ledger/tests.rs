//! The ledger over a table that loses replies, repeats requests and dies.

mod proving;
mod publishing;
mod sequencing;
mod world;

use crate::entry::{Entry, id};

/// An entry at `at_ms`, its id told apart by `number`.
fn entry(at_ms: u64, number: u32) -> Entry {
    let mut random = [0; 10];
    random[6..].copy_from_slice(&number.to_be_bytes());
    Entry {
        id: id(at_ms, random),
        at_ms,
        persons: vec![format!("p{}", number % 3)],
        ..crate::entry::tests::sample()
    }
}
