//! What a verified token says of its caller.

use serde::{Deserialize, Serialize};

use crate::scope::Scope;

/// The caller of one request, as the token's issuer vouches for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Stable id of the caller at the issuer (`sub`).
    pub subject: String,
    /// Name to show in the audit (`name`).
    pub name: Option<String>,
    /// FHIR resource that stands for the caller (`fhirUser`), as `Type/id` or a URL.
    pub fhir_user: Option<String>,
    /// Role in which the caller acts (`function`).
    pub function: Function,
    /// Licence number of a professional (`licence`).
    pub licence: Option<String>,
    /// Establishment the caller acts for (`establishment`); decides the region.
    pub establishment: Option<String>,
    /// What the access is for (`purpose`); by the function when the token is silent.
    pub purpose: Purpose,
    /// Patient id that the token is confined to (`patient`, SMART launch context).
    pub patient: Option<String>,
    /// Application (`client_id`, RFC 9068 §2.2).
    pub client_id: String,
    /// SMART scopes (`scope`); scopes of other kinds are left out.
    pub scopes: Vec<Scope>,
    /// Id of the token (`jti`).
    pub token_id: Option<String>,
    /// Who issued the token (`iss`).
    pub issuer: String,
    /// End of validity (`exp`), seconds since 1970.
    pub expires_at_s: i64,
    /// Time of issue (`iat`), seconds since 1970.
    pub issued_at_s: Option<i64>,
}

/// Role in which somebody acts. The order is that of the stored form: append
/// only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Function {
    /// A physician.
    Physician,
    /// A nurse.
    Nurse,
    /// A pharmacist.
    Pharmacist,
    /// The person whose record it is.
    Patient,
    /// Somebody who reviews accesses and never charts.
    Auditor,
    /// A machine acting for itself (SMART Backend Services).
    System,
    /// Any other role; it may do only what its scopes name type by type.
    Other(String),
    /// A parent or mandatary who acts for the person in `patient`, and for
    /// nobody else (R-22.1, art. 21).
    Proxy,
    /// A researcher (R-22.1, art. 8): only what its scopes name type by type.
    Researcher,
}

impl Function {
    /// The role of this code; an unknown code is kept as it is.
    pub fn from_code(code: &str) -> Self {
        match code {
            "physician" => Self::Physician,
            "nurse" => Self::Nurse,
            "pharmacist" => Self::Pharmacist,
            "patient" => Self::Patient,
            "auditor" => Self::Auditor,
            "system" => Self::System,
            "proxy" => Self::Proxy,
            "researcher" => Self::Researcher,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The code of this role, as in the token.
    pub fn code(&self) -> &str {
        match self {
            Self::Physician => "physician",
            Self::Nurse => "nurse",
            Self::Pharmacist => "pharmacist",
            Self::Patient => "patient",
            Self::Auditor => "auditor",
            Self::System => "system",
            Self::Other(code) => code,
            Self::Proxy => "proxy",
            Self::Researcher => "researcher",
        }
    }

    /// Whether this role offers care (R-22.1, art. 38).
    pub fn is_clinician(&self) -> bool {
        matches!(self, Self::Physician | Self::Nurse | Self::Pharmacist)
    }

    /// Whether this role is confined to the one person in the token.
    pub fn is_confined(&self) -> bool {
        matches!(self, Self::Patient | Self::Proxy)
    }

    /// What a caller of this role acts for when the token does not say.
    pub fn usual_purpose(&self) -> Purpose {
        match self {
            Self::Patient | Self::Proxy => Purpose::PatientRequest,
            Self::Auditor => Purpose::Legal,
            Self::Physician | Self::Nurse | Self::Pharmacist | Self::System => Purpose::Treatment,
            Self::Researcher => Purpose::Research,
            Self::Other(_) => Purpose::Administration,
        }
    }
}

/// What an access is for (codes of HL7 v3 ActReason, PurposeOfUse).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Purpose {
    /// Care of the person (`TREAT`).
    Treatment,
    /// Care where life or integrity is at risk (`ETREAT`).
    Emergency,
    /// Teaching (`TRAIN`).
    Teaching,
    /// Running the establishment (`HOPERAT`).
    Administration,
    /// Research (`HRESCH`).
    Research,
    /// Law, review of accesses (`HLEGAL`).
    Legal,
    /// The person asks for it (`PATRQT`).
    PatientRequest,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 7] = [
        Self::Treatment,
        Self::Emergency,
        Self::Teaching,
        Self::Administration,
        Self::Research,
        Self::Legal,
        Self::PatientRequest,
    ];

    /// The purpose of this ActReason code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.code() == code)
    }

    /// The ActReason code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Treatment => "TREAT",
            Self::Emergency => "ETREAT",
            Self::Teaching => "TRAIN",
            Self::Administration => "HOPERAT",
            Self::Research => "HRESCH",
            Self::Legal => "HLEGAL",
            Self::PatientRequest => "PATRQT",
        }
    }
}
