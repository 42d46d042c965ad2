//! Many encoded entries in one attribute: each after its length (4 bytes,
//! little-endian).

use super::JournalError;
use crate::entry::Entry;

/// Appends one encoded entry.
pub fn push(batch: &mut Vec<u8>, entry: &[u8]) {
    // Entries are bounded far below 4 GB.
    let length = u32::try_from(entry.len()).unwrap_or(u32::MAX);
    batch.extend_from_slice(&length.to_le_bytes());
    batch.extend_from_slice(entry);
}

/// The encoded entries of a batch.
pub fn split(mut batch: &[u8]) -> Result<Vec<&[u8]>, JournalError> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = batch.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (entry, rest) =
            rest.split_at_checked(length).ok_or(JournalError::Corrupt("a batch is cut short"))?;
        entries.push(entry);
        batch = rest;
    }
    if batch.is_empty() {
        Ok(entries)
    } else {
        Err(JournalError::Corrupt("a batch has bytes left over"))
    }
}

/// The entries of a batch with their encodings.
pub fn entries(batch: &[u8]) -> Result<Vec<(Entry, &[u8])>, JournalError> {
    let split = split(batch)?;
    split.into_iter().map(|bytes| Ok((Entry::from_bytes(bytes)?, bytes))).collect()
}
