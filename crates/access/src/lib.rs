//! Who may do what with the record, and the proof of what was done: bearer
//! tokens and their claims, scopes, the decision, the access entry, its
//! rendering as AuditEvent and Provenance, and the journal that keeps it.
//!
//! Everything decides from its arguments alone; only [`journal`] speaks to a
//! table, through `chart`'s port.
pub mod audit_event;
pub mod authorization;
pub mod claims;
pub mod decision;
pub mod entry;
pub mod facts;
pub mod journal;
pub mod limits;
pub mod origin;
pub mod provenance;
pub mod restriction;
pub mod scope;
pub mod systems;
pub mod token;
