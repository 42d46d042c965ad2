//! Key halves as the engine writes string keys: their type before them.

/// A key half from its plain form.
pub(super) fn stored_key(half: &str) -> String {
    let mut stored = String::with_capacity(half.len() + 2);
    stored.push_str("S:");
    stored.push_str(half);
    stored
}

/// A key half from its stored form.
pub(super) fn plain_key(stored: &str) -> &str {
    stored.strip_prefix("S:").unwrap_or(stored)
}
