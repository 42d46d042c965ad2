//! Some items of one table in a file: written one after another and packed
//! (gzip), and known by the file's hash.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use chart::table::{Item, Key};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use store::definition::TableKind;

use super::item;
use super::manifest::{Segment, name};
use super::sum::Sum;
use crate::engine::hexadecimal;
use crate::limits;

/// Writes the segments of one copy, one after another.
pub struct Writer {
    folder: PathBuf,
    kind: TableKind,
    open: Vec<u8>,
    items: u64,
    /// Those that are done.
    pub segments: Vec<Segment>,
    /// What the open table's items add up to so far.
    pub sum: Sum,
}

impl Writer {
    /// Into `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            kind: TableKind::Record,
            open: Vec::new(),
            items: 0,
            segments: Vec::new(),
            sum: Sum::default(),
        }
    }

    /// Adds items of a table; those of one table come without any other between.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn add(&mut self, kind: TableKind, page: &[(Key, Item)]) -> Result<()> {
        self.kind = kind;
        for (key, held) in page {
            let start = self.open.len();
            item::put(key, held, &mut self.open);
            self.sum.add(held, self.open.get(start..).unwrap_or_default());
            self.items += 1;
            if self.open.len() >= limits::BACKUP_SEGMENT_BYTES {
                self.close()?;
            }
        }
        Ok(())
    }

    /// Ends the table: gives what its items add up to.
    ///
    /// # Errors
    /// As [`Writer::add`].
    pub fn end_table(&mut self) -> Result<Sum> {
        self.close()?;
        Ok(std::mem::take(&mut self.sum))
    }

    fn close(&mut self) -> Result<()> {
        if self.items == 0 {
            return Ok(());
        }
        let table = self.kind.base_name();
        let file = name(table, self.segments.len());
        let mut packed = GzEncoder::new(Vec::new(), Compression::new(6));
        packed.write_all(&self.open)?;
        let packed = packed.finish()?;
        let path = self.folder.join(&file);
        let mut options = fs::OpenOptions::new();
        // Only this user: it is a person's record.
        let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
        let mut out = opened.with_context(|| format!("writing {}", path.display()))?;
        out.write_all(&packed)?;
        out.sync_all()?;
        self.segments.push(Segment {
            table: table.to_owned(),
            file,
            items: self.items,
            bytes: self.open.len() as u64,
            blake3: hexadecimal(blake3::hash(&packed).as_bytes()),
        });
        self.open.clear();
        self.items = 0;
        Ok(())
    }
}

/// The items of a segment, all of them checked before any is given.
///
/// # Errors
/// When the file is missing, is not the one that was written, or holds something
/// else than the manifest says.
pub fn read(folder: &Path, segment: &Segment) -> Result<Vec<(Key, Item)>> {
    let path = folder.join(&segment.file);
    let bytes = fs::metadata(&path).map_or(0, |held| held.len());
    let most = limits::BACKUP_SEGMENT_BYTES_MAX;
    ensure!(bytes <= most, "{} is longer than any segment", segment.file);
    let packed =
        fs::read(&path).with_context(|| format!("{} is missing from the copy", segment.file))?;
    if hexadecimal(blake3::hash(&packed).as_bytes()) != segment.blake3 {
        bail!("{} is not as it was written: take another copy", segment.file);
    }
    let mut unpacked = Vec::new();
    // Never more than the manifest says, whatever the packed bytes say.
    GzDecoder::new(packed.as_slice()).take(segment.bytes + 1).read_to_end(&mut unpacked)?;
    ensure!(unpacked.len() as u64 == segment.bytes, "{} has another length", segment.file);
    let mut rest = unpacked.as_slice();
    let mut items = Vec::new();
    while !rest.is_empty() {
        let read = item::take(&mut rest);
        items.push(read.with_context(|| format!("{} holds a damaged item", segment.file))?);
    }
    ensure!(items.len() as u64 == segment.items, "{} holds another number", segment.file);
    Ok(items)
}
