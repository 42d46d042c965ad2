//! The resource types of R4 (4.0.1): the 146 that are not abstract, and whose
//! record each belongs to.

use crate::generated::tables::TYPES;

/// Where resources of a type live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// In the Patient compartment (CompartmentDefinition `patient`): with the
    /// patient named by one of [`ResourceType::compartment_paths`].
    Compartment,
    /// Not in the compartment by definition, but an element may refer to a
    /// patient: the instance decides.
    Instance,
    /// No element can refer to a patient: always the registry.
    Registry,
}

/// One resource type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceType {
    /// Its name, as in `resourceType`.
    pub name: &'static str,
    /// The elements that put an instance in a patient's compartment, as paths
    /// of JSON names (`participant.actor`); those that say whom the resource
    /// is about come first.
    pub compartment_paths: &'static [&'static str],
    /// Every other element that may refer to a patient.
    pub other_patient_paths: &'static [&'static str],
}

impl ResourceType {
    /// Where its instances live. A Patient is its own home.
    pub fn home(self) -> Home {
        if !self.compartment_paths.is_empty() {
            Home::Compartment
        } else if !self.other_patient_paths.is_empty() {
            Home::Instance
        } else {
            Home::Registry
        }
    }
}

pub(crate) fn position(name: &str) -> Option<usize> {
    TYPES.binary_search_by(|(known, _, _)| (*known).cmp(name)).ok()
}

pub(crate) fn name_at(position: usize) -> &'static str {
    TYPES.get(position).map_or("", |(name, _, _)| name)
}

/// The type called `name`; case matters.
pub fn named(name: &str) -> Option<ResourceType> {
    TYPES.get(position(name)?).copied().map(resource_type)
}

/// Whether R4 has a type called `name`.
pub fn is_resource_type(name: &str) -> bool {
    position(name).is_some()
}

/// Whether resources of this type belong to no person, ever.
pub fn is_registry_type(name: &str) -> bool {
    named(name).is_some_and(|kind| kind.home() == Home::Registry)
}

/// Every type, in the order of names.
pub fn all() -> impl Iterator<Item = ResourceType> {
    TYPES.iter().copied().map(resource_type)
}

fn resource_type(
    (name, compartment_paths, other_patient_paths): (
        &'static str,
        &'static [&'static str],
        &'static [&'static str],
    ),
) -> ResourceType {
    ResourceType { name, compartment_paths, other_patient_paths }
}

/// Whether `text` is a resource id: 1 to 64 of `A-Z a-z 0-9 - .` (datatype id).
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}
