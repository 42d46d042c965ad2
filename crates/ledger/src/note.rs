//! Signed notes (C2SP `signed-note`): a text, and lines of signatures under it.

use crate::limits::{NAME_BYTES_MAX, NOTE_BYTES_MAX, SIGNATURES_MAX};
use crate::text::{decode, encode};

#[cfg(test)]
mod tests;

/// What every signature line begins with: an em dash and a space.
const MARK: &str = "\u{2014} ";

/// A note as it was read; nothing of it is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The text, with its last newline: what is signed.
    pub text: String,
    /// The signatures, in their order.
    pub signatures: Vec<Signature>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Name of the key.
    pub name: String,
    /// Id of the key.
    pub id: u32,
    /// What the key made; its form depends on the key.
    pub bytes: Vec<u8>,
}

/// The bytes are no signed note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

impl Note {
    /// A note without signatures yet. The text must end in a newline.
    pub fn new(text: String) -> Self {
        Self { text, signatures: Vec::new() }
    }

    /// Reads a note.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(Malformed("the note is too long"));
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| Malformed("the note is not UTF-8"))?;
        if whole.chars().any(|sign| sign < ' ' && sign != '\n') {
            return Err(Malformed("the note has control characters"));
        }
        let end = whole.rfind("\n\n").ok_or(Malformed("the note has no signatures"))?;
        let (text, lines) = (whole.get(..=end), whole.get(end + 2..));
        let (Some(text), Some(lines)) = (text, lines) else {
            return Err(Malformed("the note has no signatures"));
        };
        let signatures = signatures(lines)?;
        if signatures.is_empty() {
            return Err(Malformed("the note has no signatures"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The note as it is sent.
    pub fn to_text(&self) -> String {
        let lines: String = self.signatures.iter().map(Signature::to_line).collect();
        format!("{}\n{lines}", self.text)
    }

    /// Adds signatures that are not there yet.
    pub fn add(&mut self, signatures: impl IntoIterator<Item = Signature>) {
        for signature in signatures {
            let same = |held: &Signature| held.name == signature.name && held.id == signature.id;
            if !self.signatures.iter().any(same) {
                self.signatures.push(signature);
            }
        }
    }
}

/// Signature lines, each with its newline: the end of a note, and the answer of
/// a witness.
///
/// # Errors
/// Why they are none.
pub fn signatures(lines: &str) -> Result<Vec<Signature>, Malformed> {
    let whole = lines.is_empty() || lines.ends_with('\n');
    if !whole || lines.len() > NOTE_BYTES_MAX {
        return Err(Malformed("the last signature line has no end"));
    }
    let mut signatures = Vec::new();
    for line in lines.split_terminator('\n') {
        if signatures.len() == SIGNATURES_MAX {
            return Err(Malformed("the note has too many signatures"));
        }
        let signature = Signature::from_line(line);
        signatures.push(signature.ok_or(Malformed("a line is no signature"))?);
    }
    Ok(signatures)
}

impl Signature {
    /// The line of a note, with its newline.
    pub fn to_line(&self) -> String {
        let mut bytes = self.id.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.bytes);
        format!("{MARK}{} {}\n", self.name, encode(&bytes))
    }

    fn from_line(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(MARK)?.split_once(' ')?;
        let bytes = decode(signature)?;
        let (id, rest) = bytes.split_first_chunk::<4>()?;
        let whole = is_name(name) && !rest.is_empty();
        let id = u32::from_be_bytes(*id);
        whole.then(|| Self { name: name.to_owned(), id, bytes: rest.to_vec() })
    }
}

/// Whether a text may name a key: no spaces, no plus sign, not empty.
pub fn is_name(name: &str) -> bool {
    let forbidden = |sign: char| sign.is_whitespace() || sign.is_control() || sign == '+';
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && !name.contains(forbidden)
}
