//! What commands on this machine leave for the report: lines of a file under
//! `--data`, which the gateway over the same folder takes into the table.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use report::Record;

use crate::limits::RECORDS_READ_BYTES;

/// Folder of the pilot's records under a data folder.
pub fn folder(data: &Path) -> PathBuf {
    data.join("pilot")
}

const FILE: &str = "records.ndjson";

/// Adds a record.
///
/// # Errors
/// When the file cannot be written.
pub fn leave(data: &Path, record: &Record) -> Result<()> {
    let folder = folder(data);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join(FILE);
    let file = OpenOptions::new().create(true).append(true).open(&path);
    let mut file = file.with_context(|| format!("opening {}", path.display()))?;
    // In one write: commands may end at the same time.
    let line = format!("{}\n", record.to_line());
    file.write_all(line.as_bytes()).with_context(|| format!("writing {}", path.display()))
}

/// The newest records of a folder; none when there is no file. A line that is
/// not a record is passed over.
pub fn read(folder: &Path) -> Vec<Record> {
    let Ok(mut file) = fs::File::open(folder.join(FILE)) else { return Vec::new() };
    let bytes = file.metadata().map_or(0, |held| held.len());
    let skipped = bytes.saturating_sub(RECORDS_READ_BYTES);
    let mut text = Vec::new();
    if file.seek(SeekFrom::Start(skipped)).is_err() {
        return Vec::new();
    }
    // What cannot be read now is read the next time.
    let _ = file.take(RECORDS_READ_BYTES).read_to_end(&mut text);
    String::from_utf8_lossy(&text).lines().filter_map(Record::from_line).collect()
}

#[cfg(test)]
mod tests;
