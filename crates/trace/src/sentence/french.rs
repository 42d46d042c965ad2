//! The sentence in French.

use access::claims::{Function, Purpose};
use access::review::Outcome;

use super::words::Subject;
use super::{Act, Kind, Parts, SUBJECTS_TOLD_MAX, Telling, Whose, Words, capital};
use crate::zone::{Local, Zone};

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// `26 novembre 2026`
pub fn day(at: Local) -> String {
    let month = usize::try_from(at.month - 1).ok().and_then(|at| MONTHS.get(at));
    let day = if at.day == 1 { "1er".to_owned() } else { at.day.to_string() };
    format!("{day} {} {}", month.unwrap_or(&""), at.year)
}

/// `14 h 05`
fn hour(at: Local, zone: &Zone) -> String {
    format!("{} h {:02}{}", at.hour, at.minute, zone.suffix())
}

pub fn told(parts: &Parts<'_>, telling: &Telling<'_>) -> Words {
    let entry = parts.entry;
    let to = telling.zone.local(entry.at_ms);
    let from = telling.zone.local(parts.from_ms);
    let when = if (from.hour, from.minute) == (to.hour, to.minute) {
        format!("{} à {}", day(to), hour(to, &telling.zone))
    } else {
        format!("{}, de {} à {}", day(to), hour(from, &telling.zone), hour(to, &telling.zone))
    };
    let who = who(parts, telling);
    let object = object(parts, telling);
    let why = if parts.has_purpose() { why(parts, telling) } else { String::new() };
    let (does, asks) = verbs(parts.act);
    let you = parts.by_you(telling);
    let mut what = match (parts.kind, you) {
        (Kind::Ordinary | Kind::Emergency, true) => format!("avez {does} {object}"),
        (Kind::Ordinary | Kind::Emergency, false) => format!("a {does} {object}"),
        (Kind::Refused | Kind::Failed, _) => format!("a demandé à {asks} {object}"),
    };
    if parts.count > 1 {
        what.push_str(&format!(" ({} accès)", parts.count));
    }
    let comma = if parts.by_the_person || who.1.is_empty() { "" } else { "," };
    let mut sentence = format!("Le {when}, {}{comma} {what}", joined(&who));
    if !why.is_empty() {
        sentence.push_str(&format!(" {why}"));
    }
    let ending = ending(parts);
    sentence.push_str(&ending);
    sentence.push('.');
    sentence.push_str(&remarks(parts, telling));
    what.push_str(&ending);
    Words {
        when: capital(&format!("le {when}")),
        who: capital(&joined(&who)),
        what: capital(&what),
        why: capital(&why),
        place: format!("{} (adresse {})", parts.region, entry.network_address),
        sentence,
    }
}

fn joined((name, role): &(String, String)) -> String {
    if role.is_empty() { name.clone() } else { format!("{name}, {role}") }
}

/// Name; role and establishment.
fn who(parts: &Parts<'_>, telling: &Telling<'_>) -> (String, String) {
    if parts.by_you(telling) {
        return ("vous".to_owned(), String::new());
    }
    let function = &parts.entry.agent.function;
    if parts.by_the_person {
        return ("la personne elle-même".to_owned(), String::new());
    }
    let nobody = "une personne sans nom connu";
    let name = match (function, parts.name()) {
        (Function::System, Some(name)) => format!("le système «\u{a0}{name}\u{a0}»"),
        (_, Some(name)) => name.to_owned(),
        (_, None) => nobody.to_owned(),
    };
    let role = match function {
        Function::System => "",
        Function::Other(code) if code == "unknown" => "",
        Function::Patient => "titulaire d'un dossier",
        other => access::audit_event::function_word(other),
    };
    let at = parts.establishment.as_deref().map(at).unwrap_or_default();
    (name, format!("{role} {at}").trim().to_owned())
}

/// `au CHUM`, `à l'Hôpital…`, by the first word of the name.
fn at(name: &str) -> String {
    let first = name.split([' ', '-', '\'']).next().unwrap_or_default().to_lowercase();
    match first.as_str() {
        "ciusss" | "cisss" | "centre" | "chu" | "chum" | "cusm" | "chsld" | "clsc" | "conseil"
        | "groupe" => format!("au {name}"),
        "hôpital" | "institut" | "établissement" => format!("à l'{name}"),
        "clinique" | "régie" | "maison" | "pharmacie" => format!("à la {name}"),
        _ => format!("({name})"),
    }
}

fn verbs(act: Act) -> (&'static str, &'static str) {
    match act {
        Act::Read | Act::Versions | Act::Whole => ("lu", "lire"),
        Act::Search | Act::AccessList => ("consulté", "consulter"),
        Act::Export => ("exporté", "exporter"),
        Act::Add => ("ajouté", "ajouter"),
        Act::Change => ("modifié", "modifier"),
        Act::Remove => ("supprimé", "supprimer"),
        Act::Write => ("ajouté ou modifié", "ajouter ou modifier"),
        Act::Review => ("examiné", "examiner"),
    }
}

fn object(parts: &Parts<'_>, telling: &Telling<'_>) -> String {
    let own = telling.whose == Whose::Own;
    let record = if own { "votre dossier" } else { "le dossier de la personne" };
    match parts.act {
        Act::Whole => {
            return if own { "tout votre dossier" } else { "tout le dossier de la personne" }
                .to_owned();
        }
        Act::AccessList => {
            let to = if own { "à votre dossier" } else { "au dossier de la personne" };
            return format!("la liste des accès {to}");
        }
        Act::Review => {
            let to = if own { "à votre dossier" } else { "au dossier de la personne" };
            return format!("un accès {to}");
        }
        _ => {}
    }
    let changes = matches!(parts.act, Act::Add | Act::Change | Act::Remove | Act::Write);
    let article = match (own, changes) {
        (_, true) => "des ",
        (true, false) => "vos ",
        (false, false) => "les ",
    };
    let named: Vec<&Subject> = parts.subjects.iter().collect();
    let mut text = match named.as_slice() {
        [] => return record.to_owned(),
        some if some.len() > SUBJECTS_TOLD_MAX => {
            return format!(
                "plusieurs parties {}",
                if own { "de votre dossier" } else { "du dossier de la personne" }
            );
        }
        [last] => with_article(article, last),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|one| with_article(article, one)).collect();
            format!("{} et {}", first.join(", "), with_article(article, last))
        }
    };
    if parts.act == Act::Versions {
        text.push_str(", avec les versions antérieures");
    }
    if changes {
        text.push_str(match (parts.act, own) {
            (Act::Remove, true) => " de votre dossier",
            (Act::Remove, false) => " du dossier de la personne",
            (_, true) => " dans votre dossier",
            (_, false) => " dans le dossier de la personne",
        });
    } else if !own {
        text.push_str(" de la personne");
    }
    text
}

fn with_article(article: &str, subject: &Subject) -> String {
    let other = subject.french.starts_with("autres ");
    let article = if other && article == "des " { "d'" } else { article };
    format!("{article}{}", subject.french)
}

fn why(parts: &Parts<'_>, telling: &Telling<'_>) -> String {
    let own = telling.whose == Whose::Own;
    let text = match parts.entry.purpose {
        Purpose::Treatment if own => "pour vous soigner",
        Purpose::Treatment => "pour la soigner",
        Purpose::Emergency if own => "pour vous soigner en urgence",
        Purpose::Emergency => "pour la soigner en urgence",
        Purpose::Teaching => "pour l'enseignement",
        Purpose::Administration => "pour l'administration de l'établissement",
        Purpose::Research => "pour une recherche scientifique",
        Purpose::Legal => "pour la vérification ou l'application de la loi",
        Purpose::PatientRequest if own => "à votre demande",
        Purpose::PatientRequest => "à la demande de la personne",
    };
    text.to_owned()
}

fn ending(parts: &Parts<'_>) -> String {
    let entry = parts.entry;
    match parts.kind {
        Kind::Ordinary | Kind::Emergency => String::new(),
        Kind::Refused => match entry.outcome.denied.as_deref().and_then(reason) {
            Some(reason) => format!("\u{a0}; l'accès a été refusé, car {reason}"),
            None => "\u{a0}; l'accès a été refusé".to_owned(),
        },
        Kind::Failed if matches!(entry.outcome.status, 404 | 410) => {
            "\u{a0}; rien n'a été montré".to_owned()
        }
        Kind::Failed => "\u{a0}; la demande n'a pas abouti".to_owned(),
    }
}

/// Why something was refused, from the journal's word for it.
fn reason(word: &str) -> Option<&'static str> {
    Some(match word {
        "scope" | "audit" | "audit-only" => "son autorisation ne le permet pas",
        "other-person" => "son autorisation ne vaut que pour un autre dossier",
        "purpose" | "research-purpose" => "le but déclaré ne le permet pas",
        "authorization" => "aucune autorisation n'était en vigueur",
        "age" => "la loi fixe à 14 ans l'âge d'accès à son propre dossier",
        "proxy" => "un parent ou mandataire n'y a plus accès à partir de 14 ans",
        "region" => "son établissement relève d'une autre région",
        "break-glass" => "seuls les cliniciens peuvent déclarer une urgence",
        "emergency-reason" => "le motif de l'urgence manquait",
        "self-grant" => "nul ne s'accorde des droits à soi-même",
        _ => return None,
    })
}

/// What follows the sentence: the emergency, its reason, its review.
fn remarks(parts: &Parts<'_>, telling: &Telling<'_>) -> String {
    let Some(emergency) = &parts.entry.decided.emergency else { return String::new() };
    let mut text =
        format!(" Une urgence a été déclarée, avec ce motif\u{a0}: «\u{a0}{emergency}\u{a0}».");
    if parts.kind != Kind::Emergency {
        return text;
    }
    if !parts.entry.decided.consents.is_empty() {
        text.push_str(" Une restriction d'accès a été levée pour cet accès seulement.");
    }
    match parts.review {
        None => text.push_str(" Cet accès doit être examiné par l'établissement."),
        Some(review) => {
            let on = day(telling.zone.local(review.at_ms));
            let found = match review.outcome {
                Outcome::Justified => "et jugé justifié",
                Outcome::NotJustified => "et jugé non justifié",
                Outcome::FollowUp => "et des vérifications sont en cours",
            };
            text.push_str(&format!(" Cet accès a été examiné le {on} {found}."));
        }
    }
    text
}
