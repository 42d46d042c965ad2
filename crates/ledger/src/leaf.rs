//! What is logged of an access entry: a version byte and a salted digest of its
//! stored bytes. The log is public, so that nothing of it may be guessed from:
//! whoever has an entry's salt can show that it is in the log, and nobody else
//! can tell even whether an entry that they imagine is.

use sha2::{Digest, Sha256};

use crate::tree::{Hash, leaf_hash};

#[cfg(test)]
mod tests;

/// Random bytes from which the salts of a journal item's entries are derived.
pub const SEED_BYTES: usize = 32;
/// Bytes of one entry's salt: 2^128 guesses.
pub const SALT_BYTES: usize = 16;
/// Bytes of a leaf.
pub const LEAF_BYTES: usize = 33;
/// First byte of a leaf; another form takes another.
const FORM: u8 = 1;

/// A salt.
pub type Salt = [u8; SALT_BYTES];

/// The salt of the entry with this id. One-way: whoever is given it learns
/// neither the seed nor another entry's salt.
pub fn salt(seed: &[u8; SEED_BYTES], entry_id: &str) -> Salt {
    let mut hash = Sha256::new();
    hash.update(b"dossier ledger salt 1\n");
    hash.update(seed);
    hash.update(entry_id.as_bytes());
    let whole: [u8; 32] = hash.finalize().into();
    let mut salt = [0; SALT_BYTES];
    salt.iter_mut().zip(whole).for_each(|(byte, drawn)| *byte = drawn);
    salt
}

/// The leaf of an entry, from its stored bytes.
pub fn leaf(salt: &Salt, entry: &[u8]) -> [u8; LEAF_BYTES] {
    let mut hash = Sha256::new();
    hash.update(b"dossier ledger leaf 1\n");
    hash.update(salt);
    hash.update(entry);
    let digest: [u8; 32] = hash.finalize().into();
    let mut leaf = [FORM; LEAF_BYTES];
    leaf.iter_mut().skip(1).zip(digest).for_each(|(byte, digest)| *byte = digest);
    leaf
}

/// Hash in the tree of the leaf of an entry.
pub fn hash(salt: &Salt, entry: &[u8]) -> Hash {
    leaf_hash(&leaf(salt, entry))
}

/// Whether bytes have the form of a leaf of this log.
pub fn is_leaf(bytes: &[u8]) -> bool {
    bytes.len() == LEAF_BYTES && bytes.first() == Some(&FORM)
}

/// An entry with its salt, as a proof file carries it in its `extra` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The salt.
    pub salt: Salt,
    /// The entry's stored bytes.
    pub entry: Vec<u8>,
}

impl Opening {
    /// A version byte, the salt, the entry.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&[FORM][..], &self.salt, &self.entry].concat()
    }

    /// Reads what [`Opening::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (form, rest) = bytes.split_first()?;
        let (salt, entry) = rest.split_first_chunk::<SALT_BYTES>()?;
        (*form == FORM).then(|| Self { salt: *salt, entry: entry.to_vec() })
    }

    /// Hash in the tree.
    pub fn hash(&self) -> Hash {
        hash(&self.salt, &self.entry)
    }
}
