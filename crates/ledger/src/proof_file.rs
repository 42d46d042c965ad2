//! One entry's proof as a file (C2SP `tlog-proof`): verified offline, with
//! nothing but public keys.

use crate::checkpoint::{Believed, Disbelief, Policy};
use crate::limits::{PROOF_FILE_BYTES_MAX, PROOF_HASHES_MAX, SIZE_MAX};
use crate::note::{Malformed, Note};
use crate::text::{decode, encode, hash, line, number};
use crate::tree::{Hash, includes};

#[cfg(test)]
mod tests;

/// First line of every proof.
const FIRST: &str = "c2sp.org/tlog-proof@v1";

/// A proof that an entry is in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// What the verifier needs beside: see [`crate::leaf::Opening`]. Believed
    /// only as far as its hash is in the log.
    pub extra: Option<Vec<u8>>,
    /// Index of the entry in the log.
    pub index: u64,
    /// Its audit path (RFC 6962 §2.1.1).
    pub path: Vec<Hash>,
    /// The log's checkpoint, with its cosignatures.
    pub checkpoint: Note,
}

/// Why a proof does not prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// The checkpoint is not believed.
    Checkpoint(Disbelief),
    /// The path does not lead from the entry to the checkpoint's root.
    NotIncluded,
}

impl std::fmt::Display for Unproven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Checkpoint(why) => write!(f, "the proof's checkpoint: {why}"),
            Self::NotIncluded => f.write_str("the entry is not in the log, at that place"),
        }
    }
}

impl std::error::Error for Unproven {}

impl Proof {
    /// The file.
    pub fn to_text(&self) -> String {
        let mut text = format!("{FIRST}\n");
        if let Some(extra) = &self.extra {
            text.push_str(&format!("extra {}\n", encode(extra)));
        }
        text.push_str(&format!("index {}\n", self.index));
        for hash in &self.path {
            text.push_str(&format!("{}\n", encode(hash)));
        }
        text.push('\n');
        text.push_str(&self.checkpoint.to_text());
        text
    }

    /// Reads a proof.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let short = Malformed("the proof is cut short");
        if bytes.len() > PROOF_FILE_BYTES_MAX {
            return Err(Malformed("the proof is too long"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed("the proof is not UTF-8"))?;
        let (first, rest) = line(text).ok_or(short)?;
        if first != FIRST {
            return Err(Malformed("a proof begins with c2sp.org/tlog-proof@v1"));
        }
        let (mut next, mut rest) = line(rest).ok_or(short)?;
        let mut extra = None;
        if let Some(given) = next.strip_prefix("extra ") {
            extra = Some(decode(given).ok_or(Malformed("the line extra is no base64"))?);
            (next, rest) = line(rest).ok_or(short)?;
        }
        let index = next.strip_prefix("index ").and_then(number);
        let index = index.filter(|index| *index < SIZE_MAX);
        let index = index.ok_or(Malformed("the proof has no index"))?;
        let mut path = Vec::new();
        loop {
            let (next, after) = line(rest).ok_or(short)?;
            rest = after;
            if next.is_empty() {
                break;
            }
            if path.len() == PROOF_HASHES_MAX {
                return Err(Malformed("the proof has too many hashes"));
            }
            path.push(hash(next).ok_or(Malformed("a line of the proof is no hash"))?);
        }
        Ok(Self { extra, index, path, checkpoint: Note::parse(rest.as_bytes())? })
    }

    /// Whether the leaf of this hash is in a log that the policy believes.
    ///
    /// # Errors
    /// [`Unproven`].
    pub fn verify(&self, leaf: &Hash, policy: &Policy) -> Result<Believed, Unproven> {
        let believed = policy.believe(&self.checkpoint).map_err(Unproven::Checkpoint)?;
        let head = &believed.checkpoint;
        if !includes(leaf, self.index, head.size, &self.path, &head.root) {
            return Err(Unproven::NotIncluded);
        }
        Ok(believed)
    }
}
