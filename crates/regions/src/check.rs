//! What is refused in region files: each fault with its line and its remedy.

use std::collections::BTreeMap;

use toml::Spanned;

use crate::directory::Fault;
use crate::file::{EstablishmentEntry, RegionFile, line_of};
use crate::model::Phase;
use crate::numbering::{administrative_trap, health_region, name_trap};

/// One file as given.
pub(crate) struct Source<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

/// What was found so far, over all files.
#[derive(Default)]
pub(crate) struct Check {
    pub faults: Vec<Fault>,
    codes: BTreeMap<String, String>,
    establishments: BTreeMap<String, String>,
    ports: BTreeMap<String, String>,
}

impl Check {
    pub fn add(
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

    pub fn region(&mut self, source: &Source<'_>, file: &RegionFile) {
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
        self.opening(source, file);
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
            if address.strip_prefix("http://").is_some_and(|host| !is_loopback(host)) {
                self.add(
                    source,
                    endpoint.span().start,
                    "the endpoint leads off this machine without TLS",
                    "write it with https://; http:// is for loopback only",
                );
            }
            doors.push((address.clone(), endpoint.span().start));
        }
        if let Some(peer) = &file.peer {
            let address = peer.get_ref();
            let parts = address.rsplit_once(':');
            let port = parts.and_then(|(_, port)| port.parse::<u16>().ok());
            if port.is_none_or(|port| port == 0) || parts.is_none_or(|(host, _)| !is_host(host)) {
                self.add(
                    source,
                    peer.span().start,
                    format!("`{address}` is not where gateways can be reached"),
                    "write peer as host:port, such as peer.06.example.org:7400",
                );
            }
            doors.push((address.clone(), peer.span().start));
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

    /// When a region opens: a planned one must say so, since callers are told.
    fn opening(&mut self, source: &Source<'_>, file: &RegionFile) {
        if let Some(day) = file.since.as_ref().filter(|day| !is_date(day.get_ref())) {
            let what = format!("`{}` is not a day", day.get_ref());
            let remedy = "write since as year, month and day: since = \"2026-11-26\"";
            self.add(source, day.span().start, what, remedy);
        }
        match &file.opens {
            Some(day) if !is_date(day.get_ref()) => {
                let what = format!("`{}` is not a day", day.get_ref());
                let remedy = "write opens as year, month and day: opens = \"2027-03-01\"";
                self.add(source, day.span().start, what, remedy);
            }
            None if *file.phase.get_ref() == Phase::Planned => self.add(
                source,
                file.phase.span().start,
                "a planned region does not say when it opens",
                "add opens = \"2027-03-01\"; the day is indicative",
            ),
            _ => {}
        }
    }

    /// What files say of each other.
    pub fn neighbours(&mut self, parsed: &[(Source<'_>, RegionFile)]) {
        let names = |code: &str, other: &str| {
            let mut files = parsed.iter().filter(|(_, file)| file.code.get_ref() == code);
            files.any(|(_, file)| file.neighbours.iter().any(|one| one.get_ref() == other))
        };
        for (source, file) in parsed {
            let code = file.code.get_ref();
            self.others(source, code, "neighbour", &file.neighbours);
            self.others(source, code, "stand-in", &file.stand_ins);
            for neighbour in &file.neighbours {
                let other = neighbour.get_ref();
                if other != code && self.codes.contains_key(other) && !names(other, code) {
                    self.add(
                        source,
                        neighbour.span().start,
                        format!("region {other} does not name {code} as its neighbour"),
                        format!("add \"{code}\" to neighbours of {other}.toml, or remove it here"),
                    );
                }
            }
        }
    }

    fn others(&mut self, source: &Source<'_>, code: &str, what: &str, list: &[Spanned<String>]) {
        for (index, entry) in list.iter().enumerate() {
            let (other, at) = (entry.get_ref(), entry.span().start);
            if other == code {
                self.add(source, at, format!("region {code} is its own {what}"), "remove it");
            } else if !self.codes.contains_key(other) {
                let remedy = format!("add {other}.toml, or correct the code");
                self.add(source, at, format!("{what} `{other}` is not a region"), remedy);
            } else if list.iter().take(index).any(|before| before.get_ref() == other) {
                self.add(source, at, format!("{what} {other} is there twice"), "keep it once");
            }
        }
    }
}

fn is_host(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match bare {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
            !host.is_empty() && host.bytes().all(plain)
        }
    }
}

/// Whether an address without its scheme is this machine's own.
fn is_loopback(address: &str) -> bool {
    let authority = address.split('/').next().unwrap_or_default();
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.starts_with("::1]");
    }
    let host = authority.split(':').next().unwrap_or_default();
    host == "localhost" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether it is a day of the calendar, written as ISO 8601 does.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |digits: usize| {
        let part = parts.next().filter(|part| part.len() == digits)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u32>().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (number(4), number(2), number(2)) else {
        return false;
    };
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day) && parts.next().is_none()
}
