//! From one phase to the next: which moves there are, and what must hold before
//! each. Pure: whoever asks has measured.

use toml::Spanned;

use crate::file::RegionFile;
use crate::model::Phase;

/// One thing that must hold before a region moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// The region files are right after the move as well.
    Files,
    /// The tables that it will work on are there and as defined.
    Tables,
    /// The keys that its gateway will need are there.
    Keys,
    /// The last load balanced.
    Load,
    /// Its ledger was verified, now.
    Audit,
    /// Requests were answered within the objective.
    Latency,
    /// A backup was restored and found equal.
    Restore,
    /// The other gateways can be reached.
    Peers,
}

impl Item {
    /// Every item, in the order in which they are looked at.
    pub const ALL: [Self; 8] = [
        Self::Files,
        Self::Tables,
        Self::Keys,
        Self::Load,
        Self::Audit,
        Self::Latency,
        Self::Restore,
        Self::Peers,
    ];

    /// One lower-case word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Tables => "tables",
            Self::Keys => "keys",
            Self::Load => "load",
            Self::Audit => "audit",
            Self::Latency => "latency",
            Self::Restore => "restore",
            Self::Peers => "peers",
        }
    }

    /// The item that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|item| item.word() == word)
    }

    /// Whether somebody may answer for it when it does not hold. Without files,
    /// tables and keys nothing would be served.
    pub fn may_be_accepted(self) -> bool {
        !matches!(self, Self::Files | Self::Tables | Self::Keys)
    }
}

/// A move that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    from: Phase,
    to: Phase,
}

/// Why there is no such move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveError(String);

impl std::fmt::Display for MoveError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MoveError {}

impl Move {
    /// The move between two phases: planned, rehearsal, live and paused follow
    /// each other, in both directions, one step at a time.
    ///
    /// # Errors
    /// Why it is none, and which step comes first.
    pub fn new(from: Phase, to: Phase) -> Result<Self, MoveError> {
        let step = |phase| match phase {
            Phase::Planned => 0_i8,
            Phase::Rehearsal => 1,
            Phase::Live => 2,
            Phase::Paused => 3,
        };
        let why = match step(to) - step(from) {
            1 | -1 => return Ok(Self { from, to }),
            0 => format!("the region is in the phase {} already", to.word()),
            way => {
                let first = match (from, way > 0) {
                    (Phase::Planned, _) => Phase::Rehearsal,
                    (Phase::Rehearsal, _) | (Phase::Paused, _) => Phase::Live,
                    (Phase::Live, _) => Phase::Rehearsal,
                };
                let why = match (from, to) {
                    (Phase::Planned, _) => "nothing was rehearsed yet",
                    (_, Phase::Paused) => "only a live region has reads to go on with",
                    (Phase::Paused, _) => "who is paused still works on the central record",
                    _ => "its people use the central record",
                };
                format!(
                    "a region does not go from {} to {}: {why}; move it to {} first",
                    from.word(),
                    to.word(),
                    first.word()
                )
            }
        };
        Err(MoveError(why))
    }

    /// The phase that is left.
    pub fn from(self) -> Phase {
        self.from
    }

    /// The phase that is entered.
    pub fn to(self) -> Phase {
        self.to
    }

    /// Whether the region works on other tables afterwards.
    pub fn changes_tables(self) -> bool {
        self.from == Phase::Rehearsal || self.to == Phase::Rehearsal
    }

    /// What must hold, in the order in which it is looked at. To pause is the
    /// brake: nothing stands in its way but a broken file.
    pub fn items(self) -> &'static [Item] {
        match (self.from, self.to) {
            // Other gateways let nobody in who is planned, so none can be reached yet.
            (Phase::Planned, _) => &[Item::Files, Item::Tables, Item::Keys],
            (Phase::Rehearsal, Phase::Live) => &Item::ALL,
            (Phase::Paused, _) => {
                &[Item::Files, Item::Tables, Item::Keys, Item::Audit, Item::Peers]
            }
            // What its people did is left behind, so it must be whole.
            (Phase::Live, Phase::Rehearsal) => {
                &[Item::Files, Item::Tables, Item::Keys, Item::Audit]
            }
            _ => &[Item::Files],
        }
    }
}

/// The text of a region file with another phase, entered on `day`
/// (`2026-11-26`); everything else, comments too, stays as it is.
///
/// # Errors
/// What the parser says of the text.
pub fn with_phase(text: &str, phase: Phase, day: &str) -> Result<String, String> {
    let file: RegionFile = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let at = file.phase.span();
    let since = file.since.as_ref().map(Spanned::span);
    let mut changed = text.to_owned();
    // The later of the two first, so that the place of the other stays.
    let write = |changed: &mut String, place: std::ops::Range<usize>, value: &str| {
        if changed.is_char_boundary(place.start) && changed.is_char_boundary(place.end) {
            changed.replace_range(place, value);
        }
    };
    let (word, day) = (format!("\"{}\"", phase.word()), format!("\"{day}\""));
    match since {
        Some(since) if since.start > at.start => {
            write(&mut changed, since, &day);
            write(&mut changed, at, &word);
        }
        Some(since) => {
            write(&mut changed, at, &word);
            write(&mut changed, since, &day);
        }
        None => {
            let after = text.get(at.end..).unwrap_or_default();
            // After what may follow on the line.
            let end = at.end + after.find('\n').unwrap_or(after.len());
            write(&mut changed, end..end, &format!("\nsince = {day}"));
            write(&mut changed, at, &word);
        }
    }
    Ok(changed)
}

/// What comes before the names of the tables on which a region rehearses.
pub fn rehearsal_prefix(code: &str) -> String {
    format!("rehearsal-{code}-")
}

#[cfg(test)]
mod tests;
