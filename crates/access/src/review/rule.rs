//! What puts an access on the list.

use serde::{Deserialize, Serialize};

use crate::claims::Function;
use crate::entry::{Change, Entry, Interaction, ItemSeen};

/// A rule. The order is that of the stored form: append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Rule {
    /// An emergency was declared (art. 7).
    BreakGlass,
    /// Somebody met what is withheld from them, by writing where it is.
    Collision,
    /// Staff opened what looks like their own record.
    OwnRecord,
    /// The family names of user and person have a part in common.
    SameFamilyName,
    /// User and person live at one address.
    SameAddress,
    /// The chart tells of no care by the user or their establishment.
    NoCareRelation,
    /// One user opened many charts within an hour or a day.
    Volume,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 7] = [
        Self::BreakGlass,
        Self::Collision,
        Self::OwnRecord,
        Self::SameFamilyName,
        Self::SameAddress,
        Self::NoCareRelation,
        Self::Volume,
    ];

    /// The word for it in requests and answers.
    pub fn code(self) -> &'static str {
        match self {
            Self::BreakGlass => "break-glass",
            Self::Collision => "collision",
            Self::OwnRecord => "own-record",
            Self::SameFamilyName => "same-family-name",
            Self::SameAddress => "same-address",
            Self::NoCareRelation => "no-care-relation",
            Self::Volume => "volume",
        }
    }

    /// The rule of this word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.code() == code)
    }

    /// How reviewers read it, in French.
    pub fn french(self) -> &'static str {
        match self {
            Self::BreakGlass => "accès d'urgence (bris de glace)",
            Self::Collision => "écriture là où se trouve un renseignement restreint",
            Self::OwnRecord => "son propre dossier",
            Self::SameFamilyName => "même nom de famille",
            Self::SameAddress => "même adresse",
            Self::NoCareRelation => "aucun lien de soins connu au dossier",
            Self::Volume => "nombre inhabituel de dossiers ouverts",
        }
    }

    /// How reviewers read it, in English.
    pub fn english(self) -> &'static str {
        match self {
            Self::BreakGlass => "emergency access (break-glass)",
            Self::Collision => "a write where withheld information is",
            Self::OwnRecord => "own record",
            Self::SameFamilyName => "same family name",
            Self::SameAddress => "same address",
            Self::NoCareRelation => "no care relation known in the chart",
            Self::Volume => "unusual number of charts opened",
        }
    }
}

/// Why an access is on the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// By which rule.
    pub rule: Rule,
    /// Of [`Rule::Volume`]: how many charts.
    pub charts: u32,
    /// Of the others: to whose record, an index into the entry's persons.
    pub person: Option<u16>,
}

impl Finding {
    pub(super) fn of(rule: Rule, person: Option<usize>) -> Self {
        Self { rule, charts: 0, person: person.and_then(|at| u16::try_from(at).ok()) }
    }
}

/// The journal's word for a write that met what is withheld.
const COLLISION: &str = "collision";

/// What the entry tells by itself.
pub fn by_itself(entry: &Entry) -> Vec<Finding> {
    let mut findings = Vec::new();
    if entry.decided.emergency.is_some() && succeeded(entry) {
        findings.push(Finding::of(Rule::BreakGlass, None));
    }
    if entry.outcome.denied.as_deref() == Some(COLLISION) {
        findings.push(Finding::of(Rule::Collision, None));
    }
    findings
}

fn succeeded(entry: &Entry) -> bool {
    entry.outcome.status < 400
}

/// Whose charts an access opened, by their place among the entry's persons. A
/// search for people that shows nothing but who they are opens none; nor does
/// the making of a new chart, what was refused, and what concerns the list of
/// accesses.
pub fn charts_opened(entry: &Entry) -> Vec<usize> {
    let staff = !matches!(
        entry.agent.function,
        Function::Patient | Function::Proxy | Function::System | Function::Auditor
    );
    let aside = matches!(
        entry.interaction,
        Interaction::ReadAudit
            | Interaction::Review
            | Interaction::Token
            | Interaction::Phase
            | Interaction::Copy
            | Interaction::Restore
    );
    if !staff || aside || !succeeded(entry) {
        return Vec::new();
    }
    let search = matches!(entry.interaction, Interaction::Search | Interaction::SearchSystem);
    let opened = |at: &usize| {
        let theirs = |person: Option<u16>| person.is_some_and(|held| usize::from(held) == *at);
        let more =
            entry.items.iter().any(|item| theirs(item.person) && item.resource_type != "Patient");
        let new = |item: &ItemSeen| {
            theirs(item.person) && item.resource_type == "Patient" && item.change == Change::Created
        };
        (more || !search) && !entry.items.iter().any(new)
    };
    (0..entry.persons.len()).filter(opened).collect()
}
