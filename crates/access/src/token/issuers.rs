//! The issuers whose tokens are trusted, from their configuration.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::keys::Key;
use super::strict;

/// One trusted issuer.
#[derive(Clone, Debug)]
pub struct Issuer {
    url: String,
    audiences: Vec<String>,
    keys: BTreeMap<String, Key>,
}

/// What is wrong with a configuration of issuers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationError(String);

impl std::fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigurationError {}

fn error<T>(text: impl Into<String>) -> Result<T, ConfigurationError> {
    Err(ConfigurationError(text.into()))
}

impl Issuer {
    /// An issuer by its `iss`, the audiences (`aud`) its tokens must name one
    /// of, and its keys as a JWK Set (RFC 7517 §5).
    ///
    /// # Errors
    /// A set that is no JSON, holds a secret or a broken key, names a `kid`
    /// twice, or has no key left to verify with.
    pub fn new(
        url: impl Into<String>,
        audiences: Vec<String>,
        jwks: &str,
    ) -> Result<Self, ConfigurationError> {
        match strict::object(jwks.as_bytes()) {
            Ok(set) => Self::with_keys(url.into(), audiences, &set),
            Err(_) => error("the JWK Set is not a JSON object without repeated members"),
        }
    }

    fn with_keys(
        url: String,
        audiences: Vec<String>,
        set: &Map<String, Value>,
    ) -> Result<Self, ConfigurationError> {
        if url.is_empty() || audiences.is_empty() {
            return error("an issuer needs its URL and at least one audience");
        }
        let Some(Value::Array(listed)) = set.get("keys") else {
            return error(format!("issuer {url}: its JWK Set has no list 'keys'"));
        };
        let mut keys = BTreeMap::new();
        for jwk in listed {
            let Value::Object(jwk) = jwk else {
                return error(format!("issuer {url}: a key is not an object"));
            };
            let kid = jwk.get("kid").and_then(Value::as_str).unwrap_or_default();
            let key = match Key::from_jwk(jwk) {
                Ok(Some(key)) => key,
                Ok(None) => continue,
                Err(why) => return error(format!("issuer {url}: key {kid:?} {why}")),
            };
            if kid.is_empty() {
                return error(format!("issuer {url}: a key has no kid; give it one"));
            }
            if keys.insert(kid.to_owned(), key).is_some() {
                return error(format!("issuer {url}: two keys have the kid {kid:?}"));
            }
        }
        if keys.is_empty() {
            return error(format!("issuer {url}: no key can verify signatures"));
        }
        Ok(Self { url, audiences, keys })
    }

    /// The issuer's `iss`.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn key(&self, kid: &str) -> Option<&Key> {
        self.keys.get(kid)
    }

    pub(super) fn serves(&self, audience: &str) -> bool {
        self.audiences.iter().any(|held| held == audience)
    }
}

/// Every trusted issuer. A token names its issuer, and only that issuer's keys
/// count for it.
#[derive(Clone, Debug, Default)]
pub struct Issuers(Vec<Issuer>);

impl Issuers {
    /// These issuers.
    ///
    /// # Errors
    /// Two of them have the same URL.
    pub fn new(issuers: Vec<Issuer>) -> Result<Self, ConfigurationError> {
        for (at, issuer) in issuers.iter().enumerate() {
            if issuers.iter().skip(at + 1).any(|other| other.url == issuer.url) {
                return error(format!("issuer {} is listed twice", issuer.url));
            }
        }
        Ok(Self(issuers))
    }

    /// What they are called (`iss`).
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|issuer| issuer.url.as_str())
    }

    /// Issuers from their configuration:
    /// `{"issuers": [{"issuer": URL, "audiences": [TEXT], "jwks": {"keys": […]}}]}`.
    ///
    /// # Errors
    /// What to correct in the configuration.
    pub fn parse(configuration: &str) -> Result<Self, ConfigurationError> {
        let Ok(root) = strict::object(configuration.as_bytes()) else {
            return error("the issuers are not a JSON object without repeated members");
        };
        let Some(Value::Array(listed)) = root.get("issuers") else {
            return error("the configuration has no list 'issuers'");
        };
        let issuers: Result<Vec<Issuer>, _> = listed.iter().map(Self::parse_one).collect();
        Self::new(issuers?)
    }

    fn parse_one(configured: &Value) -> Result<Issuer, ConfigurationError> {
        let url = configured.get("issuer").and_then(Value::as_str).unwrap_or_default();
        let Some(audiences) = configured.get("audiences").and_then(Value::as_array) else {
            return error(format!("issuer {url:?} has no list 'audiences'"));
        };
        let audiences: Option<Vec<String>> =
            audiences.iter().map(|each| each.as_str().map(str::to_owned)).collect();
        match (audiences, configured.get("jwks")) {
            (Some(audiences), Some(Value::Object(set))) => {
                Issuer::with_keys(url.to_owned(), audiences, set)
            }
            (None, _) => error(format!("issuer {url:?}: an audience is not a text")),
            _ => error(format!("issuer {url:?} has no object 'jwks'")),
        }
    }

    pub(super) fn issuer(&self, url: &str) -> Option<&Issuer> {
        self.0.iter().find(|issuer| issuer.url == url)
    }
}
