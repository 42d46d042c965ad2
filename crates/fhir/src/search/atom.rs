//! One text as a cell holds it: verbatim when short, one byte when it is a known
//! word, 16 bytes when it is a UUID, and a 64-bit hash when it is long. Only the
//! hash is inexact: equal texts always agree, different ones may.

use std::borrow::Cow;

use super::dictionary;
use super::limits::ATOM_BYTES_MAX;

const ABSENT: u8 = 0;
const WORDS_FROM: u8 = 128;
const UUID: u8 = 254;
const HASH: u8 = 255;

/// A text, or what a cell keeps of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Atom<'a> {
    /// There is none.
    Absent,
    /// The text itself.
    Text(Cow<'a, str>),
    /// A UUID in canonical lower-case form.
    Uuid([u8; 16]),
    /// The hash of a long text.
    Hash(u64),
}

/// Whether a held text is the wanted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Same {
    Yes,
    No,
    Maybe,
}

impl<'a> Atom<'a> {
    pub(crate) fn of(text: Option<Cow<'a, str>>) -> Self {
        text.map_or(Self::Absent, Self::Text)
    }

    /// The text itself, unless there is none or only its hash is known.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Uuid(bytes) => Some(Cow::Owned(uuid_text(bytes))),
            Self::Absent | Self::Hash(_) => None,
        }
    }

    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Compares with the text a caller asked for.
    pub(crate) fn same(&self, wanted: &str) -> Same {
        let same = match self {
            Self::Absent => false,
            Self::Text(text) => text == wanted,
            Self::Uuid(bytes) => parse_uuid(wanted) == Some(*bytes),
            Self::Hash(hash) if hash_of(wanted) == *hash => return Same::Maybe,
            Self::Hash(_) => false,
        };
        if same { Same::Yes } else { Same::No }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Absent => out.push(ABSENT),
            Self::Text(text) => write_text(text, out),
            Self::Uuid(bytes) => {
                out.push(UUID);
                out.extend_from_slice(bytes);
            }
            Self::Hash(hash) => {
                out.push(HASH);
                out.extend_from_slice(&hash.to_be_bytes());
            }
        }
    }

    /// Reads one atom off the front of `bytes`.
    pub(crate) fn read(bytes: &mut &'a [u8]) -> Option<Self> {
        let first = take(bytes, 1)?.first().copied()?;
        Some(match first {
            ABSENT => Self::Absent,
            UUID => Self::Uuid(take(bytes, 16)?.try_into().ok()?),
            HASH => Self::Hash(u64::from_be_bytes(take(bytes, 8)?.try_into().ok()?)),
            length if length < WORDS_FROM => {
                let text = std::str::from_utf8(take(bytes, usize::from(length))?).ok()?;
                Self::Text(Cow::Borrowed(text))
            }
            word => Self::Text(Cow::Borrowed(dictionary::word(word - WORDS_FROM)?)),
        })
    }
}

/// Takes the bytes of one atom off the front, unread.
pub(crate) fn take_raw<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = match *bytes.first()? {
        UUID => 17,
        HASH => 9,
        length if length < WORDS_FROM => usize::from(length) + 1,
        _ => 1,
    };
    take(bytes, length)
}

/// Whether an unread atom is one of nothing.
pub(crate) fn is_absent(raw: &[u8]) -> bool {
    raw == [ABSENT]
}

/// Whether an unread atom is a hash.
pub(crate) fn is_hash(raw: &[u8]) -> bool {
    raw.first() == Some(&HASH)
}

/// Whether an unread atom is a word of the dictionary.
pub(crate) fn is_word(raw: &[u8]) -> bool {
    raw.first().is_some_and(|first| (WORDS_FROM..UUID).contains(first))
}

/// The text of an unread atom that holds it verbatim.
pub(crate) fn verbatim(raw: &[u8]) -> Option<&[u8]> {
    let (first, text) = raw.split_first()?;
    (*first > ABSENT && *first < WORDS_FROM).then_some(text)
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    if let Some(position) = dictionary::position(text) {
        out.push(WORDS_FROM + position);
    } else if let Some(uuid) = parse_uuid(text) {
        Atom::Uuid(uuid).write(out);
    } else {
        match u8::try_from(text.len()) {
            // An empty text is no legal FHIR value; as a hash it is at least no miss.
            Ok(length) if length > 0 && text.len() <= ATOM_BYTES_MAX => {
                out.push(length);
                out.extend_from_slice(text.as_bytes());
            }
            _ => Atom::Hash(hash_of(text)).write(out),
        }
    }
}

fn uuid_text(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    text
}

/// Takes `count` bytes off the front.
pub(crate) fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

/// The 16 bytes of a UUID written canonically in lower case; any other spelling
/// stays text, since a code or id is compared as written.
fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let source = text.as_bytes();
    if source.len() != 36 {
        return None;
    }
    let mut bytes = [0u8; 16];
    let mut digits = 0usize;
    for (at, byte) in source.iter().enumerate() {
        let digit = match (at, byte) {
            (8 | 13 | 18 | 23, b'-') => continue,
            (8 | 13 | 18 | 23, _) => return None,
            (_, b'0'..=b'9') => byte - b'0',
            (_, b'a'..=b'f') => byte - b'a' + 10,
            _ => return None,
        };
        let slot = bytes.get_mut(digits / 2)?;
        *slot = (*slot << 4) | digit;
        digits += 1;
    }
    Some(bytes)
}

/// FNV-1a in 64 bits: stable across builds and machines, as a stored value must be.
pub(crate) fn hash_of(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
