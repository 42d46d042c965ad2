//! An access entry as FHIR R4 AuditEvents, by the IHE Basic Audit Log Patterns
//! (BALP): what an auditor or the person themself is shown.
//!
//! A read or query gives one AuditEvent per person, or one without a person; a
//! commit gives one per resource that it changed. The n-th of an entry has the
//! id `<entry id>.<n>`, from 0, for ever.

use serde_json::{Value, json};

use crate::claims::Function;
use crate::entry::{Change, Entry, Interaction, ItemSeen};

mod agents;
mod entities;
#[cfg(test)]
mod tests;
mod words;

pub use words::function as function_word;

/// When an access was, as FHIR writes it: milliseconds since 1970 in, an instant
/// in UTC out.
pub fn instant(at_ms: u64) -> String {
    fhir::resource::instant(i64::try_from(at_ms).unwrap_or(i64::MAX))
}

/// The purpose of an access as a Coding of v3-ActReason.
pub fn purpose_coding(purpose: crate::claims::Purpose) -> Value {
    words::purpose(purpose).coding()
}

/// The gateway that served an access, as the audit names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Base of its FHIR endpoint, a URL.
    pub base: String,
    /// Name to show.
    pub name: String,
}

/// What one AuditEvent of an entry is about.
struct Part<'a> {
    /// The interaction as BALP's subtype names it.
    subtype: words::Subtype,
    person: Option<&'a str>,
    items: Vec<&'a ItemSeen>,
}

/// Every AuditEvent of an entry, in the order of their ids.
pub fn render(entry: &Entry, server: &Server) -> Vec<Value> {
    let parts = parts(entry).into_iter().enumerate();
    parts.map(|(number, part)| event(entry, server, number, &part)).collect()
}

/// The AuditEvents of an entry that concern one person: what that person may
/// be shown of an access that concerned others as well.
pub fn render_for(entry: &Entry, server: &Server, person: &str) -> Vec<Value> {
    let parts = parts(entry).into_iter().enumerate();
    let theirs = parts.filter(|(_, part)| part.person == Some(person));
    theirs.map(|(number, part)| event(entry, server, number, &part)).collect()
}

/// The n-th AuditEvent, by an id that [`render`] gave.
pub fn render_one(entry: &Entry, server: &Server, id: &str) -> Option<Value> {
    let (entry_id, number) = id.rsplit_once('.')?;
    let wanted: usize = number.parse().ok()?;
    if entry_id != entry.id || number != wanted.to_string() {
        return None;
    }
    parts(entry).get(wanted).map(|part| event(entry, server, wanted, part))
}

fn person_of<'a>(entry: &'a Entry, item: &ItemSeen) -> Option<&'a str> {
    entry.persons.get(usize::from(item.person?)).map(String::as_str)
}

fn parts(entry: &Entry) -> Vec<Part<'_>> {
    let changed = entry.items.iter().filter(|item| item.change != Change::Read);
    let changed = changed.map(|item| Part {
        subtype: words::Subtype::of_change(item.change),
        person: person_of(entry, item),
        items: vec![item],
    });
    let mut changed: Vec<Part<'_>> = changed.collect();
    let subtype = words::Subtype::of_interaction(entry.interaction);
    if !changed.is_empty() {
        changed.extend(of_decision(entry));
        // Whose record it touched without changing anything in it is told last,
        // so that the numbers before stay.
        for person in &entry.persons {
            if !changed.iter().any(|part| part.person == Some(person)) {
                changed.push(Part { subtype, person: Some(person), items: Vec::new() });
            }
        }
        return changed;
    }
    let mut parts: Vec<Part<'_>> = Vec::new();
    for person in &entry.persons {
        let theirs = entry.items.iter().filter(|item| person_of(entry, item) == Some(person));
        parts.push(Part { subtype, person: Some(person), items: theirs.collect() });
    }
    let nobodys = entry.items.iter().filter(|item| person_of(entry, item).is_none());
    let nobodys: Vec<&ItemSeen> = nobodys.collect();
    if parts.is_empty() || !nobodys.is_empty() {
        parts.push(Part { subtype, person: None, items: nobodys });
    }
    parts.extend(of_decision(entry));
    parts
}

/// What there is to tell of the decision itself: that a Consent had a part in
/// it, and that an emergency was declared. Of several people it is not said
/// whose Consent it was, since each of them reads of the others' nothing.
fn of_decision(entry: &Entry) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let part = |subtype, person| Part { subtype, person, items: Vec::new() };
    if !entry.decided.consents.is_empty() {
        let person = match entry.persons.as_slice() {
            [person] => Some(person.as_str()),
            _ => None,
        };
        parts.push(part(words::Subtype::AuthzConsent, person));
    }
    if entry.decided.emergency.is_some() {
        let persons = entry.persons.iter().map(|person| Some(person.as_str()));
        let persons: Vec<Option<&str>> = persons.collect();
        let persons = if persons.is_empty() { vec![None] } else { persons };
        parts.extend(persons.into_iter().map(|person| part(words::Subtype::BreakGlass, person)));
    }
    parts
}

fn event(entry: &Entry, server: &Server, number: usize, part: &Part<'_>) -> Value {
    let subtype = part.subtype;
    let mut event = json!({
        "resourceType": "AuditEvent",
        "id": format!("{}.{number}", entry.id),
        "meta": {"profile": profile(entry, part)},
        "language": "fr-CA",
        "text": {"status": "generated", "div": narrative(entry, part)},
        "type": subtype.event_type().coding(),
        "subtype": subtype.codes().into_iter().map(words::Word::coding).collect::<Vec<_>>(),
        "action": subtype.action(),
        "recorded": instant(entry.at_ms),
        "outcome": outcome_code(entry.outcome.status),
        "purposeOfEvent": [{"coding": [words::purpose(entry.purpose).coding()]}],
        "agent": agents::agents(entry, server, subtype),
        "source": {
            "site": site(entry),
            "observer": observer(entry, server),
            "type": [words::APPLICATION_SERVER.coding()],
        },
        "entity": entities::entities(entry, part),
    });
    if profile(entry, part).is_empty()
        && let Some(members) = event.as_object_mut()
    {
        members.remove("meta");
    }
    if let (Some(why), Some(members)) = (&entry.outcome.denied, event.as_object_mut()) {
        members.insert("outcomeDesc".to_owned(), json!(why));
    }
    event
}

/// Who recorded it.
fn observer(entry: &Entry, server: &Server) -> Value {
    json!({
        "identifier": {"system": words::REGION_SYSTEM, "value": entry.region},
        "display": server.name,
    })
}

/// BALP's profile for the interaction, if it has one; the Patient ones when a
/// person is named. Those of interactions are for what succeeded: what was
/// denied or failed has the same form, its outcome and why (`outcomeDesc`).
fn profile(entry: &Entry, part: &Part<'_>) -> Vec<String> {
    let of_decision = part.subtype == words::Subtype::AuthzConsent;
    if !of_decision && entry.outcome.status >= 400 {
        return Vec::new();
    }
    // What has no person or no user is decided by no pattern of theirs; nor is a
    // read or a change that met nothing.
    let by_itself = entry.agent.function == Function::System;
    if of_decision && (part.person.is_none() || by_itself) {
        return Vec::new();
    }
    if !of_decision && !part.subtype.is_query() && part.items.is_empty() {
        return Vec::new();
    }
    let patient = if part.person.is_some() && !of_decision { "Patient" } else { "" };
    let url = |pattern| {
        format!(
            "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.{patient}{pattern}"
        )
    };
    part.subtype.pattern().map(url).into_iter().collect()
}

/// Value set audit-event-outcome: 4 when the caller was at fault, 8 when the
/// record could not serve.
fn outcome_code(status: u16) -> &'static str {
    match status {
        0..400 => "0",
        400..500 => "4",
        _ => "8",
    }
}

fn site(entry: &Entry) -> String {
    if entry.establishment.is_empty() { entry.region.clone() } else { entry.establishment.clone() }
}

/// One French sentence for the person whose record it is.
fn narrative(entry: &Entry, part: &Part<'_>) -> String {
    let name = entry.agent.name.as_deref().unwrap_or(match entry.agent.function {
        Function::System => entry.agent.client_id.as_str(),
        _ => "Personne non identifiée",
    });
    let what = match part.items.as_slice() {
        [] => String::new(),
        [item] => format!(" — {}/{}", item.resource_type, item.id),
        items => format!(" — {} ressources", items.len()),
    };
    let outcome = if entry.outcome.status >= 400 { " — accès refusé" } else { "" };
    let sentence = format!(
        "{name} ({}), {} : {}{what} — {}{outcome}",
        words::function(&entry.agent.function),
        site(entry),
        part.subtype.word().french,
        words::purpose(entry.purpose).french,
    );
    format!(
        r#"<div xmlns="http://www.w3.org/1999/xhtml" lang="fr-CA" xml:lang="fr-CA">{}</div>"#,
        escape(&sentence)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Whether BALP calls it a query: its entry holds a query text, or should.
fn is_query(interaction: Interaction) -> bool {
    matches!(
        interaction,
        Interaction::Search
            | Interaction::SearchSystem
            | Interaction::ReadAudit
            | Interaction::Everything
            | Interaction::HistoryType
            | Interaction::HistorySystem
            | Interaction::Export
    )
}
