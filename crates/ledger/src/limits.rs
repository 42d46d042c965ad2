//! Every bound of this crate, in one place.

/// Hashes of a full tile (C2SP tlog-tiles).
pub const TILE_WIDTH: u64 = 256;
/// Height of a tile in the tree: a full one spans 2^8 hashes.
pub const TILE_HEIGHT: u8 = 8;
/// Highest level of a tile of which a log of 2^63 leaves has one.
pub const LEVEL_MAX: u8 = 7;
/// Highest number of leaves. Tree sizes stay below 2^63, as those of C2SP's
/// other implementations do.
pub const SIZE_MAX: u64 = 1 << 62;
/// Longest entry in a bundle, in bytes: its length has 16 bits.
pub const ENTRY_BYTES_MAX: usize = 65_535;
/// Longest signed note, in bytes.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;
/// Signatures of a note that are looked at (signed-note: at least 16).
pub const SIGNATURES_MAX: usize = 64;
/// Longest name of a key or origin of a log, in bytes.
pub const NAME_BYTES_MAX: usize = 255;
/// Longest proof, in hashes (tlog-witness: 63).
pub const PROOF_HASHES_MAX: usize = 63;
/// Longest request to a witness, in bytes.
pub const REQUEST_BYTES_MAX: usize = NOTE_BYTES_MAX + 64 * 64;
/// Longest proof file, in bytes: an access entry of 340 KB in base64.
pub const PROOF_FILE_BYTES_MAX: usize = 640 * 1024;
/// Faults that a check lists; it goes on counting.
pub const FAULTS_LISTED_MAX: usize = 100;

const _: () = assert!(1 << TILE_HEIGHT == TILE_WIDTH);
