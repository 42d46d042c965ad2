//! Layout 1 of entries: every item spelt out, between the interaction and the
//! query. Read, no longer written.

use serde::Deserialize;

use super::{Agent, Basis, Entry, Interaction, ItemSeen, Outcome, id};
use crate::claims::Purpose;

/// Its first byte.
pub(super) const LAYOUT: u8 = 1;

#[derive(Deserialize)]
struct Spelt {
    #[serde(with = "id::packed")]
    id: String,
    at_ms: u64,
    region: String,
    establishment: String,
    agent: Agent,
    persons: Vec<String>,
    interaction: Interaction,
    items: Vec<ItemSeen>,
    query: Option<String>,
    purpose: Purpose,
    basis: Option<Basis>,
    request_id: String,
    network_address: String,
    outcome: Outcome,
}

/// Reads what follows the first byte.
pub(super) fn read(bytes: &[u8]) -> Option<Entry> {
    let Ok((spelt, [])) = postcard::take_from_bytes::<Spelt>(bytes) else { return None };
    Some(Entry {
        id: spelt.id,
        at_ms: spelt.at_ms,
        region: spelt.region,
        establishment: spelt.establishment,
        agent: spelt.agent,
        persons: spelt.persons,
        interaction: spelt.interaction,
        items: spelt.items,
        query: spelt.query,
        purpose: spelt.purpose,
        basis: spelt.basis,
        request_id: spelt.request_id,
        network_address: spelt.network_address,
        outcome: spelt.outcome,
        decided: super::Decided::default(),
    })
}
