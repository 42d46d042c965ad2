//! Every region at once, read and checked.

use std::collections::BTreeMap;

use toml::Spanned;

use crate::file::{EstablishmentEntry, RegionFile, line_of, remedy_of};
use crate::model::{Establishment, Phase, Region, ReleaseDelay};
use crate::numbering::{administrative_trap, health_region, name_trap};

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

struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

#[derive(Default)]
struct Check {
    faults: Vec<Fault>,
    codes: BTreeMap<String, String>,
    establishments: BTreeMap<String, String>,
    ports: BTreeMap<String, String>,
}

impl Check {
    fn add(
        &mut self,
        source: &Source<'_>,
        byte: usize,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.faults.push(Fault {
            file: source.name.to_owned(),
            line: line_of(source.text, byte),
            what: what.into(),
            remedy: remedy.into(),
        });
    }

    fn region(&mut self, source: &Source<'_>, file: &RegionFile) {
        self.code(source, file);
        self.door(source, file);
        if !file.time_zone.get_ref().contains('/') {
            self.add(
                source,
                file.time_zone.span().start,
                "the time zone is not an IANA name",
                "write it as America/Montreal or America/Blanc-Sablon",
            );
        }
        for entry in &file.establishments {
            self.establishment(source, file.code.get_ref(), entry);
        }
    }

    fn code(&mut self, source: &Source<'_>, file: &RegionFile) {
        let code = file.code.get_ref();
        let at = file.code.span().start;
        let Some(number) = health_region(code) else {
            self.add(
                source,
                at,
                format!("`{code}` is not a health region code"),
                "write two digits from 01 to 18",
            );
            return;
        };
        let stem = source.name.rsplit('/').next().and_then(|name| name.strip_suffix(".toml"));
        if stem != Some(code) {
            self.add(
                source,
                at,
                format!("the file of region {code} has another name"),
                format!("name it {code}.toml, or correct the code"),
            );
        }
        if let Some(first) = self.codes.insert(code.clone(), source.name.to_owned()) {
            self.add(
                source,
                at,
                format!("region {code} is already defined in {first}"),
                "keep one file for each region",
            );
        }
        if let Some(trap) = name_trap(number, &file.name.get_ref().fr) {
            self.add(source, file.name.span().start, trap, "correct the code or the name");
        }
        if file.administrative_regions.is_empty() {
            self.add(
                source,
                at,
                "administrative_regions is empty",
                "name at least the administrative region that it lies in",
            );
        }
        for administrative in &file.administrative_regions {
            if let Some(trap) = administrative_trap(number, *administrative.get_ref()) {
                let remedy = "correct the code or administrative_regions";
                self.add(source, administrative.span().start, trap, remedy);
            }
        }
    }

    fn door(&mut self, source: &Source<'_>, file: &RegionFile) {
        let phase = *file.phase.get_ref();
        let at = file.phase.span().start;
        if phase != Phase::Planned && (file.endpoint.is_none() || file.admin_port.is_none()) {
            self.add(
                source,
                at,
                format!("a {} region needs endpoint and admin_port", phase.word()),
                "add both, or set phase to planned",
            );
        }
        if phase != Phase::Planned && file.establishments.is_empty() {
            self.add(
                source,
                at,
                format!("a {} region needs an establishment, or nobody can use it", phase.word()),
                "add an [[establishment]], or set phase to planned",
            );
        }
        let mut doors = Vec::new();
        if let Some(endpoint) = &file.endpoint {
            let address = endpoint.get_ref();
            let scheme = address.strip_prefix("https://").or(address.strip_prefix("http://"));
            if scheme.is_none_or(str::is_empty) || address.ends_with('/') {
                self.add(
                    source,
                    endpoint.span().start,
                    "the endpoint is not a base address",
                    "write it as https://host/fhir, without a slash at the end",
                );
            }
            doors.push((address.clone(), endpoint.span().start));
        }
        if let Some(port) = &file.admin_port {
            doors.push((format!("admin port {}", port.get_ref()), port.span().start));
        }
        for (door, at) in doors {
            if let Some(first) = self.ports.insert(door.clone(), source.name.to_owned()) {
                let what = format!("{door} is already taken by {first}");
                self.add(source, at, what, "give each region its own");
            }
        }
    }

    fn establishment(&mut self, source: &Source<'_>, code: &str, entry: &EstablishmentEntry) {
        let id = entry.id.get_ref();
        let at = entry.id.span().start;
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            self.add(
                source,
                at,
                format!("`{id}` is not an establishment id"),
                "use letters, digits and hyphens",
            );
        }
        if id.starts_with("demo-") != entry.demonstration {
            self.add(
                source,
                at,
                format!("`{id}` does not say whether it is a demonstration code"),
                "begin demonstration codes, and only those, with demo- and set demonstration = true",
            );
        }
        if let Some(first) = self.establishments.insert(id.clone(), code.to_owned()) {
            self.add(
                source,
                at,
                format!("establishment `{id}` is already in region {first}"),
                "an establishment belongs to one region: keep it once",
            );
        }
    }

    fn neighbours(&mut self, parsed: &[(Source<'_>, RegionFile)]) {
        for (source, file) in parsed {
            let code = file.code.get_ref();
            for neighbour in &file.neighbours {
                let other = neighbour.get_ref();
                if other == code {
                    let what = format!("region {code} is its own neighbour");
                    self.add(source, neighbour.span().start, what, "remove it");
                } else if !self.codes.contains_key(other) {
                    self.add(
                        source,
                        neighbour.span().start,
                        format!("neighbour `{other}` is not a region"),
                        format!("add {other}.toml, or correct the code"),
                    );
                }
            }
        }
    }
}

fn region(file: RegionFile) -> Region {
    Region {
        code: file.code.into_inner(),
        name: file.name.into_inner(),
        phase: file.phase.into_inner(),
        endpoint: file.endpoint.map(Spanned::into_inner),
        admin_port: file.admin_port.map(Spanned::into_inner),
        time_zone: file.time_zone.into_inner(),
        link: file.link,
        neighbours: file.neighbours.into_iter().map(Spanned::into_inner).collect(),
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
