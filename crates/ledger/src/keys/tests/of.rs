//! Keys for the tests of the whole crate.

use super::{Kind, SignerKey};

/// A log's key.
pub fn log(seed: u8) -> SignerKey {
    SignerKey::from_seed("example.org/ledger/06", Kind::Log, &[seed; 32]).unwrap()
}

/// A witness's key.
pub fn witness(seed: u8) -> SignerKey {
    SignerKey::from_seed(&format!("w/{seed}"), Kind::Witness, &[seed; 32]).unwrap()
}
