//! The record's tables: implementations of [`chart::table::Table`].
//!
//! - [`definition`]: the one definition of the two tables, *record* and *access*.
//! - `sdk` (feature): DynamoDB, or anything that speaks its protocol, through
//!   `aws-sdk-dynamodb`. With `sdk-native` it brings a pooled HTTP connector
//!   and reads the usual AWS settings; without, the caller brings the HTTP
//!   client, which is how it compiles for wasm32-wasip2.
//! - `embedded` (feature): SQLite files in this process, durable, and the same
//!   files served by the DynamoDB protocol.
//! - `policy` (feature): access policies, decided as IAM decides them.
//! - [`conformance`]: what any table must do before the record may stand on it.
//! - [`memory`] and [`faults`]: for the tests of the commit protocol.

pub mod conformance;
pub mod definition;
#[cfg(feature = "embedded")]
pub mod embedded;
#[cfg(feature = "sdk")]
mod expression;
pub mod faults;
pub mod limits;
pub mod memory;
#[cfg(feature = "policies")]
pub mod policy;
pub mod rules;
#[cfg(feature = "sdk")]
pub mod sdk;
