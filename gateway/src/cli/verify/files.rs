//! The files of a log: in a folder, or where they are served.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Result;
use http::Method;
use ledger::check::Source;
use ledger::tiles::{File, first_entries};
use tokio::runtime::Runtime;

use crate::cli::load::client::Target;
use crate::ledger::exchange::exchange;

/// Where a log's files are.
#[derive(Clone, Debug)]
pub enum Place {
    /// In a folder.
    Folder(PathBuf),
    /// At an address.
    Address(String),
}

impl FromStr for Place {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let address = text.starts_with("http://") || text.starts_with("https://");
        Ok(if address { Self::Address(text.to_owned()) } else { Self::Folder(text.into()) })
    }
}

impl Place {
    /// Opens it.
    ///
    /// # Errors
    /// When the address is none.
    pub fn open(&self) -> Result<Opened> {
        Ok(match self {
            Self::Folder(folder) => Opened::Folder(folder.clone()),
            Self::Address(url) => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                Opened::Address(Box::new(Target::parse(url, None)?), runtime)
            }
        })
    }
}

/// A log's files, to be read.
pub enum Opened {
    /// In a folder.
    Folder(PathBuf),
    /// At an address, asked one file after another.
    Address(Box<Target>, Runtime),
}

impl Opened {
    fn one(&self, file: &File) -> Result<Option<Vec<u8>>, String> {
        let path = file.path();
        match self {
            Self::Folder(folder) => match std::fs::read(folder.join(&path)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(format!("{path}: {error}")),
            },
            Self::Address(target, runtime) => {
                let asked = exchange(target, Method::GET, &path, Vec::new());
                match runtime.block_on(asked) {
                    Ok((200, bytes)) => Ok(Some(bytes)),
                    Ok((404, _)) => Ok(None),
                    Ok((status, _)) => Err(format!("{path}: the answer is {status}")),
                    Err(error) => Err(format!("{path}: {error:#}")),
                }
            }
        }
    }
}

impl Source for Opened {
    /// A partial file that is gone is the beginning of the full one
    /// (tlog-tiles, "Partial Tiles").
    fn read(&self, file: &File) -> Result<Option<Vec<u8>>, String> {
        if let Some(bytes) = self.one(file)? {
            return Ok(Some(bytes));
        }
        let partial = |bytes: Vec<u8>| match file {
            File::Hashes(_, width) => bytes.get(..usize::from(*width) * 32).map(<[u8]>::to_vec),
            File::Entries(_, width) => first_entries(&bytes, *width).map(<[u8]>::to_vec),
            File::Checkpoint => None,
        };
        let full = match file {
            File::Hashes(tile, width) if *width < 256 => File::Hashes(*tile, 256),
            File::Entries(index, width) if *width < 256 => File::Entries(*index, 256),
            _ => return Ok(None),
        };
        Ok(self.one(&full)?.and_then(partial))
    }
}
