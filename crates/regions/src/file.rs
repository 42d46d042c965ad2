//! The shape of one region file, with the place of each value for messages.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::model::{Link, Name, Phase};

/// A region file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegionFile {
    pub code: Spanned<String>,
    pub name: Spanned<Name>,
    pub phase: Spanned<Phase>,
    pub since: Option<Spanned<String>>,
    pub opens: Option<Spanned<String>>,
    pub endpoint: Option<Spanned<String>>,
    pub admin_port: Option<Spanned<u16>>,
    pub peer: Option<Spanned<String>>,
    pub time_zone: Spanned<String>,
    pub link: Link,
    pub neighbours: Vec<Spanned<String>>,
    #[serde(default)]
    pub stand_ins: Vec<Spanned<String>>,
    pub administrative_regions: Vec<Spanned<u8>>,
    pub release_delay_days: BTreeMap<String, u16>,
    #[serde(default, rename = "establishment")]
    pub establishments: Vec<EstablishmentEntry>,
}

/// One `[[establishment]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EstablishmentEntry {
    pub id: Spanned<String>,
    pub name: Name,
    pub kind: String,
    pub municipality: String,
    #[serde(default)]
    pub demonstration: bool,
}

/// One-based line of a byte of `text`.
pub(crate) fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

/// What to do about an error of the parser.
pub(crate) fn remedy_of(message: &str) -> &'static str {
    if message.contains("missing field") {
        "add the field; infra/regions/06.toml shows every field"
    } else if message.contains("unknown variant") {
        "write phase as one of planned, rehearsal, live, paused, and link as fibre or satellite"
    } else if message.contains("unknown field") {
        "remove the field or correct its spelling; infra/regions/06.toml shows every field"
    } else if message.contains("duplicate key") {
        "keep one of the two"
    } else {
        "correct the line; infra/regions/06.toml is an example of each value"
    }
}
