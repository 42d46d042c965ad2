//! Every region at once, read and checked.

use toml::Spanned;

use crate::check::{Check, Source};
use crate::file::{RegionFile, remedy_of};
use crate::model::{Establishment, Region, ReleaseDelay};

/// One thing wrong with the region files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// File name as given.
    pub file: String,
    /// One-based.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}; {}", self.file, self.line, self.what, self.remedy)
    }
}

impl std::error::Error for Fault {}

/// Every region, in the order of their codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    pub(crate) regions: Vec<Region>,
}

impl Directory {
    /// Reads and checks region files, given as (file name, text).
    ///
    /// # Errors
    /// Every fault found, in the order of the files: unreadable TOML, missing
    /// or unknown fields, a wrong phase, a region or establishment defined
    /// twice, an unknown neighbour, the numbering traps, a door without an
    /// address.
    pub fn read<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<Fault>> {
        let mut check = Check::default();
        let mut parsed = Vec::new();
        for (name, text) in files {
            let source = Source { name, text };
            match toml::from_str::<RegionFile>(text) {
                Ok(file) => parsed.push((source, file)),
                Err(error) => {
                    let byte = error.span().map_or(0, |span| span.start);
                    let what = error.message().to_owned();
                    let remedy = remedy_of(&what);
                    check.add(&source, byte, what, remedy);
                }
            }
        }
        let complete = check.faults.is_empty();
        for (source, file) in &parsed {
            check.region(source, file);
        }
        if complete {
            check.neighbours(&parsed);
        }
        if !check.faults.is_empty() {
            return Err(check.faults);
        }
        let mut regions: Vec<Region> = parsed.into_iter().map(|(_, file)| region(file)).collect();
        regions.sort_by(|a, b| a.code.cmp(&b.code));
        Ok(Self { regions })
    }

    /// Every region, in the order of their codes.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// The region of this code.
    pub fn region(&self, code: &str) -> Option<&Region> {
        self.regions.iter().find(|region| region.code == code)
    }

    /// The establishment of this id, with its region.
    pub fn establishment(&self, id: &str) -> Option<(&Region, &Establishment)> {
        self.regions.iter().find_map(|region| {
            let found = region.establishments.iter().find(|held| held.id == id)?;
            Some((region, found))
        })
    }
}

fn region(file: RegionFile) -> Region {
    Region {
        code: file.code.into_inner(),
        name: file.name.into_inner(),
        phase: file.phase.into_inner(),
        since: file.since.map(Spanned::into_inner),
        opens: file.opens.map(Spanned::into_inner),
        endpoint: file.endpoint.map(Spanned::into_inner),
        admin_port: file.admin_port.map(Spanned::into_inner),
        peer: file.peer.map(Spanned::into_inner),
        time_zone: file.time_zone.into_inner(),
        link: file.link,
        neighbours: file.neighbours.into_iter().map(Spanned::into_inner).collect(),
        stand_ins: file.stand_ins.into_iter().map(Spanned::into_inner).collect(),
        administrative_regions: file
            .administrative_regions
            .into_iter()
            .map(Spanned::into_inner)
            .collect(),
        release_delays: file
            .release_delay_days
            .into_iter()
            .map(|(kind, days)| ReleaseDelay { kind, days })
            .collect(),
        establishments: file
            .establishments
            .into_iter()
            .map(|entry| Establishment {
                id: entry.id.into_inner(),
                name: entry.name,
                kind: entry.kind,
                municipality: entry.municipality,
                demonstration: entry.demonstration,
            })
            .collect(),
    }
}
