//! The walls from outside: what leaves, what is journaled, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bruteforce;
mod bundles;
mod commits;
mod criteria;
mod export;
mod faults;
mod foreign;
mod history;
mod names;
mod patches;
mod policies;
mod reads;
mod restrictions;
mod retries;
mod rights;
mod search;
mod sequencing;
mod tokens;
mod unchanged;
mod world;
