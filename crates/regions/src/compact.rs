//! The directory as one text, small to read: a component that needs the
//! directory need not carry a TOML parser. One line for each region (`R`), each
//! release delay (`D`) and each establishment (`E`), fields apart by tabs; tab, line end and backslash in a value
//! are written `\t`, `\n`, `\r`, `\\`.

use crate::directory::Directory;
use crate::model::{Establishment, Link, Name, Phase, Region, ReleaseDelay};

const HEADER: &str = "regions 2";

/// The text is not one that [`Directory::to_text`] wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactError {
    /// One-based line of the text.
    pub line: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl std::fmt::Display for CompactError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, what } = self;
        write!(f, "line {line} of the region directory: {what}; write it again from infra/regions")
    }
}

impl std::error::Error for CompactError {}

impl Directory {
    /// The whole directory as one text for [`Directory::from_text`].
    pub fn to_text(&self) -> String {
        let mut text = String::from(HEADER);
        text.push('\n');
        for region in &self.regions {
            region_line(&mut text, region);
            for delay in &region.release_delays {
                line(&mut text, &["D", &delay.kind, &delay.days.to_string()]);
            }
            for establishment in &region.establishments {
                establishment_line(&mut text, establishment);
            }
        }
        text
    }

    /// The directory that [`Directory::to_text`] wrote. The checks of
    /// [`Directory::read`] are not repeated.
    ///
    /// # Errors
    /// The first line that has another form.
    pub fn from_text(text: &str) -> Result<Self, CompactError> {
        let mut lines = text.lines().enumerate();
        if lines.next().map(|(_, line)| line) != Some(HEADER) {
            return Err(CompactError { line: 1, what: "the heading `regions 2` is missing" });
        }
        let mut regions: Vec<Region> = Vec::new();
        for (index, line) in lines {
            let at = |what| CompactError { line: index + 1, what };
            let mut fields = line.split('\t').map(unescape);
            match fields.next().as_deref() {
                Some("R") => {
                    let region = read_region(&mut fields);
                    regions.push(region.ok_or_else(|| at("not a region"))?);
                }
                Some("D") => {
                    let delay = read_delay(&mut fields).ok_or_else(|| at("not a release delay"))?;
                    let region = regions.last_mut().ok_or_else(|| at("no region before"))?;
                    region.release_delays.push(delay);
                }
                Some("E") => {
                    let establishment = read_establishment(&mut fields);
                    let establishment = establishment.ok_or_else(|| at("not an establishment"))?;
                    let region = regions.last_mut().ok_or_else(|| at("no region before"))?;
                    region.establishments.push(establishment);
                }
                _ => return Err(at("no such line is known")),
            }
        }
        Ok(Self { regions })
    }
}

fn region_line(text: &mut String, region: &Region) {
    let port = region.admin_port.map(|port| port.to_string()).unwrap_or_default();
    let administrative: Vec<String> =
        region.administrative_regions.iter().map(u8::to_string).collect();
    line(
        text,
        &[
            "R",
            &region.code,
            region.phase.word(),
            region.link.word(),
            region.endpoint.as_deref().unwrap_or_default(),
            &port,
            &region.time_zone,
            &region.name.fr,
            &region.name.en,
            &region.neighbours.join(","),
            &administrative.join(","),
            region.opens.as_deref().unwrap_or_default(),
            region.peer.as_deref().unwrap_or_default(),
            &region.stand_ins.join(","),
        ],
    );
}

fn establishment_line(text: &mut String, establishment: &Establishment) {
    line(
        text,
        &[
            "E",
            &establishment.id,
            if establishment.demonstration { "demonstration" } else { "official" },
            &establishment.kind,
            &establishment.municipality,
            &establishment.name.fr,
            &establishment.name.en,
        ],
    );
}

fn line(text: &mut String, fields: &[&str]) {
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            text.push('\t');
        }
        for c in field.chars() {
            match c {
                '\t' => text.push_str("\\t"),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\\' => text.push_str("\\\\"),
                other => text.push(other),
            }
        }
    }
    text.push('\n');
}

fn unescape(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    text
}

fn read_region(fields: &mut impl Iterator<Item = String>) -> Option<Region> {
    let code = fields.next()?;
    let phase = Phase::from_word(&fields.next()?)?;
    let link = Link::from_word(&fields.next()?)?;
    let endpoint = fields.next().map(|text| (!text.is_empty()).then_some(text))?;
    let admin_port = match fields.next()?.as_str() {
        "" => None,
        port => Some(port.parse().ok()?),
    };
    let time_zone = fields.next()?;
    let name = Name { fr: fields.next()?, en: fields.next()? };
    let neighbours = list(&fields.next()?).map(str::to_owned).collect();
    let administrative = fields.next()?;
    let administrative_regions =
        list(&administrative).map(|n| n.parse().ok()).collect::<Option<_>>()?;
    let mut optional = || fields.next().map(|text| (!text.is_empty()).then_some(text));
    let (opens, peer) = (optional()?, optional()?);
    let stand_ins = list(&fields.next()?).map(str::to_owned).collect();
    fields.next().is_none().then_some(Region {
        code,
        name,
        phase,
        since: None,
        opens,
        endpoint,
        admin_port,
        peer,
        time_zone,
        link,
        neighbours,
        stand_ins,
        administrative_regions,
        release_delays: Vec::new(),
        establishments: Vec::new(),
    })
}

fn read_delay(fields: &mut impl Iterator<Item = String>) -> Option<ReleaseDelay> {
    let kind = fields.next()?;
    let days = fields.next()?.parse().ok()?;
    fields.next().is_none().then_some(ReleaseDelay { kind, days })
}

fn read_establishment(fields: &mut impl Iterator<Item = String>) -> Option<Establishment> {
    let id = fields.next()?;
    let demonstration = match fields.next()?.as_str() {
        "demonstration" => true,
        "official" => false,
        _ => return None,
    };
    let kind = fields.next()?;
    let municipality = fields.next()?;
    let name = Name { fr: fields.next()?, en: fields.next()? };
    let establishment = Establishment { id, name, kind, municipality, demonstration };
    fields.next().is_none().then_some(establishment)
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|part| !part.is_empty())
}
