//! The token endpoint: a client's assertion for an access token (SMART App
//! Launch 2.2, Backend Services; RFC 6749 §4.4, RFC 7523 §2.2).

use crate::convert::random_id;
use crate::limits::{ASSERTION_KEPT_S, RETRY_AFTER_S};
use crate::provider::Provider;
use access::entry::{Agent, Entry, Interaction, Outcome};
use access::limits::{GRANT_LIFE_S, SCOPES_MAX};
use access::scope::{Scope, granted};
use access::token::{Assertion, Client, Clients, SigningIssuer};
use chart::Environment;
use chart::table::{Condition, Item, Key, Table, TableError, Value, Write};
use contracts::{Origin, Refusal, TokenGrant, TokenRejection, TokenRequest};
use fhir::outcome::{IssueType, Status};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;

/// What may be asked for.
const GRANT_TYPE: &str = "client_credentials";
/// How a client proves who it is.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What the journal says was asked.
const ASKED: &str = "oauth/token";

/// What this record needs to give tokens itself.
#[derive(Clone, Debug)]
pub struct Authority {
    /// Signs; among the trusted issuers as well.
    pub issuer: SigningIssuer,
    /// To whom.
    pub clients: Clients,
    /// The token endpoint's addresses: what an assertion may be meant for.
    pub endpoints: Vec<String>,
}

/// Why there is no token.
enum Why {
    /// It is refused.
    No(No),
    /// The store is away: nothing can be journaled either.
    Away(Refusal),
}

impl From<No> for Why {
    fn from(no: No) -> Self {
        Self::No(no)
    }
}

/// A refusal, before it is journaled.
struct No {
    error: &'static str,
    status: Status,
    text: &'static str,
    /// For the journal.
    reason: String,
}

fn no(error: &'static str, reason: &str, text: &'static str) -> No {
    let status = if error == "invalid_client" { Status::Unauthorized } else { Status::BadRequest };
    No { error, status, text, reason: reason.to_owned() }
}

/// One text for every assertion: whoever forges one learns nothing.
fn not_the_client(reason: &str) -> No {
    no(
        "invalid_client",
        reason,
        "The client assertion is not accepted: sign a new one, as docs/tokens.md says, with a key \
         that is registered for the client.",
    )
}

impl No {
    fn rejected(&self) -> TokenRejection {
        let why = Refusal::new(self.status, IssueType::Security, self.text);
        TokenRejection { error: self.error.to_owned(), why }
    }
}

fn unavailable(why: Refusal) -> TokenRejection {
    TokenRejection { error: "temporarily_unavailable".to_owned(), why }
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `issuing.keys`.
    pub fn signing_keys(&self) -> String {
        match &self.inner.authority {
            Some(authority) => authority.issuer.public_jwks(),
            None => r#"{"keys":[]}"#.to_owned(),
        }
    }

    /// `issuing.exchange`.
    ///
    /// # Errors
    /// The code of RFC 6749 §5.2 and what to do; journaled before.
    pub async fn exchange(
        &self,
        asked: TokenRequest,
        origin: &Origin,
    ) -> Result<TokenGrant, TokenRejection> {
        let mut client = None;
        let allowed = match self.allowed(&asked, &mut client).await {
            Err(Why::Away(away)) => return Err(unavailable(away)),
            Err(Why::No(no)) => Err(no),
            Ok(scopes) => Ok(scopes),
        };
        let token_id = random_id(&self.inner.environment, self.now_ms());
        let mut entry = self.told(client.as_deref(), &token_id, origin);
        let granted = match (allowed, client, &self.inner.authority) {
            (Ok(scopes), Some(client), Some(authority)) => {
                let scope: Vec<String> = scopes.iter().map(ToString::to_string).collect();
                let claims = client.claims(scopes, token_id, self.now_ms() / 1000);
                Ok(TokenGrant {
                    access_token: authority.issuer.sign(&claims),
                    expires_in_s: u32::try_from(GRANT_LIFE_S).unwrap_or_default(),
                    scope: scope.join(" "),
                })
            }
            (Err(no), ..) => {
                entry.agent.token_id = None;
                entry.outcome =
                    Outcome { status: no.status.code(), denied: Some(no.reason.clone()) };
                Err(no.rejected())
            }
            _ => return Err(elsewhere().rejected()),
        };
        self.journaled(&entry).await.map_err(unavailable)?;
        granted
    }

    /// What is granted. `known` is told who asks, once that is proved.
    async fn allowed(
        &self,
        asked: &TokenRequest,
        known: &mut Option<Arc<Client>>,
    ) -> Result<Vec<Scope>, Why> {
        let authority = self.inner.authority.as_ref().ok_or_else(elsewhere)?;
        let assertion = self.proved(authority, asked).await?;
        let client = Arc::clone(known.insert(Arc::clone(&assertion.client)));
        if !self.spend(&assertion).await? {
            return Err(not_the_client("assertion-replayed").into());
        }
        let claims = client.claims(Vec::new(), String::new(), 0);
        // Tokens are short-lived: without this, a region that is away for long
        // would take its machines with it.
        let stands_in = self.failed_home(claims.establishment.as_deref()).is_some();
        if self.belongs_here(&claims, stands_in).is_err() {
            return Err(no(
                "unauthorized_client",
                "region",
                "The client belongs to the door of another region: ask for the token there.",
            )
            .into());
        }
        let wanted = Scope::parse_all(asked.scope.as_deref().unwrap_or_default());
        let scopes = wanted.map(|wanted| granted(&wanted, &client.scopes)).unwrap_or_default();
        if scopes.is_empty() || scopes.len() > SCOPES_MAX {
            return Err(no(
                "invalid_scope",
                "scope",
                "None of these scopes is registered for the client: ask for such as system/*.rs, \
                 separated by spaces.",
            )
            .into());
        }
        Ok(scopes)
    }

    /// The assertion, verified.
    async fn proved(&self, authority: &Authority, asked: &TokenRequest) -> Result<Assertion, No> {
        match asked.grant_type.as_deref() {
            Some(GRANT_TYPE) => {}
            Some(_) => {
                return Err(no(
                    "unsupported_grant_type",
                    "grant-type",
                    "Tokens are given for grant_type=client_credentials only: ask for that.",
                ));
            }
            None => {
                return Err(no(
                    "invalid_request",
                    "request",
                    "The parameter grant_type is missing: send grant_type=client_credentials.",
                ));
            }
        }
        let text = match (asked.assertion_type.as_deref(), asked.assertion.as_deref()) {
            (Some(ASSERTION_TYPE), Some(text)) => text,
            _ => {
                return Err(no(
                    "invalid_client",
                    "assertion-missing",
                    "The client proves who it is by client_assertion and client_assertion_type: \
                     send both, as docs/tokens.md says.",
                ));
            }
        };
        let published = authority.clients.published_for(text);
        let verify = |now_s| authority.clients.verify(text, &authority.endpoints, now_s);
        let verified = self.verified(verify, published).await;
        verified.map_err(|why| not_the_client(&format!("assertion-{}", why.word())))
    }

    /// Remembers the assertion for as long as it could be used; `false` when it
    /// was used before. One conditional write, never repeated: after a lost reply
    /// our own could not be told from another's.
    async fn spend(&self, assertion: &Assertion) -> Result<bool, Why> {
        let mut hash = Sha256::new();
        hash.update(assertion.client.id.as_bytes());
        hash.update([0]);
        hash.update(assertion.id.as_bytes());
        let mut name = "CA#".to_owned();
        for byte in hash.finalize() {
            let _ = write!(name, "{byte:02x}");
        }
        let until_s = assertion.spent_after_s.saturating_add(ASSERTION_KEPT_S);
        let item = Item::default().with("ttl", Value::N(until_s));
        let write = Write::put(Key::new(name, "0"), item, Condition::Absent);
        match self.inner.access.write(write).await {
            Ok(()) => Ok(true),
            Err(TableError::Condition(_)) => Ok(false),
            Err(_) => Err(Why::Away(Refusal::unavailable(
                "The store cannot be reached just now: sign a new assertion and ask again.",
                RETRY_AFTER_S,
            ))),
        }
    }

    fn told(&self, client: Option<&Client>, token_id: &str, origin: &Origin) -> Entry {
        let now_ms = self.now_ms();
        let claims = client.map(|client| client.claims(Vec::new(), token_id.to_owned(), 0));
        let mut agent = claims.as_ref().map_or_else(Agent::unknown, Agent::from_claims);
        if let (Some(_), Some(authority)) = (client, &self.inner.authority) {
            agent.issuer = authority.issuer.url().to_owned();
        }
        let establishment = client.and_then(|held| held.establishment.as_deref());
        Entry {
            id: random_id(&self.inner.environment, now_ms),
            at_ms: u64::try_from(now_ms).unwrap_or_default(),
            region: self.inner.region.clone(),
            establishment: establishment.unwrap_or_default().to_owned(),
            agent,
            persons: Vec::new(),
            interaction: Interaction::Token,
            items: Vec::new(),
            query: Some(ASKED.to_owned()),
            purpose: client.map_or(access::claims::Purpose::Treatment, |held| held.purpose),
            basis: None,
            request_id: origin.request_id.clone(),
            network_address: origin.client_address.clone(),
            outcome: Outcome { status: 200, denied: None },
            decided: access::entry::Decided {
                stands_in_for: self.failed_home(establishment),
                ..access::entry::Decided::default()
            },
        }
    }
}

fn elsewhere() -> No {
    no(
        "unauthorized_client",
        "no-authority",
        "No tokens are given at this door: ask the issuer that your operator names.",
    )
}
