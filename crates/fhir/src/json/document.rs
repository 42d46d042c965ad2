//! The document: the text and its tape.

use super::error::{JsonError, JsonErrorKind, locate};
use super::parse::Parser;
use super::value::{Kind, Value};
use crate::limits::JsonLimits;

/// One node of the tape. A container is followed by its content; a member of
/// an object is its name's node, then its value's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// First byte of the value in the text.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// Index of the node after this one and all its content.
    pub next: u32,
    /// What it is.
    pub kind: Kind,
    /// A string with at least one backslash.
    pub escaped: bool,
}

impl Node {
    /// Stands for a node that is not there: null, empty, with no content.
    const NONE: Self = Self { start: 0, end: 0, next: u32::MAX, kind: Kind::Null, escaped: false };
}

/// A parsed JSON text, kept byte for byte.
#[derive(Clone, Debug)]
pub struct Document {
    text: String,
    tape: Vec<Node>,
}

impl Document {
    /// Parses `text` (RFC 8259) within `limits`.
    ///
    /// # Errors
    /// The first fault, with where it is and what to do.
    pub fn parse(text: String, limits: &JsonLimits) -> Result<Self, JsonError> {
        let bytes_max = limits.text_bytes_max.min(u32::MAX as usize);
        if text.len() > bytes_max {
            return Err(JsonError {
                kind: JsonErrorKind::TooLarge,
                line: 1,
                column: 1,
                offset: 0,
                path: String::new(),
                message: format!(
                    "The text has {} bytes and the limit is {bytes_max}; send it in smaller parts.",
                    text.len()
                ),
            });
        }
        let mut parser = Parser::new(&text, limits);
        match parser.run() {
            Ok(()) => {
                let tape = parser.into_tape();
                Ok(Self { text, tape })
            }
            Err(fault) => {
                let (path, tape) = (parser.path(&fault), parser.into_tape());
                let partial = Self { text, tape };
                let path = named_path(&partial, path);
                Err(fault.into_error(partial.text(), path))
            }
        }
    }

    /// [`Document::parse`] of bytes that should be UTF-8.
    ///
    /// # Errors
    /// As [`Document::parse`], or [`JsonErrorKind::Encoding`] at the first byte
    /// that is not UTF-8.
    pub fn parse_bytes(bytes: Vec<u8>, limits: &JsonLimits) -> Result<Self, JsonError> {
        match String::from_utf8(bytes) {
            Ok(text) => Self::parse(text, limits),
            Err(error) => {
                let offset = error.utf8_error().valid_up_to();
                let (line, column) = locate(error.as_bytes(), offset);
                Err(JsonError {
                    kind: JsonErrorKind::Encoding,
                    line,
                    column,
                    offset,
                    path: String::new(),
                    message: "This byte is not UTF-8; FHIR JSON is always sent as UTF-8, so \
                              convert the text before sending it."
                        .to_owned(),
                })
            }
        }
    }

    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives the text back.
    pub fn into_text(self) -> String {
        self.text
    }

    /// The value that the text is.
    pub fn root(&self) -> Value<'_> {
        Value::new(self, 0)
    }

    /// How many nodes it has: values and member names together.
    pub fn nodes(&self) -> usize {
        self.tape.len()
    }

    pub(super) fn node(&self, at: u32) -> Node {
        self.tape.get(at as usize).copied().unwrap_or(Node::NONE)
    }
}

/// Puts the resource type before a path, when the text got as far as naming it.
fn named_path(partial: &Document, path: String) -> String {
    let root = partial.root();
    let Some(named) = root.get("resourceType").and_then(|value| value.as_str()) else {
        return path;
    };
    let plain = !named.is_empty() && named.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match (plain, path.is_empty()) {
        (false, _) => path,
        (true, true) => named.into_owned(),
        (true, false) if path.starts_with('[') => path,
        (true, false) => format!("{named}.{path}"),
    }
}
