//! Verifying a caller.

use crate::convert::random_id;
use crate::decide::sentence;
use crate::provider::Provider;
use crate::session::Session;
use access::claims::{Claims, Function};
use access::entry::{Agent, Entry, Interaction, Outcome};
use chart::Environment;
use chart::table::Table;
use contracts::{Origin, Refusal};
use regions::Action;
use std::sync::Arc;

fn unauthorized(refused: &access::token::Refusal) -> Refusal {
    use access::token::Refusal as Why;
    match refused {
        Why::Missing => Refusal::token_needed(),
        Why::Expired => Refusal::token_expired(),
        other => Refusal::token_refused(&sentence(&other.to_string())),
    }
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `tokens.verify`.
    pub async fn verify(
        &self,
        authorization: Option<&str>,
        origin: &Origin,
    ) -> Result<Session, Refusal> {
        let origin = Arc::new(origin.clone());
        let claims = match self.known(authorization).await {
            Ok(claims) => claims,
            Err(refused) => {
                // The caller is told less: the journal's reader must know more.
                let reason = format!("token-{}", refused.word());
                let refusal = unauthorized(&refused);
                return Err(self.turned_away(&origin, None, &reason, refusal).await);
            }
        };
        if !origin.any_door
            && let Err(refusal) = self.belongs_here(&claims, origin.stands_in_for.is_some())
        {
            return Err(self.turned_away(&origin, Some(&claims), "region", refusal).await);
        }
        Ok(Session { claims, origin, sights: Arc::default() })
    }

    async fn known(
        &self,
        authorization: Option<&str>,
    ) -> Result<Arc<Claims>, access::token::Refusal> {
        let token = access::token::bearer(authorization)?;
        let issuers = &self.inner.issuers;
        // Only a token whose key is not known is looked at for its issuer.
        let first = issuers.verify(token, self.now_ms() / 1000);
        if !matches!(first, Err(access::token::Refusal::KeyUnknown)) {
            return first;
        }
        let published = issuers.issuers().published_for(token);
        self.verified(|now_s| issuers.verify(token, now_s), published).await
    }

    /// Whom a token names, if it is good: for a door that passes a request on
    /// to the gateway that answers it. Journals nothing, since nothing is
    /// answered by it. A token for the other kind of door, one that rehearses or
    /// one that does not, is told too: here it opens nothing.
    pub async fn bearer(&self, authorization: Option<&str>) -> Option<Arc<Claims>> {
        match self.known(authorization).await {
            Err(access::token::Refusal::Audience) => {
                let token = access::token::bearer(authorization).ok()?;
                let elsewhere = self.inner.elsewhere.as_ref()?;
                elsewhere.verify(token, self.now_ms() / 1000).ok()
            }
            found => found.ok(),
        }
    }

    /// What the directory is asked about a caller's request.
    pub(crate) fn aimed<'a>(
        &'a self,
        establishment: &'a str,
        stands_in: bool,
        writes: bool,
    ) -> regions::Request<'a> {
        let asked = regions::Request::new(establishment, &self.inner.region);
        regions::Request { writes, hop: stands_in, ..asked }
    }

    /// The region of an establishment, when it is away and this door stands in
    /// for it.
    pub(crate) fn failed_home(&self, establishment: Option<&str>) -> Option<String> {
        let down = self.away();
        let asked = regions::Request::new(establishment?, &self.inner.region);
        let asked = regions::Request { forwards: true, down: &down, ..asked };
        let decision = self.atlas().directory.route(&asked);
        decision.region.filter(|_| decision.reason == regions::Reason::StandIn)
    }

    /// A request belongs to the region of its token's establishment. Patients,
    /// auditors and systems may have none: the record is central, and any door
    /// serves them. `stands_in`: the door does so for another region.
    pub(crate) fn belongs_here(&self, claims: &Claims, stands_in: bool) -> Result<(), Refusal> {
        let Some(establishment) = &claims.establishment else {
            return match claims.function {
                Function::Patient | Function::Proxy | Function::Auditor | Function::System => {
                    Ok(())
                }
                _ => Err(Refusal::forbidden(
                    "The token names no establishment. Ask its issuer for one: it decides the \
                     region.",
                )),
            };
        };
        let asked = self.aimed(establishment, stands_in, false);
        let decision = self.atlas().directory.route(&asked);
        match decision.action {
            Action::Serve => Ok(()),
            _ => Err(Refusal::forbidden(decision.text)),
        }
    }

    async fn turned_away(
        &self,
        origin: &Origin,
        claims: Option<&Claims>,
        reason: &str,
        refusal: Refusal,
    ) -> Refusal {
        let now_ms = self.now_ms();
        let entry = Entry {
            id: random_id(&self.inner.environment, now_ms),
            at_ms: u64::try_from(now_ms).unwrap_or_default(),
            region: self.inner.region.clone(),
            establishment: claims.and_then(|held| held.establishment.clone()).unwrap_or_default(),
            agent: claims.map_or_else(Agent::unknown, Agent::from_claims),
            persons: Vec::new(),
            interaction: Interaction::Read,
            items: Vec::new(),
            query: None,
            purpose: claims.map_or(access::claims::Purpose::Treatment, |held| held.purpose),
            basis: None,
            request_id: origin.request_id.clone(),
            network_address: origin.client_address.clone(),
            outcome: Outcome { status: refusal.status.code(), denied: Some(reason.to_owned()) },
            decided: access::entry::Decided {
                emergency: origin.emergency.clone(),
                consents: Vec::new(),
                stands_in_for: origin.stands_in_for.clone(),
            },
        };
        match self.journaled(&entry).await {
            Ok(()) => refusal,
            Err(unavailable) => unavailable,
        }
    }

    /// `session.claims`.
    pub fn claims(&self, session: &Session) -> contracts::Claims {
        session.claims()
    }
}

impl Session {
    /// What the token says.
    pub fn claims(&self) -> contracts::Claims {
        let claims = &self.claims;
        contracts::Claims {
            subject: claims.subject.clone(),
            name: claims.name.clone(),
            function: claims.function.code().to_owned(),
            establishment: claims.establishment.clone(),
            patient: claims.patient.clone(),
            scopes: claims.scopes.iter().map(ToString::to_string).collect(),
            client_id: claims.client_id.clone(),
        }
    }
}
