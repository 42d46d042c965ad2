//! Strings and numbers: what RFC 8259 §6 and §7 allow.

use super::error::Fault;
use super::parse::{Parser, Step};

impl Parser<'_> {
    /// Reads a string; true when it holds a backslash.
    pub(super) fn string(&mut self) -> Step<bool> {
        let mut escaped = false;
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F));
            let Some(plain) = plain else {
                self.at = self.bytes.len();
                let message = "The text ends inside a string; was it cut off?";
                return Err(Fault::syntax(self.at, message));
            };
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => {
                    let message = "A control character stands in a string; write it as an \
                                   escape, such as \\n or \\u0009.";
                    return Err(Fault::syntax(self.at, message));
                }
            }
        }
    }

    fn escape(&mut self) -> Step {
        let start = self.at;
        match self.bytes.get(start + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                self.at += 6;
                match self.unit(start) {
                    None => {
                        let message = "\\u must be followed by four hexadecimal digits.";
                        return Err(Fault::syntax(start, message));
                    }
                    Some(0xD800..=0xDBFF) => match self.unit(self.at) {
                        Some(0xDC00..=0xDFFF) => self.at += 6,
                        _ => return Err(lone_surrogate(start)),
                    },
                    Some(0xDC00..=0xDFFF) => return Err(lone_surrogate(start)),
                    Some(_) => {}
                }
            }
            _ => {
                let message = "A backslash in a string must begin one of the escapes \\\" \\\\ \
                               \\/ \\b \\f \\n \\r \\t \\uXXXX; write a backslash itself as \\\\.";
                return Err(Fault::syntax(start, message));
            }
        }
        Ok(())
    }

    /// The code unit of the `\uXXXX` that begins at byte `start`.
    fn unit(&self, start: usize) -> Option<u32> {
        let escape = self.bytes.get(start..start + 6)?;
        let digits = escape.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit, byte| Some(unit * 16 + char::from(*byte).to_digit(16)?))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }

    pub(super) fn number(&mut self) -> Step {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.at;
        let count = self.digits();
        if count == 0 {
            return Err(Fault::syntax(whole, "A minus sign must be followed by a digit."));
        }
        if count > 1 && self.bytes.get(whole) == Some(&b'0') {
            return Err(Fault::syntax(whole, "A number must not begin with a zero; remove it."));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(Fault::syntax(self.at, "A decimal point must be followed by a digit."));
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(Fault::syntax(self.at, "An exponent must have at least one digit."));
            }
        }
        Ok(())
    }
}

fn lone_surrogate(at: usize) -> Fault {
    let message = "Half of a surrogate pair stands alone; write the character itself or both \
                   halves.";
    Fault::syntax(at, message)
}
