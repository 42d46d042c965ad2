//! One access as a sentence that a lay person understands: who looked, when, at
//! what, why and from where; what was refused, and emergencies, said plainly.

use std::collections::BTreeSet;

use access::claims::{Function, Purpose};
use access::entry::{Agent, Change, Entry, Interaction};
use access::review::Outcome;
use fhir::outcome::Language;
use regions::Directory;

use crate::zone::Zone;

mod english;
mod french;
#[cfg(test)]
mod tests;
mod words;

/// More kinds of information than these are told as several.
const SUBJECTS_TOLD_MAX: usize = 4;

/// To whom it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// To the person whose record it is: "your results".
    Own,
    /// To somebody else: "the person's results".
    Other,
}

/// What a sentence depends on besides the access.
#[derive(Clone, Debug)]
pub struct Telling<'a> {
    /// Names of regions and establishments.
    pub directory: &'a Directory,
    /// The clock on the wall.
    pub zone: Zone,
    /// French or English.
    pub language: Language,
    /// To whom.
    pub whose: Whose,
}

/// How an access stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It does not.
    Ordinary,
    /// An emergency was declared.
    Emergency,
    /// It was refused.
    Refused,
    /// It failed, or found nothing.
    Failed,
}

/// What was done, as far as a sentence tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Read,
    Versions,
    Search,
    Whole,
    Export,
    Add,
    Change,
    Remove,
    /// Changes of more than one kind at once.
    Write,
    AccessList,
    Review,
}

/// One line of the list of accesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The first access, milliseconds since 1970.
    pub from_ms: u64,
    /// The last one.
    pub to_ms: u64,
    /// How many accesses it tells of.
    pub count: usize,
    /// The day and the time.
    pub when: String,
    /// Name, role and establishment.
    pub who: String,
    /// What was done.
    pub what: String,
    /// What for.
    pub why: String,
    /// Region and network address.
    pub place: String,
    /// All of it as one sentence; more when an emergency was declared.
    pub sentence: String,
    /// How it stands out.
    pub kind: Kind,
    /// Ids of the entries.
    pub entries: Vec<String>,
}

/// The last review of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reviewed<'a> {
    /// Id of the entry.
    pub entry: &'a str,
    /// What was found.
    pub outcome: Outcome,
    /// When, milliseconds since 1970.
    pub at_ms: u64,
}

/// Accesses close to each other by one user are told in one line: so many
/// milliseconds from one to the next.
const GATHERED_WITHIN_MS: u64 = 30 * 60_000;

/// The line of one access to a person's record.
pub fn line(entry: &Entry, person: &str, reviews: &[Reviewed<'_>], telling: &Telling<'_>) -> Line {
    told(&[entry], person, reviews, telling)
}

/// The lines of these accesses, newest first as they are: those in a row, by one
/// user, alike and close to each other, are told in one line, with their number.
/// Every entry is in exactly one line.
pub fn gathered(
    entries: &[Entry],
    person: &str,
    reviews: &[Reviewed<'_>],
    telling: &Telling<'_>,
) -> Vec<Line> {
    let mut groups: Vec<Vec<&Entry>> = Vec::new();
    for entry in entries {
        let joins = groups.last().and_then(|group| group.last()).is_some_and(|last| {
            alike(last, entry)
                && last.at_ms.saturating_sub(entry.at_ms) <= GATHERED_WITHIN_MS
                && same_day(telling, last.at_ms, entry.at_ms)
        });
        match groups.last_mut() {
            Some(group) if joins => group.push(entry),
            _ => groups.push(vec![entry]),
        }
    }
    groups.iter().map(|group| told(group, person, reviews, telling)).collect()
}

fn same_day(telling: &Telling<'_>, one_ms: u64, other_ms: u64) -> bool {
    let (one, other) = (telling.zone.local(one_ms), telling.zone.local(other_ms));
    (one.year, one.month, one.day) == (other.year, other.month, other.day)
}

/// Whether two accesses can be told in one line: nothing about either stands
/// out, and both only looked.
fn alike(one: &Entry, other: &Entry) -> bool {
    let looks = |entry: &Entry| {
        kind(entry) == Kind::Ordinary
            && entry.decided.is_plain()
            && matches!(act(entry), Act::Read | Act::Versions | Act::Search)
    };
    looks(one)
        && looks(other)
        && same_agent(&one.agent, &other.agent)
        && one.establishment == other.establishment
        && one.region == other.region
        && one.network_address == other.network_address
        && one.purpose == other.purpose
        && one.basis == other.basis
}

fn same_agent(one: &Agent, other: &Agent) -> bool {
    one.subject == other.subject
        && one.issuer == other.issuer
        && one.function == other.function
        && one.client_id == other.client_id
        && one.name == other.name
}

fn kind(entry: &Entry) -> Kind {
    match entry.outcome.status {
        401 | 403 => Kind::Refused,
        status if status >= 400 => Kind::Failed,
        _ if entry.decided.emergency.is_some() => Kind::Emergency,
        _ => Kind::Ordinary,
    }
}

fn act(entry: &Entry) -> Act {
    let mut changes = [false; 3];
    for item in &entry.items {
        match item.change {
            Change::Created => changes = [true, changes[1], changes[2]],
            Change::Updated => changes = [changes[0], true, changes[2]],
            Change::Deleted => changes = [changes[0], changes[1], true],
            Change::Read => {}
        }
    }
    match changes {
        [true, false, false] => return Act::Add,
        [false, true, false] => return Act::Change,
        [false, false, true] => return Act::Remove,
        [false, false, false] => {}
        _ => return Act::Write,
    }
    match entry.interaction {
        Interaction::Read
        | Interaction::Vread
        | Interaction::Token
        | Interaction::Phase
        | Interaction::Restore => Act::Read,
        Interaction::HistoryInstance | Interaction::HistoryType | Interaction::HistorySystem => {
            Act::Versions
        }
        Interaction::Search | Interaction::SearchSystem => Act::Search,
        Interaction::Everything => Act::Whole,
        Interaction::Export | Interaction::Copy => Act::Export,
        Interaction::Create => Act::Add,
        Interaction::Update | Interaction::Patch => Act::Change,
        Interaction::Delete => Act::Remove,
        Interaction::Batch | Interaction::Transaction => Act::Write,
        Interaction::ReadAudit => Act::AccessList,
        Interaction::Review => Act::Review,
    }
}

/// What an access concerns of one person's record, in plain words; several types
/// have one.
fn subjects(entries: &[&Entry], person: &str) -> BTreeSet<words::Subject> {
    let mut subjects = BTreeSet::new();
    for entry in entries {
        let laboratory = entry.query.as_deref().is_some_and(words::asks_for_laboratory);
        let theirs = entry.items.iter().filter(|item| {
            let whose = item.person.and_then(|at| entry.persons.get(usize::from(at)));
            whose.is_some_and(|held| held == person)
        });
        let before = subjects.len();
        let mut any = false;
        for item in theirs {
            any = true;
            subjects.insert(words::subject(&item.resource_type, laboratory));
        }
        if !any && subjects.len() == before {
            let asked = entry.query.as_deref().and_then(words::type_asked);
            subjects.extend(asked.map(|name| words::subject(name, laboratory)));
        }
    }
    subjects
}

/// A group of accesses that are alike, newest first, as one line.
fn told(group: &[&Entry], person: &str, reviews: &[Reviewed<'_>], telling: &Telling<'_>) -> Line {
    let Some(newest) = group.first() else { return nothing() };
    let from_ms = group.last().map_or(newest.at_ms, |oldest| oldest.at_ms);
    let parts = Parts {
        entry: newest,
        act: match group {
            [one] => act(one),
            _ => Act::Read,
        },
        kind: kind(newest),
        from_ms,
        count: group.len(),
        subjects: subjects(group, person),
        review: reviews.iter().find(|review| review.entry == newest.id).copied(),
        establishment: establishment(telling, newest),
        region: region(telling, newest),
        by_the_person: newest.agent.function == Function::Patient && newest.outcome.status < 400,
    };
    let words = match telling.language {
        Language::French => french::told(&parts, telling),
        Language::English => english::told(&parts, telling),
    };
    Line {
        from_ms,
        to_ms: newest.at_ms,
        count: group.len(),
        when: words.when,
        who: words.who,
        what: words.what,
        why: words.why,
        place: words.place,
        sentence: words.sentence,
        kind: parts.kind,
        entries: group.iter().map(|entry| entry.id.clone()).collect(),
    }
}

fn nothing() -> Line {
    Line {
        from_ms: 0,
        to_ms: 0,
        count: 0,
        when: String::new(),
        who: String::new(),
        what: String::new(),
        why: String::new(),
        place: String::new(),
        sentence: String::new(),
        kind: Kind::Ordinary,
        entries: Vec::new(),
    }
}

/// What a language makes a line of.
struct Parts<'a> {
    entry: &'a Entry,
    act: Act,
    kind: Kind,
    from_ms: u64,
    count: usize,
    subjects: BTreeSet<words::Subject>,
    review: Option<Reviewed<'a>>,
    establishment: Option<String>,
    region: String,
    by_the_person: bool,
}

/// What a language made.
struct Words {
    when: String,
    who: String,
    what: String,
    why: String,
    place: String,
    sentence: String,
}

impl Parts<'_> {
    /// Whether "you" did it.
    fn by_you(&self, telling: &Telling<'_>) -> bool {
        self.by_the_person && telling.whose == Whose::Own
    }

    /// The name to show; `None` for somebody without one.
    fn name(&self) -> Option<&str> {
        let agent = &self.entry.agent;
        agent.name.as_deref().filter(|name| !name.trim().is_empty()).or_else(|| {
            let known = agent.function == Function::System && !agent.client_id.is_empty();
            known.then_some(agent.client_id.as_str())
        })
    }

    /// Whether the purpose says anything that who acted does not.
    fn has_purpose(&self) -> bool {
        !(self.by_the_person && self.entry.purpose == Purpose::PatientRequest)
    }
}

fn establishment(telling: &Telling<'_>, entry: &Entry) -> Option<String> {
    if entry.establishment.is_empty() {
        return None;
    }
    let name = match telling.directory.establishment(&entry.establishment) {
        Some((_, held)) => match telling.language {
            Language::French => held.name.fr.clone(),
            Language::English => held.name.en.clone(),
        },
        None => entry.establishment.clone(),
    };
    Some(name)
}

fn region(telling: &Telling<'_>, entry: &Entry) -> String {
    match telling.directory.region(&entry.region) {
        Some(held) => match telling.language {
            Language::French => held.name.fr.clone(),
            Language::English => held.name.en.clone(),
        },
        None => entry.region.clone(),
    }
}

/// The text as the beginning of a line.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
