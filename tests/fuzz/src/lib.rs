//! What must hold of every parser for any bytes at all: one function per
//! parser, which panics when something does not hold.
//!
//! `tests/replay.rs` runs each over its seeds and what was found before, in the
//! normal tests. `scripts/fuzz NAME SECONDS` runs one under a coverage-guided
//! fuzzer.
#![allow(clippy::panic, clippy::expect_used)]

mod bundles;
mod http_headers;
mod ledgers;
mod patches;
mod paths;
mod resources;
mod searches;
mod tokens;

pub use bundles::bundle_entry;
pub use http_headers::headers;
pub use ledgers::{ledger_file, note, tlog_proof, witness_request};
pub use patches::{fhirpath_patch, json_patch};
pub use paths::fhirpath;
pub use resources::resource;
pub use searches::search;
pub use tokens::token;

/// A parser's name with what must hold of it.
pub type Target = (&'static str, fn(&[u8]));

/// Every target; a test fails when a parser has no seeds.
pub const TARGETS: [Target; 12] = [
    ("resource", resource),
    ("search", search),
    ("json_patch", json_patch),
    ("fhirpath_patch", fhirpath_patch),
    ("fhirpath", fhirpath),
    ("bundle_entry", bundle_entry),
    ("headers", headers),
    ("token", token),
    ("note", note),
    ("ledger_file", ledger_file),
    ("tlog_proof", tlog_proof),
    ("witness_request", witness_request),
];

/// The present of all targets, so that a finding can be replayed.
const NOW_MS: i64 = 1_790_000_100_000;
