//! Bearer tokens: signed JSON web tokens in the compact form (RFC 7515, 7519,
//! 9068), verified against configured issuers.
//!
//! An issuer's keys come from its configuration alone, or from the address
//! there: `jku`, `x5u`, `jwk` and `x5c` in a token are never followed.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::claims::Claims;
use crate::limits::{LEEWAY_S, TOKEN_BYTES_MAX, TOKEN_LIFE_S_MAX};

mod assertion;
pub mod base64url;
mod clients;
mod issuers;
mod keys;
mod keyset;
mod payload;
mod refusal;
mod remembered;
mod sign;
mod strict;
#[cfg(test)]
mod tests;

pub use assertion::Assertion;
pub use clients::{Client, Clients};
pub use issuers::{ConfigurationError, Issuer, Issuers, rehearsal_audience};
pub use keys::Algorithm;
pub use keyset::KeySet;
pub use refusal::Refusal;
pub use remembered::Remembering;
pub use sign::{SigningError, SigningIssuer};

/// Types of an access token (RFC 9068 §2.1).
const ACCESS_TYPES: [&str; 2] = ["jwt", "at+jwt"];

/// The token in the value of an `Authorization` header (RFC 6750 §2.1).
///
/// # Errors
/// [`Refusal::Missing`] without a header or with another scheme.
pub fn bearer(authorization: Option<&str>) -> Result<&str, Refusal> {
    let value = authorization.ok_or(Refusal::Missing)?;
    let (scheme, token) = value.split_once(' ').ok_or(Refusal::Missing)?;
    let token = token.trim_matches(' ');
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(token)
    } else {
        Err(Refusal::Missing)
    }
}

impl Issuers {
    /// Verifies a token at `now_s` (seconds since 1970) and says what it claims.
    ///
    /// # Errors
    /// A [`Refusal`], to be answered with 401.
    pub fn verify(&self, token: &str, now_s: i64) -> Result<Claims, Refusal> {
        let parts = Parts::of(token)?;
        let (algorithm, kid) = check_header(&parts.header, &ACCESS_TYPES)?;
        let issuer = self.issuer_of(&parts.payload).ok_or(Refusal::IssuerUnknown)?;
        parts.check_signature(issuer.keys(), algorithm, kid, now_s)?;
        let payload = &parts.payload;
        check_audience(payload, |audience| issuer.serves(audience))?;
        if check_audience(payload, |audience| issuer.serves_elsewhere(audience)).is_ok() {
            return Err(Refusal::Audience);
        }
        let (expires_s, issued_s) = check_times(payload, now_s)?;
        if expires_s.saturating_sub(issued_s.unwrap_or(now_s)) > TOKEN_LIFE_S_MAX + LEEWAY_S {
            return Err(Refusal::LivesTooLong);
        }
        payload::claims(payload)
    }

    /// The keys that this token says it is signed by one of, when they are
    /// published at an address: to be fetched after [`Refusal::KeyUnknown`],
    /// when [`KeySet::due_for_unknown`].
    pub fn published_for(&self, token: &str) -> Option<&Arc<KeySet>> {
        let parts = Parts::of(token).ok()?;
        let keys = self.issuer_of(&parts.payload)?.keys();
        keys.address().is_some().then_some(keys)
    }

    fn issuer_of(&self, payload: &Map<String, Value>) -> Option<&Issuer> {
        self.issuer(payload.get("iss")?.as_str()?)
    }
}

/// A signed token, taken apart; nothing of it is verified.
struct Parts<'t> {
    signed: &'t str,
    header: Map<String, Value>,
    payload: Map<String, Value>,
    signature: Vec<u8>,
}

impl<'t> Parts<'t> {
    fn of(token: &'t str) -> Result<Self, Refusal> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Refusal::TooLong);
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::Malformed);
        };
        let signed = token.get(..header.len() + 1 + payload.len()).ok_or(Refusal::Malformed)?;
        let header = object(header)?;
        let payload = object(payload)?;
        let signature = base64url::decode(signature).ok_or(Refusal::Malformed)?;
        Ok(Self { signed, header, payload, signature })
    }

    fn check_signature(
        &self,
        keys: &KeySet,
        algorithm: Algorithm,
        kid: &str,
        now_s: i64,
    ) -> Result<(), Refusal> {
        let key = keys.key(kid, now_s).ok_or(Refusal::KeyUnknown)?;
        if key.algorithm() != algorithm {
            return Err(Refusal::AlgorithmOfKey);
        }
        if !key.verifies(self.signed.as_bytes(), &self.signature) {
            return Err(Refusal::Signature);
        }
        Ok(())
    }
}

/// One part of the token as a JSON object without repeated members (RFC 7515
/// §4, RFC 7519 §4: a repetition may be refused, and here is).
fn object(part: &str) -> Result<Map<String, Value>, Refusal> {
    let bytes = base64url::decode(part).ok_or(Refusal::Malformed)?;
    strict::object(&bytes).map_err(|error| match error {
        strict::NotStrict::Duplicate => Refusal::DuplicateMember,
        strict::NotStrict::Malformed => Refusal::Malformed,
    })
}

/// The algorithm and the key that a header names. `types`: what `typ` may be.
fn check_header<'h>(
    header: &'h Map<String, Value>,
    types: &[&str],
) -> Result<(Algorithm, &'h str), Refusal> {
    // RFC 7515 §4.1.11: an extension marked critical that is not understood
    // makes the token invalid; none is understood here.
    if header.contains_key("crit") {
        return Err(Refusal::Critical);
    }
    // RFC 7519 §5.1, RFC 9068 §2.1. A token for another use (a logout token, a
    // proof of possession) bears another type and must not pass for an access.
    match header.get("typ") {
        None => {}
        Some(Value::String(typ)) => {
            let typ = typ.to_ascii_lowercase();
            let typ = typ.strip_prefix("application/").unwrap_or(&typ);
            if !types.contains(&typ) {
                return Err(Refusal::Type);
            }
        }
        Some(_) => return Err(Refusal::Type),
    }
    let algorithm = header
        .get("alg")
        .and_then(Value::as_str)
        .and_then(Algorithm::from_name)
        .ok_or(Refusal::AlgorithmUnsupported)?;
    let kid = header.get("kid").and_then(Value::as_str).ok_or(Refusal::KeyUnknown)?;
    Ok((algorithm, kid))
}

/// RFC 7519 §4.1.3: at least one audience of the token is meant for us.
fn check_audience(
    payload: &Map<String, Value>,
    ours: impl Fn(&str) -> bool,
) -> Result<(), Refusal> {
    let meant = match payload.get("aud") {
        Some(Value::String(audience)) => ours(audience),
        Some(Value::Array(audiences)) => {
            let mut named = audiences.iter().map(Value::as_str);
            if audiences.iter().any(|each| !each.is_string()) {
                return Err(Refusal::Claim("aud"));
            }
            named.any(|audience| audience.is_some_and(&ours))
        }
        _ => false,
    };
    if meant { Ok(()) } else { Err(Refusal::Audience) }
}

/// RFC 7519 §4.1.4 to §4.1.6, with [`LEEWAY_S`] for clocks that differ: `exp`
/// and `iat`.
fn check_times(payload: &Map<String, Value>, now_s: i64) -> Result<(i64, Option<i64>), Refusal> {
    let expires_s = payload::seconds(payload, "exp")?.ok_or(Refusal::Claim("exp"))?;
    if now_s >= expires_s.saturating_add(LEEWAY_S) {
        return Err(Refusal::Expired);
    }
    for name in ["nbf", "iat"] {
        if let Some(start_s) = payload::seconds(payload, name)?
            && start_s.saturating_sub(LEEWAY_S) > now_s
        {
            return Err(Refusal::NotYetValid);
        }
    }
    Ok((expires_s, payload::seconds(payload, "iat")?))
}
