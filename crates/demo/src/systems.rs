//! Identifier and code systems. Those of the demonstration are under the
//! reserved name `.example`.

/// Establishment codes of `infra/regions`.
pub(crate) const ESTABLISHMENT: &str = "https://dossier.example/demo/establishment";
/// Installations.
pub(crate) const INSTALLATION: &str = "https://dossier.example/demo/installation";
/// Practitioners.
pub(crate) const PRACTITIONER: &str = "https://dossier.example/demo/practitioner";
/// Roles of practitioners.
pub(crate) const ROLE: &str = "https://dossier.example/demo/practitioner-role";
/// People of the demonstration; stable for a seed.
pub(crate) const PERSON: &str = "https://dossier.example/demo/person";
/// Requisitions of a laboratory.
pub(crate) const REQUISITION: &str = "https://dossier.example/demo/requisition";
/// Extension: the card under which a newborn without a card is cared for.
pub(crate) const PARENT_CARD: &str =
    "https://dossier.example/demo/StructureDefinition/card-of-a-parent";

pub(crate) const SNOMED: &str = "http://snomed.info/sct";
pub(crate) const LOINC: &str = "http://loinc.org";
pub(crate) const ATC: &str = "http://www.whocc.no/atc";
pub(crate) const CVX: &str = "http://hl7.org/fhir/sid/cvx";
pub(crate) const ACT: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
pub(crate) const ROLE_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
