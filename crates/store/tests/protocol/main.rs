//! The commit protocol under everything that can go wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod basics;
mod counts;
mod feed;
mod kills;
mod model;
mod people;
mod races;
mod torn;
mod world;
