//! Base64url without padding (RFC 4648 §5, RFC 7515 §2), strictly: no padding,
//! no white space, no stray bits, so that a token has one spelling only.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The text of these bytes.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let held = group.iter().fold(0_u32, |held, byte| (held << 8) | u32::from(*byte))
            << (8 * (3 - group.len()));
        for at in 0..=group.len() {
            let index = usize::try_from((held >> (18 - 6 * at)) & 63).unwrap_or(0);
            text.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'A')));
        }
    }
    text
}

/// The bytes of this text; `None` unless [`encode`] would write it so.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for group in text.as_bytes().chunks(4) {
        let mut held = 0_u32;
        for letter in group {
            held = (held << 6) | digit(*letter)?;
        }
        let spare = match group.len() {
            4 => 0,
            3 => 2,
            2 => 4,
            _ => return None,
        };
        if held & ((1 << spare) - 1) != 0 {
            return None;
        }
        let whole = (held >> spare).to_be_bytes();
        bytes.extend_from_slice(whole.get(4 - (group.len() - 1)..)?);
    }
    Some(bytes)
}

fn digit(letter: u8) -> Option<u32> {
    let value = match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}
