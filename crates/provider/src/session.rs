//! A caller whose token was verified for one request.

use access::claims::{Claims, Purpose};
use access::entry::{Agent, Change, Entry, Interaction, ItemSeen, Outcome};
use access::scope::patient_context;
use contracts::Origin;
use std::collections::HashMap;
use std::sync::Arc;

use crate::limits::{ITEMS_PER_ENTRY_MAX, QUERY_BYTES_MAX};
use crate::sight::Sights;

/// A verified caller. Only [`crate::Provider::verify`] makes one.
#[derive(Clone, Debug)]
pub struct Session {
    pub(crate) claims: Arc<Claims>,
    pub(crate) origin: Arc<Origin>,
    /// What it is shown of charts, as far as that was asked.
    pub(crate) sights: Arc<Sights>,
}

impl Session {
    /// The one person to whose record its token is confined. An id that nobody
    /// has stands for a token that names nobody.
    pub(crate) fn confined_to(&self) -> Option<&str> {
        let own = if self.claims.function.is_confined() {
            self.claims.patient.as_deref()
        } else {
            patient_context(&self.claims)
        };
        if self.is_confined() { Some(own.unwrap_or_default()) } else { None }
    }

    /// Whether its token is confined to one person's record.
    pub(crate) fn is_confined(&self) -> bool {
        self.claims.function.is_confined() || patient_context(&self.claims).is_some()
    }
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

/// The entries that tell it, each with its own id from `ids`: one, or more when
/// it names more resources than an entry holds.
pub(crate) fn entries(
    session: &Session,
    region: &str,
    ids: &[String],
    at_ms: i64,
    mut told: Told,
) -> Vec<Entry> {
    let mut seen = std::mem::take(&mut told.seen).into_iter();
    let parts = ids.iter().map(|id| {
        let part = seen.by_ref().take(ITEMS_PER_ENTRY_MAX).collect();
        entry(session, region, id.clone(), at_ms, Told { seen: part, ..told.clone() })
    });
    parts.collect()
}

/// How many entries so many resources take.
pub(crate) fn entries_needed(items: usize) -> usize {
    items.div_ceil(ITEMS_PER_ENTRY_MAX).max(1)
}

fn entry(session: &Session, region: &str, id: String, at_ms: i64, told: Told) -> Entry {
    let mut persons: Vec<String> = Vec::new();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut number = |person: String, persons: &mut Vec<String>| {
        *numbers.entry(person).or_insert_with_key(|person| {
            persons.push(person.clone());
            persons.len() - 1
        })
    };
    for person in told.persons {
        number(person, &mut persons);
    }
    let mut items = Vec::with_capacity(told.seen.len());
    for seen in told.seen {
        let person = seen.person.map(|person| number(person, &mut persons));
        items.push(ItemSeen {
            resource_type: seen.resource_type,
            id: seen.id,
            version: seen.version,
            person: person.and_then(|at| u16::try_from(at).ok()),
            change: seen.change,
        });
    }
    let emergency = session.origin.emergency.as_deref();
    let (mut decided, of_view) = session.sights.told(&persons, emergency);
    decided.stands_in_for.clone_from(&session.origin.stands_in_for);
    // A denied access has no basis; a permitted one that of the whole decision.
    let basis = told.basis.map(|basis| of_view.unwrap_or(basis));
    let purpose = if emergency.is_some() { Purpose::Emergency } else { session.claims.purpose };
    Entry {
        id,
        at_ms: u64::try_from(at_ms).unwrap_or_default(),
        region: region.to_owned(),
        establishment: session.claims.establishment.clone().unwrap_or_default(),
        agent: Agent::from_claims(&session.claims),
        persons,
        interaction: told.interaction,
        items,
        query: told.query.map(shortened),
        purpose,
        basis,
        request_id: session.origin.request_id.clone(),
        network_address: session.origin.client_address.clone(),
        outcome: Outcome { status: told.status, denied: told.denied },
        decided,
    }
}

/// As much of a query as an entry keeps.
fn shortened(mut query: String) -> String {
    let mut bytes = QUERY_BYTES_MAX.min(query.len());
    while !query.is_char_boundary(bytes) {
        bytes -= 1;
    }
    query.truncate(bytes);
    query
}
