//! Keys that sign notes: a log's (Ed25519, type 0x01) and a witness's
//! (cosignature/v1, type 0x04), in the text form of C2SP `signed-note`.

use std::fmt;

use ed25519_dalek::{Signature as Ed25519, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::note::{Malformed, Note, Signature, is_name};
use crate::text::{decode, encode};

#[cfg(test)]
pub(crate) mod tests;

/// What a key signs of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The text (signed-note, 0x01): a log's key.
    Log,
    /// A time and the text (tlog-cosignature v1, 0x04): a witness's key.
    Witness,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Log => 1,
            Self::Witness => 4,
        }
    }

    fn of(byte: u8) -> Option<Self> {
        [Self::Log, Self::Witness].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// A public key with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    kind: Kind,
    key: VerifyingKey,
}

/// The text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadKey(pub &'static str);

impl fmt::Display for BadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for BadKey {}

/// A signature of a key that is known does not verify: the note is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forged;

fn id(name: &str, kind: Kind, key: &VerifyingKey) -> u32 {
    let mut hash = Sha256::new();
    hash.update(name.as_bytes());
    hash.update([b'\n', kind.byte()]);
    hash.update(key.as_bytes());
    let [first, second, third, fourth, ..]: [u8; 32] = hash.finalize().into();
    u32::from_be_bytes([first, second, third, fourth])
}

/// Name, id and what stands behind, of `name+id+base64`.
fn parts(text: &str) -> Option<(&str, u32, Kind, [u8; 32])> {
    let (name, rest) = text.split_once('+')?;
    let (id, bytes) = rest.split_once('+')?;
    let spelt = id.len() == 8 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let id = u32::from_str_radix(id, 16).ok().filter(|_| spelt && is_name(name))?;
    let bytes = decode(bytes)?;
    let (kind, key) = bytes.split_first()?;
    Some((name, id, Kind::of(*kind)?, key.try_into().ok()?))
}

impl VerifierKey {
    /// Reads a *vkey*: `name+id+key`.
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let shape = BadKey("a public key is written NAME+ID+KEY, of type 1 or 4");
        let (name, written, kind, key) = parts(text.trim_end()).ok_or(shape)?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| BadKey("no point of Ed25519"))?;
        if key.is_weak() {
            return Err(BadKey("a weak key: anybody could sign with it"));
        }
        if id(name, kind, &key) != written {
            return Err(BadKey("the key's id is not the one of its name and bytes"));
        }
        Ok(Self { name: name.to_owned(), id: written, kind, key })
    }

    /// Name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether a signature says that it is of this key.
    pub fn made(&self, signature: &Signature) -> bool {
        signature.name == self.name && signature.id == self.id
    }

    /// The time of this key's signature on the note, in seconds since 1970 (0
    /// for a log's key, which states none); `None` when it did not sign.
    ///
    /// # Errors
    /// [`Forged`] when any signature that says it is of this key is not.
    pub fn verify(&self, note: &Note) -> Result<Option<u64>, Forged> {
        let mut found = None;
        for signature in note.signatures.iter().filter(|signature| self.made(signature)) {
            let time = self.verify_one(&note.text, &signature.bytes).ok_or(Forged)?;
            found = found.max(Some(time));
        }
        Ok(found)
    }

    fn verify_one(&self, text: &str, signature: &[u8]) -> Option<u64> {
        let (time, signature) = match self.kind {
            Kind::Log => (0, signature),
            Kind::Witness => {
                let (time, signature) = signature.split_first_chunk::<8>()?;
                (u64::from_be_bytes(*time), signature)
            }
        };
        let signature = Ed25519::from_bytes(signature.try_into().ok()?);
        let message = message(self.kind, text, time);
        let sound = time < 1 << 63 && self.key.verify_strict(&message, &signature).is_ok();
        sound.then_some(time)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.kind.byte()];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, self.id, encode(&bytes))
    }
}

/// What is signed (tlog-cosignature, "Ed25519 signed message").
fn message(kind: Kind, text: &str, time: u64) -> Vec<u8> {
    match kind {
        Kind::Log => text.as_bytes().to_vec(),
        Kind::Witness => format!("cosignature/v1\ntime {time}\n{text}").into_bytes(),
    }
}

/// A private key with its name.
#[derive(Clone)]
pub struct SignerKey {
    verifier: VerifierKey,
    key: SigningKey,
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignerKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

/// What the text form of a private key begins with, as Go's `note` package
/// writes it.
const PRIVATE: &str = "PRIVATE+KEY+";

impl SignerKey {
    /// The key of this seed; draw it from a cryptographic source.
    ///
    /// # Errors
    /// [`BadKey`] when the name cannot name a key.
    pub fn from_seed(name: &str, kind: Kind, seed: &[u8; 32]) -> Result<Self, BadKey> {
        if !is_name(name) {
            return Err(BadKey("a key's name has no spaces and no plus sign"));
        }
        let key = SigningKey::from_bytes(seed);
        let public = key.verifying_key();
        let id = id(name, kind, &public);
        Ok(Self { verifier: VerifierKey { name: name.to_owned(), id, kind, key: public }, key })
    }

    /// Reads what [`SignerKey::to_text`] wrote.
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let shape = BadKey("a private key is written PRIVATE+KEY+NAME+ID+KEY, of type 1 or 4");
        let parts = text.trim_end().strip_prefix(PRIVATE).and_then(parts);
        let (name, written, kind, seed) = parts.ok_or(shape)?;
        let key = Self::from_seed(name, kind, &seed)?;
        if key.verifier.id != written {
            return Err(BadKey("the key's id is not the one of its name and bytes"));
        }
        Ok(key)
    }

    /// The private key as one line without its end. Keep it from everybody.
    pub fn to_text(&self) -> String {
        let mut bytes = vec![self.verifier.kind.byte()];
        bytes.extend_from_slice(self.key.as_bytes());
        let VerifierKey { name, id, .. } = &self.verifier;
        format!("{PRIVATE}{name}+{id:08x}+{}", encode(&bytes))
    }

    /// The public key.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs the text of a note; a witness's key states the time, in seconds
    /// since 1970.
    ///
    /// # Errors
    /// [`Malformed`] when the text cannot be a note's.
    pub fn sign(&self, text: &str, time_s: u64) -> Result<Signature, Malformed> {
        if !text.ends_with('\n') {
            return Err(Malformed("the text of a note ends in a newline"));
        }
        let VerifierKey { name, id, kind, .. } = &self.verifier;
        let signature = self.key.sign(&message(*kind, text, time_s)).to_bytes();
        let mut bytes = match kind {
            Kind::Log => Vec::new(),
            Kind::Witness => time_s.to_be_bytes().to_vec(),
        };
        bytes.extend_from_slice(&signature);
        Ok(Signature { name: name.clone(), id: *id, bytes })
    }
}
