//! Compartments (R4 §2.28, CompartmentDefinition): which parameters of a type
//! put a resource in the compartment of a patient, an encounter, a
//! practitioner, a related person or a device. Made by
//! `scripts/search-parameters`.

static TABLE: &str = include_str!("../generated/compartments.tsv");

/// The types that have a compartment.
pub const COMPARTMENTS: [&str; 5] =
    ["Device", "Encounter", "Patient", "Practitioner", "RelatedPerson"];

/// The reference parameters of `resource_type` that put it in a compartment of
/// this kind; empty for the compartment's own type when only the resource
/// itself is in it; `None` when the type is never in such a compartment.
pub fn parameters(compartment: &str, resource_type: &str) -> Option<Vec<&'static str>> {
    of(compartment).find(|(name, _)| *name == resource_type).map(|(_, codes)| codes)
}

/// The types that may be in a compartment of this kind, in the order of names.
pub fn members(compartment: &str) -> impl Iterator<Item = &'static str> {
    of(compartment).map(|(name, _)| name)
}

fn of(compartment: &str) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    TABLE.lines().filter_map(move |line| {
        let mut fields = line.split('\t');
        let (kind, name, codes) = (fields.next()?, fields.next()?, fields.next()?);
        let codes = codes.split(',').filter(|code| !code.is_empty()).collect();
        (kind == compartment).then_some((name, codes))
    })
}
