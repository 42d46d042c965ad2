//! From a verified payload to claims. The names are listed in docs/tokens.md.

use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::claims::{Claims, Function, Purpose};
use crate::limits::{CLAIM_BYTES_MAX, SCOPES_MAX};
use crate::scope::Scope;

/// A NumericDate (RFC 7519 §2), cut to whole seconds.
pub fn seconds(payload: &Map<String, Value>, name: &'static str) -> Result<Option<i64>, Refusal> {
    match payload.get(name) {
        None => Ok(None),
        Some(value) => {
            let number = value.as_f64().ok_or(Refusal::Claim(name))?;
            // Beyond this a float no longer tells seconds apart, and sums overflow.
            if !(0.0..=9.0e15).contains(&number) {
                return Err(Refusal::Claim(name));
            }
            Ok(Some(number.floor() as i64))
        }
    }
}

/// What the payload claims.
pub fn claims(payload: &Map<String, Value>) -> Result<Claims, Refusal> {
    let function = Function::from_code(&needed(payload, "function")?);
    let purpose = match text(payload, "purpose")? {
        Some(code) => Purpose::from_code(&code).ok_or(Refusal::Claim("purpose"))?,
        None => function.usual_purpose(),
    };
    let scopes = text_within(payload, "scope", usize::MAX)?.unwrap_or_default();
    let scopes = Scope::parse_all(&scopes).map_err(Refusal::Scope)?;
    let patient = text(payload, "patient")?;
    if scopes.len() > SCOPES_MAX {
        return Err(Refusal::Claim("scope"));
    }
    // Such a token confined to nobody would be confined to nothing.
    if patient.is_none() && function.is_confined() {
        return Err(Refusal::Claim("patient"));
    }
    if patient.as_deref().is_some_and(|id| !is_fhir_id(id)) {
        return Err(Refusal::Claim("patient"));
    }
    Ok(Claims {
        subject: needed(payload, "sub")?,
        name: text(payload, "name")?,
        fhir_user: text(payload, "fhirUser")?,
        function,
        licence: text(payload, "licence")?,
        establishment: text(payload, "establishment")?,
        purpose,
        patient,
        client_id: needed(payload, "client_id")?,
        scopes,
        token_id: text(payload, "jti")?,
        issuer: needed(payload, "iss")?,
        expires_at_s: seconds(payload, "exp")?.ok_or(Refusal::Claim("exp"))?,
        issued_at_s: seconds(payload, "iat")?,
    })
}

/// A claim that must be there.
pub fn needed(payload: &Map<String, Value>, name: &'static str) -> Result<String, Refusal> {
    text(payload, name)?.ok_or(Refusal::Claim(name))
}

fn text(payload: &Map<String, Value>, name: &'static str) -> Result<Option<String>, Refusal> {
    text_within(payload, name, CLAIM_BYTES_MAX)
}

/// A claim that is a text without control characters, which end up in logs and
/// audits; absent, or neither empty nor longer than `bytes_max`.
fn text_within(
    payload: &Map<String, Value>,
    name: &'static str,
    bytes_max: usize,
) -> Result<Option<String>, Refusal> {
    match payload.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text))
            if !text.is_empty()
                && text.len() <= bytes_max
                && !text.chars().any(char::is_control) =>
        {
            Ok(Some(text.clone()))
        }
        Some(_) => Err(Refusal::Claim(name)),
    }
}

/// FHIR R4 §2.24.0.1, type `id`.
fn is_fhir_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
}
