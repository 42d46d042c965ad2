//! Bearer tokens: signed JSON web tokens in the compact form (RFC 7515, 7519,
//! 9068), verified against configured issuers.
//!
//! An issuer's keys come from its configuration alone: `jku`, `x5u`, `jwk` and
//! `x5c` in a token are never followed.

use serde_json::{Map, Value};

use crate::claims::Claims;
use crate::limits::{LEEWAY_S, TOKEN_BYTES_MAX, TOKEN_LIFE_S_MAX};

pub mod base64url;
mod issuers;
mod keys;
mod payload;
mod refusal;
mod remembered;
mod sign;
mod strict;
#[cfg(test)]
mod tests;

pub use issuers::{ConfigurationError, Issuer, Issuers};
pub use keys::Algorithm;
pub use refusal::Refusal;
pub use remembered::Remembering;
pub use sign::{DevelopmentIssuer, SigningError};

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

        let (algorithm, kid) = check_header(&header)?;
        let issuer = payload
            .get("iss")
            .and_then(Value::as_str)
            .and_then(|url| self.issuer(url))
            .ok_or(Refusal::IssuerUnknown)?;
        let key = issuer.key(kid).ok_or(Refusal::KeyUnknown)?;
        if key.algorithm() != algorithm {
            return Err(Refusal::AlgorithmOfKey);
        }
        if !key.verifies(signed.as_bytes(), &signature) {
            return Err(Refusal::Signature);
        }
        check_audience(&payload, issuer)?;
        check_times(&payload, now_s)?;
        payload::claims(&payload)
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

fn check_header(header: &Map<String, Value>) -> Result<(Algorithm, &str), Refusal> {
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
            if typ != "jwt" && typ != "at+jwt" {
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
fn check_audience(payload: &Map<String, Value>, issuer: &Issuer) -> Result<(), Refusal> {
    let meant = match payload.get("aud") {
        Some(Value::String(audience)) => issuer.serves(audience),
        Some(Value::Array(audiences)) => {
            let mut named = audiences.iter().map(Value::as_str);
            if audiences.iter().any(|each| !each.is_string()) {
                return Err(Refusal::Claim("aud"));
            }
            named.any(|audience| audience.is_some_and(|audience| issuer.serves(audience)))
        }
        _ => false,
    };
    if meant { Ok(()) } else { Err(Refusal::Audience) }
}

/// RFC 7519 §4.1.4 to §4.1.6, with [`LEEWAY_S`] for clocks that differ.
fn check_times(payload: &Map<String, Value>, now_s: i64) -> Result<(), Refusal> {
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
    let issued_s = payload::seconds(payload, "iat")?.unwrap_or(now_s);
    if expires_s.saturating_sub(issued_s) > TOKEN_LIFE_S_MAX + LEEWAY_S {
        return Err(Refusal::LivesTooLong);
    }
    Ok(())
}
