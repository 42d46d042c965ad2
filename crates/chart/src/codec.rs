//! Bodies and entries as stored: one codec byte, the length, the packed bytes.
//!
//! Resources are small and alike, so what all have in common is kept outside of
//! them ([`phrases`]); the few that are large go by deflate. White space is kept
//! as a habit ([`spacing`]), texts in base64 (attachments) as what they encode
//! ([`attached`]). Codecs never
//! change once something was packed with them; a new one takes a new byte. What
//! is packed is unpacked and compared before it is given away.

mod attached;
mod deflated;
mod lengths;
mod phrases;
mod prefix_code;
mod spacing;

use crate::limits::BODY_BYTES_MAX;

/// As it is; a length of four bytes.
const PLAIN: u8 = 0;
/// [`deflated`]; a length of four bytes. No longer written.
const DEFLATED_BEFORE: u8 = 1;
/// [`phrases`]; a length in LEB128, as for those that follow.
const PHRASES: u8 = 2;
/// [`deflated`].
const DEFLATED: u8 = 3;
/// Added to either: texts in base64 are apart ([`attached`]).
const ATTACHED: u8 = 0x10;
/// Added to either: white space is apart, from what comes out with
/// [`ATTACHED`] ([`spacing`]).
const SPACED: u8 = 0x20;

/// Below this nothing is gained.
const PACKED_BYTES_MIN: usize = 24;
/// A longer text pays for codes of its own.
const PHRASES_BYTES_MAX: usize = 16 * 1024;
const HEADER_BYTES: usize = 5;

/// Bytes that [`unpack`] does not understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

impl std::fmt::Display for Corrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("packed bytes are damaged or of an unknown codec")
    }
}

impl std::error::Error for Corrupt {}

/// Packs `plain` (at most 4 GB).
pub fn pack(plain: &[u8]) -> Vec<u8> {
    if plain.len() >= PACKED_BYTES_MIN {
        let packed = pack_apart(plain);
        if packed.len() < plain.len() && unpack(&packed).is_ok_and(|again| again == plain) {
            return packed;
        }
    }
    let length = u32::try_from(plain.len()).unwrap_or(u32::MAX);
    let mut packed = vec![PLAIN];
    packed.extend_from_slice(&length.to_be_bytes());
    packed.extend_from_slice(plain);
    packed
}

/// The second form.
fn pack_apart(plain: &[u8]) -> Vec<u8> {
    let mut packed = vec![0];
    let mut apart = 0;
    let close = spacing::take_out(plain);
    if let Some(close) = &close {
        apart |= SPACED;
        lengths::put(&mut packed, plain.len());
        packed.extend_from_slice(&close.habit);
    }
    let text = close.as_ref().map_or(plain, |close| &close.text);
    let encoded = attached::take_out(text);
    if let Some(encoded) = &encoded {
        apart |= ATTACHED;
        lengths::put(&mut packed, text.len());
        packed.extend_from_slice(&encoded.places);
    }
    let text = encoded.as_ref().map_or(text, |encoded| &encoded.text);
    lengths::put(&mut packed, text.len());
    let (codec, bytes) = smallest(text);
    if let Some(first) = packed.first_mut() {
        *first = codec | apart;
    }
    packed.extend_from_slice(&bytes);
    packed
}

/// The text by the codec that makes least of it.
fn smallest(text: &[u8]) -> (u8, Vec<u8>) {
    let phrases = (text.len() <= PHRASES_BYTES_MAX).then(|| phrases::pack(text));
    let small = phrases.as_ref().is_some_and(|phrases| phrases.len() < text.len() / 2);
    let deflated = if small { None } else { deflated::pack(text) };
    match (phrases, deflated) {
        (Some(phrases), Some(deflated)) if deflated.len() < phrases.len() => (DEFLATED, deflated),
        (Some(phrases), _) => (PHRASES, phrases),
        (None, deflated) => (DEFLATED, deflated.unwrap_or_default()),
    }
}

/// Undoes [`pack`].
///
/// # Errors
/// [`Corrupt`] when the codec is unknown, the bytes are damaged, or the result
/// would be longer than the limit on bodies.
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>, Corrupt> {
    match *packed.first().ok_or(Corrupt)? {
        PLAIN | DEFLATED_BEFORE => unpack_first_form(packed),
        codec => unpack_second_form(codec, packed.get(1..).unwrap_or_default()).ok_or(Corrupt),
    }
}

fn unpack_first_form(packed: &[u8]) -> Result<Vec<u8>, Corrupt> {
    let (header, rest) = packed.split_at_checked(HEADER_BYTES).ok_or(Corrupt)?;
    let (codec, length) = header.split_first().ok_or(Corrupt)?;
    let length = u32::from_be_bytes(length.try_into().map_err(|_| Corrupt)?) as usize;
    if length > BODY_BYTES_MAX {
        return Err(Corrupt);
    }
    match *codec {
        PLAIN if rest.len() == length => Ok(rest.to_vec()),
        DEFLATED_BEFORE => deflated::unpack(rest, length).ok_or(Corrupt),
        _ => Err(Corrupt),
    }
}

fn unpack_second_form(codec: u8, mut rest: &[u8]) -> Option<Vec<u8>> {
    let spaces = match codec & SPACED {
        0 => None,
        _ => Some((length(&mut rest)?, spacing::habit(&mut rest)?)),
    };
    let places = match codec & ATTACHED {
        0 => None,
        _ => Some((length(&mut rest)?, attached::places(&mut rest)?)),
    };
    let inner = length(&mut rest)?;
    let mut text = match codec & !(ATTACHED | SPACED) {
        PHRASES => phrases::unpack(rest, inner)?,
        DEFLATED => deflated::unpack(rest, inner)?,
        _ => return None,
    };
    if let Some((whole, places)) = places {
        text = attached::put_back(&text, &places, whole)?;
    }
    if let Some((whole, spaces)) = spaces {
        text = spacing::put_back(&text, &spaces, whole)?;
    }
    Some(text)
}

/// A length that a body may have.
fn length(rest: &mut &[u8]) -> Option<usize> {
    lengths::take(rest).filter(|length| *length <= BODY_BYTES_MAX)
}

#[cfg(test)]
mod tests;
