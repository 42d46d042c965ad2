//! The assertion by which a client proves who it is at the token endpoint
//! (RFC 7523 §3; SMART App Launch 2.2, Asymmetric Authentication).

use std::sync::Arc;

use super::clients::{Client, Clients};
use super::keyset::KeySet;
use super::refusal::Refusal;
use super::{Parts, check_audience, check_header, check_times, payload};
use crate::limits::{ASSERTION_LIFE_S_MAX, LEEWAY_S};

/// What `typ` may be: SMART says `JWT`.
const ASSERTION_TYPES: [&str; 2] = ["jwt", "client-authentication+jwt"];

/// A verified assertion. It may be used once: whoever takes it must remember its
/// id until it has expired.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// Who it is.
    pub client: Arc<Client>,
    /// Its id (`jti`), unique among the client's.
    pub id: String,
    /// From then on it is refused as expired, clocks that differ included;
    /// seconds since 1970.
    pub spent_after_s: i64,
}

impl Clients {
    /// Verifies an assertion at `now_s` (seconds since 1970), meant for one of
    /// these token endpoints.
    ///
    /// # Errors
    /// A [`Refusal`], to be answered with `invalid_client`.
    pub fn verify(
        &self,
        assertion: &str,
        endpoints: &[String],
        now_s: i64,
    ) -> Result<Assertion, Refusal> {
        let parts = Parts::of(assertion)?;
        let (algorithm, kid) = check_header(&parts.header, &ASSERTION_TYPES)?;
        let client = self.client_of(&parts).ok_or(Refusal::IssuerUnknown)?;
        parts.check_signature(client.keys(), algorithm, kid, now_s)?;
        let payload = &parts.payload;
        if payload::needed(payload, "sub")? != client.id {
            return Err(Refusal::Claim("sub"));
        }
        check_audience(payload, |audience| endpoints.iter().any(|held| held == audience))?;
        let (expires_s, _) = check_times(payload, now_s)?;
        if expires_s.saturating_sub(now_s) > ASSERTION_LIFE_S_MAX + LEEWAY_S {
            return Err(Refusal::LivesTooLong);
        }
        Ok(Assertion {
            client: Arc::clone(client),
            id: payload::needed(payload, "jti")?,
            spent_after_s: expires_s.saturating_add(LEEWAY_S),
        })
    }

    /// As [`super::Issuers::published_for`], of an assertion.
    pub fn published_for(&self, assertion: &str) -> Option<&Arc<KeySet>> {
        let parts = Parts::of(assertion).ok()?;
        let keys = self.client_of(&parts)?.keys();
        keys.address().is_some().then_some(keys)
    }

    fn client_of(&self, parts: &Parts<'_>) -> Option<&Arc<Client>> {
        self.client(parts.payload.get("iss")?.as_str()?)
    }
}

#[cfg(test)]
mod tests;
