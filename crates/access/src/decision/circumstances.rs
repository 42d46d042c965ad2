//! What a decision depends on besides the token and what is intended.

use std::sync::Arc;

use fhir::search::DateRange;

use crate::authorization::Authorization;
use crate::facts::Code;
use crate::restriction::Restriction;
use crate::systems::{DIAGNOSTIC_SERVICE, OBSERVATION_CATEGORY};

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// What is known when a chart is opened. For resources of nobody the fields
/// about the person are empty.
#[derive(Clone, Debug)]
pub struct Circumstances<'a> {
    /// The present (Unix, milliseconds).
    pub now_ms: i64,
    /// The person's `birthDate`, as precise as it is known.
    pub birth_date: Option<&'a str>,
    /// Whether the person has died.
    pub deceased: bool,
    /// What the Consents of the chart ask for, all of them.
    pub restrictions: Arc<[Restriction]>,
    /// Authorizations that may be the caller's.
    pub authorizations: &'a [Authorization],
    /// What the region and the record have settled.
    pub settings: Arc<Settings>,
    /// Whose door the request came through.
    pub door: Door,
    /// The written reason with which the caller declares an emergency.
    pub emergency: Option<&'a str>,
}

/// Whether the door at which the caller stands is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// It serves the region of the token's establishment, or the token names none.
    Serves,
    /// It serves another region.
    Elsewhere,
}

/// What is settled for a region.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long results wait before the person, or who stands in for them, sees
    /// them; the longest that fits a result counts.
    pub release_delays: Vec<ReleaseDelay>,
    /// Age in years from which a person opens their own record (art. 21: 14).
    pub age_of_access: u16,
    /// Types of which a proxy keeps sight from that age on.
    pub proxy_keeps: Vec<String>,
    /// Base addresses under which this record is known, without a slash at the end.
    pub own_bases: Vec<String>,
}

impl Default for Settings {
    /// No delays, 14 years, and a proxy keeps nothing.
    fn default() -> Self {
        Self {
            release_delays: Vec::new(),
            age_of_access: 14,
            proxy_keeps: Vec::new(),
            own_bases: Vec::new(),
        }
    }
}

/// How long results of a kind wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseDelay {
    /// Their type.
    pub resource_type: String,
    /// Their category, any of these; every category when there is none.
    pub categories: Vec<Code>,
    /// Milliseconds from the issue of a result.
    pub delay_ms: i64,
}

impl ReleaseDelay {
    /// The delays of a kind that a region file names (`laboratory`, `imaging`,
    /// `pathology`, `document`); none for a kind that is not known here.
    pub fn of_kind(kind: &str, days: u16) -> Vec<Self> {
        let services = |codes: &[&str]| {
            codes.iter().map(|code| Code::new(DIAGNOSTIC_SERVICE, code)).collect::<Vec<_>>()
        };
        let observed = |code| vec![Code::new(OBSERVATION_CATEGORY, code)];
        let kinds: Vec<(&str, Vec<Code>)> = match kind {
            "laboratory" => vec![
                ("Observation", observed("laboratory")),
                (
                    "DiagnosticReport",
                    services(&[
                        "LAB", "CH", "HM", "MB", "IMM", "SR", "TX", "BLB", "CG", "GE", "VR",
                    ]),
                ),
            ],
            "imaging" => vec![
                ("Observation", observed("imaging")),
                ("ImagingStudy", Vec::new()),
                (
                    "DiagnosticReport",
                    services(&[
                        "RAD", "CT", "NMR", "NMS", "RUS", "OUS", "VUS", "RX", "XRC", "CUS", "IMG",
                    ]),
                ),
            ],
            "pathology" => {
                vec![("DiagnosticReport", services(&["PAT", "SP", "CP"]))]
            }
            "document" => vec![("DocumentReference", Vec::new())],
            _ => Vec::new(),
        };
        let delay_ms = i64::from(days) * DAY_MS;
        let delays = kinds.into_iter().filter(|_| days > 0);
        delays
            .map(|(kind, categories)| Self { resource_type: kind.to_owned(), categories, delay_ms })
            .collect()
    }
}

/// How old the person is, as far as access goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// Surely under the age of access.
    Under,
    /// Surely of that age or more.
    Of,
    /// The date of birth does not tell.
    Unknown,
}

impl Circumstances<'_> {
    pub(super) fn age(&self) -> Age {
        let Some(birthday) =
            self.birth_date.and_then(|born| birthday(born, self.settings.age_of_access))
        else {
            return Age::Unknown;
        };
        // A day that is known begins the age; of a month or a year it must be over.
        let known = self.birth_date.is_some_and(|born| born.len() == 10);
        let reached_ms = if known { birthday.lower_ms } else { birthday.upper_ms };
        match self.now_ms {
            now if now >= reached_ms => Age::Of,
            now if now < birthday.lower_ms => Age::Under,
            _ => Age::Unknown,
        }
    }
}

/// The day, month or year in which somebody born then is `years` old.
fn birthday(born: &str, years: u16) -> Option<DateRange> {
    let (year, rest) = born.split_at_checked(4)?;
    let year: u16 = year.parse().ok()?;
    let year = year.checked_add(years)?;
    // Who was born on a leap day has a birthday every year.
    DateRange::parse(&format!("{year:04}{rest}"))
        .or_else(|| (rest == "-02-29").then(|| DateRange::parse(&format!("{year:04}-03-01")))?)
}
