//! An item as bytes: key, then attributes in the order of their names, each text
//! or list after its length. **Part of the format of copies.**

use chart::table::{Item, Key, Value};

const TEXT: u8 = b'S';
const NUMBER: u8 = b'N';
const BYTES: u8 = b'B';
const LIST: u8 = b'L';
/// Lists within lists; the record has none deeper than one.
const DEPTH_MAX: u8 = 8;

/// Appends an item. Equal items give equal bytes, whatever the order in which a
/// store gives their attributes.
pub fn put(key: &Key, item: &Item, out: &mut Vec<u8>) {
    text(key.pk.as_bytes(), out);
    text(key.sk.as_bytes(), out);
    let mut attributes: Vec<_> = item.0.iter().collect();
    attributes.sort_by(|(left, _), (right, _)| left.cmp(right));
    length(attributes.len(), out);
    for (name, held) in attributes {
        text(name.as_bytes(), out);
        value(held, out);
    }
}

fn length(count: usize, out: &mut Vec<u8>) {
    // Items have at most 400 KB, so no length is cut here.
    out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

fn text(bytes: &[u8], out: &mut Vec<u8>) {
    length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

fn value(held: &Value, out: &mut Vec<u8>) {
    match held {
        Value::S(held) => {
            out.push(TEXT);
            text(held.as_bytes(), out);
        }
        Value::N(number) => {
            out.push(NUMBER);
            out.extend(number.to_le_bytes());
        }
        Value::B(bytes) => {
            out.push(BYTES);
            text(bytes, out);
        }
        Value::L(values) => {
            out.push(LIST);
            length(values.len(), out);
            values.iter().for_each(|held| value(held, out));
        }
    }
}

/// Takes the next item off `bytes`; `None` when they are damaged.
pub fn take(bytes: &mut &[u8]) -> Option<(Key, Item)> {
    let key = Key::new(taken_text(bytes)?, taken_text(bytes)?);
    let count = taken_length(bytes)?;
    let mut attributes = Vec::new();
    for _ in 0..count {
        let name = taken_text(bytes)?;
        attributes.push((name.into(), taken_value(bytes, 0)?));
    }
    Some((key, Item(attributes)))
}

fn taken_length(bytes: &mut &[u8]) -> Option<usize> {
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    usize::try_from(u32::from_le_bytes(*head)).ok()
}

fn taken_bytes<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let count = taken_length(bytes)?;
    let (head, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(head)
}

fn taken_text(bytes: &mut &[u8]) -> Option<String> {
    String::from_utf8(taken_bytes(bytes)?.to_vec()).ok()
}

fn taken_value(bytes: &mut &[u8], depth: u8) -> Option<Value> {
    let (kind, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(match *kind {
        TEXT => Value::S(taken_text(bytes)?),
        NUMBER => {
            let (head, rest) = bytes.split_first_chunk::<8>()?;
            *bytes = rest;
            Value::N(i64::from_le_bytes(*head))
        }
        BYTES => Value::B(taken_bytes(bytes)?.to_vec()),
        LIST if depth < DEPTH_MAX => {
            let count = taken_length(bytes)?;
            let mut values = Vec::new();
            for _ in 0..count {
                values.push(taken_value(bytes, depth + 1)?);
            }
            Value::L(values)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
