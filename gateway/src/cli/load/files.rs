//! Finding files, and opening them whatever they are packed in.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail};
use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;

use super::limits::FOLDERS_DEEP_MAX;
use super::peek::{self, Rank};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One JSON text.
    Json,
    /// One JSON text on each line.
    Lines,
}

/// What a file is packed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Nothing.
    Plain,
    /// RFC 1952, one member or several.
    Gzip,
    /// One stream or several.
    Bzip2,
}

/// A file to load.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it is, as it was asked for.
    pub path: PathBuf,
    /// What its name says that it is; nothing when the name says nothing.
    pub kind: Option<(Shape, Packing)>,
    /// Its size as it is, packed.
    pub bytes: u64,
    /// When its turn comes.
    pub rank: Rank,
}

/// What a name says that the file is.
pub fn kind(path: &Path) -> Option<(Shape, Packing)> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let (name, packing) = match name.rsplit_once('.')? {
        (inner, "gz") => (inner, Packing::Gzip),
        (inner, "bz2") => (inner, Packing::Bzip2),
        _ => (name.as_str(), Packing::Plain),
    };
    match name.rsplit_once('.')?.1 {
        "json" => Some((Shape::Json, packing)),
        "ndjson" => Some((Shape::Lines, packing)),
        _ => None,
    }
}

/// The files of `paths`, folders with all that is in them, in the order in
/// which they are to be loaded: by rank, then by path. Of folders only the
/// files are taken whose names say that they hold resources.
///
/// # Errors
/// A path that is not there, or a folder that cannot be read.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for path in paths {
        let about =
            fs::metadata(path).with_context(|| format!("looking for {}", path.display()))?;
        if about.is_dir() {
            folder(path, 0, &mut found)?;
        } else {
            found.push((path.clone(), about.len()));
        }
    }
    found.sort();
    found.dedup();
    let mut ranked: Vec<Found> = found
        .into_iter()
        .map(|(path, bytes)| {
            let kind = kind(&path);
            let rank = kind.and_then(|kind| rank(&path, kind).ok()).unwrap_or(Rank::Charts);
            Found { path, kind, bytes, rank }
        })
        .collect();
    ranked.sort_by_key(|file| file.rank);
    Ok(ranked)
}

fn folder(path: &Path, deep: usize, found: &mut Vec<(PathBuf, u64)>) -> Result<()> {
    if deep >= FOLDERS_DEEP_MAX {
        bail!("{} lies more than {FOLDERS_DEEP_MAX} folders deep", path.display());
    }
    let entries = fs::read_dir(path).with_context(|| format!("reading {}", path.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("reading {}", path.display()))?;
        let inner = entry.path();
        // A linked file is loaded; a linked folder may lead round in a circle.
        if entry.file_type()?.is_dir() {
            folder(&inner, deep + 1, found)?;
        } else if kind(&inner).is_some()
            && let Ok(about) = fs::metadata(&inner)
            && about.is_file()
        {
            found.push((inner, about.len()));
        }
    }
    Ok(())
}

fn rank(path: &Path, (_, packing): (Shape, Packing)) -> io::Result<Rank> {
    peek::rank(unpacked(File::open(path)?, packing))
}

/// The file's content, unpacked; `taken` grows with the packed bytes that were
/// read.
///
/// # Errors
/// When it cannot be opened.
pub fn open(
    path: &Path,
    packing: Packing,
    taken: &Arc<AtomicU64>,
) -> io::Result<Box<dyn Read + Send>> {
    let file = Counting { file: File::open(path)?, taken: Arc::clone(taken) };
    Ok(unpacked(file, packing))
}

fn unpacked(file: impl Read + Send + 'static, packing: Packing) -> Box<dyn Read + Send> {
    let file = BufReader::with_capacity(64 * 1024, file);
    match packing {
        Packing::Plain => Box::new(file),
        Packing::Gzip => Box::new(MultiGzDecoder::new(file)),
        Packing::Bzip2 => Box::new(MultiBzDecoder::new(file)),
    }
}

struct Counting {
    file: File,
    taken: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
