//! An access entry as FHIR R4 Provenances: what was changed, by whom and why,
//! for those who may see the record but not who looked at it.
//!
//! An entry gives one Provenance for each person and kind of change among what
//! it changed; the n-th has the id `own-<entry id>.<n>`, from 0, for ever.

use serde_json::{Value, json};

use crate::audit_event::{Server, function_word, instant, purpose_coding};
use crate::claims::Function;
use crate::entry::{Change, Entry, ItemSeen};
use crate::origin::{OWN_PROVENANCE_PREFIX, own_provenance_id};

#[cfg(test)]
mod tests;

const OPERATION: &str = "http://terminology.hl7.org/CodeSystem/v3-DataOperation";
const PARTICIPANT: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";

/// What one Provenance of an entry is about.
struct Part<'e> {
    person: Option<&'e str>,
    change: Change,
    items: Vec<&'e ItemSeen>,
}

/// Every Provenance of an entry, in the order of their ids; none when it
/// changed nothing.
pub fn render(entry: &Entry, server: &Server) -> Vec<Value> {
    let parts = parts(entry).into_iter().enumerate();
    parts.map(|(number, part)| provenance(entry, server, number, &part)).collect()
}

/// The Provenances of an entry that concern one person's record.
pub fn render_for(entry: &Entry, server: &Server, person: &str) -> Vec<Value> {
    let parts = parts(entry).into_iter().enumerate();
    let theirs = parts.filter(|(_, part)| part.person == Some(person));
    theirs.map(|(number, part)| provenance(entry, server, number, &part)).collect()
}

/// The Provenance with an id that [`render`] gave.
pub fn render_one(entry: &Entry, server: &Server, id: &str) -> Option<Value> {
    let (entry_id, wanted) = entry_of(id)?;
    let part = parts(entry).into_iter().nth(wanted).filter(|_| entry_id == entry.id)?;
    Some(provenance(entry, server, wanted, &part))
}

/// The entry and number of an id that [`render`] gave.
pub fn entry_of(id: &str) -> Option<(&str, usize)> {
    let (entry_id, number) = id.strip_prefix(OWN_PROVENANCE_PREFIX)?.rsplit_once('.')?;
    let wanted: usize = number.parse().ok()?;
    (number == wanted.to_string()).then_some((entry_id, wanted))
}

fn parts(entry: &Entry) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    if entry.outcome.status >= 400 {
        return parts;
    }
    for item in entry.items.iter().filter(|item| item.change != Change::Read) {
        let person = item.person.and_then(|at| entry.persons.get(usize::from(at)));
        let person = person.map(String::as_str);
        match parts.iter_mut().find(|part| part.person == person && part.change == item.change) {
            Some(part) => part.items.push(item),
            None => parts.push(Part { person, change: item.change, items: vec![item] }),
        }
    }
    parts
}

fn provenance(entry: &Entry, server: &Server, number: usize, part: &Part<'_>) -> Value {
    let at = instant(entry.at_ms);
    let targets = part.items.iter().map(|item| {
        let what = format!("{}/{}/_history/{}", item.resource_type, item.id, item.version);
        json!({"reference": what})
    });
    let (code, display) = match part.change {
        Change::Created | Change::Read => ("CREATE", "create"),
        Change::Updated => ("UPDATE", "revise"),
        Change::Deleted => ("DELETE", "delete"),
    };
    json!({
        "resourceType": "Provenance",
        "id": format!("{}.{number}", own_provenance_id(&entry.id)),
        "meta": {"versionId": "1", "lastUpdated": at},
        "target": targets.collect::<Vec<_>>(),
        "occurredDateTime": at,
        "recorded": at,
        "reason": [{"coding": [purpose_coding(entry.purpose)]}],
        "activity": {"coding": [{"system": OPERATION, "code": code, "display": display}]},
        "agent": agents(entry, server),
        "entity": [{"role": "source", "what": {
            "identifier": {"system": "urn:dossier:request-id", "value": entry.request_id},
        }}],
    })
}

/// Who changed it, by what application, and the record that kept it.
fn agents(entry: &Entry, server: &Server) -> Vec<Value> {
    let agent = &entry.agent;
    let mut agents = Vec::new();
    let behalf = (!entry.establishment.is_empty())
        .then(|| json!({"identifier": {"value": entry.establishment}}));
    if agent.function != Function::System {
        let mut who = json!({"identifier": identifier(&agent.issuer, &agent.subject)});
        if let (Some(name), Some(members)) = (&agent.name, who.as_object_mut()) {
            members.insert("display".to_owned(), json!(name));
        }
        let mut author = json!({
            "type": participant("author", "Author"),
            "role": [{"text": function_word(&agent.function)}],
            "who": who,
        });
        if let (Some(behalf), Some(members)) = (&behalf, author.as_object_mut()) {
            members.insert("onBehalfOf".to_owned(), behalf.clone());
        }
        agents.push(author);
    }
    let mut application = json!({
        "type": participant("enterer", "Enterer"),
        "who": {"identifier": identifier(&agent.issuer, &agent.client_id)},
    });
    if let (true, Some(behalf), Some(members)) =
        (agents.is_empty(), behalf, application.as_object_mut())
    {
        members.insert("onBehalfOf".to_owned(), behalf);
    }
    agents.push(application);
    agents.push(json!({
        "type": participant("custodian", "Custodian"),
        "who": {"display": server.name},
    }));
    agents
}

fn participant(code: &str, display: &str) -> Value {
    json!({"coding": [{"system": PARTICIPANT, "code": code, "display": display}]})
}

fn identifier(system: &str, value: &str) -> Value {
    let value = if value.is_empty() { "unknown" } else { value };
    if system.is_empty() {
        json!({"value": value})
    } else {
        json!({"system": system, "value": value})
    }
}
