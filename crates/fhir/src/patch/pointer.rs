//! JSON Pointer (RFC 6901).

use std::borrow::Cow;

/// The tokens of a pointer, their escapes resolved; none is the whole document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pointer(Vec<String>);

impl Pointer {
    /// Reads a pointer (RFC 6901 §3); `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(Vec::new()));
        }
        let tokens = text.strip_prefix('/')?.split('/');
        tokens.map(|token| resolved(token).map(Cow::into_owned)).collect::<Option<_>>().map(Self)
    }

    /// The tokens from the root.
    pub fn tokens(&self) -> &[String] {
        &self.0
    }

    /// The last token and those before it; `None` for the whole document.
    pub fn split_last(&self) -> Option<(&str, &[String])> {
        self.0.split_last().map(|(last, before)| (last.as_str(), before))
    }

    /// Whether `other` is somewhere inside what this one points at.
    pub fn holds(&self, other: &Self) -> bool {
        other.0.len() > self.0.len() && other.0.starts_with(&self.0)
    }
}

fn resolved(token: &str) -> Option<Cow<'_, str>> {
    if !token.contains('~') {
        return Some(Cow::Borrowed(token));
    }
    let mut out = String::with_capacity(token.len());
    let mut letters = token.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '~' => out.push(match letters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            }),
            plain => out.push(plain),
        }
    }
    Some(Cow::Owned(out))
}

/// The index that a token is: digits without a leading zero (RFC 6901 §4).
pub(super) fn index(token: &str) -> Option<usize> {
    let plain = token == "0" || !token.starts_with('0');
    (plain && token.bytes().all(|byte| byte.is_ascii_digit())).then(|| token.parse().ok())?
}
