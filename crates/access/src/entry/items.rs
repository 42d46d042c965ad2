//! The items of an entry in the stored form. An entry may name thousands, and is
//! kept three times (stream, person, region), so each takes about eleven bytes:
//!
//! - how many items there are, and the types that occur, each once: their
//!   number, then length and text;
//! - of each item a byte of marks, the place of its type, and what the marks do
//!   not tell: version, person, id.
//!
//! | marks | |
//! |---|---|
//! | 1, 2 | what happened to it |
//! | 4 | its version is 1 |
//! | 8, 16 | 0 nobody's; 1 of the first person; 2 of the person whose place follows |
//! | 32, 64 | its id: 0 as text; 1 that person's id, then `.d` and the letters of 9 bytes; 2 the letters of 10 bytes |

use chart::ids;

use super::{Change, ItemSeen};

const CHANGES: [Change; 4] = [Change::Read, Change::Created, Change::Updated, Change::Deleted];
const FIRST_VERSION: u8 = 4;
const OF_FIRST: u8 = 1 << 3;
const OF_ANOTHER: u8 = 2 << 3;
const OF_PERSON: u8 = 1 << 5;
const PLAIN: u8 = 2 << 5;

/// Appends the items of an entry about these persons.
pub(super) fn put(items: &[ItemSeen], persons: &[String], bytes: &mut Vec<u8>) {
    let mut types: Vec<&str> = Vec::new();
    let mut packed = Vec::with_capacity(items.len() * 12);
    for item in items {
        let change = CHANGES.iter().position(|change| *change == item.change);
        let mut marks = change.and_then(|at| u8::try_from(at).ok()).unwrap_or(0);
        let mut rest = Vec::new();
        if item.version == 1 {
            marks |= FIRST_VERSION;
        } else {
            put_number(&mut rest, item.version);
        }
        match item.person {
            None => {}
            Some(0) => marks |= OF_FIRST,
            Some(another) => {
                marks |= OF_ANOTHER;
                put_number(&mut rest, u64::from(another));
            }
        }
        let person = item.person.and_then(|at| persons.get(usize::from(at)));
        if let Some(tail) = person.and_then(|person| ids::packed_chart_id(&item.id, person)) {
            marks |= OF_PERSON;
            rest.extend(tail);
        } else if let Some(plain) = ids::packed_plain_id(&item.id) {
            marks |= PLAIN;
            rest.extend(plain);
        } else {
            put_text(&mut rest, &item.id);
        }
        let place = types.iter().position(|held| *held == item.resource_type);
        let place = place.unwrap_or_else(|| {
            types.push(&item.resource_type);
            types.len() - 1
        });
        packed.push(marks);
        put_number(&mut packed, place as u64);
        packed.append(&mut rest);
    }
    put_number(bytes, items.len() as u64);
    put_number(bytes, types.len() as u64);
    types.iter().for_each(|name| put_text(bytes, name));
    bytes.append(&mut packed);
}

/// Reads what [`put`] appended: all of `bytes`.
pub(super) fn take(mut bytes: &[u8], persons: &[String]) -> Option<Vec<ItemSeen>> {
    let count = take_number(&mut bytes)?;
    let kinds = take_number(&mut bytes)?;
    let mut types = Vec::new();
    for _ in 0..kinds {
        types.push(take_text(&mut bytes)?);
    }
    let mut items = Vec::new();
    for _ in 0..count {
        let (marks, rest) = bytes.split_first()?;
        bytes = rest;
        let place = usize::try_from(take_number(&mut bytes)?).ok()?;
        let version = match marks & FIRST_VERSION {
            0 => take_number(&mut bytes)?,
            _ => 1,
        };
        let person = match marks & (OF_FIRST | OF_ANOTHER) {
            0 => None,
            OF_FIRST => Some(0),
            OF_ANOTHER => Some(u16::try_from(take_number(&mut bytes)?).ok()?),
            _ => return None,
        };
        let id = match marks & (OF_PERSON | PLAIN) {
            0 => take_text(&mut bytes)?,
            OF_PERSON => {
                let (tail, rest) = bytes.split_first_chunk::<9>()?;
                bytes = rest;
                ids::chart_id(persons.get(usize::from(person?))?, *tail)?
            }
            PLAIN => {
                let (plain, rest) = bytes.split_first_chunk::<10>()?;
                bytes = rest;
                ids::plain_id(*plain)
            }
            _ => return None,
        };
        let change = *CHANGES.get(usize::from(marks & 3))?;
        let resource_type = types.get(place)?.clone();
        items.push(ItemSeen { resource_type, id, version, person, change });
    }
    bytes.is_empty().then_some(items)
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_number(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

fn take_text(bytes: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(take_number(bytes)?).ok()?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}

/// LEB128: seven bits a byte, the lowest first.
fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}
