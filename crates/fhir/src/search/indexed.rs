//! Which parameters a cell carries. The numbers are part of the stored format:
//! append, never renumber, and raise [`VERSION`] with each addition, so that
//! cells written before it are known not to hold the new parameter.

use super::parameters::{self, Parameter, ParameterKind};

/// Version of the encoding written today.
pub(crate) const VERSION: u8 = 2;

/// Since this version a cell also tells of values that compare with nothing,
/// such as a reference by display only.
pub(crate) const TELLS_PRESENCE: u8 = 2;

/// Codes in the order in which they are kept when room is short. Position plus
/// one is the stored number.
const CODES: [&str; 39] = [
    "status",
    "subject",
    "date",
    "code",
    "category",
    "encounter",
    "clinical-status",
    "onset-date",
    "recorded-date",
    "authoredon",
    "created",
    "type",
    "class",
    "birthdate",
    "gender",
    "family",
    "given",
    "name",
    "identifier",
    "active",
    "intent",
    "vaccine-code",
    "practitioner",
    "organization",
    "location",
    "period",
    "effective-time",
    "verification-status",
    "context",
    "role",
    "specialty",
    "started",
    "recorded",
    "whenhandedover",
    "issued",
    "target",
    // Since version 2.
    "based-on",
    "performer",
    "url",
];

/// How many of [`CODES`] a cell of `version` covers; `None` for a version from
/// the future.
fn covered(version: u8) -> Option<usize> {
    match version {
        1 => Some(36),
        2 => Some(39),
        _ => None,
    }
}

/// Where a cell keeps a parameter's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Stored number, from 1.
    pub number: u8,
    /// Keep only references to this type: `patient` reads the slot of `subject`.
    pub target: Option<&'static str>,
}

/// The slot that answers `parameter` of `resource_type`, or `None` when only the
/// body can.
pub(crate) fn slot(resource_type: &str, parameter: &Parameter) -> Option<Slot> {
    if parameter.code == "patient" {
        return patient_slot(resource_type, parameter);
    }
    number_of(parameter.code).map(|number| Slot { number, target: None })
}

/// Whether cells of `version` hold this slot.
pub(crate) fn is_covered(slot: Slot, version: u8) -> bool {
    covered(version).is_some_and(|covered| usize::from(slot.number) <= covered)
}

/// Of a composite on the resource itself: a part that a cell keeps under a
/// parameter of the same elements, with its place among the parts and its kind.
/// Who has no such value is no match.
pub(crate) fn narrowing(
    resource_type: &str,
    parameter: &Parameter,
) -> Option<(usize, Slot, ParameterKind)> {
    if parameter.kind != ParameterKind::Composite || !parameter.contexts().eq(["."]) {
        return None;
    }
    parameter.components().enumerate().find_map(|(at, part)| {
        let same = |known: &Parameter| known.kind == part.kind && known.paths == part.paths;
        let kept = parameters::own(resource_type)
            .find(|known| same(known) && number_of(known.code).is_some())?;
        Some((at, slot(resource_type, &kept)?, part.kind))
    })
}

/// `patient` is `subject` narrowed to people, or takes its slot when the type
/// has no `subject`.
fn patient_slot(resource_type: &str, parameter: &Parameter) -> Option<Slot> {
    let number = number_of("subject")?;
    let Some(subject) = parameters::find(resource_type, "subject") else {
        return Some(Slot { number, target: None });
    };
    let narrowed = parameter.paths.strip_suffix("@Patient").unwrap_or(parameter.paths);
    (narrowed == subject.paths).then_some(Slot { number, target: Some("Patient") })
}

/// The parameters that a cell of `resource_type` carries, with their numbers,
/// the most wanted first.
pub(crate) fn carried(resource_type: &str) -> Vec<(u8, Parameter)> {
    let mut carried: Vec<(u8, Parameter)> = parameters::own(resource_type)
        .filter_map(|parameter| match parameter.code {
            "patient" => {
                let slot = patient_slot(resource_type, &parameter)?;
                slot.target.is_none().then_some((slot.number, parameter))
            }
            code => number_of(code).map(|number| (number, parameter)),
        })
        .collect();
    carried.sort_by_key(|(number, _)| *number);
    carried
}

fn number_of(code: &str) -> Option<u8> {
    let position = CODES.iter().position(|known| *known == code)?;
    u8::try_from(position + 1).ok()
}
