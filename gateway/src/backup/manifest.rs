//! What a copy holds: its file `manifest.json`, written last, so that a folder
//! without one is no copy.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use store::definition::TableKind;

use super::sum::Written;
use crate::engine::hexadecimal;
use crate::limits;

/// Its name.
pub const FILE: &str = "manifest.json";
/// The format; another number is another format.
const FORMAT: u32 = 1;

/// One file of items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// `record` or `access`.
    pub table: String,
    /// Its name in the folder.
    pub file: String,
    /// How many items.
    pub items: u64,
    /// Bytes of the items, unpacked.
    pub bytes: u64,
    /// BLAKE3 of the file: 64 hexadecimal digits.
    pub blake3: String,
}

/// The whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    /// The point in time, as an instant of FHIR (UTC).
    pub taken_at: String,
    /// How that is one point: `snapshot` (of files) or `unchanged` (two readings
    /// of a table service, between which nothing changed).
    pub point: String,
    /// What the items of *record* add up to.
    pub record: Written,
    /// What those of *access* add up to.
    pub access: Written,
    /// The files, in the order in which they were written.
    pub segments: Vec<Segment>,
}

impl Manifest {
    /// Of a copy with these tables.
    pub fn new(
        taken_at: String,
        point: &str,
        [record, access]: [Written; 2],
        segments: Vec<Segment>,
    ) -> Self {
        Self { format: FORMAT, taken_at, point: point.to_owned(), record, access, segments }
    }

    /// What the items of a table add up to.
    pub fn sum(&self, kind: TableKind) -> &Written {
        match kind {
            TableKind::Record => &self.record,
            TableKind::Access => &self.access,
        }
    }

    /// Items of both tables that last.
    pub fn items(&self) -> u64 {
        self.record.items + self.access.items
    }

    /// Writes it: on disk with all that it names, or not at all. Gives its digest.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<String> {
        let text = serde_json::to_vec_pretty(self)?;
        let draft = folder.join("manifest.draft");
        let mut file = fs::File::create(&draft)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&draft, folder.join(FILE))?;
        fs::File::open(folder)?.sync_all()?;
        Ok(digest(&text))
    }

    /// Reads the one of a folder, and its digest.
    ///
    /// # Errors
    /// When there is none, or it is not what this program writes.
    pub fn read(folder: &Path) -> Result<(Self, String)> {
        let path = folder.join(FILE);
        let bytes = fs::metadata(&path).map_or(0, |held| held.len());
        ensure!(
            bytes <= limits::BACKUP_MANIFEST_BYTES_MAX,
            "{} is longer than any manifest",
            path.display()
        );
        let text = fs::read(&path).with_context(|| {
            format!("{} is missing: the copy was never finished; take it again", path.display())
        })?;
        let manifest: Self = serde_json::from_slice(&text)
            .with_context(|| format!("{} is damaged", path.display()))?;
        ensure!(manifest.format == FORMAT, "{} is of another format", path.display());
        manifest.check()?;
        Ok((manifest, digest(&text)))
    }

    /// Its parts agree with each other, and name files of the folder only.
    fn check(&self) -> Result<()> {
        for kind in TableKind::ALL {
            let of_table = self.segments.iter().filter(|held| held.table == kind.base_name());
            let items: u64 = of_table.map(|held| held.items).sum();
            let counted = self.sum(kind).items + self.sum(kind).passing;
            ensure!(
                items == counted,
                "the manifest counts {counted} items of {}, and its segments {items}",
                kind.base_name()
            );
        }
        for (at, segment) in self.segments.iter().enumerate() {
            if segment.file != name(&segment.table, at) {
                bail!("the manifest names a file that no copy has: {}", segment.file);
            }
            ensure!(
                segment.bytes <= limits::BACKUP_SEGMENT_BYTES_MAX,
                "{} is longer than any segment",
                segment.file
            );
        }
        Ok(())
    }
}

/// Name of the file of a segment.
pub fn name(table: &str, at: usize) -> String {
    format!("{table}-{at:06}.segment")
}

fn digest(text: &[u8]) -> String {
    hexadecimal(blake3::hash(text).as_bytes())
}

#[cfg(test)]
mod tests;
