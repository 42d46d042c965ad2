//! What a rehearsed restore leaves, and the checklist of phases reads.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// Folder of what operations leave, below the data folder of a ground.
pub const FOLDER: &str = "operations";
/// What [`Outcome::ledger`] says of a ledger that verified.
pub const VERIFIED: &str = "verified";

/// The outcome for one region, in `operations/restore-CODE.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The region's code.
    pub region: String,
    /// Digest of the copy's manifest.
    pub backup: String,
    /// Of which moment the copy is, as an instant of FHIR.
    pub taken_at: String,
    /// When it was put back, as an instant of FHIR.
    pub restored_at: String,
    /// Whether what was put back is what was copied.
    pub equal: bool,
    /// Items of both tables that last.
    pub items: u64,
    /// [`VERIFIED`], when the region's ledger was.
    pub ledger: String,
    /// Entries that its checkpoint covers.
    pub ledger_size: u64,
}

/// Where the outcome for a region is, below the data folder of its ground.
pub fn path(data: &Path, region: &str) -> PathBuf {
    data.join(FOLDER).join(format!("restore-{region}.json"))
}

impl Outcome {
    /// Reads one.
    ///
    /// # Errors
    /// When there is none, or it is not what a rehearsal writes.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("no restore was rehearsed: {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))
    }
}
