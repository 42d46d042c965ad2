//! Raw deflate (RFC 1951) with a preset dictionary, for what is long.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

const LEVEL: u32 = 4;

/// Names, codes and systems of the standard as resources commonly spell them,
/// the commonest last, where references to it are cheapest. **It never
/// changes.**
const DICTIONARY: &[u8] = include_bytes!("../dictionary.txt");

/// The packed bytes; absent when the library refuses.
pub(super) fn pack(plain: &[u8]) -> Option<Vec<u8>> {
    let mut packed = Vec::with_capacity(plain.len() / 2 + 1024);
    let mut state = Compress::new(Compression::new(LEVEL), false);
    state.set_dictionary(DICTIONARY).ok()?;
    loop {
        let read = usize::try_from(state.total_in()).ok()?;
        let rest = plain.get(read..)?;
        match state.compress_vec(rest, &mut packed, FlushCompress::Finish).ok()? {
            Status::StreamEnd => return Some(packed),
            Status::Ok | Status::BufError => packed.reserve(packed.len().max(1024)),
        }
    }
}

/// Undoes [`pack`], when the text has `length` bytes.
pub(super) fn unpack(packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut state = Decompress::new(false);
    state.set_dictionary(DICTIONARY).ok()?;
    // One more byte than expected, so that a longer stream is noticed.
    let mut plain = Vec::with_capacity(length + 1);
    let status = state.decompress_vec(packed, &mut plain, FlushDecompress::Finish).ok()?;
    (status == Status::StreamEnd && plain.len() == length).then_some(plain)
}
