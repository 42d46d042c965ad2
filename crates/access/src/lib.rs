//! Who may do what with the record, and the proof of what was done: bearer
//! tokens and their claims, scopes, the decision, the access entry, its
//! rendering as AuditEvent and Provenance, the journal that keeps it, the ledger
//! that proves it, and the rules that ask for its review.
//!
//! Everything decides from its arguments alone; only [`journal`], [`ledger`] and
//! [`review`] speak to a table, through `chart`'s port.
pub mod audit_event;
pub mod authorization;
pub mod claims;
pub mod decision;
pub mod entry;
pub mod facts;
pub mod journal;
pub mod ledger;
pub mod limits;
pub mod origin;
pub mod provenance;
pub mod restriction;
pub mod review;
pub mod scope;
pub mod systems;
pub mod token;
