//! What an access was about: the person, the resources, the query, the request.

use serde_json::{Value, json};

use super::{Part, is_query, words};
use crate::entry::Entry;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub fn entities(entry: &Entry, part: &Part<'_>) -> Vec<Value> {
    let mut entities = Vec::new();
    for item in &part.items {
        let version = item.version;
        let what = format!("{}/{}/_history/{version}", item.resource_type, item.id);
        entities.push(json!({
            "what": {"reference": what},
            "type": words::SYSTEM_OBJECT.coding(),
            "role": words::DOMAIN_RESOURCE.coding(),
        }));
    }
    if let Some(person) = part.person {
        entities.push(json!({
            "what": {"reference": format!("Patient/{person}")},
            "type": words::PERSON.coding(),
            "role": words::PATIENT.coding(),
        }));
    }
    if part.subtype == words::Subtype::AuthzConsent {
        for consent in &entry.decided.consents {
            entities.push(json!({
                "what": {"reference": consent},
                "type": words::CONSENT.coding(),
            }));
        }
    }
    // A query that was refused before it was parsed still says what was asked.
    let asked = entry.query.as_deref().or(is_query(entry.interaction).then_some("?"));
    if let Some(query) = asked {
        entities.push(json!({
            "type": words::SYSTEM_OBJECT.coding(),
            "role": words::QUERY.coding(),
            "query": base64(query.as_bytes()),
        }));
    }
    let mut request = json!({
        "what": {"identifier": {"value": entry.request_id}},
        "type": words::REQUEST_ID.coding(),
    });
    let basis = entry.basis.map(|basis| json!({"type": "basis", "valueString": basis.code()}));
    let reason = entry.decided.emergency.as_ref().filter(|reason| !reason.is_empty());
    let reason = reason.map(|reason| json!({"type": "emergency", "valueString": reason}));
    let failed = entry.decided.stands_in_for.as_ref();
    let failed = failed.map(|code| json!({"type": "stands-in-for-region", "valueString": code}));
    let detail: Vec<Value> = basis.into_iter().chain(reason).chain(failed).collect();
    if let (false, Some(members)) = (detail.is_empty(), request.as_object_mut()) {
        members.insert("detail".to_owned(), json!(detail));
    }
    entities.push(request);
    entities
}

/// Base64 with padding (RFC 4648 §4), as FHIR's base64Binary asks.
pub fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let held = group.iter().fold(0_u32, |held, byte| (held << 8) | u32::from(*byte))
            << (8 * (3 - group.len()));
        for at in 0..4 {
            let index = usize::try_from((held >> (18 - 6 * at)) & 63).unwrap_or(0);
            let letter = ALPHABET.get(index).copied().unwrap_or(b'A');
            text.push(if at <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}
