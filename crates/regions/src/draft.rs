//! The file of a new region, as text.

use std::fmt::Write;

use toml::Spanned;

use crate::file::RegionFile;
use crate::model::Link;
use crate::numbering;

/// One establishment of a [`Draft`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftEstablishment {
    /// The code that tokens carry; a demonstration code begins with `demo-`.
    pub id: String,
    /// French name.
    pub name_fr: String,
    /// English name.
    pub name_en: String,
    /// `CIUSSS`, `CISSS`, `hospital`, ...
    pub kind: String,
    /// Where its seat is.
    pub municipality: String,
}

/// What a new region is made of. It begins planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Two-digit code.
    pub code: String,
    /// French name.
    pub name_fr: String,
    /// English name.
    pub name_en: String,
    /// Day on which it is to open, `2027-03-01`.
    pub opens: String,
    /// Base address of its FHIR interface.
    pub endpoint: String,
    /// Port of health and metrics.
    pub admin_port: u16,
    /// Where other gateways reach it, `host:port`.
    pub peer: String,
    /// IANA name.
    pub time_zone: String,
    /// Line to the centre.
    pub link: Link,
    /// Codes of the regions next to it.
    pub neighbours: Vec<String>,
    /// Who gives care in it.
    pub establishments: Vec<DraftEstablishment>,
}

impl Draft {
    /// The text of the file; `Directory::read` checks it. Results wait as long as
    /// they do in the pilot's regions; the administrative regions follow from the
    /// code.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let number = self.code.parse().unwrap_or_default();
        let administrative: Vec<String> =
            numbering::administrative_regions(number).iter().map(u8::to_string).collect();
        let neighbours: Vec<String> = self.neighbours.iter().map(|code| quoted(code)).collect();
        let Self { name_fr, name_en, admin_port, .. } = self;
        let _ = write!(
            text,
            "# {name_fr}. The day on which it opens is indicative.\n\
             code = {}\n\
             name = {{ fr = {}, en = {} }}\n\
             phase = \"planned\"\n\
             opens = {}\n\
             endpoint = {}\n\
             admin_port = {admin_port}\n\
             peer = {}\n\
             time_zone = {}\n\
             link = {}\n\
             neighbours = [{}]\n\
             administrative_regions = [{}]\n\n\
             # Days that a result waits before the person sees it.\n\
             [release_delay_days]\n\
             document = 0\n\
             imaging = 30\n\
             laboratory = 0\n\
             pathology = 30\n",
            quoted(&self.code),
            quoted(name_fr),
            quoted(name_en),
            quoted(&self.opens),
            quoted(&self.endpoint),
            quoted(&self.peer),
            quoted(&self.time_zone),
            quoted(self.link.word()),
            neighbours.join(", "),
            administrative.join(", "),
        );
        for establishment in &self.establishments {
            let _ = write!(
                text,
                "\n[[establishment]]\n\
                 id = {}\n\
                 name = {{ fr = {}, en = {} }}\n\
                 kind = {}\n\
                 municipality = {}\n\
                 demonstration = {}\n",
                quoted(&establishment.id),
                quoted(&establishment.name_fr),
                quoted(&establishment.name_en),
                quoted(&establishment.kind),
                quoted(&establishment.municipality),
                establishment.id.starts_with("demo-"),
            );
        }
        text
    }
}

/// Code and neighbours of one region file, read by itself: while a region that
/// others name is not there yet, the files together are not in order.
pub fn neighbours_of(text: &str) -> Option<(String, Vec<String>)> {
    let file: RegionFile = toml::from_str(text).ok()?;
    let neighbours = file.neighbours.into_iter().map(Spanned::into_inner);
    Some((file.code.into_inner(), neighbours.collect()))
}

/// A basic string of TOML (v1.0.0, "String").
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(letter);
            }
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
