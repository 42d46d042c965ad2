//! The contracts of `wit/`, as Rust: the same records, and one trait per
//! interface. A function's logic is written against the traits, so that it runs
//! behind its WIT in a sandbox (bindings in `crates/guest`) and, for tests and
//! for the bench, straight on a provider (`crates/provider`).

mod exports;
mod issuing;
mod record;
mod sequencing;
mod types;
mod walls;

pub use exports::{ExportLevel, ExportOutput, ExportProgress, ExportRequest};
pub use fhir::outcome::Refusal;
pub use issuing::{TokenGrant, TokenRejection, TokenRequest};
pub use record::{
    BodyForm, Change, ChangeKind, CommitOptions, Effect, Notice, Outcome, Page, Place, Receipt,
    ResourceKey, Version, Window,
};
pub use sequencing::LedgerProgress;
pub use types::{
    Claims, Intent, Interaction, JournalFilter, JournalPage, Origin, ReviewFilter, ReviewPage,
    Reviewed,
};
pub use walls::{
    Answer, Charts, Commits, Directory, Exports, Issuing, Journal, Registry, Sequencing, Tokens,
};
