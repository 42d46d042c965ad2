//! The search that narrows a scope (SMART App Launch 2.2 §3.0.2.4), as one
//! spelling of a query string.

use crate::limits::CONSTRAINT_PAIRS_MAX;

/// Parameters that say how an answer is written, and narrow nothing (FHIR R4
/// §3.1.1.5).
const OF_THE_ANSWER: [&str; 13] = [
    "_contained",
    "_containedType",
    "_count",
    "_elements",
    "_format",
    "_include",
    "_maxresults",
    "_pretty",
    "_revinclude",
    "_score",
    "_sort",
    "_summary",
    "_total",
];

/// The query in its one spelling: pairs of a search parameter, perhaps with a
/// modifier, and a value. `None` for anything else.
pub(super) fn read(query: &str) -> Option<String> {
    let mut written = String::with_capacity(query.len());
    for (count, pair) in query.split('&').enumerate() {
        let (name, value) = pair.split_once('=')?;
        let (name, value) = (decoded(name)?, decoded(value)?);
        let base = name.split(':').next().unwrap_or_default();
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|each| each.is_ascii_alphanumeric() || "_-.:".contains(each));
        if count >= CONSTRAINT_PAIRS_MAX
            || !is_name
            || value.is_empty()
            || value.chars().any(char::is_control)
            || OF_THE_ANSWER.contains(&base)
        {
            return None;
        }
        if count > 0 {
            written.push('&');
        }
        written.push_str(&name);
        written.push('=');
        encode(&value, &mut written);
    }
    Some(written)
}

/// The decoded pairs of what [`read`] wrote.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((name.to_owned(), decoded(value)?))
    })
}

/// Undoes percent-encoding and `+`, as a search does; `None` when it is broken
/// or not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Encodes what would be read otherwise: in a query, in a list of scopes
/// (RFC 6749 §3.3), or in a header.
fn encode(value: &str, written: &mut String) {
    for letter in value.chars() {
        if letter.is_ascii_graphic() && !"%&+#\"\\".contains(letter) {
            written.push(letter);
            continue;
        }
        let mut bytes = [0; 4];
        for byte in letter.encode_utf8(&mut bytes).bytes() {
            written.push_str(&format!("%{byte:02X}"));
        }
    }
}
