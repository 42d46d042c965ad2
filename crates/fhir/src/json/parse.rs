//! One pass over the text; the stack is a vector, so no depth of input can
//! exhaust the machine's.

use super::document::Node;
use super::error::{Fault, JsonErrorKind};
use super::value::Kind;
use crate::limits::JsonLimits;

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    pub(super) at: usize,
    pub(super) tape: Vec<Node>,
    /// Tape indices of the containers still open.
    pub(super) open: Vec<u32>,
    /// Member names of the object being closed; kept to spare allocations.
    pub(super) names: Vec<(&'t str, u32)>,
    pub(super) limits: JsonLimits,
}

pub(super) type Step<T = ()> = Result<T, Fault>;

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, limits: &JsonLimits) -> Self {
        // About one node for 16 bytes of compact FHIR JSON.
        let tape = Vec::with_capacity((text.len() / 16).min(limits.nodes_max) + 4);
        let open = Vec::with_capacity(16);
        let bytes = text.as_bytes();
        Self { text, bytes, at: 0, tape, open, names: Vec::new(), limits: *limits }
    }

    pub(super) fn into_tape(self) -> Vec<Node> {
        self.tape
    }

    pub(super) fn run(&mut self) -> Step {
        if self.bytes.starts_with(b"\xEF\xBB\xBF") {
            return Err(Fault {
                kind: JsonErrorKind::Encoding,
                offset: 0,
                message: "The text begins with a byte order mark; RFC 8259 forbids it, so save \
                          the text as UTF-8 without one."
                    .to_owned(),
            });
        }
        loop {
            if self.value()? {
                continue;
            }
            if self.after_value()? {
                break;
            }
        }
        self.whitespace();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(Fault::syntax(
                self.at,
                "There is more text after the end of the JSON value; send exactly one value.",
            )),
        }
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    #[inline]
    fn push(&mut self, kind: Kind, start: usize, escaped: bool) -> Step {
        if self.tape.len() >= self.limits.nodes_max {
            return Err(Fault {
                kind: JsonErrorKind::TooMany,
                offset: start,
                message: format!(
                    "The text has more than {} values and names; send it in smaller parts.",
                    self.limits.nodes_max
                ),
            });
        }
        let next = self.tape.len() as u32 + 1;
        self.tape.push(Node { start: start as u32, end: self.at as u32, next, kind, escaped });
        Ok(())
    }

    /// Reads a value's beginning. True when a container was opened whose first
    /// value comes next.
    fn value(&mut self) -> Step<bool> {
        self.whitespace();
        let start = self.at;
        match self.peek() {
            Some(b'"') => {
                let escaped = self.string()?;
                self.push(Kind::String, start, escaped)?;
            }
            Some(b'{') => return self.container(Kind::Object, b'}'),
            Some(b'[') => return self.container(Kind::Array, b']'),
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                self.push(Kind::Number, start, false)?;
            }
            Some(b't') => self.word("true", Kind::Bool)?,
            Some(b'f') => self.word("false", Kind::Bool)?,
            Some(b'n') => self.word("null", Kind::Null)?,
            other => return Err(self.no_value(other)),
        }
        Ok(false)
    }

    fn no_value(&self, found: Option<u8>) -> Fault {
        let message = match found {
            None if self.tape.is_empty() => "The text is empty; send a JSON value.",
            None => "The text ends where a value should be; was it cut off?",
            Some(b']' | b'}') => {
                "There is a comma or colon with no value after it; remove the comma or add the \
                 value."
            }
            Some(b'\'') => "Strings are written in double quotes, not in single ones.",
            _ => "Here should be a value: an object, array, string, number, true, false or null.",
        };
        Fault::syntax(self.at, message)
    }

    fn container(&mut self, kind: Kind, closing: u8) -> Step<bool> {
        if self.open.len() >= self.limits.depth_max {
            return Err(Fault {
                kind: JsonErrorKind::TooDeep,
                offset: self.at,
                message: format!(
                    "Objects and arrays are nested more than {} deep; flatten the content.",
                    self.limits.depth_max
                ),
            });
        }
        let index = self.tape.len() as u32;
        self.push(kind, self.at, false)?;
        self.open.push(index);
        self.at += 1;
        self.whitespace();
        if self.peek() == Some(closing) {
            self.at += 1;
            self.close(index, kind)?;
            return Ok(false);
        }
        if kind == Kind::Object {
            self.name()?;
        }
        Ok(true)
    }

    /// Reads what follows a value. True at the end of the root value.
    fn after_value(&mut self) -> Step<bool> {
        loop {
            let Some(&index) = self.open.last() else {
                return Ok(true);
            };
            let kind = self.tape.get(index as usize).map_or(Kind::Null, |node| node.kind);
            self.whitespace();
            match (self.peek(), kind) {
                (Some(b','), Kind::Object) => {
                    self.at += 1;
                    self.whitespace();
                    self.name()?;
                    return Ok(false);
                }
                (Some(b','), _) => {
                    self.at += 1;
                    return Ok(false);
                }
                (Some(b'}'), Kind::Object) | (Some(b']'), Kind::Array) => {
                    self.at += 1;
                    self.close(index, kind)?;
                }
                (None, _) => {
                    let message = "The text ends before everything is closed; was it cut off?";
                    return Err(Fault::syntax(self.at, message));
                }
                (_, Kind::Object) => {
                    let message = "Here should be a comma or the closing } of the object.";
                    return Err(Fault::syntax(self.at, message));
                }
                _ => {
                    let message = "Here should be a comma or the closing ] of the array.";
                    return Err(Fault::syntax(self.at, message));
                }
            }
        }
    }

    fn close(&mut self, index: u32, kind: Kind) -> Step {
        if kind == Kind::Object {
            self.names_differ(index)?;
        }
        let next = self.tape.len() as u32;
        if let Some(node) = self.tape.get_mut(index as usize) {
            node.end = self.at as u32;
            node.next = next;
        }
        self.open.pop();
        Ok(())
    }

    /// Reads a member's name and its colon.
    fn name(&mut self) -> Step {
        let start = self.at;
        match self.peek() {
            Some(b'"') => {}
            Some(b'}') => {
                let message = "There is a comma before the closing }; remove the comma.";
                return Err(Fault::syntax(start, message));
            }
            None => {
                let message = "The text ends inside an object; was it cut off?";
                return Err(Fault::syntax(start, message));
            }
            Some(_) => {
                let message = "Here should be a member's name in double quotes.";
                return Err(Fault::syntax(start, message));
            }
        }
        let escaped = self.string()?;
        self.push(Kind::String, start, escaped)?;
        self.whitespace();
        if self.peek() != Some(b':') {
            let message = "Here should be a colon between the member's name and its value.";
            return Err(Fault::syntax(self.at, message));
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str, kind: Kind) -> Step {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.no_value(self.peek()));
        }
        self.at += word.len();
        self.push(kind, start, false)
    }
}
