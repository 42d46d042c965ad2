//! What the parts of a record are called by people.

/// What a lay person calls a kind of information; two types may be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// French, in the plural and without an article: "résultats de laboratoire".
    pub french: &'static str,
    /// English, likewise.
    pub english: &'static str,
}

const fn of(french: &'static str, english: &'static str) -> Subject {
    Subject { french, english }
}

const LABORATORY: Subject = of("résultats de laboratoire", "laboratory results");
/// What has no name of its own here.
const OTHER: Subject = of("autres renseignements de santé", "other health information");

/// Types by name, and what they are called.
const SUBJECTS: [(&str, Subject); 52] = [
    ("AllergyIntolerance", of("allergies", "allergies")),
    ("Appointment", of("rendez-vous", "appointments")),
    ("AppointmentResponse", of("rendez-vous", "appointments")),
    ("AuditEvent", of("accès consignés", "recorded accesses")),
    ("Basic", of("autorisations", "authorizations")),
    ("Binary", of("documents", "documents")),
    ("BodyStructure", of("renseignements anatomiques", "anatomical details")),
    ("CarePlan", of("plans de soins", "care plans")),
    ("CareTeam", of("équipes de soins", "care teams")),
    ("ClinicalImpression", of("évaluations cliniques", "clinical assessments")),
    ("Communication", of("messages", "messages")),
    ("CommunicationRequest", of("messages", "messages")),
    ("Composition", of("documents", "documents")),
    ("Condition", of("problèmes de santé", "health problems")),
    ("Consent", of("consentements et restrictions", "consents and restrictions")),
    ("Coverage", of("assurances", "insurance details")),
    ("DetectedIssue", of("alertes cliniques", "clinical alerts")),
    ("Device", of("appareils médicaux", "medical devices")),
    ("DeviceRequest", of("appareils médicaux", "medical devices")),
    ("DeviceUseStatement", of("appareils médicaux", "medical devices")),
    ("DiagnosticReport", of("rapports d'examens", "test reports")),
    ("DocumentManifest", of("documents", "documents")),
    ("DocumentReference", of("documents", "documents")),
    ("Encounter", of("visites et séjours", "visits and stays")),
    ("EpisodeOfCare", of("épisodes de soins", "episodes of care")),
    ("FamilyMemberHistory", of("antécédents familiaux", "family history")),
    ("Flag", of("avertissements au dossier", "warnings in the record")),
    ("Goal", of("objectifs de soins", "care goals")),
    ("ImagingStudy", of("examens d'imagerie", "imaging studies")),
    ("Immunization", of("vaccins", "vaccinations")),
    ("ImmunizationEvaluation", of("vaccins", "vaccinations")),
    ("ImmunizationRecommendation", of("vaccins", "vaccinations")),
    ("List", of("listes du dossier", "lists in the record")),
    ("Media", of("photos et enregistrements", "pictures and recordings")),
    ("MedicationAdministration", of("médicaments", "medications")),
    ("MedicationDispense", of("médicaments", "medications")),
    ("MedicationRequest", of("ordonnances", "prescriptions")),
    ("MedicationStatement", of("médicaments", "medications")),
    ("NutritionOrder", of("régimes alimentaires", "diets")),
    ("Observation", of("résultats et mesures", "results and measurements")),
    ("Patient", of("renseignements d'identité", "identity details")),
    ("Person", of("renseignements d'identité", "identity details")),
    ("Procedure", of("interventions et traitements", "procedures and treatments")),
    ("Provenance", of("traces des modifications", "traces of changes")),
    ("Questionnaire", of("questionnaires", "questionnaires")),
    ("QuestionnaireResponse", of("réponses à des questionnaires", "answers to questionnaires")),
    ("RelatedPerson", of("proches inscrits au dossier", "relatives named in the record")),
    ("RiskAssessment", of("évaluations de risques", "risk assessments")),
    ("ServiceRequest", of("demandes d'examens et de services", "requests for tests and services")),
    ("Specimen", of("prélèvements", "specimens")),
    ("Task", of("tâches", "tasks")),
    ("VisionPrescription", of("ordonnances de lunettes", "prescriptions for glasses")),
];

/// What resources of a type are called; results of a laboratory when it was
/// asked for these.
pub fn subject(resource_type: &str, laboratory: bool) -> Subject {
    if laboratory && matches!(resource_type, "Observation" | "DiagnosticReport") {
        return LABORATORY;
    }
    let found = SUBJECTS.iter().find(|(name, _)| *name == resource_type);
    found.map_or(OTHER, |(_, subject)| *subject)
}

/// The type that a search or a read asked for: `Observation?…`, `Patient/id`.
pub fn type_asked(query: &str) -> Option<&str> {
    let name = query.split(['?', '/']).next()?;
    fhir::types::is_resource_type(name).then_some(name)
}

/// Whether a search asked for what a laboratory found, and nothing else.
pub fn asks_for_laboratory(query: &str) -> bool {
    let mut pairs = query.split(['?', '&']);
    pairs.any(|pair| {
        let value = pair.strip_prefix("category=").unwrap_or_default();
        let code = value.rsplit(['|']).next().unwrap_or_default();
        let code = code.rsplit("%7C").next().unwrap_or_default();
        matches!(code, "laboratory" | "LAB")
    })
}
