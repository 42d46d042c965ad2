//! The short form of what a resource holds for the indexed parameters, kept in
//! its cell so that a chart is searched without reading bodies.
//!
//! Encoding, version 1: the version byte, then for each parameter that has
//! values its stored number (with the top bit set when some values are left
//! out), the length of what follows in bytes, and the values:
//! - token: two atoms, system and code;
//! - string: a length byte (top bit: cut) and that many bytes of folded text;
//! - date: a form byte, then six or twelve bytes of milliseconds;
//! - reference: three atoms, base, type and id.
//!
//! An atom is one byte 0 for nothing; 1 to 127 for that many bytes of text; 128
//! to 253 for a word of the dictionary; 254 before a UUID of 16 bytes; 255
//! before a 64-bit hash. Only hashes, cut texts and left-out values are
//! inexact, and they never hide a match: they make it a *maybe*, which the
//! caller settles on the body.

use std::borrow::Cow;

use crate::json::Value;

use super::atom::{Atom, take};
use super::date::DateRange;
use super::held::{self, Held};
use super::indexed::{self, Slot};
use super::limits::{ATOM_BYTES_MAX, TOKENS_BYTES_MAX, TOKENS_VALUES_MAX};
use super::parameters::ParameterKind;

const INCOMPLETE: u8 = 0x80;
const CUT: u8 = 0x80;

/// The search tokens of one resource in their stored form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    bytes: Vec<u8>,
}

/// A stored form that is not one: cut off, or of a version from the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokensError;

impl std::fmt::Display for TokensError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .write_str("the search tokens of a cell cannot be read; rebuild them from the body")
    }
}

impl std::error::Error for TokensError {}

/// The values a cell holds for one parameter, read as they are asked for: each
/// is `None` from where the bytes cannot be read on.
#[derive(Clone)]
pub(crate) struct Kept<'a> {
    /// What is not read yet.
    pub rest: &'a [u8],
    /// What the values are.
    pub kind: ParameterKind,
    target: Option<&'static str>,
    /// Some values were left out.
    pub incomplete: bool,
    /// Written before the cell told of values that compare with nothing.
    pub tells_comparable_only: bool,
}

impl<'a> Iterator for Kept<'a> {
    type Item = Option<Held<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let Some(value) = read_value(&mut self.rest, self.kind) else {
                self.rest = &[];
                return Some(None);
            };
            let wanted = match (&value, self.target) {
                (Held::Reference { kind: Atom::Text(kind), .. }, Some(target)) => kind == target,
                (Held::Reference { .. }, Some(_)) => false,
                _ => true,
            };
            if wanted {
                return Some(Some(value));
            }
        }
        None
    }
}

impl Tokens {
    /// The tokens of the resource at `root`, at most
    /// [`TOKENS_BYTES_MAX`] bytes.
    pub fn extract(resource_type: &str, root: Value<'_>) -> Self {
        let mut bytes = vec![indexed::VERSION];
        let carried = indexed::carried(resource_type);
        let mut following = carried.len();
        for (number, parameter) in carried {
            following -= 1;
            let values = held::values(&parameter, root);
            if values.is_empty() {
                continue;
            }
            let kind = parameter.kind;
            let mut entry = Vec::new();
            let mut written = 0;
            // Room is kept for the marks of all that may still be left out.
            let room = TOKENS_BYTES_MAX.saturating_sub(bytes.len() + 2 + 2 * following);
            for value in values.iter().take(TOKENS_VALUES_MAX) {
                let before = entry.len();
                if !write_value(value, kind, &mut entry) || entry.len() > room {
                    entry.truncate(before);
                    break;
                }
                written += 1;
            }
            let mark = if written < values.len() { INCOMPLETE } else { 0 };
            bytes.extend([number | mark, u8::try_from(entry.len()).unwrap_or(0)]);
            bytes.append(&mut entry);
        }
        Self { bytes }
    }

    /// The stored form.
    pub fn to_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads a stored form.
    ///
    /// # Errors
    /// When the bytes are cut off or of an unknown version: the caller rebuilds
    /// the tokens from the body instead of missing the resource. That the
    /// values fit their parameters is checked as they are read; what does not
    /// fit counts as left out.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, TokensError> {
        match bytes.first() {
            Some(1..=indexed::VERSION) => Ok(Self { bytes }),
            _ => Err(TokensError),
        }
    }

    /// The values kept in a slot, or `None` when only the body knows.
    pub(crate) fn kept(&self, slot: Slot, kind: ParameterKind) -> Option<Kept<'_>> {
        let (version, mut rest) = self.bytes.split_first()?;
        if !indexed::is_covered(slot, *version) {
            return None;
        }
        let kept = |rest, incomplete| Kept {
            rest,
            kind,
            target: slot.target,
            incomplete,
            tells_comparable_only: *version < indexed::TELLS_PRESENCE,
        };
        while let [mark, length, following @ ..] = rest {
            let (entry, after) = following.split_at_checked(usize::from(*length))?;
            if mark & !INCOMPLETE == slot.number {
                return Some(kept(entry, mark & INCOMPLETE != 0));
            }
            rest = after;
        }
        rest.is_empty().then(|| kept(&[], false))
    }
}

/// Appends a value; `false` when it has no short form.
fn write_value(value: &Held<'_>, kind: ParameterKind, out: &mut Vec<u8>) -> bool {
    match value {
        // Of no system and code, or of no base, type and id: there, and equal to
        // nothing.
        Held::Present => match kind {
            ParameterKind::Token => {
                [Atom::Absent, Atom::Absent].iter().for_each(|it| it.write(out))
            }
            ParameterKind::Reference => {
                [Atom::Absent, Atom::Absent, Atom::Absent].iter().for_each(|it| it.write(out));
            }
            _ => return false,
        },
        Held::Token { system, code } => {
            system.write(out);
            code.write(out);
        }
        Held::Reference { base, kind, id, .. } => {
            base.write(out);
            kind.write(out);
            id.write(out);
        }
        Held::Text { folded, .. } => write_text(folded, out),
        Held::Date(range) => return write_date(*range, out),
        Held::Uri(uri) => uri.write(out),
        Held::Number { .. } | Held::OfType { .. } | Held::Place { .. } => return false,
    }
    true
}

fn read_value<'a>(rest: &mut &'a [u8], kind: ParameterKind) -> Option<Held<'a>> {
    Some(match kind {
        ParameterKind::Token => Held::Token { system: Atom::read(rest)?, code: Atom::read(rest)? },
        ParameterKind::Reference => Held::Reference {
            base: Atom::read(rest)?,
            kind: Atom::read(rest)?,
            id: Atom::read(rest)?,
            version: Atom::Absent,
        },
        ParameterKind::Text => read_text(rest)?,
        ParameterKind::Date => Held::Date(read_date(rest)?),
        ParameterKind::Uri => Held::Uri(Atom::read(rest)?),
        _ => return None,
    })
}

/// The longest beginning of `text` that a cell keeps.
pub(crate) fn cut(text: &str) -> &str {
    let mut end = text.len().min(ATOM_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

fn write_text(folded: &str, out: &mut Vec<u8>) {
    let kept = cut(folded);
    let mark = if kept.len() < folded.len() { CUT } else { 0 };
    out.push(u8::try_from(kept.len()).unwrap_or(0) | mark);
    out.extend_from_slice(kept.as_bytes());
}

fn read_text<'a>(rest: &mut &'a [u8]) -> Option<Held<'a>> {
    let mark = take(rest, 1)?.first().copied()?;
    let kept = std::str::from_utf8(take(rest, usize::from(mark & !CUT))?).ok()?;
    Some(Held::Text { folded: Cow::Borrowed(kept), whole: mark & CUT == 0, raw: None })
}

/// Widths that a date's form byte stands for; form 0 has both ends in full.
const WIDTHS_MS: [i64; 6] = [1, 10, 100, 1_000, 60_000, 86_400_000];
const BOTH_ENDS: u8 = 0;

fn write_date(range: DateRange, out: &mut Vec<u8>) -> bool {
    let (Some(lower), Some(upper)) = (biased(range.lower_ms), biased(range.upper_ms)) else {
        return false;
    };
    let width = range.upper_ms.saturating_sub(range.lower_ms);
    let form = WIDTHS_MS.iter().position(|known| *known == width);
    let form = form.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or(BOTH_ENDS);
    out.push(form);
    out.extend(lower.to_be_bytes().iter().skip(2));
    if form == BOTH_ENDS {
        out.extend(upper.to_be_bytes().iter().skip(2));
    }
    true
}

fn read_date(rest: &mut &[u8]) -> Option<DateRange> {
    let form = take(rest, 1)?.first().copied()?;
    let lower_ms = read_ms(rest)?;
    let upper_ms = match usize::from(form).checked_sub(1) {
        None => read_ms(rest)?,
        Some(at) => lower_ms.checked_add(*WIDTHS_MS.get(at)?)?,
    };
    Some(DateRange { lower_ms, upper_ms })
}

/// What is added to an instant so that six bytes reach from the year 1412 past
/// the year 9999. The two ends of the scale stand for an open end.
const BIAS_MS: i64 = 1 << 44;
const OPEN_START: i64 = 0;
const OPEN_END: i64 = (1 << 48) - 1;

fn biased(at_ms: i64) -> Option<i64> {
    match at_ms {
        i64::MIN => Some(OPEN_START),
        i64::MAX => Some(OPEN_END),
        _ => at_ms.checked_add(BIAS_MS).filter(|value| (1..OPEN_END).contains(value)),
    }
}

fn read_ms(rest: &mut &[u8]) -> Option<i64> {
    let [a, b, c, d, e, f] = take(rest, 6)?.try_into().ok()?;
    let value = i64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    Some(match value {
        OPEN_START => i64::MIN,
        OPEN_END => i64::MAX,
        _ => value - BIAS_MS,
    })
}
