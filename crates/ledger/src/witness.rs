//! What a log asks of a witness, and what a witness may answer (C2SP
//! `tlog-witness`). A witness cosigns a checkpoint only when the log has not
//! changed what the witness saw of it before.

use crate::checkpoint::{Checkpoint, Disbelief, Policy};
use crate::limits::{PROOF_HASHES_MAX, REQUEST_BYTES_MAX, SIZE_MAX};
use crate::note::{Malformed, Note};
use crate::text::{encode, hash, line, number};
use crate::tree::{Hash, empty_root, extends};

#[cfg(test)]
mod tests;

/// Content type of the answer 409, which says the size that the witness knows.
pub const SIZE_TYPE: &str = "text/x.tlog.size";

/// The body of `add-checkpoint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the checkpoint that the witness cosigned last.
    pub old: u64,
    /// That the new one only adds to it (RFC 6962 §2.1.2).
    pub proof: Vec<Hash>,
    /// The new checkpoint, signed by its log.
    pub checkpoint: Note,
}

impl AddCheckpoint {
    /// The body.
    pub fn to_text(&self) -> String {
        let hashes: String = self.proof.iter().map(|hash| format!("{}\n", encode(hash))).collect();
        format!("old {}\n{hashes}\n{}", self.old, self.checkpoint.to_text())
    }

    /// Reads a body.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let short = Malformed("the request is cut short");
        if bytes.len() > REQUEST_BYTES_MAX {
            return Err(Malformed("the request is too long"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed("the request is not UTF-8"))?;
        let (first, mut rest) = line(text).ok_or(short)?;
        let old = first.strip_prefix("old ").and_then(number).filter(|old| *old <= SIZE_MAX);
        let old = old.ok_or(Malformed("a request begins with a line: old SIZE"))?;
        let mut proof = Vec::new();
        loop {
            let (next, after) = line(rest).ok_or(short)?;
            rest = after;
            if next.is_empty() {
                break;
            }
            if proof.len() == PROOF_HASHES_MAX {
                return Err(Malformed("the request has too many hashes"));
            }
            proof.push(hash(next).ok_or(Malformed("a line of the request is no hash"))?);
        }
        Ok(Self { old, proof, checkpoint: Note::parse(rest.as_bytes())? })
    }
}

/// What a witness remembers of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Size of the checkpoint that it cosigned last.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

impl Default for Seen {
    /// Of a log that it never cosigned.
    fn default() -> Self {
        Self { size: 0, root: empty_root() }
    }
}

/// Why a witness does not cosign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400: the request is none, or its old size is above the new.
    Malformed(Malformed),
    /// 404: no key of that log is known here.
    UnknownLog,
    /// 403: the log did not sign.
    NotTheLog,
    /// 409: the witness knows this size, and not the old size of the request.
    AtSize(u64),
    /// 422: the log is not the one that the witness saw before.
    Inconsistent,
}

impl Refusal {
    /// HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::UnknownLog => 404,
            Self::NotTheLog => 403,
            Self::AtSize(_) => 409,
            Self::Inconsistent => 422,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "{why}"),
            Self::UnknownLog => f.write_str("this witness does not know the log"),
            Self::NotTheLog => f.write_str("the log's key did not sign the checkpoint"),
            Self::AtSize(size) => write!(f, "this witness saw the log last at size {size}"),
            Self::Inconsistent => {
                f.write_str("the checkpoint does not add to what this witness saw before")
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// The checkpoint of a request, when a log that is known signed it. What the
/// witness remembers is asked for afterwards, by the origin.
///
/// # Errors
/// [`Refusal`], without [`Refusal::AtSize`].
pub fn open(request: &AddCheckpoint, logs: &Policy) -> Result<Checkpoint, Refusal> {
    match logs.believe(&request.checkpoint) {
        Ok(believed) => Ok(believed.checkpoint),
        Err(Disbelief::Malformed(why)) => Err(Refusal::Malformed(why)),
        Err(Disbelief::UnknownLog) => Err(Refusal::UnknownLog),
        Err(Disbelief::NotEmpty) => Err(Refusal::Inconsistent),
        Err(_) => Err(Refusal::NotTheLog),
    }
}

/// Whether the witness may cosign: what it must remember before it does.
/// Looking at `seen`, and remembering, must be one step.
///
/// # Errors
/// [`Refusal`].
pub fn judge(request: &AddCheckpoint, head: &Checkpoint, seen: Seen) -> Result<Seen, Refusal> {
    if request.old > head.size {
        return Err(Refusal::Malformed(Malformed("the old size is above the checkpoint's")));
    }
    if request.old != seen.size {
        return Err(Refusal::AtSize(seen.size));
    }
    if !extends(seen.size, &seen.root, head.size, &head.root, &request.proof) {
        return Err(Refusal::Inconsistent);
    }
    Ok(Seen { size: head.size, root: head.root })
}
