//! What stands behind every wall of `wit/`: the record under an access, the
//! journal, tokens and the directory. The gateway links it natively; the
//! adapter component carries the same code to stock Spin.
//!
//! The rule that everything here serves: **no byte of the record leaves before
//! its access entry is durable**, and no change is made without one.

mod answers;
mod atlas;
mod chart_reads;
mod commits;
mod conditional;
mod convert;
mod cursor;
mod decide;
mod digest;
mod drafts;
mod exchange;
mod export;
mod filing;
mod gauges;
mod journal_reads;
pub mod keys;
mod ledger_reads;
pub mod limits;
mod links;
mod meetings;
mod metas;
mod outbox;
mod plan;
mod provider;
mod receipts;
mod references;
mod registry_reads;
mod reviews;
mod search;
mod sequencing;
mod session;
mod sight;
mod stop;
mod tokens;
mod type_history;

pub use chart_reads::Chart;
pub use exchange::Authority;
pub use provider::{Away, Background, Clock, Journaling, Later, Provider, Setup, Watch};
pub use registry_reads::Shelf;
pub use session::Session;
