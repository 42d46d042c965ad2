//! Every limit of a search, gathered where they can be read together.

/// Longest query string accepted, in bytes.
pub const QUERY_BYTES_MAX: usize = 16 * 1024;
/// Most parameters in one search, result parameters included.
pub const QUERY_PARAMETERS_MAX: usize = 64;
/// Most values of one parameter, separated by commas.
pub const QUERY_VALUES_MAX: usize = 256;
/// Most keys in `_sort`.
pub const SORT_KEYS_MAX: usize = 5;
/// Most `_include` and `_revinclude` in one search.
pub const INCLUDES_MAX: usize = 32;
/// Most names in `_elements`.
pub const ELEMENTS_MAX: usize = 64;
/// Most references that one chain or `_has` follows.
pub const CHAIN_DEPTH_MAX: usize = 5;
/// Most searches inside one search: a reference that may be to any type is a
/// search for each of those that know what is asked.
pub const CHAIN_QUERIES_MAX: usize = 400;
/// How far away is near when `near` does not say, in metres.
pub const NEAR_DISTANCE_M: f64 = 50_000.0;
/// Longest opaque page cursor accepted, in characters.
pub const CURSOR_CHARS_MAX: usize = 1024;
/// Longest text that a cell keeps verbatim, in bytes; longer ones are hashed
/// (codes, systems, ids) or cut (names).
pub const ATOM_BYTES_MAX: usize = 40;
/// Most values of one parameter kept in a cell.
pub const TOKENS_VALUES_MAX: usize = 12;
/// Largest encoding of one resource's tokens, in bytes. Parameters that do not
/// fit are marked as incomplete and decided on the body.
pub const TOKENS_BYTES_MAX: usize = 210;
/// Most keys of one person in the across-people name index.
pub const NAME_KEYS_MAX: usize = 24;

const _: () = assert!(ATOM_BYTES_MAX < 128, "a verbatim length must fit below the dictionary");
const _: () = assert!(TOKENS_VALUES_MAX < 128, "a count is one byte");
const _: () = assert!(TOKENS_BYTES_MAX < 250, "a cell holds at most about 250 bytes");
