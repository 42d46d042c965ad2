//! Limits of the REST layer.

/// Entries of a page when the caller does not say (`_count`).
pub const PAGE_COUNT_DEFAULT: u32 = 50;
/// Entries of a page at most; a larger `_count` is lowered to it (R4 §3.1.1.5.6).
pub const PAGE_COUNT_MAX: u32 = 1_000;
/// Entries of a batch or transaction: a commit has one access entry that names
/// everything it changed, and must fit one item of the store.
pub const BUNDLE_ENTRIES_MAX: usize = 6_000;
/// Characters of an `Idempotency-Key`.
pub const RETRY_KEY_CHARS_MAX: usize = 255;
/// Characters of a request id.
pub const REQUEST_ID_CHARS_MAX: usize = 64;
/// Characters of a logical id (R4, type `id`).
pub const ID_CHARS_MAX: usize = 64;
