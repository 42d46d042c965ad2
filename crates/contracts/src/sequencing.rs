//! Records of the ledger's keeping (`sequencing`).

/// How far the ledger is (`progress`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerProgress {
    /// Entries appended by this call.
    pub appended: u64,
    /// Entries in the ledger.
    pub size: u64,
    /// Those that its published checkpoint covers.
    pub published: u64,
    /// More entries wait: ask again at once.
    pub more: bool,
}
