//! The keys of one issuer or client: written into the configuration, or
//! published at an address of the configuration and taken from there again and
//! again (RFC 7517 §5). Whoever fetches is outside; this decides when.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::{Map, Value};

use super::issuers::{ConfigurationError, error};
use super::keys::{Algorithm, Key};
use super::strict;
use crate::limits::{JWKS_BYTES_MAX, KEYS_ASK_AGAIN_S, KEYS_KEPT_S, KEYS_MAX};

type Keys = BTreeMap<String, Arc<Key>>;

/// Keys that may change while they are used. Shared by whoever holds it.
#[derive(Debug)]
pub struct KeySet {
    owner: String,
    address: Option<String>,
    rsa: Algorithm,
    held: RwLock<Held>,
    changes: AtomicU64,
}

#[derive(Debug, Default)]
struct Held {
    keys: Keys,
    /// As they were published, to tell whether they changed.
    published: Option<Value>,
    fetched_at_s: Option<i64>,
    asked_at_s: Option<i64>,
}

impl KeySet {
    /// The keys of a JWK Set that never changes. `owner` is named in errors.
    ///
    /// # Errors
    /// A secret or broken key, a `kid` used twice, or no key to verify with.
    pub(super) fn inline(
        owner: &str,
        set: &Map<String, Value>,
        rsa: Algorithm,
    ) -> Result<Self, ConfigurationError> {
        let held = Held { keys: keys(owner, set, rsa)?, ..Held::default() };
        Ok(Self::holding(owner, None, rsa, held))
    }

    /// The keys published at an address; none until they are fetched.
    ///
    /// # Errors
    /// An address that is neither `https` nor of this machine's loopback.
    pub(super) fn published(
        owner: &str,
        address: &str,
        rsa: Algorithm,
    ) -> Result<Self, ConfigurationError> {
        if !is_safe(address) {
            return error(format!("{owner}: its jwks_url must begin with https://"));
        }
        Ok(Self::holding(owner, Some(address.to_owned()), rsa, Held::default()))
    }

    fn holding(owner: &str, address: Option<String>, rsa: Algorithm, held: Held) -> Self {
        let (held, changes) = (RwLock::new(held), AtomicU64::new(0));
        Self { owner: owner.to_owned(), address, rsa, held, changes }
    }

    /// Of `jwks` and `jwks_url` in a configuration, the one that is there.
    pub(super) fn configured(
        owner: &str,
        configured: &Value,
        rsa: Algorithm,
    ) -> Result<Self, ConfigurationError> {
        match (configured.get("jwks"), configured.get("jwks_url")) {
            (Some(Value::Object(set)), None) => Self::inline(owner, set, rsa),
            (None, Some(Value::String(address))) => Self::published(owner, address, rsa),
            _ => error(format!("{owner} needs either an object 'jwks' or a text 'jwks_url'")),
        }
    }

    /// Whose keys they are.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Where they are published; `None` for keys of the configuration.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// How often the keys have changed since the start.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// The key of this id, unless it could not be fetched again for
    /// [`KEYS_KEPT_S`].
    pub(super) fn key(&self, kid: &str, now_s: i64) -> Option<Arc<Key>> {
        let held = self.read();
        let old = held.fetched_at_s.is_some_and(|at| now_s.saturating_sub(at) > KEYS_KEPT_S);
        held.keys.get(kid).filter(|_| !old).cloned()
    }

    /// Whether the address should be asked, `every_s` after it was last; says so
    /// once for each time.
    pub fn due(&self, now_s: i64, every_s: i64) -> bool {
        if self.address.is_none() {
            return false;
        }
        let mut held = self.write();
        let due = held.asked_at_s.is_none_or(|at| now_s.saturating_sub(at) >= every_s);
        if due {
            held.asked_at_s = Some(now_s);
        }
        due
    }

    /// Whether the address should be asked because a `kid` is not known: at most
    /// every [`KEYS_ASK_AGAIN_S`], whatever callers send.
    pub fn due_for_unknown(&self, now_s: i64) -> bool {
        self.due(now_s, KEYS_ASK_AGAIN_S)
    }

    /// Takes what the address answered. What is wrong leaves the keys that are
    /// there. Returns whether they changed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn renew(&self, text: &str, now_s: i64) -> Result<bool, ConfigurationError> {
        if text.len() > JWKS_BYTES_MAX {
            return error(format!("{}: its JWK Set is too long", self.owner));
        }
        let mut set = parsed(text)?;
        let keys = keys(&self.owner, &set, self.rsa)?;
        let published = set.remove("keys");
        let mut held = self.write();
        let changed = held.published != published;
        held.fetched_at_s = Some(now_s);
        if changed {
            held.keys = keys;
            held.published = published;
            self.changes.fetch_add(1, Ordering::Release);
        }
        Ok(changed)
    }

    // No code panics while it holds the lock.
    fn read(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A JWK Set's text as an object.
pub(super) fn parsed(text: &str) -> Result<Map<String, Value>, ConfigurationError> {
    match strict::object(text.as_bytes()) {
        Ok(set) => Ok(set),
        Err(_) => error("the JWK Set is not a JSON object without repeated members"),
    }
}

fn keys(owner: &str, set: &Map<String, Value>, rsa: Algorithm) -> Result<Keys, ConfigurationError> {
    let Some(Value::Array(listed)) = set.get("keys") else {
        return error(format!("{owner}: its JWK Set has no list 'keys'"));
    };
    let mut keys = BTreeMap::new();
    for jwk in listed {
        let Value::Object(jwk) = jwk else {
            return error(format!("{owner}: a key is not an object"));
        };
        let kid = jwk.get("kid").and_then(Value::as_str).unwrap_or_default();
        let key = match Key::from_jwk(jwk, rsa) {
            Ok(Some(key)) => key,
            Ok(None) => continue,
            Err(why) => return error(format!("{owner}: key {kid:?} {why}")),
        };
        if kid.is_empty() {
            return error(format!("{owner}: a key has no kid, and tokens name their key by it"));
        }
        if keys.insert(kid.to_owned(), Arc::new(key)).is_some() {
            return error(format!("{owner}: two keys have the kid {kid:?}"));
        }
    }
    match keys.len() {
        0 => error(format!("{owner}: no key can verify signatures")),
        1..=KEYS_MAX => Ok(keys),
        _ => error(format!("{owner}: more than {KEYS_MAX} keys")),
    }
}

/// Whether keys may be taken from there: by TLS, or from this machine.
fn is_safe(address: &str) -> bool {
    let plain = |rest: &str| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = match authority.strip_prefix('[') {
            Some(literal) => literal.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        !authority.contains('@') && matches!(host, "127.0.0.1" | "::1" | "localhost")
    };
    let graphic = address.bytes().all(|byte| byte.is_ascii_graphic());
    match (address.strip_prefix("https://"), address.strip_prefix("http://")) {
        (Some(rest), _) => graphic && !rest.is_empty() && !rest.contains('@'),
        (None, Some(rest)) => graphic && plain(rest),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
