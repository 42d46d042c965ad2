//! Page cursors: where the next page begins, as opaque text for a link. A cursor
//! names a place in the order rather than a number of results, so that pages
//! neither repeat nor skip while others write. It is bound to its search and
//! carries a checksum against accidents; it grants nothing, so it needs no
//! secret. Like the search itself it may hold a name or a date: do not log it.

use super::atom::take;
use super::limits::CURSOR_CHARS_MAX;
use super::order::{OrderKey, Position};
use super::query::Query;

const VERSION: u8 = 2;
const MISSING: u8 = 0;
const INSTANT: u8 = 1;
const TEXT: u8 = 2;
const NUMBER: u8 = 3;

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When the first page was read (Unix time in milliseconds).
    pub snapshot_ms: i64,
    /// The last result of the page before.
    pub position: Position,
}

impl Cursor {
    /// The opaque text, URL-safe, bound to `query` without its page.
    pub fn encode(&self, query: &Query) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.snapshot_ms.to_be_bytes());
        for key in &self.position.keys {
            match key {
                OrderKey::Missing => bytes.push(MISSING),
                OrderKey::Instant(at_ms) => {
                    bytes.push(INSTANT);
                    bytes.extend_from_slice(&at_ms.to_be_bytes());
                }
                OrderKey::Number(bits) => {
                    bytes.push(NUMBER);
                    bytes.extend_from_slice(&bits.to_be_bytes());
                }
                OrderKey::Text(text) => {
                    bytes.push(TEXT);
                    write_text(text, &mut bytes);
                }
            }
        }
        // The type goes without saying unless every type is searched.
        let kind = &self.position.resource_type;
        let kind = if *kind == query.resource_type { "" } else { kind };
        write_text(kind, &mut bytes);
        write_text(&self.position.id, &mut bytes);
        bytes.extend_from_slice(&checksum(&bytes, query));
        encode_base64(&bytes)
    }

    /// Reads a cursor of `query`; `None` for anything else.
    pub fn decode(text: &str, query: &Query) -> Option<Self> {
        if text.len() > CURSOR_CHARS_MAX {
            return None;
        }
        let bytes = decode_base64(text)?;
        let (content, sum) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
        if sum != checksum(content, query) || content.first() != Some(&VERSION) {
            return None;
        }
        let mut rest = content.get(1..)?;
        let snapshot_ms = read_ms(&mut rest)?;
        let mut keys = Vec::with_capacity(query.sort().len());
        for _ in query.sort() {
            keys.push(match take(&mut rest, 1)? {
                [MISSING] => OrderKey::Missing,
                [NUMBER] => OrderKey::Number(read_ms(&mut rest)?),
                [INSTANT] => OrderKey::Instant(read_ms(&mut rest)?),
                [TEXT] => OrderKey::Text(read_text(&mut rest)?),
                _ => return None,
            });
        }
        let kind = read_text(&mut rest)?;
        let resource_type = if kind.is_empty() { query.resource_type.clone() } else { kind.into() };
        let id = read_text(&mut rest)?;
        let position = Position { keys, resource_type, id };
        rest.is_empty().then_some(Self { snapshot_ms, position })
    }
}

fn write_text(text: &str, bytes: &mut Vec<u8>) {
    let kept = text.get(..text.len().min(255)).unwrap_or_default();
    bytes.push(u8::try_from(kept.len()).unwrap_or(0));
    bytes.extend_from_slice(kept.as_bytes());
}

fn read_text(rest: &mut &[u8]) -> Option<String> {
    let length = take(rest, 1)?.first().copied()?;
    String::from_utf8(take(rest, usize::from(length))?.to_vec()).ok()
}

fn read_ms(rest: &mut &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(take(rest, 8)?.try_into().ok()?))
}

fn checksum(content: &[u8], query: &Query) -> [u8; 4] {
    let hash = content.iter().fold(query.fingerprint(), |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let [first, second, third, fourth, ..] = (hash ^ (hash >> 32)).to_le_bytes();
    [first, second, third, fourth]
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64 for URLs without padding (RFC 4648 §5).
fn encode_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 3);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, byte| (group << 8) | u32::from(*byte));
        let group = group << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            let index = (group >> (18 - 6 * at)) & 63;
            let digit = usize::try_from(index).ok().and_then(|index| DIGITS.get(index));
            text.extend(digit.map(|digit| char::from(*digit)));
        }
    }
    text
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for chunk in text.as_bytes().chunks(4) {
        if chunk.len() == 1 {
            return None;
        }
        let mut group = 0u32;
        for byte in chunk {
            let digit = DIGITS.iter().position(|known| known == byte)?;
            group = (group << 6) | u32::try_from(digit).ok()?;
        }
        group <<= 6 * (4 - chunk.len());
        bytes.extend(group.to_be_bytes().iter().skip(1).take(chunk.len() - 1));
    }
    Some(bytes)
}
