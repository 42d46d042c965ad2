//! What was seen of each ledger, in one file each: durable before a signature
//! leaves.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ledger::checkpoint::Checkpoint;
use ledger::note::Note;
use ledger::witness::Seen;
use sha2::{Digest, Sha256};

/// The folder. It is locked: two witnesses on it could each sign a side of a
/// fork.
#[derive(Debug)]
pub struct State {
    folder: PathBuf,
    _locked: File,
}

/// Hash of an origin, as the paths of C2SP `tlog-witness` have it.
pub fn origin_hash(origin: &str) -> String {
    Sha256::digest(origin).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl State {
    /// Opens the folder, or makes it.
    ///
    /// # Errors
    /// When it cannot be written, or another witness has it.
    pub fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        let locked = File::create(folder.join("lock"))?;
        if locked.try_lock().is_err() {
            bail!("{} is another witness's; give this one its own", folder.display());
        }
        Ok(Self { folder: folder.to_owned(), _locked: locked })
    }

    /// The checkpoint that was cosigned last, with its signatures.
    ///
    /// # Errors
    /// When the file cannot be read or understood: nothing may be cosigned then.
    pub fn checkpoint(&self, origin: &str) -> Result<Option<Note>> {
        match fs::read(self.path(origin)) {
            Ok(bytes) => Ok(Some(Note::parse(&bytes)?)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What was seen of a ledger.
    ///
    /// # Errors
    /// As [`State::checkpoint`].
    pub fn seen(&self, origin: &str) -> Result<Seen> {
        let Some(note) = self.checkpoint(origin)? else { return Ok(Seen::default()) };
        let held = Checkpoint::parse(&note.text)?;
        if held.origin != origin {
            bail!("{} is of another ledger", self.path(origin).display());
        }
        Ok(Seen { size: held.size, root: held.root })
    }

    /// Remembers a checkpoint. Durable when this returns.
    ///
    /// # Errors
    /// When it cannot be written: nothing may be cosigned then.
    pub fn remember(&self, origin: &str, note: &Note) -> Result<()> {
        let path = self.path(origin);
        let draft = path.with_extension("draft");
        let mut file = File::create(&draft)?;
        file.write_all(note.to_text().as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }

    fn path(&self, origin: &str) -> PathBuf {
        self.folder.join(format!("{}.checkpoint", origin_hash(origin)))
    }
}
