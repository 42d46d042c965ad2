//! The clients of the token endpoint (SMART Backend Services), from their
//! configuration.

use std::sync::Arc;

use serde_json::Value;

use super::issuers::{ConfigurationError, error};
use super::keys::Algorithm;
use super::keyset::KeySet;
use super::strict;
use crate::claims::{Claims, Function, Purpose};
use crate::limits::{CLAIM_BYTES_MAX, GRANT_LIFE_S, SCOPES_MAX};
use crate::scope::{Context, Scope};

/// A machine that may ask for tokens.
#[derive(Debug)]
pub struct Client {
    /// Its `client_id`, which is its `iss` and `sub` as well.
    pub id: String,
    /// Name to show in the audit.
    pub name: String,
    /// The most that it is granted; all of the context `system/`.
    pub scopes: Vec<Scope>,
    /// Establishment it acts for; decides the region.
    pub establishment: Option<String>,
    /// Role in which it acts: never one of a person.
    pub function: Function,
    /// What it acts for.
    pub purpose: Purpose,
    keys: Arc<KeySet>,
}

impl Client {
    pub(super) fn keys(&self) -> &Arc<KeySet> {
        &self.keys
    }

    /// What its token says, granted these scopes at `now_s` (seconds since
    /// 1970) under this id.
    pub fn claims(&self, scopes: Vec<Scope>, token_id: String, now_s: i64) -> Claims {
        Claims {
            subject: self.id.clone(),
            name: Some(self.name.clone()),
            fhir_user: None,
            function: self.function.clone(),
            licence: None,
            establishment: self.establishment.clone(),
            purpose: self.purpose,
            patient: None,
            client_id: self.id.clone(),
            scopes,
            token_id: Some(token_id),
            // Whoever signs says who it is.
            issuer: String::new(),
            expires_at_s: now_s.saturating_add(GRANT_LIFE_S),
            issued_at_s: Some(now_s),
        }
    }
}

/// Every client. Clones share the keys.
#[derive(Clone, Debug, Default)]
pub struct Clients(Arc<[Arc<Client>]>);

impl Clients {
    /// Clients from their configuration, in the form of `docs/tokens.md`:
    /// `{"clients": [{"client_id", "name", "jwks" or "jwks_url", "scopes",
    /// "establishment", "function", "purpose"}]}`.
    ///
    /// # Errors
    /// What to correct in the configuration.
    pub fn parse(configuration: &str) -> Result<Self, ConfigurationError> {
        let Ok(root) = strict::object(configuration.as_bytes()) else {
            return error("the clients are not a JSON object without repeated members");
        };
        let Some(Value::Array(listed)) = root.get("clients") else {
            return error("the configuration has no list 'clients'");
        };
        let clients: Result<Vec<_>, _> = listed.iter().map(parse_one).collect();
        let clients = clients?;
        for (at, client) in clients.iter().enumerate() {
            if clients.iter().skip(at + 1).any(|other| other.id == client.id) {
                return error(format!("client {:?} is listed twice", client.id));
            }
        }
        Ok(Self(clients.into()))
    }

    pub(super) fn client(&self, id: &str) -> Option<&Arc<Client>> {
        self.0.iter().find(|client| client.id == id)
    }

    /// The keys that are published at addresses: to be fetched when they are
    /// due ([`KeySet::due`]).
    pub fn published(&self) -> impl Iterator<Item = &Arc<KeySet>> {
        self.0.iter().map(|client| client.keys()).filter(|keys| keys.address().is_some())
    }
}

fn parse_one(configured: &Value) -> Result<Arc<Client>, ConfigurationError> {
    let text = |name: &str| match configured.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if is_plain(text) => Ok(Some(text.clone())),
        Some(_) => error(format!("client: {name} is no text of 1 to {CLAIM_BYTES_MAX} bytes")),
    };
    let Some(id) = text("client_id")? else {
        return error("a client has no client_id");
    };
    let named = format!("client {id:?}");
    let scopes = text("scopes")?.unwrap_or_default();
    let scopes = match Scope::parse_all(&scopes) {
        Ok(scopes) if (1..=SCOPES_MAX).contains(&scopes.len()) => scopes,
        Ok(_) => return error(format!("{named} needs scopes, such as system/*.rs")),
        Err(why) => return error(format!("{named}: {why}")),
    };
    if scopes.iter().any(|scope| scope.context != Context::System) {
        return error(format!("{named}: a machine's scopes begin with system/"));
    }
    let function = Function::from_code(text("function")?.as_deref().unwrap_or("system"));
    if function.is_clinician() || function.is_confined() {
        return error(format!("{named}: {} is the role of a person", function.code()));
    }
    let purpose = match text("purpose")? {
        None => function.usual_purpose(),
        Some(code) => match Purpose::from_code(&code) {
            Some(purpose) => purpose,
            None => return error(format!("{named}: {code:?} is no purpose")),
        },
    };
    // SMART names RS384 and ES384: a key that does not say is for RS384.
    let keys = KeySet::configured(&named, configured, Algorithm::Rs384)?;
    Ok(Arc::new(Client {
        name: text("name")?.unwrap_or_else(|| id.clone()),
        scopes,
        establishment: text("establishment")?,
        function,
        purpose,
        keys: Arc::new(keys),
        id,
    }))
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= CLAIM_BYTES_MAX && !text.chars().any(char::is_control)
}
