//! Bodies and entries as stored: one codec byte, the length, the packed bytes.
//!
//! Resources are small and alike, so a preset dictionary does most of the
//! work. A dictionary never changes once something was packed with it; a new
//! one is a new codec.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::limits::BODY_BYTES_MAX;

/// As it is.
const PLAIN: u8 = 0;
/// Raw deflate with [`DICTIONARY`].
const DEFLATE: u8 = 1;
/// Below this nothing is gained.
const DEFLATE_BYTES_MIN: usize = 48;
const HEADER_BYTES: usize = 5;
const LEVEL: u32 = 4;

/// Names, codes and systems of the standard as resources commonly spell them,
/// the commonest last, where references to it are cheapest.
const DICTIONARY: &[u8] = include_bytes!("dictionary.txt");

/// Bytes that [`unpack`] does not understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

impl std::fmt::Display for Corrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("packed bytes are damaged or of an unknown codec")
    }
}

impl std::error::Error for Corrupt {}

/// Packs `plain` (at most 4 GB).
pub fn pack(plain: &[u8]) -> Vec<u8> {
    if plain.len() >= DEFLATE_BYTES_MIN {
        let mut packed = header(DEFLATE, plain.len());
        packed.reserve(plain.len() / 2 + 1024);
        if deflate(plain, &mut packed).is_some() && packed.len() < plain.len() {
            return packed;
        }
    }
    let mut packed = header(PLAIN, plain.len());
    packed.extend_from_slice(plain);
    packed
}

/// Undoes [`pack`].
///
/// # Errors
/// [`Corrupt`] when the codec is unknown, the bytes are damaged, or the result
/// would be longer than the limit on bodies.
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>, Corrupt> {
    let (header, rest) = packed.split_at_checked(HEADER_BYTES).ok_or(Corrupt)?;
    let (codec, length) = header.split_first().ok_or(Corrupt)?;
    let length = u32::from_be_bytes(length.try_into().map_err(|_| Corrupt)?) as usize;
    if length > BODY_BYTES_MAX {
        return Err(Corrupt);
    }
    match *codec {
        PLAIN if rest.len() == length => Ok(rest.to_vec()),
        DEFLATE => inflate(rest, length).ok_or(Corrupt),
        _ => Err(Corrupt),
    }
}

fn header(codec: u8, length: usize) -> Vec<u8> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let mut bytes = vec![codec];
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes
}

fn deflate(plain: &[u8], packed: &mut Vec<u8>) -> Option<()> {
    let mut state = Compress::new(Compression::new(LEVEL), false);
    state.set_dictionary(DICTIONARY).ok()?;
    loop {
        let read = usize::try_from(state.total_in()).ok()?;
        let rest = plain.get(read..)?;
        match state.compress_vec(rest, packed, FlushCompress::Finish).ok()? {
            Status::StreamEnd => return Some(()),
            Status::Ok | Status::BufError => packed.reserve(packed.len().max(1024)),
        }
    }
}

fn inflate(packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut state = Decompress::new(false);
    state.set_dictionary(DICTIONARY).ok()?;
    // One more byte than expected, so that a longer stream is noticed.
    let mut plain = Vec::with_capacity(length + 1);
    let status = state.decompress_vec(packed, &mut plain, FlushDecompress::Finish).ok()?;
    (status == Status::StreamEnd && plain.len() == length).then_some(plain)
}
