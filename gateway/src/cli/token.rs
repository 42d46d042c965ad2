//! `dossier token`: one token of the development issuer, and nothing else.

use std::time::{SystemTime, UNIX_EPOCH};

use access::claims::{Claims, Function};
use access::scope::Scope;
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use regions::Phase;

use crate::cli::Places;
use crate::engine::hexadecimal;
use crate::record::{self, issuer};

/// Hours that a token lasts: a working day, and no more.
const LIFE_H: i64 = 12;

/// Options of `dossier token`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    places: Places,
    /// Who the token is for
    #[arg(long, value_enum)]
    role: Role,
    /// Region of the establishment that the bearer acts for
    #[arg(long, value_name = "CODE", default_value = "06")]
    region: String,
    /// Patient id that the token is confined to; needed for a patient
    #[arg(long, value_name = "ID")]
    patient: Option<String>,
}

/// The people of the pilot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// A physician
    Clinician,
    /// The person whose record it is
    Patient,
    /// Somebody who reviews accesses
    Auditor,
    /// A machine
    System,
}

impl Role {
    fn function(self) -> Function {
        match self {
            Self::Clinician => Function::Physician,
            Self::Patient => Function::Patient,
            Self::Auditor => Function::Auditor,
            Self::System => Function::System,
        }
    }

    fn scopes(self) -> &'static str {
        match self {
            Self::Clinician => "user/*.cruds",
            Self::Patient => "patient/*.rs patient/AuditEvent.rs",
            Self::Auditor => "user/AuditEvent.rs",
            Self::System => "system/*.cruds",
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Clinician => ("clinician", "Demonstration clinician"),
            Self::Patient => ("patient", "Demonstration patient"),
            Self::Auditor => ("auditor", "Demonstration auditor"),
            Self::System => ("system", "Demonstration system"),
        }
    }
}

/// Prints a token.
///
/// # Errors
/// An unknown region, or no key.
pub async fn run(options: Options) -> Result<()> {
    println!("{}", token(&options.places, options.role, &options.region, options.patient)?);
    Ok(())
}

/// A token of the development issuer.
///
/// # Errors
/// An unknown region, a patient without an id, or no key.
pub fn token(places: &Places, role: Role, region: &str, patient: Option<String>) -> Result<String> {
    if role == Role::Patient && patient.is_none() {
        bail!("a patient's token is confined to one person: give --patient ID");
    }
    let directory = record::directory(&places.regions)?;
    let region = directory
        .region(region)
        .with_context(|| format!("there is no region {region} in the region files"))?;
    let establishment = region
        .establishments
        .first()
        .with_context(|| format!("region {} has no establishment in its file", region.code))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let issued_at_s = i64::try_from(now.as_secs())?;
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
    let (word, name) = role.words();
    let function = role.function();
    let subject = match &patient {
        Some(patient) if role == Role::Patient => format!("patient-{patient}"),
        _ => format!("{word}-{}", region.code),
    };
    let issuer = issuer::open(&places.data)?;
    let issuer = match region.phase {
        // It opens nothing of the central record.
        Phase::Rehearsal => issuer.rehearsing(),
        _ => issuer,
    };
    Ok(issuer.sign(&Claims {
        subject,
        name: Some(name.to_owned()),
        fhir_user: patient.as_ref().map(|patient| format!("Patient/{patient}")),
        purpose: function.usual_purpose(),
        function,
        licence: (role == Role::Clinician).then(|| "00000".to_owned()),
        establishment: (role != Role::Patient).then(|| establishment.id.clone()),
        patient,
        client_id: "dossier-token".to_owned(),
        scopes: Scope::parse_all(role.scopes()).map_err(|error| anyhow::anyhow!("{error:?}"))?,
        token_id: Some(hexadecimal(&id)),
        issuer: issuer.url().to_owned(),
        expires_at_s: issued_at_s + LIFE_H * 3_600,
        issued_at_s: Some(issued_at_s),
    }))
}
