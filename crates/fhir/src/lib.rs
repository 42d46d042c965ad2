//! What Dossier knows of HL7 FHIR R4 (4.0.1): resources as JSON that keeps its
//! text, the R4 tables, validation on write, search parameters, and refusals
//! as OperationOutcome.
//!
//! Pure: no clock, no randomness, no network. A resource is never rebuilt from
//! a tree; the client's own text is parsed in place, and what the server
//! assigns is spliced into it, so that `1.00` stays `1.00`.

mod definitions;
pub mod fhirpath;
mod generated;
pub mod json;
pub mod limits;
pub mod outcome;
pub mod patch;
pub mod present;
pub mod resource;
pub mod search;
pub mod types;
pub mod validate;
pub mod xhtml;
