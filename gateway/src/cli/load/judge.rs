//! What an answer says of each entry of a bundle.

use std::time::Duration;

use fhir::json::{Document, Value};
use fhir::limits::JsonLimits;
use fhir::resource::parse_instant;

use super::client::{Answer, is_success};
use super::count::Fate;
use super::limits::{ISSUES_TOLD_MAX, REASON_CHARS_MAX};
use super::parcel::{Parcel, Verb};
use super::retry::is_passing;

/// What an answer says.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Of each entry, what became of it; nothing of an entry that should be
    /// asked again.
    Entries(Vec<Option<Fate>>),
    /// Ask again, with all entries.
    Again {
        /// What the door asks to wait.
        after: Option<Duration>,
        /// HTTP status.
        status: u16,
        /// What it said.
        reason: String,
    },
    /// Nobody is let in with this token.
    Shut(String),
}

/// Judges the answer to a parcel. `since_ms` is the instant, by the door's
/// clock, before which nothing of this load can have been stored.
pub fn judge(parcel: &Parcel, answer: Answer, since_ms: i64) -> Verdict {
    let Answer { status, replayed, retry_after, body, next: _ } = answer;
    let document = Document::parse_bytes(body, &JsonLimits::default()).ok();
    let root = document.as_ref().map(Document::root);
    if !is_success(status) {
        let reason = reason(root).unwrap_or_else(|| format!("the door answered {status}"));
        if is_passing(status, retry_after) {
            return Verdict::Again { after: retry_after, status, reason };
        }
        if status == 401 {
            return Verdict::Shut(reason);
        }
        let refused = Fate::Refused { status: Some(status), reason };
        return Verdict::Entries(vec![Some(refused); parcel.items.len()]);
    }
    let answered = root.map_or(0, |root| root.each("entry").count());
    let Some(root) = root.filter(|_| answered == parcel.items.len()) else {
        let reason = format!(
            "The answer tells of {answered} entries and not of {}; look at what is in the record \
             and load it again.",
            parcel.items.len()
        );
        let refused = Fate::Refused { status: Some(status), reason };
        return Verdict::Entries(vec![Some(refused); parcel.items.len()]);
    };
    let entries = parcel.items.iter().zip(root.each("entry"));
    Verdict::Entries(
        entries.map(|(item, told)| fate(item.verb, told, replayed, since_ms)).collect(),
    )
}

/// What became of one entry; nothing when it should be asked again.
fn fate(verb: Verb, entry: Value<'_>, replayed: bool, since_ms: i64) -> Option<Fate> {
    let response = entry.get("response");
    let said = |name: &str| response.and_then(|response| response.get(name)?.as_str());
    let status: u16 = said("status").and_then(|text| text.get(..3)?.parse().ok()).unwrap_or(0);
    if is_passing(status, None) {
        return None;
    }
    if !is_success(status) {
        let reason = reason(response.and_then(|response| response.get("outcome")));
        let reason = reason.unwrap_or_else(|| "The door gave no reason.".to_owned());
        return Some(Fate::Refused { status: Some(status), reason });
    }
    // A kept answer is that of the first time. Whether that was this load, whose
    // connection was lost, is told by when the version was made.
    let made_ms = said("lastModified").and_then(|text| parse_instant(&text));
    let before = made_ms.map_or(replayed, |made_ms| made_ms < since_ms);
    Some(match (verb, status) {
        (Verb::Create | Verb::Update, _) if before => Fate::There,
        (Verb::Create | Verb::Update, 201) => Fate::Created,
        (Verb::Update, _) => Fate::Updated,
        (Verb::Create, _) => Fate::There,
        (Verb::Other, 204) if !replayed => Fate::Updated,
        (Verb::Other, _) => Fate::There,
    })
}

/// Whether an entry of a batch met somebody else's change.
pub fn is_conflict(fate: &Fate) -> bool {
    matches!(fate, Fate::Refused { status: Some(409), .. })
}

/// What an OperationOutcome says, with the elements that it names.
fn reason(outcome: Option<Value<'_>>) -> Option<String> {
    let said = outcome?.each("issue").take(ISSUES_TOLD_MAX).filter_map(|issue| {
        let details = || issue.get("details")?.get("text")?.as_str();
        let text = issue.get("diagnostics").and_then(Value::as_str).or_else(details)?;
        let at = issue.each("expression").next().and_then(Value::as_str);
        Some(at.map_or_else(|| text.to_string(), |at| format!("{text} [{at}]")))
    });
    let said: Vec<String> = said.collect();
    (!said.is_empty()).then(|| one_line(&said.join(" ")))
}

/// The text without line breaks, cut where it is too long for a list.
fn one_line(text: &str) -> String {
    let plain = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut plain: String = plain.take(REASON_CHARS_MAX + 1).collect();
    if plain.chars().count() > REASON_CHARS_MAX {
        plain.pop();
        plain.push('…');
    }
    plain
}
