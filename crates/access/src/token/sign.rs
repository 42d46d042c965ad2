//! Signing tokens: those of the token endpoint, for the clients of the
//! configuration, and those of the pilot. The key stays outside every sandbox.

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::base64url;
use super::issuers::{ConfigurationError, Issuer, rehearsal_audience};
use crate::claims::Claims;

/// An issuer with its private P-256 key, which signs by ES256.
#[derive(Clone)]
pub struct SigningIssuer {
    url: String,
    audience: String,
    key: SigningKey,
    kid: String,
}

impl std::fmt::Debug for SigningIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningIssuer").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Why a private key was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningError;

impl std::fmt::Display for SigningError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the text is not the private JWK of a P-256 key")
    }
}

impl std::error::Error for SigningError {}

impl SigningIssuer {
    /// A new issuer; `fill_random` must draw from a cryptographic source.
    ///
    /// # Errors
    /// [`SigningError`] when the source gives no key in many tries.
    pub fn create(
        url: impl Into<String>,
        audience: impl Into<String>,
        mut fill_random: impl FnMut(&mut [u8]),
    ) -> Result<Self, SigningError> {
        // A draw is out of the curve's range once in 2^32; more often than a
        // few times, the source is broken.
        for _ in 0..8 {
            let mut secret = [0_u8; 32];
            fill_random(&mut secret);
            if let Ok(key) = SigningKey::from_slice(&secret) {
                return Ok(Self::with_key(url.into(), audience.into(), key));
            }
        }
        Err(SigningError)
    }

    /// The issuer whose key [`SigningIssuer::private_jwk`] wrote.
    ///
    /// # Errors
    /// The text is no such key.
    pub fn from_private_jwk(
        url: impl Into<String>,
        audience: impl Into<String>,
        jwk: &str,
    ) -> Result<Self, SigningError> {
        let jwk: Value = serde_json::from_str(jwk).map_err(|_| SigningError)?;
        if jwk.get("crv").and_then(Value::as_str) != Some("P-256") {
            return Err(SigningError);
        }
        let secret = jwk.get("d").and_then(Value::as_str).and_then(base64url::decode);
        let key = secret.and_then(|secret| SigningKey::from_slice(&secret).ok());
        Ok(Self::with_key(url.into(), audience.into(), key.ok_or(SigningError)?))
    }

    fn with_key(url: String, audience: String, key: SigningKey) -> Self {
        let (x, y) = coordinates(&key);
        // RFC 7638: the members in this order, without white space.
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let kid = base64url::encode(&Sha256::digest(members));
        Self { url, audience, key, kid }
    }

    /// The issuer's `iss`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Itself, as an issuer to trust.
    ///
    /// # Errors
    /// An empty URL or audience.
    pub fn trusted(&self) -> Result<Issuer, ConfigurationError> {
        Issuer::new(&self.url, vec![self.audience.clone()], &self.public_jwks())
    }

    /// The same issuer, for a region that rehearses.
    #[must_use]
    pub fn rehearsing(&self) -> Self {
        Self { audience: rehearsal_audience(&self.audience), ..self.clone() }
    }

    /// The private key as a JWK (RFC 7517); a secret.
    pub fn private_jwk(&self) -> String {
        let mut jwk = self.public_jwk();
        jwk.insert("d".to_owned(), base64url::encode(&self.key.to_bytes()).into());
        Value::Object(jwk).to_string()
    }

    /// The id of the key (`kid`): its thumbprint (RFC 7638).
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as a JWK Set (RFC 7517 §5), for publication.
    pub fn public_jwks(&self) -> String {
        json!({"keys": [self.public_jwk()]}).to_string()
    }

    fn public_jwk(&self) -> Map<String, Value> {
        let (x, y) = coordinates(&self.key);
        let members = [
            ("kty", "EC"),
            ("crv", "P-256"),
            ("alg", "ES256"),
            ("use", "sig"),
            ("kid", &self.kid),
            ("x", &x),
            ("y", &y),
        ];
        members.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
    }

    /// A token with these claims, for this issuer's audience. The claims'
    /// `issuer` is ignored: it is this one.
    pub fn sign(&self, claims: &Claims) -> String {
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": self.kid});
        let scopes: Vec<String> = claims.scopes.iter().map(ToString::to_string).collect();
        let mut payload = json!({
            "iss": self.url,
            "aud": self.audience,
            "sub": claims.subject,
            "client_id": claims.client_id,
            "exp": claims.expires_at_s,
            "function": claims.function.code(),
            "purpose": claims.purpose.code(),
            "scope": scopes.join(" "),
        });
        if scopes.is_empty()
            && let Some(members) = payload.as_object_mut()
        {
            members.remove("scope");
        }
        let optional = [
            ("name", &claims.name),
            ("fhirUser", &claims.fhir_user),
            ("licence", &claims.licence),
            ("establishment", &claims.establishment),
            ("patient", &claims.patient),
            ("jti", &claims.token_id),
        ];
        for (name, value) in optional {
            if let (Some(value), Some(members)) = (value, payload.as_object_mut()) {
                members.insert(name.to_owned(), Value::from(value.as_str()));
            }
        }
        if let (Some(issued_at_s), Some(members)) = (claims.issued_at_s, payload.as_object_mut()) {
            members.insert("iat".to_owned(), Value::from(issued_at_s));
        }
        self.sign_raw(&header.to_string(), &payload.to_string())
    }

    /// Signs a header and a payload as they are, however wrong: an assertion, or
    /// what a test needs.
    pub fn sign_raw(&self, header: &str, payload: &str) -> String {
        let header = base64url::encode(header.as_bytes());
        let signed = format!("{header}.{}", base64url::encode(payload.as_bytes()));
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", base64url::encode(&signature.to_bytes()))
    }
}

fn coordinates(key: &SigningKey) -> (String, String) {
    let point = key.verifying_key().to_encoded_point(false);
    let text = |bytes: Option<&[u8]>| bytes.map(base64url::encode).unwrap_or_default();
    let (x, y) = (point.x().map(|x| x.to_vec()), point.y().map(|y| y.to_vec()));
    (text(x.as_deref()), text(y.as_deref()))
}
