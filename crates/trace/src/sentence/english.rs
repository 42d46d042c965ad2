//! The sentence in English.

use access::claims::{Function, Purpose};
use access::review::Outcome;

use super::words::Subject;
use super::{Act, Kind, Parts, SUBJECTS_TOLD_MAX, Telling, Whose, Words, capital};
use crate::zone::{Local, Zone};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `November 26, 2026`
pub fn day(at: Local) -> String {
    let month = usize::try_from(at.month - 1).ok().and_then(|at| MONTHS.get(at));
    format!("{} {}, {}", month.unwrap_or(&""), at.day, at.year)
}

/// `2:05 p.m.`
fn hour(at: Local, zone: &Zone) -> String {
    let (half, of) = if at.hour < 12 { ("a.m.", at.hour) } else { ("p.m.", at.hour - 12) };
    let of = if of == 0 { 12 } else { of };
    format!("{of}:{:02} {half}{}", at.minute, zone.suffix())
}

pub fn told(parts: &Parts<'_>, telling: &Telling<'_>) -> Words {
    let entry = parts.entry;
    let to = telling.zone.local(entry.at_ms);
    let from = telling.zone.local(parts.from_ms);
    let when = if (from.hour, from.minute) == (to.hour, to.minute) {
        format!("{} at {}", day(to), hour(to, &telling.zone))
    } else {
        format!("{}, from {} to {}", day(to), hour(from, &telling.zone), hour(to, &telling.zone))
    };
    let (name, role) = who(parts, telling);
    let who = if role.is_empty() { name } else { format!("{name}, {role}") };
    let object = object(parts, telling);
    let why = if parts.has_purpose() { why(parts, telling) } else { String::new() };
    let (did, to_do) = verbs(parts.act);
    let mut what = match parts.kind {
        Kind::Ordinary | Kind::Emergency => format!("{did} {object}"),
        Kind::Refused | Kind::Failed => format!("asked to {to_do} {object}"),
    };
    if parts.count > 1 {
        what.push_str(&format!(" ({} accesses)", parts.count));
    }
    let comma = if role.is_empty() { "" } else { "," };
    let mut sentence = format!("On {when}, {who}{comma} {what}");
    if !why.is_empty() {
        sentence.push_str(&format!(" {why}"));
    }
    let ending = ending(parts);
    sentence.push_str(&ending);
    sentence.push('.');
    sentence.push_str(&remarks(parts, telling));
    what.push_str(&ending);
    Words {
        when,
        who: capital(&who),
        what: capital(&what),
        why: capital(&why),
        place: format!("{} (address {})", parts.region, entry.network_address),
        sentence,
    }
}

/// Name; role and establishment.
fn who(parts: &Parts<'_>, telling: &Telling<'_>) -> (String, String) {
    if parts.by_you(telling) {
        return ("you".to_owned(), String::new());
    }
    if parts.by_the_person {
        return ("the person".to_owned(), String::new());
    }
    let function = &parts.entry.agent.function;
    let name = match (function, parts.name()) {
        (Function::System, Some(name)) => format!("the system \"{name}\""),
        (_, Some(name)) => name.to_owned(),
        (_, None) => "somebody without a known name".to_owned(),
    };
    let role = match function {
        Function::Physician => "physician",
        Function::Nurse => "nurse",
        Function::Pharmacist => "pharmacist",
        Function::Patient => "holder of a record",
        Function::Auditor => "reviewer of accesses",
        Function::Proxy => "parent or mandatary",
        Function::Researcher => "researcher",
        Function::System => "",
        Function::Other(code) if code == "unknown" => "",
        Function::Other(code) => code,
    };
    let at = parts.establishment.as_deref().map(|name| format!("at {name}")).unwrap_or_default();
    (name, format!("{role} {at}").trim().to_owned())
}

fn verbs(act: Act) -> (&'static str, &'static str) {
    match act {
        Act::Read | Act::Versions | Act::Whole => ("read", "read"),
        Act::Search | Act::AccessList => ("looked at", "look at"),
        Act::Export => ("exported", "export"),
        Act::Add => ("added", "add"),
        Act::Change => ("changed", "change"),
        Act::Remove => ("removed", "remove"),
        Act::Write => ("added or changed", "add or change"),
        Act::Review => ("reviewed", "review"),
    }
}

fn object(parts: &Parts<'_>, telling: &Telling<'_>) -> String {
    let whose = match telling.whose {
        Whose::Own => "your",
        Whose::Other => "the person's",
    };
    match parts.act {
        Act::Whole => return format!("{whose} whole record"),
        Act::AccessList => return format!("the list of accesses to {whose} record"),
        Act::Review => return format!("an access to {whose} record"),
        _ => {}
    }
    let changes = matches!(parts.act, Act::Add | Act::Change | Act::Remove | Act::Write);
    let named: Vec<&Subject> = parts.subjects.iter().collect();
    let all = match named.as_slice() {
        [] => return format!("{whose} record"),
        some if some.len() > SUBJECTS_TOLD_MAX => {
            return format!("several parts of {whose} record");
        }
        [last] => last.english.to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(|one| one.english).collect();
            format!("{} and {}", first.join(", "), last.english)
        }
    };
    match (parts.act, changes) {
        (Act::Remove, _) => format!("{all} from {whose} record"),
        (Act::Add, _) => format!("{all} to {whose} record"),
        (_, true) => format!("{all} in {whose} record"),
        (Act::Versions, _) => format!("{whose} {all}, with earlier versions"),
        _ => format!("{whose} {all}"),
    }
}

fn why(parts: &Parts<'_>, telling: &Telling<'_>) -> String {
    let own = telling.whose == Whose::Own;
    let text = match parts.entry.purpose {
        Purpose::Treatment if own => "to care for you",
        Purpose::Treatment => "to care for the person",
        Purpose::Emergency if own => "to care for you in an emergency",
        Purpose::Emergency => "to care for the person in an emergency",
        Purpose::Teaching => "for teaching",
        Purpose::Administration => "for the administration of the establishment",
        Purpose::Research => "for scientific research",
        Purpose::Legal => "for review or as the law requires",
        Purpose::PatientRequest if own => "at your request",
        Purpose::PatientRequest => "at the person's request",
    };
    text.to_owned()
}

fn ending(parts: &Parts<'_>) -> String {
    let entry = parts.entry;
    match parts.kind {
        Kind::Ordinary | Kind::Emergency => String::new(),
        Kind::Refused => match entry.outcome.denied.as_deref().and_then(reason) {
            Some(reason) => format!("; access was refused, because {reason}"),
            None => "; access was refused".to_owned(),
        },
        Kind::Failed if matches!(entry.outcome.status, 404 | 410) => {
            "; nothing was shown".to_owned()
        }
        Kind::Failed => "; the request did not succeed".to_owned(),
    }
}

/// Why something was refused, from the journal's word for it.
fn reason(word: &str) -> Option<&'static str> {
    Some(match word {
        "scope" | "audit" | "audit-only" => "their authorization does not allow it",
        "other-person" => "their authorization is for another record only",
        "purpose" | "research-purpose" => "the declared purpose does not allow it",
        "authorization" => "no authorization was in force",
        "age" => "the law sets 14 years as the age of access to one's own record",
        "proxy" => "a parent or mandatary has no such access any more from 14 years on",
        "region" => "their establishment belongs to another region",
        "break-glass" => "only clinicians can declare an emergency",
        "emergency-reason" => "the reason of the emergency was missing",
        "self-grant" => "nobody gives rights to themselves",
        _ => return None,
    })
}

/// What follows the sentence: the emergency, its reason, its review.
fn remarks(parts: &Parts<'_>, telling: &Telling<'_>) -> String {
    let Some(emergency) = &parts.entry.decided.emergency else { return String::new() };
    let mut text = format!(" An emergency was declared, for this reason: \"{emergency}\".");
    if parts.kind != Kind::Emergency {
        return text;
    }
    if !parts.entry.decided.consents.is_empty() {
        text.push_str(" A restriction was lifted for this access only.");
    }
    match parts.review {
        None => text.push_str(" The establishment has to review this access."),
        Some(review) => {
            let on = day(telling.zone.local(review.at_ms));
            let found = match review.outcome {
                Outcome::Justified => "and found justified",
                Outcome::NotJustified => "and found not justified",
                Outcome::FollowUp => "and is being looked into further",
            };
            text.push_str(&format!(" This access was reviewed on {on} {found}."));
        }
    }
    text
}
