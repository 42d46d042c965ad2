//! FHIR R4 REST over HTTP (§3.1): what a request asks, and how an answer is
//! written. Pure; the functions decide in between.

pub mod answer;
pub mod ask;
pub mod binary;
pub mod bundle;
pub mod conditional;
pub mod headers;
pub mod limits;
pub mod operation;
pub mod own;
pub mod path;
pub mod prefer;
pub mod present;
pub mod provenance_header;
pub mod report;

#[cfg(test)]
mod tests;
