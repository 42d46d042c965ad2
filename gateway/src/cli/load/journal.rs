//! What is done: hashes of bundles whose answers came, so that a later load
//! passes them without asking. Only a shortcut, as the doors remember the same
//! keys for ever: without the file everything is asked again, and nothing
//! happens twice.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::engine::hexadecimal;

/// The journal of one region's loads.
pub struct Journal {
    done: Mutex<HashSet<[u8; 32]>>,
    file: Mutex<File>,
}

impl Journal {
    /// Reads what is done, and opens the file to add to it.
    ///
    /// # Errors
    /// When it can be neither read nor made.
    pub fn open(path: &Path) -> Result<Self> {
        Self::opened(path).with_context(|| format!("opening {}", path.display()))
    }

    fn opened(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let done = text.split(|byte| *byte == b'\n').filter_map(hash).collect();
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        // A process that died while it wrote leaves half a line.
        if text.last().is_some_and(|byte| *byte != b'\n') {
            file.write_all(b"\n")?;
        }
        Ok(Self { done: Mutex::new(done), file: Mutex::new(file) })
    }

    /// Whether the bundle of this hash is done.
    pub fn holds(&self, hash: &[u8; 32]) -> bool {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).contains(hash)
    }

    /// Notes it, durably.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, hash: &[u8; 32]) -> Result<()> {
        let line = format!("{}\n", hexadecimal(hash));
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_all(line.as_bytes())?;
            file.sync_data()?;
        }
        self.done.lock().unwrap_or_else(PoisonError::into_inner).insert(*hash);
        Ok(())
    }
}

/// The hash on a line; nothing when it is not a whole one.
fn hash(line: &[u8]) -> Option<[u8; 32]> {
    let text = std::str::from_utf8(line).ok().filter(|text| text.len() == 64 && text.is_ascii())?;
    let mut hash = [0; 32];
    for (index, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(hash)
}
