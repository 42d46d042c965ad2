//! What a path names (R4 §3.1.0.1).

use crate::limits::ID_CHARS_MAX;
use contracts::{Refusal, ResourceKey};
use std::borrow::Cow;

/// The path under which the API is served.
pub const BASE: &str = "/fhir";

/// A path below the base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `/fhir`
    System,
    /// `/fhir/metadata`
    Metadata,
    /// `/fhir/_search`
    SystemSearch,
    /// `/fhir/_history`
    SystemHistory,
    /// `/fhir/${operation}`
    SystemOperation(String),
    /// `/fhir/{type}`
    Type(String),
    /// `/fhir/{type}/_search`
    TypeSearch(String),
    /// `/fhir/{type}/_history`
    TypeHistory(String),
    /// `/fhir/{type}/${operation}`
    TypeOperation(String, String),
    /// `/fhir/{type}/{id}`
    Instance(ResourceKey),
    /// `/fhir/{type}/{id}/_history`
    History(ResourceKey),
    /// `/fhir/{type}/{id}/_history/{version}`
    Version(ResourceKey, u64),
    /// `/fhir/{type}/{id}/${operation}`
    Operation(ResourceKey, String),
    /// `/fhir/{type}/{id}/{type}` or `/fhir/{type}/{id}/*`, with or without
    /// `/_search`: a compartment, and the one type wanted of it (R4 §3.1.1.2).
    Compartment(ResourceKey, Option<String>),
}

impl Target {
    /// Reads a path, refusing what names nothing here: 404 for unknown types
    /// and shapes, 400 for an id that cannot be one.
    pub fn parse(path: &str) -> Result<Self, Refusal> {
        let below = path.strip_prefix(BASE).unwrap_or(path);
        let mut segments = Vec::new();
        for segment in below.split('/').filter(|segment| !segment.is_empty()) {
            segments.push(decode(segment)?);
        }
        let parts: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        match parts.as_slice() {
            [] => Ok(Self::System),
            ["metadata"] => Ok(Self::Metadata),
            ["_search"] => Ok(Self::SystemSearch),
            ["_history"] => Ok(Self::SystemHistory),
            [operation] if operation.starts_with('$') => {
                Ok(Self::SystemOperation((*operation).to_owned()))
            }
            [name] => Ok(Self::Type(known(name)?)),
            [name, "_search"] => Ok(Self::TypeSearch(known(name)?)),
            [name, "_history"] => Ok(Self::TypeHistory(known(name)?)),
            [name, operation] if operation.starts_with('$') => {
                Ok(Self::TypeOperation(known(name)?, (*operation).to_owned()))
            }
            [name, id] => Ok(Self::Instance(key(name, id)?)),
            [name, id, "_history"] => Ok(Self::History(key(name, id)?)),
            [name, id, operation] if operation.starts_with('$') => {
                Ok(Self::Operation(key(name, id)?, (*operation).to_owned()))
            }
            [name, id, "_history", version] => {
                let held = key(name, id)?;
                match version.parse() {
                    Ok(number) if number > 0 => Ok(Self::Version(held, number)),
                    _ => Err(Refusal::missing(format!(
                        "{name}/{id} has no version \"{version}\": versions are counted 1, 2, 3, … \
                         Ask for {name}/{id}/_history to see them."
                    ))),
                }
            }
            [name, id, wanted] | [name, id, wanted, "_search"] => compartment(name, id, wanted),
            _ => Err(Refusal::missing(
                "No interaction has this path. The paths are {type}, {type}/{id}, \
                 {type}/{id}/_history, {type}/{id}/_history/{version} and Patient/{id}/$everything \
                 below /fhir; see /fhir/metadata."
                    .to_owned(),
            )),
        }
    }
}

/// A compartment of R4 (§3.1.1.2), and what is wanted of it.
fn compartment(name: &str, id: &str, wanted: &str) -> Result<Target, Refusal> {
    let held = key(name, id)?;
    if !["Patient", "Encounter", "RelatedPerson", "Practitioner", "Device"].contains(&name) {
        return Err(Refusal::missing(format!(
            "{name} has no compartment. Those that have one are Patient, Encounter, RelatedPerson, \
             Practitioner and Device: search {wanted}?…={name}/{id} instead.",
            wanted = printable(wanted)
        )));
    }
    let wanted = if wanted == "*" { None } else { Some(known(wanted)?) };
    Ok(Target::Compartment(held, wanted))
}

fn known(name: &str) -> Result<String, Refusal> {
    if fhir::types::is_resource_type(name) {
        return Ok(name.to_owned());
    }
    Err(Refusal::unknown_type(&printable(name)))
}

fn key(name: &str, id: &str) -> Result<ResourceKey, Refusal> {
    let name = known(name)?;
    check_id(id)?;
    Ok(ResourceKey { resource_type: name, id: id.to_owned() })
}

/// Refuses what cannot be a logical id: 1 to 64 of `A-Z a-z 0-9 - .` (R4 `id`).
pub fn check_id(id: &str) -> Result<(), Refusal> {
    if fhir::types::is_id(id) {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "\"{}\" cannot be an id: use 1 to 64 letters, digits, hyphens and dots.",
        printable(id)
    )))
}

/// A caller's word, short and safe to show back.
pub fn printable(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(ID_CHARS_MAX).collect()
}

/// Percent-encoded UTF-8 as text; nothing when it is broken.
pub(crate) fn decoded(text: &str) -> Option<String> {
    decode(text).ok().map(Cow::into_owned)
}

/// Undoes percent-encoding in one path segment.
fn decode(segment: &str) -> Result<Cow<'_, str>, Refusal> {
    if !segment.contains('%') {
        return Ok(Cow::Borrowed(segment));
    }
    let malformed = || {
        Refusal::invalid(
            "The path holds a broken percent-encoding: write %XX with two hexadecimal digits that \
             decode to UTF-8."
                .to_owned(),
        )
    };
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let high = bytes.next().and_then(hexadecimal).ok_or_else(malformed)?;
        let low = bytes.next().and_then(hexadecimal).ok_or_else(malformed)?;
        decoded.push(high * 16 + low);
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| malformed())
}

fn hexadecimal(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
