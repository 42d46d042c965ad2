//! The issuers whose tokens are trusted, from their configuration.

use std::sync::Arc;

use serde_json::Value;

use super::keys::Algorithm;
use super::keyset::{KeySet, parsed};
use super::strict;

/// One trusted issuer. Clones share its keys.
#[derive(Clone, Debug)]
pub struct Issuer {
    url: String,
    audiences: Vec<String>,
    keys: Arc<KeySet>,
}

/// What is wrong with a configuration of issuers or clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationError(String);

impl std::fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigurationError {}

pub(super) fn error<T>(text: impl Into<String>) -> Result<T, ConfigurationError> {
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
        let url = url.into();
        let keys = KeySet::inline(&named(&url), &parsed(jwks)?, Algorithm::Rs256)?;
        Self::with_keys(url, audiences, keys)
    }

    fn with_keys(
        url: String,
        audiences: Vec<String>,
        keys: KeySet,
    ) -> Result<Self, ConfigurationError> {
        if url.is_empty() || audiences.is_empty() {
            return error("an issuer needs its URL and at least one audience");
        }
        Ok(Self { url, audiences, keys: Arc::new(keys) })
    }

    /// The issuer's `iss`.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn keys(&self) -> &Arc<KeySet> {
        &self.keys
    }

    pub(super) fn serves(&self, audience: &str) -> bool {
        self.audiences.iter().any(|held| held == audience)
    }

    /// Whether an audience is that of the other kind of door: a token is for one
    /// kind, and never for both.
    pub(super) fn serves_elsewhere(&self, audience: &str) -> bool {
        self.audiences.iter().any(|held| {
            audience == rehearsal_audience(held) || *held == rehearsal_audience(audience)
        })
    }
}

/// The audience of a rehearsal's tokens, from the audience of all others.
pub fn rehearsal_audience(audience: &str) -> String {
    format!("{audience}-rehearsal")
}

fn named(url: &str) -> String {
    format!("issuer {url}")
}

/// Every trusted issuer. A token names its issuer, and only that issuer's keys
/// count for it. Clones share the keys.
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

    /// These and one more.
    ///
    /// # Errors
    /// One of them has the same URL.
    pub fn with(mut self, issuer: Issuer) -> Result<Self, ConfigurationError> {
        self.0.push(issuer);
        Self::new(self.0)
    }

    /// Issuers from their configuration:
    /// `{"issuers": [{"issuer": URL, "audiences": [TEXT], "jwks": {"keys": […]}}]}`,
    /// or `jwks_url` instead of `jwks`.
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
        let Some(audiences) = audiences else {
            return error(format!("issuer {url:?}: an audience is not a text"));
        };
        let keys = KeySet::configured(&named(url), configured, Algorithm::Rs256)?;
        Issuer::with_keys(url.to_owned(), audiences, keys)
    }

    pub(super) fn issuer(&self, url: &str) -> Option<&Issuer> {
        self.0.iter().find(|issuer| issuer.url == url)
    }

    /// The same issuers as a region that rehearses knows them: their tokens must
    /// name the rehearsal's audience, so that what is given for practice opens
    /// nothing of the central record, and the reverse.
    #[must_use]
    pub fn rehearsing(&self) -> Self {
        let issuers = self.0.iter().map(|issuer| Issuer {
            audiences: issuer.audiences.iter().map(|held| rehearsal_audience(held)).collect(),
            ..issuer.clone()
        });
        Self(issuers.collect())
    }

    /// The keys that are published at addresses: to be fetched when they are
    /// due ([`KeySet::due`]).
    pub fn published(&self) -> impl Iterator<Item = &Arc<KeySet>> {
        self.0.iter().map(Issuer::keys).filter(|keys| keys.address().is_some())
    }

    /// How often any key has changed since the start.
    pub fn changes(&self) -> u64 {
        self.0.iter().fold(0, |sum, issuer| sum.wrapping_add(issuer.keys.changes()))
    }
}
