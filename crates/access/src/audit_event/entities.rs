//! What an access was about: the person, the resources, the query, the request.

use serde_json::{Value, json};

use super::{Part, is_query, words};
use crate::entry::{Entry, ItemSeen};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub fn entities(entry: &Entry, part: &Part<'_>) -> Vec<Value> {
    let mut entities = Vec::new();
    if part.subtype.is_query() {
        // BALP: the one system object of a query is its text.
        entities.extend(part.items.iter().map(|item| named(item)));
    } else if let [item] = part.items.as_slice() {
        entities.push(data(&version_of(item)));
    } else if let Some(first) = part.items.first() {
        // BALP: one system object; the versions that were seen of it stand by.
        entities.push(data(&format!("{}/{}", first.resource_type, first.id)));
        entities.extend(part.items.iter().map(|item| named(item)));
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
        // BALP lets nothing else stand there; the access has an event of its own.
        return entities;
    }
    // A query that was refused before it was parsed still says what was asked.
    // Of anything else the question is no system object: BALP has one, the data.
    let asked = entry.query.as_deref().or(is_query(entry.interaction).then_some("?"));
    if let Some(query) = asked {
        let kind = match part.subtype.is_query() || part.items.is_empty() {
            true => words::SYSTEM_OBJECT,
            false => words::ASKED,
        };
        entities.push(json!({
            "type": kind.coding(),
            "role": words::QUERY.coding(),
            "query": base64(query.as_bytes()),
        }));
    }
    entities.push(json!({
        "what": {"identifier": {"value": entry.request_id}},
        "type": words::REQUEST_ID.coding(),
    }));
    if part.subtype == words::Subtype::Delete
        && let Some(token_id) = &entry.agent.token_id
    {
        entities.push(json!({
            "what": {"identifier": {"value": token_id}},
            "type": words::TOKEN.coding(),
        }));
    }
    let basis = entry.basis.map(|basis| json!({"type": "basis", "valueString": basis.code()}));
    let reason = entry.decided.emergency.as_ref().filter(|reason| !reason.is_empty());
    let reason = reason.map(|reason| json!({"type": "emergency", "valueString": reason}));
    let failed = entry.decided.stands_in_for.as_ref();
    let failed = failed.map(|code| json!({"type": "stands-in-for-region", "valueString": code}));
    let detail: Vec<Value> = basis.into_iter().chain(reason).chain(failed).collect();
    if !detail.is_empty() {
        entities.push(json!({"type": words::DECISION.coding(), "detail": detail}));
    }
    entities
}

fn version_of(item: &ItemSeen) -> String {
    format!("{}/{}/_history/{}", item.resource_type, item.id, item.version)
}

/// BALP's system object: what was read or changed.
fn data(what: &str) -> Value {
    json!({
        "what": {"reference": what},
        "type": words::SYSTEM_OBJECT.coding(),
        "role": words::DOMAIN_RESOURCE.coding(),
    })
}

/// What was seen besides, by its own type.
fn named(item: &ItemSeen) -> Value {
    json!({
        "what": {"reference": version_of(item)},
        "type": {"system": crate::systems::RESOURCE_TYPES, "code": item.resource_type},
        "role": words::DOMAIN_RESOURCE.coding(),
    })
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
