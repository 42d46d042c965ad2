//! Every bound of this crate, in one place.

/// Longest bearer token that is looked at, in bytes.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Clocks may differ by so much, in seconds (RFC 7519 §4.1.4).
pub const LEEWAY_S: i64 = 60;
/// A token may not live longer than this from its issue, in seconds.
pub const TOKEN_LIFE_S_MAX: i64 = 24 * 3600;
/// Scopes that a token may hold.
pub const SCOPES_MAX: usize = 256;
/// Longest value of a single claim, in bytes.
pub const CLAIM_BYTES_MAX: usize = 512;
/// Shortest RSA modulus accepted, in bits (RFC 7518 §3.3).
pub const RSA_BITS_MIN: usize = 2048;
/// Longest RSA modulus accepted, in bits.
pub const RSA_BITS_MAX: usize = 4096;

/// Longest entry in its stored encoding, in bytes. An access that would need
/// more (thousands of items) is journaled as several entries by its caller.
pub const ENTRY_BYTES_MAX: usize = 256 * 1024;

// A body that is not sent is not paid for: what a token may hold must leave
// room for the entry that its claims are copied into.
const _: () = assert!(TOKEN_BYTES_MAX < ENTRY_BYTES_MAX);
