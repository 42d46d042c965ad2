//! Every function with the adapter, composed as Spin composes them by
//! `spin.toml`, and asked over a real store that speaks the DynamoDB protocol.
//! Build the components first (`scripts/build`).

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod exchange;
mod instances;
mod sequencing;
mod store_on_loopback;
mod tokens;
mod world;
