//! Signed tree heads (C2SP `tlog-checkpoint`), and whom to believe about them.

use std::fmt;

use crate::keys::{Kind, SignerKey, VerifierKey};
use crate::limits::{NAME_BYTES_MAX, SIZE_MAX};
use crate::note::{Malformed, Note};
use crate::text::{encode, hash, line, number};
use crate::tree::{Hash, empty_root};

#[cfg(test)]
mod tests;

/// What a log says of itself at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: a name without an end of line.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// Root of the tree.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed, without extension lines.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, encode(&self.root))
    }

    /// Reads the text of a note. Extension lines are allowed, and mean nothing.
    ///
    /// # Errors
    /// Why it is no checkpoint's.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let short = Malformed("a checkpoint has an origin, a size and a root, each on its line");
        let (origin, rest) = line(text).ok_or(short)?;
        let (size, rest) = line(rest).ok_or(short)?;
        let (root, extensions) = line(rest).ok_or(short)?;
        let size = number(size).filter(|size| *size <= SIZE_MAX);
        let size = size.ok_or(Malformed("the checkpoint's size is no number of leaves"))?;
        let root = hash(root).ok_or(Malformed("the checkpoint's root is no hash in base64"))?;
        let whole = extensions.is_empty() || extensions.ends_with('\n');
        let filled = extensions.split_terminator('\n').all(|line| !line.is_empty());
        if origin.is_empty() || origin.len() > NAME_BYTES_MAX || !whole || !filled {
            return Err(Malformed("a line of the checkpoint is empty or too long"));
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// The checkpoint signed by its log, whose name is the origin.
    ///
    /// # Errors
    /// [`Malformed`] when this is no checkpoint, or the key another log's.
    pub fn sign(&self, key: &SignerKey) -> Result<Note, Malformed> {
        let verifier = key.verifier();
        if verifier.kind() != Kind::Log || verifier.name() != self.origin {
            return Err(Malformed("the key is not this log's"));
        }
        let text = self.to_text();
        Self::parse(&text)?;
        let signature = key.sign(&text, 0)?;
        Ok(Note { text, signatures: vec![signature] })
    }
}

/// Whom to believe about a log: its keys, and witnesses who must have seen it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Keys of logs, each believed about the origin that it is named after. A
    /// log whose key was changed has two.
    pub logs: Vec<VerifierKey>,
    /// Keys of witnesses.
    pub witnesses: Vec<VerifierKey>,
    /// How many of them must have cosigned.
    pub quorum: usize,
}

/// Why a checkpoint is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disbelief {
    /// It is no checkpoint.
    Malformed(Malformed),
    /// No key that is known is named after its origin.
    UnknownLog,
    /// None of the log's keys signed it, or a signature does not verify.
    NotTheLog,
    /// Too few witnesses cosigned it: how many did.
    TooFewWitnesses(usize),
    /// A cosignature that names a known witness does not verify.
    ForgedWitness,
    /// The tree without leaves has another root.
    NotEmpty,
}

impl fmt::Display for Disbelief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "this is no checkpoint: {why}"),
            Self::UnknownLog => f.write_str("its origin is not the name of a log's key you gave"),
            Self::NotTheLog => f.write_str("the log's key did not sign it"),
            Self::TooFewWitnesses(count) => {
                write!(f, "too few of the witnesses cosigned it: {count}")
            }
            Self::ForgedWitness => f.write_str("a cosignature is not the witness's"),
            Self::NotEmpty => f.write_str("it has no entries, and another root than nothing has"),
        }
    }
}

impl std::error::Error for Disbelief {}

impl From<Malformed> for Disbelief {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

/// A checkpoint that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Believed {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// Witnesses who cosigned, with the time, in seconds since 1970.
    pub witnessed: Vec<(String, u64)>,
}

impl Policy {
    /// Reads a signed checkpoint and verifies it.
    ///
    /// # Errors
    /// [`Disbelief`].
    pub fn open(&self, bytes: &[u8]) -> Result<Believed, Disbelief> {
        self.believe(&Note::parse(bytes)?)
    }

    /// Verifies a checkpoint.
    ///
    /// # Errors
    /// [`Disbelief`].
    pub fn believe(&self, note: &Note) -> Result<Believed, Disbelief> {
        let checkpoint = Checkpoint::parse(&note.text)?;
        let named = |key: &&VerifierKey| key.kind() == Kind::Log && key.name() == checkpoint.origin;
        let mut keys = self.logs.iter().filter(named).peekable();
        keys.peek().ok_or(Disbelief::UnknownLog)?;
        let mut signed = false;
        for key in keys {
            signed |= key.verify(note).map_err(|_| Disbelief::NotTheLog)?.is_some();
        }
        if !signed {
            return Err(Disbelief::NotTheLog);
        }
        let mut witnessed = Vec::new();
        for key in self.witnesses.iter().filter(|key| key.kind() == Kind::Witness) {
            let time = key.verify(note).map_err(|_| Disbelief::ForgedWitness)?;
            witnessed.extend(time.map(|time| (key.name().to_owned(), time)));
        }
        if witnessed.len() < self.quorum {
            return Err(Disbelief::TooFewWitnesses(witnessed.len()));
        }
        if checkpoint.size == 0 && checkpoint.root != empty_root() {
            return Err(Disbelief::NotEmpty);
        }
        Ok(Believed { checkpoint, witnessed })
    }
}
