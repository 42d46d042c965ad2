//! Items as the embedded file holds them: a layout byte, then each attribute,
//! in the order of the names: its name and its value. The key is in the row.
//!
//! A name is its number in [`NAMES`], or the top bit with its length before its
//! text. A value begins with a byte of kind (three bits) and a small number
//! (five bits; 31 stands for 31 and the LEB128 number that follows):
//!
//! | kind | number | follows |
//! |---|---|---|
//! | 0 `S` | bytes | the text |
//! | 1 `B` | bytes | the bytes |
//! | 2 `N` | the number, zigzag | |
//! | 3 `L` | values | the values |
//! | 4 `S` | | a commit's id in 16 bytes |
//! | 5 | bytes | DynamoDB JSON of a value of another type, which only a foreign writer puts |
//!
//! **Part of the stored form**: another layout takes another first byte.

use chart::table::{Item, Name, Value};
use std::borrow::Cow;

#[cfg(test)]
mod tests;

const LAYOUT: u8 = 1;

/// Names with a number of their own. **Append only**, at most 128.
const NAMES: [&str; 20] = [
    "at", "b", "c", "cx", "del", "e", "exp", "f", "h", "lx", "m", "nval", "st", "ttl", "val", "w",
    "y", "opened", "drained", "moved",
];
const NAMED: u8 = 0x80;
/// The largest number kept beside the kind; this one says that more follows.
const MORE: u8 = 31;

const TEXT: u8 = 0;
const BYTES: u8 = 1;
const NUMBER: u8 = 2;
const LIST: u8 = 3;
const COMMIT: u8 = 4;
const FOREIGN: u8 = 5;

/// Letters of commit ids, five bits each, and how many letters.
const LETTERS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
const COMMIT_CHARS: usize = 26;
const COMMIT_BYTES: usize = 16;
/// Lists in lists are not deeper (DynamoDB allows 32 levels).
const DEPTH_MAX: usize = 33;

/// Bytes that are no item of this layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged;

/// An attribute as a foreign reader wants it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Held {
    /// Of the record's types.
    Known(Value),
    /// Of another: its DynamoDB JSON.
    Foreign(String),
}

/// The stored form of an item.
pub(super) fn encode(item: &Item) -> Vec<u8> {
    let mut sorted: Vec<&(Name, Value)> = item.0.iter().collect();
    sorted.sort_by(|left, right| left.0.cmp(&right.0));
    let room = sorted.iter().map(|(_, value)| room(value)).sum::<usize>();
    let mut out = Vec::with_capacity(1 + room);
    out.push(LAYOUT);
    for (name, value) in sorted {
        put_name(&mut out, name);
        put_value(&mut out, value);
    }
    out
}

/// The stored form of an item that may hold other types; names in order.
pub(super) fn encode_held(attributes: &[(Name, Held)]) -> Vec<u8> {
    let mut out = vec![LAYOUT];
    for (name, held) in attributes {
        put_name(&mut out, name);
        match held {
            Held::Known(value) => put_value(&mut out, value),
            Held::Foreign(json) => {
                put_head(&mut out, FOREIGN, json.len() as u64);
                out.extend_from_slice(json.as_bytes());
            }
        }
    }
    out
}

fn room(value: &Value) -> usize {
    match value {
        Value::S(text) => text.len() + 6,
        Value::B(bytes) => bytes.len() + 6,
        Value::N(_) => 12,
        Value::L(values) => 6 + values.iter().map(room).sum::<usize>(),
    }
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    let known = NAMES.iter().position(|held| *held == name);
    match known.and_then(|number| u8::try_from(number).ok()) {
        Some(number) => out.push(number),
        None => {
            let length = name.len();
            // A byte of length, or the top bit alone and a LEB128 length.
            match u8::try_from(length) {
                Ok(short) if (1..NAMED).contains(&short) => out.push(NAMED | short),
                _ => {
                    out.push(NAMED);
                    put_number(out, length as u64);
                }
            }
            out.extend_from_slice(name.as_bytes());
        }
    }
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::S(text) => match commit_bytes(text) {
            Some(bytes) => {
                out.push(COMMIT << 5);
                out.extend_from_slice(&bytes);
            }
            None => {
                put_head(out, TEXT, text.len() as u64);
                out.extend_from_slice(text.as_bytes());
            }
        },
        Value::B(bytes) => {
            put_head(out, BYTES, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
        Value::N(number) => {
            put_head(out, NUMBER, ((number << 1) ^ (number >> 63)).cast_unsigned());
        }
        Value::L(values) => {
            put_head(out, LIST, values.len() as u64);
            values.iter().for_each(|value| put_value(out, value));
        }
    }
}

fn put_head(out: &mut Vec<u8>, kind: u8, number: u64) {
    match u8::try_from(number) {
        Ok(small) if small < MORE => out.push(kind << 5 | small),
        _ => {
            out.push(kind << 5 | MORE);
            put_number(out, number - u64::from(MORE));
        }
    }
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A text of the form of a commit's id in 16 bytes.
fn commit_bytes(text: &str) -> Option<[u8; COMMIT_BYTES]> {
    if text.len() != COMMIT_CHARS {
        return None;
    }
    let mut bits = 0_u128;
    let mut last = 0;
    for (at, letter) in text.bytes().enumerate() {
        last = match letter {
            b'0'..=b'9' => letter - b'0',
            b'a'..=b'v' => letter - b'a' + 10,
            _ => return None,
        };
        if at + 1 < COMMIT_CHARS {
            bits = bits << 5 | u128::from(last);
        }
    }
    // 26 letters are 130 bits; a commit's id leaves the last two unused.
    (last & 3 == 0).then(|| (bits << 3 | u128::from(last >> 2)).to_be_bytes())
}

fn commit_text(bytes: [u8; COMMIT_BYTES]) -> String {
    let bits = u128::from_be_bytes(bytes);
    let mut text = String::with_capacity(COMMIT_CHARS);
    let letter = |five: u128| char::from(LETTERS.get((five & 31) as usize).copied().unwrap_or(0));
    for at in 0..COMMIT_CHARS - 1 {
        text.push(letter(bits >> (123 - 5 * at)));
    }
    text.push(letter(bits << 2));
    text
}

/// The item in its stored form, its attributes in the order of their names.
///
/// # Errors
/// [`Damaged`], also when it holds a type that the record does not use.
pub(super) fn decode(stored: &[u8]) -> Result<Item, Damaged> {
    let mut attributes = Vec::with_capacity(6);
    let mut reader = Reader::new(stored)?;
    while let Some(name) = reader.name()? {
        attributes.push((name, reader.value(0)?));
    }
    Ok(Item(attributes))
}

/// The same, with values of any type.
///
/// # Errors
/// [`Damaged`].
pub(super) fn decode_held(stored: &[u8]) -> Result<Vec<(Name, Held)>, Damaged> {
    let mut attributes = Vec::new();
    let mut reader = Reader::new(stored)?;
    while let Some(name) = reader.name()? {
        let held = match reader.rest.first() {
            Some(head) if head >> 5 == FOREIGN => {
                let (_, length) = reader.head()?;
                Held::Foreign(reader.text(length)?)
            }
            _ => Held::Known(reader.value(0)?),
        };
        attributes.push((name, held));
    }
    Ok(attributes)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn new(stored: &'a [u8]) -> Result<Self, Damaged> {
        match stored.split_first() {
            Some((&LAYOUT, rest)) => Ok(Self { rest }),
            _ => Err(Damaged),
        }
    }

    fn byte(&mut self) -> Result<u8, Damaged> {
        let (first, rest) = self.rest.split_first().ok_or(Damaged)?;
        self.rest = rest;
        Ok(*first)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Damaged> {
        let length = usize::try_from(length).map_err(|_| Damaged)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u64, Damaged> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Damaged)
    }

    fn text(&mut self, length: u64) -> Result<String, Damaged> {
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| Damaged)?;
        Ok(text.to_owned())
    }

    /// The next attribute's name; `None` at the end.
    fn name(&mut self) -> Result<Option<Name>, Damaged> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let first = self.byte()?;
        if first & NAMED == 0 {
            let name = NAMES.get(usize::from(first)).ok_or(Damaged)?;
            return Ok(Some(Cow::Borrowed(name)));
        }
        let length = match first & !NAMED {
            0 => self.number()?,
            short => u64::from(short),
        };
        Ok(Some(Cow::Owned(self.text(length)?)))
    }

    fn head(&mut self) -> Result<(u8, u64), Damaged> {
        let head = self.byte()?;
        let number = match head & MORE {
            MORE => self.number()?.checked_add(u64::from(MORE)).ok_or(Damaged)?,
            small => u64::from(small),
        };
        Ok((head >> 5, number))
    }

    fn value(&mut self, depth: usize) -> Result<Value, Damaged> {
        let (kind, number) = self.head()?;
        Ok(match kind {
            TEXT => Value::S(self.text(number)?),
            BYTES => Value::B(self.take(number)?.to_vec()),
            NUMBER => Value::N((number >> 1).cast_signed() ^ -(number & 1).cast_signed()),
            LIST if depth < DEPTH_MAX => {
                // Each value takes at least a byte: no room for more is made.
                let room = usize::try_from(number).map_err(|_| Damaged)?.min(self.rest.len());
                let mut values = Vec::with_capacity(room);
                for _ in 0..number {
                    values.push(self.value(depth + 1)?);
                }
                Value::L(values)
            }
            COMMIT => {
                let bytes = self.take(COMMIT_BYTES as u64)?;
                Value::S(commit_text(bytes.try_into().map_err(|_| Damaged)?))
            }
            _ => return Err(Damaged),
        })
    }
}
