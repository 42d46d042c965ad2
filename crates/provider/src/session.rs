//! A caller whose token was verified for one request.

use access::claims::Claims;
use access::entry::{Agent, Change, Entry, Interaction, ItemSeen, Outcome};
use contracts::Origin;
use std::sync::Arc;

/// A verified caller. Only [`crate::Provider::verify`] makes one.
#[derive(Clone, Debug)]
pub struct Session {
    pub(crate) claims: Arc<Claims>,
    pub(crate) origin: Arc<Origin>,
}

/// One resource that was seen, before persons are numbered.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub resource_type: String,
    pub id: String,
    pub version: u64,
    pub person: Option<String>,
    pub change: Change,
}

/// What an entry says beyond who and whence.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub interaction: Interaction,
    pub query: Option<String>,
    pub persons: Vec<String>,
    pub seen: Vec<Seen>,
    pub basis: Option<access::entry::Basis>,
    pub status: u16,
    pub denied: Option<String>,
}

/// The entry that tells it.
pub(crate) fn entry(session: &Session, region: &str, id: String, at_ms: i64, told: Told) -> Entry {
    let mut persons = told.persons;
    let mut items = Vec::with_capacity(told.seen.len());
    for seen in told.seen {
        let person = seen.person.and_then(|person| {
            let at = persons.iter().position(|held| *held == person).unwrap_or_else(|| {
                persons.push(person);
                persons.len() - 1
            });
            u16::try_from(at).ok()
        });
        items.push(ItemSeen {
            resource_type: seen.resource_type,
            id: seen.id,
            version: seen.version,
            person,
            change: seen.change,
        });
    }
    Entry {
        id,
        at_ms: u64::try_from(at_ms).unwrap_or_default(),
        region: region.to_owned(),
        establishment: session.claims.establishment.clone().unwrap_or_default(),
        agent: Agent::from_claims(&session.claims),
        persons,
        interaction: told.interaction,
        items,
        query: told.query,
        purpose: session.claims.purpose,
        basis: told.basis,
        request_id: session.origin.request_id.clone(),
        network_address: session.origin.client_address.clone(),
        outcome: Outcome { status: told.status, denied: told.denied },
    }
}
