//! JSON that keeps its text (RFC 8259, strictly).
//!
//! A [`Document`] owns the text and a flat tape of nodes, each a span of that
//! text. Nothing is copied or converted: a number is its digits, whitespace
//! and member order stay. Changes are made by [`splice`] on the text.
//!
//! Refused beyond the RFC: duplicate member names (FHIR R4 JSON gives them no
//! meaning), a byte order mark, lone surrogates, and anything over [`crate::limits`].

mod document;
mod error;
mod lexeme;
mod names;
mod parse;
mod splice;
mod strings;
mod value;
mod writer;

#[cfg(test)]
mod tests;

pub use document::Document;
pub use error::{JsonError, JsonErrorKind};
pub use splice::{Edit, splice};
pub use strings::quoted;
pub use value::{Items, Kind, Members, Value};
pub use writer::Writer;
