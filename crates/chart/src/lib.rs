//! A person's record: homes, versions, the commit protocol, compartments.
//!
//! [`Record`] reads and commits over a [`table::Table`] and an
//! [`Environment`]; it knows resources as bytes, versions and claims, and
//! nothing of FHIR beyond types and ids. `docs/decisions/0003-commit-protocol.md`
//! tells the protocol and what a process that dies leaves behind.

mod cell;
pub mod codec;
mod commit_record;
mod environment;
mod error;
mod feed;
mod finish;
mod homes;
pub mod ids;
mod job;
pub mod keys;
mod learn;
pub mod limits;
mod one_step;
mod outbox;
mod plan;
mod read;
mod reading;
mod record;
mod request;
mod staged;
mod sweeper;
pub mod table;
mod unchanged;
mod uniqueness;
mod version;

pub use environment::Environment;
pub use error::{CommitError, Current, ReadError};
pub use feed::{Did, FeedChange, FeedItem, FeedPage, FeedPlace};
pub use finish::Fold;
pub use homes::Shown;
pub use ids::{Home, Where};
pub use job::Job;
pub use outbox::OutboxEntry;
pub use reading::{Cell, CellRef, Place, Reading};
pub use record::{Record, Settings};
pub use request::{
    Change, Claim, Commit, Committed, Content, Digest, Done, Expect, Guard, Period, Retry, Row,
};
pub use sweeper::Swept;
pub use uniqueness::Owner;
pub use version::Version;
