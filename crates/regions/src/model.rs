//! What the directory holds.

use serde::Deserialize;

/// A name in the two languages of the interface.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Name {
    /// French, shown by default.
    pub fr: String,
    /// English, where there is a customary English name; the French one
    /// otherwise.
    pub en: String,
}

/// How far a region is on its way into the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Named, but without a door: every request is refused.
    Planned,
    /// Its people practise behind their own door, on tables of its own and never
    /// on the central record; with tokens of its own.
    Rehearsal,
    /// In use.
    Live,
    /// Reads are served, writes are refused.
    Paused,
}

impl Phase {
    /// The word of the region file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Rehearsal => "rehearsal",
            Self::Live => "live",
            Self::Paused => "paused",
        }
    }

    /// The phase that a word of the region file names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Planned, Self::Rehearsal, Self::Live, Self::Paused]
            .into_iter()
            .find(|phase| phase.word() == word)
    }
}

/// The line between the region and the centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    /// A wide line with short delays.
    Fibre,
    /// A narrow line with delays over half a second, and cuts.
    Satellite,
}

impl Link {
    /// The word of the region file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fibre => "fibre",
            Self::Satellite => "satellite",
        }
    }

    /// Whether others are to be preferred for work that is not its own.
    pub fn is_narrow(self) -> bool {
        self == Self::Satellite
    }

    /// The link that a word of the region file names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Fibre, Self::Satellite].into_iter().find(|link| link.word() == word)
    }
}

/// How long a kind of result waits before the person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseDelay {
    /// Kind of result: `laboratory`, `imaging`, `pathology`, `document`, or
    /// another word that the region chooses.
    pub kind: String,
    /// Whole days; 0 is at once.
    pub days: u16,
}

/// A body that gives care and whose people sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Establishment {
    /// The code that tokens carry. A demonstration code begins with `demo-`.
    pub id: String,
    /// What it is called.
    pub name: Name,
    /// `CIUSSS`, `CISSS`, `hospital`, ...
    pub kind: String,
    /// Where its seat is.
    pub municipality: String,
    /// The code was made up for the demonstration; it is not the ministry's.
    pub demonstration: bool,
}

/// One health region (RSS), which has one door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Health region code, two digits: `06`. Not the administrative number.
    pub code: String,
    /// What it is called.
    pub name: Name,
    /// How far it is.
    pub phase: Phase,
    /// Day on which it came into its phase, `2026-11-26`, as `dossier region
    /// phase` wrote it; unknown to a component.
    pub since: Option<String>,
    /// Day on which it is to open, `2027-03-01`: indicative for a planned region,
    /// which always has one; a memory for others.
    pub opens: Option<String>,
    /// Base address of its FHIR interface; a planned region may have none.
    pub endpoint: Option<String>,
    /// Port of health, readiness and metrics; a planned region may have none.
    pub admin_port: Option<u16>,
    /// Where other gateways reach this one over mutual TLS, `host:port`; without
    /// it nothing is passed on to the region.
    pub peer: Option<String>,
    /// IANA name.
    pub time_zone: String,
    /// Line to the centre.
    pub link: Link,
    /// Codes of the regions next to it, which may take its door over.
    pub neighbours: Vec<String>,
    /// Codes of regions that take its door over before its neighbours do.
    pub stand_ins: Vec<String>,
    /// Numbers of the administrative regions that it lies in.
    pub administrative_regions: Vec<u8>,
    /// By kind of result, in the order of their names.
    pub release_delays: Vec<ReleaseDelay>,
    /// Who gives care in it; the first is the region's main establishment.
    pub establishments: Vec<Establishment>,
}

impl Region {
    /// Days that a result of this kind waits before the person sees it; 0 for
    /// a kind that the file does not name.
    pub fn release_delay_days(&self, kind: &str) -> u16 {
        self.release_delays.iter().find(|delay| delay.kind == kind).map_or(0, |delay| delay.days)
    }
}
