//! The tamper-evident log of accesses: an append-only Merkle tree (RFC 6962)
//! in the formats of C2SP, so that tools that are not ours check it too.
//!
//! - [`tree`]: hashing, the right edge that grows, inclusion and consistency.
//! - [`tiles`]: the files of a log (`tlog-tiles`) and the hashes in them.
//! - [`growth`]: leaves appended to the tiles of the right edge.
//! - [`note`], [`keys`], [`checkpoint`]: signed notes, keys, signed tree heads
//!   and cosignatures (`signed-note`, `tlog-checkpoint`, `tlog-cosignature`).
//! - [`proof_file`]: one entry's proof as a file (`tlog-proof`).
//! - [`witness`]: what a witness is asked and what it may cosign
//!   (`tlog-witness`).
//! - [`leaf`]: what is logged of an access entry: a salted digest.
//! - [`check`]: a whole log, a range, or its growth, checked from its files.
//!
//! Pure: no clock, no chance, no files, no network.

pub mod check;
pub mod checkpoint;
pub mod growth;
pub mod keys;
pub mod leaf;
pub mod limits;
pub mod note;
pub mod proof_file;
mod text;
pub mod tiles;
pub mod tree;
pub mod witness;

pub use tree::Hash;
