//! Texts in base64, which attachments are (R4 §2.24.0.3), packed as what they
//! encode: that is a quarter shorter, and often text that packs well.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::lengths;

/// Shorter ones stay where they are.
const CHARS_MIN: usize = 64;

/// A text whose base64 is apart.
pub(super) struct Apart {
    /// The text without it, followed by what it encodes.
    pub text: Vec<u8>,
    /// How many there are; of each, how many bytes of text come before it since
    /// the one before, and how many bytes it encodes. Stored form.
    pub places: Vec<u8>,
}

/// Takes base64 out of a JSON text; absent when there is none worth it.
pub(super) fn take_out(plain: &[u8]) -> Option<Apart> {
    if !plain.split(|byte| *byte == b'"').any(looks_encoded) {
        return None;
    }
    let mut text = Vec::new();
    let mut encoded = Vec::new();
    let mut places = Vec::new();
    let (mut count, mut before) = (0, 0);
    // What lies between two quotation marks, whatever it is.
    let mut parts = plain.split(|byte| *byte == b'"').peekable();
    while let Some(part) = parts.next() {
        match decoded(part) {
            Some(bytes) => {
                lengths::put(&mut places, text.len() - before);
                lengths::put(&mut places, bytes.len());
                before = text.len();
                count += 1;
                encoded.extend(bytes);
            }
            None => text.extend_from_slice(part),
        }
        if parts.peek().is_some() {
            text.push(b'"');
        }
    }
    if count == 0 {
        return None;
    }
    let mut counted = Vec::with_capacity(places.len() + 2);
    lengths::put(&mut counted, count);
    counted.append(&mut places);
    text.append(&mut encoded);
    Some(Apart { text, places: counted })
}

/// What a part encodes, when it is base64 in the one spelling that encoding it
/// again gives.
fn decoded(part: &[u8]) -> Option<Vec<u8>> {
    looks_encoded(part).then(|| STANDARD.decode(part).ok()).flatten()
}

fn looks_encoded(part: &[u8]) -> bool {
    let of_alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    part.len() >= CHARS_MIN && part.len().is_multiple_of(4) && part.iter().all(of_alphabet)
}

/// Reads [`Apart::places`]: bytes of text before, bytes encoded.
pub(super) fn places(packed: &mut &[u8]) -> Option<Vec<(usize, usize)>> {
    let count = lengths::take(packed)?;
    // Each takes two bytes: no room for more is made.
    let mut places = Vec::with_capacity(count.min(packed.len() / 2));
    for _ in 0..count {
        places.push((lengths::take(packed)?, lengths::take(packed)?));
    }
    Some(places)
}

/// The text with its base64, when it has `whole` bytes.
pub(super) fn put_back(text: &[u8], places: &[(usize, usize)], whole: usize) -> Option<Vec<u8>> {
    let all = places.iter().try_fold(0_usize, |all, (_, length)| all.checked_add(*length))?;
    let (mut rest, mut encoded) = text.split_at_checked(text.len().checked_sub(all)?)?;
    let mut plain = String::with_capacity(whole.min(text.len() * 2));
    for (before, length) in places {
        let (kept, after) = rest.split_at_checked(*before)?;
        let (bytes, others) = encoded.split_at_checked(*length)?;
        plain.push_str(std::str::from_utf8(kept).ok()?);
        STANDARD.encode_string(bytes, &mut plain);
        (rest, encoded) = (after, others);
    }
    plain.push_str(std::str::from_utf8(rest).ok()?);
    (plain.len() == whole).then(|| plain.into_bytes())
}
