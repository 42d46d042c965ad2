//! Query strings: percent-decoding, and FHIR's own escapes (R4 §3.1.1.4.3).

/// Decodes one name or value; `None` for a bad escape or bytes that are no UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut source = text.bytes();
    while let Some(byte) = source.next() {
        match byte {
            b'%' => {
                let high = char::from(source.next()?).to_digit(16)?;
                let low = char::from(source.next()?).to_digit(16)?;
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            b'+' => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// Encodes a value for a link; what RFC 3986 lets stand in a query and does not
/// part parameters stays readable.
pub(super) fn encode(text: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b',' | b':' | b'/' | b'$' => out.push(char::from(byte)),
            _ => {
                let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or(b'0');
                out.push('%');
                out.push(char::from(digit(byte >> 4)));
                out.push(char::from(digit(byte & 15)));
            }
        }
    }
}

/// Splits at every `separator` that is not escaped; the escapes stay.
pub(super) fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        if letter == separator && !escaped {
            parts.push(text.get(start..at).unwrap_or_default());
            start = at + letter.len_utf8();
        }
        escaped = letter == '\\' && !escaped;
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// Removes FHIR's escapes: `\,` `\|` `\$` `\\`; any other backslash stays.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('\\', Some(&next @ (',' | '|' | '$' | '\\'))) => {
                plain.push(next);
                letters.next();
            }
            _ => plain.push(letter),
        }
    }
    plain
}
