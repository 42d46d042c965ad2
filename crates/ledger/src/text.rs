//! Lines, numbers and base64 as the C2SP formats spell them: one spelling each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Hash;

/// Base64 with padding (RFC 4648 §4).
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of base64; `None` unless [`encode`] would write it so.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// A hash of 32 bytes in base64.
pub fn hash(text: &str) -> Option<Hash> {
    decode(text)?.try_into().ok()
}

/// A number in decimal, without sign or leading zeroes.
pub fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let short = text == "0" || !text.starts_with('0');
    if plain && short { text.parse().ok() } else { None }
}

/// The first line without its end, and what follows; `None` without an end.
pub fn line(text: &str) -> Option<(&str, &str)> {
    text.split_once('\n')
}
