//! Public keys (RFC 7517, 7518 §6, 8037), each bound to one algorithm, which
//! the token's header must name and cannot choose.

use ed25519_dalek::VerifyingKey as EdwardsKey;
use p256::ecdsa::signature::Verifier;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPublicKey, pkcs1v15};
use serde_json::{Map, Value};
use sha2::{Sha256, Sha384};

use super::base64url;
use crate::limits::{RSA_BITS_MAX, RSA_BITS_MIN};

/// An algorithm of RFC 7518 §3.1 or RFC 8037 that tokens may be signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// The name in a header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of this name; `None` for `none` and all others.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "ES384" => Some(Self::Es384),
            "RS256" => Some(Self::Rs256),
            "RS384" => Some(Self::Rs384),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// A public key with its one algorithm.
#[derive(Clone, Debug)]
pub enum Key {
    /// ES256
    P256(Box<p256::ecdsa::VerifyingKey>),
    /// ES384
    P384(Box<p384::ecdsa::VerifyingKey>),
    /// RS256
    Rsa256(Box<pkcs1v15::VerifyingKey<Sha256>>),
    /// RS384
    Rsa384(Box<pkcs1v15::VerifyingKey<Sha384>>),
    /// EdDSA
    Edwards(Box<EdwardsKey>),
}

impl Key {
    /// The one algorithm of this key.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256(_) => Algorithm::Es256,
            Self::P384(_) => Algorithm::Es384,
            Self::Rsa256(_) => Algorithm::Rs256,
            Self::Rsa384(_) => Algorithm::Rs384,
            Self::Edwards(_) => Algorithm::EdDsa,
        }
    }

    /// Whether `signature` is one of `message` by this key. Natively by `ring`,
    /// whose answers are those of [`Key::verifies_portably`] and come sooner.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        use ring::signature::{
            ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256,
            RSA_PKCS1_2048_8192_SHA384, RsaPublicKeyComponents, UnparsedPublicKey,
        };
        let by_rsa = |key: &RsaPublicKey, parameters| {
            let (n, e) = (key.n().to_bytes_be(), key.e().to_bytes_be());
            RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
        };
        match self {
            Self::P256(key) => {
                let point = key.to_encoded_point(false);
                let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
                key.verify(message, signature).is_ok()
            }
            Self::P384(key) => {
                let point = key.to_encoded_point(false);
                let key = UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point);
                key.verify(message, signature).is_ok()
            }
            Self::Rsa256(key) => by_rsa(key.as_ref().as_ref(), &RSA_PKCS1_2048_8192_SHA256),
            Self::Rsa384(key) => by_rsa(key.as_ref().as_ref(), &RSA_PKCS1_2048_8192_SHA384),
            Self::Edwards(_) => self.verifies_portably(message, signature),
        }
    }

    /// Whether `signature` is one of `message` by this key.
    #[cfg(target_arch = "wasm32")]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifies_portably(message, signature)
    }

    /// The same by code that runs everywhere, also in a component.
    pub fn verifies_portably(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Self::P384(key) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Self::Rsa256(key) => pkcs1v15::Signature::try_from(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Self::Rsa384(key) => pkcs1v15::Signature::try_from(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            // Strict: keys and points of small order are refused.
            Self::Edwards(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        }
    }

    /// A key from its JWK; an RSA key without `alg` is for `rsa`, whatever else
    /// it could do. `Ok(None)` for keys that are not for verifying
    /// signatures, or of a kind not known here (RFC 7517 §5: to be ignored).
    ///
    /// # Errors
    /// What is wrong with a key that should have been usable.
    pub fn from_jwk(
        jwk: &Map<String, Value>,
        rsa: Algorithm,
    ) -> Result<Option<Self>, &'static str> {
        let member = |name: &str| jwk.get(name).and_then(Value::as_str);
        if jwk.contains_key("d") || jwk.contains_key("k") {
            return Err("holds a secret; publish the public key only");
        }
        if member("use").is_some_and(|held| held != "sig") {
            return Ok(None);
        }
        if let Some(operations) = jwk.get("key_ops").and_then(Value::as_array)
            && !operations.iter().any(|each| each.as_str() == Some("verify"))
        {
            return Ok(None);
        }
        let bytes = |name: &str, length: usize| {
            let bytes = member(name).and_then(base64url::decode);
            bytes.filter(|bytes| bytes.len() == length || length == 0)
        };
        let algorithm = member("alg");
        let bound = |name: &str| match algorithm {
            Some(held) if held != name => Err("its alg does not fit its kind"),
            _ => Ok(()),
        };
        match (member("kty"), member("crv")) {
            (Some("EC"), Some("P-256")) => {
                bound("ES256")?;
                let point = point(bytes("x", 32), bytes("y", 32))?;
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point);
                key.map(|key| Some(Self::P256(Box::new(key)))).map_err(|_| "is no point of P-256")
            }
            (Some("EC"), Some("P-384")) => {
                bound("ES384")?;
                let point = point(bytes("x", 48), bytes("y", 48))?;
                let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(&point);
                key.map(|key| Some(Self::P384(Box::new(key)))).map_err(|_| "is no point of P-384")
            }
            (Some("OKP"), Some("Ed25519")) => {
                bound("EdDSA")?;
                let bytes = bytes("x", 32).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
                let key = EdwardsKey::from_bytes(&bytes.ok_or("has no x of 32 bytes")?);
                key.map(|key| Some(Self::Edwards(Box::new(key)))).map_err(|_| "is no Ed25519 key")
            }
            (Some("RSA"), _) => {
                let (modulus, exponent) = (bytes("n", 0), bytes("e", 0));
                let key = rsa_key(&modulus.ok_or("has no n")?, &exponent.ok_or("has no e")?)?;
                Ok(match algorithm.map_or(Some(rsa), Algorithm::from_name) {
                    Some(Algorithm::Rs256) => {
                        Some(Self::Rsa256(Box::new(pkcs1v15::VerifyingKey::new(key))))
                    }
                    Some(Algorithm::Rs384) => {
                        Some(Self::Rsa384(Box::new(pkcs1v15::VerifyingKey::new(key))))
                    }
                    _ => None,
                })
            }
            _ => Ok(None),
        }
    }
}

/// An uncompressed point (SEC 1 §2.3.3).
fn point(x: Option<Vec<u8>>, y: Option<Vec<u8>>) -> Result<Vec<u8>, &'static str> {
    let (Some(x), Some(y)) = (x, y) else {
        return Err("has no x and y of its curve's length");
    };
    Ok([&[4], x.as_slice(), y.as_slice()].concat())
}

fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Result<RsaPublicKey, &'static str> {
    let modulus = BigUint::from_bytes_be(modulus);
    let exponent = BigUint::from_bytes_be(exponent);
    let key = RsaPublicKey::new_with_max_size(modulus, exponent, RSA_BITS_MAX)
        .map_err(|_| "is no RSA key of at most 4096 bits")?;
    if key.n().bits() < RSA_BITS_MIN {
        return Err("is an RSA key of fewer than 2048 bits");
    }
    Ok(key)
}

#[cfg(test)]
mod tests;
