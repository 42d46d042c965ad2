//! The names of code systems and extensions that decisions read: those of HL7
//! and our own. Ours are URNs, as everywhere in the record: nobody else gives
//! them a meaning, and no address has to answer for them.

/// Scopes of a Consent (R4 Consent.scope).
pub const CONSENT_SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
/// Actions of a Consent (R4 Consent.provision.action).
pub const CONSENT_ACTION: &str = "http://terminology.hl7.org/CodeSystem/consentaction";
/// Purposes of use.
pub const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
/// Policies (`OPTIN`) and sensitivity labels (`HIV`, `PSY`).
pub const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
/// Confidentiality labels, from `U` to `V`.
pub const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
/// How somebody takes part; `IRCP` is who receives information.
pub const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
/// Resource types as codes.
pub const RESOURCE_TYPES: &str = "http://hl7.org/fhir/resource-types";
/// Categories of AllergyIntolerance, which are plain codes there.
pub const ALLERGY_CATEGORY: &str = "http://hl7.org/fhir/allergy-intolerance-category";
/// Categories of Observation.
pub const OBSERVATION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
/// Categories of DiagnosticReport.
pub const DIAGNOSTIC_SERVICE: &str = "http://terminology.hl7.org/CodeSystem/v2-0074";

/// Ours: roles of callers, the codes of [`crate::claims::Function`] and
/// `professional` for whoever offers care.
pub const FUNCTION: &str = "urn:dossier:function";
/// Ours: what a privacy Consent is: `restriction`, `refusal`, `procuration`.
pub const CONSENT_CATEGORY: &str = "urn:dossier:consent-category";
/// Ours: what a Basic resource is: `authorization`.
pub const BASIC: &str = "urn:dossier:basic";
/// Ours: policies that a Consent may name; `R-22.1` is the law.
pub const POLICY: &str = "urn:dossier:policy";
/// Ours: identifiers of applications, the `client_id` of tokens.
pub const CLIENT: &str = "urn:dossier:client";
/// Ours: codes of establishments, as in tokens and region files.
pub const ESTABLISHMENT: &str = "urn:dossier:establishment";
/// Ours: licence numbers, as in tokens.
pub const LICENCE: &str = "urn:dossier:licence";

/// Ours: a category on Consent.provision (Coding or CodeableConcept).
pub const EXTENSION_CATEGORY: &str = "urn:dossier:extension:consent-category";
/// Ours: from when to when an authorization holds (Period).
pub const EXTENSION_PERIOD: &str = "urn:dossier:extension:authorization-period";
/// Ours: when the authorized person was trained (date).
pub const EXTENSION_TRAINED: &str = "urn:dossier:extension:training-date";
/// Ours: when the authorized person signed the undertaking (date).
pub const EXTENSION_UNDERTAKING: &str = "urn:dossier:extension:undertaking-date";
