//! Codes with their words: French shown, English as a translation.

use serde_json::{Value, json};

use crate::claims::{Function, Purpose};
use crate::entry::{Change, Interaction};

pub const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
pub const REGION_SYSTEM: &str = "urn:oid:2.16.124.10.101.1.60.1.10";
const RESTFUL: &str = "http://hl7.org/fhir/restful-interaction";
/// What an operator does past the doors has no code of the standard's.
const OPERATOR_ACT: &str = "urn:dossier:operator-act";
const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const ENTITY_ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";

/// A code of a system and how it reads.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    pub system: &'static str,
    pub code: &'static str,
    pub french: &'static str,
    pub english: &'static str,
}

const fn word(
    system: &'static str,
    code: &'static str,
    french: &'static str,
    english: &'static str,
) -> Word {
    Word { system, code, french, english }
}

impl Word {
    /// As a Coding, with the standard extension for translations.
    pub fn coding(self) -> Value {
        json!({
            "system": self.system,
            "code": self.code,
            "display": self.french,
            "_display": {"extension": [{
                "url": "http://hl7.org/fhir/StructureDefinition/translation",
                "extension": [
                    {"url": "lang", "valueCode": "en"},
                    {"url": "content", "valueString": self.english},
                ],
            }]},
        })
    }
}

const REST: Word = word(
    "http://terminology.hl7.org/CodeSystem/audit-event-type",
    "rest",
    "Opération REST",
    "RESTful Operation",
);
/// DICOM PS3.15 §A.5.3.12: somebody proves who they are.
pub const USER_AUTHENTICATION: Word =
    word(DICOM, "110114", "Authentification", "User Authentication");
/// Of it: the beginning of a session, here of a token.
const LOGIN: Word = word(DICOM, "110122", "obtention d'un jeton", "Login");
/// DICOM PS3.15 §A.5.3.11: something that somebody should look at.
const SECURITY_ALERT: Word = word(DICOM, "110113", "Alerte de sécurité", "Security Alert");
/// Of it: restrictions are lifted in an emergency.
const OVERRIDE: Word =
    word(DICOM, "110127", "bris de glace : accès d'urgence", "Emergency Override Started");
/// Of it: a region is served in another way (DICOM PS3.16 CID 401).
const CONFIGURATION: Word =
    word(DICOM, "110131", "changement de phase d'une région", "Software Configuration");
/// DICOM PS3.15 §A.5.3.6: data leave the system.
const DATA_EXPORT: Word = word(DICOM, "110106", "Exportation", "Export");
/// DICOM PS3.15 §A.5.3.7: data enter it.
const DATA_IMPORT: Word = word(DICOM, "110107", "Importation", "Import");
/// Of the one: everything, by who operates the region.
const COPY: Word =
    word(OPERATOR_ACT, "copy", "copie de tout ce qui est conservé", "copy of all that is held");
/// Of the other: a copy was put back.
const RESTORE: Word =
    word(OPERATOR_ACT, "restore", "copie remise en place", "copy that was put back");
/// BALP, AuthZconsent.
const DECIDED_BY_CONSENT: Word = word(
    "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType",
    "AuthZ-Consent",
    "décision selon un consentement",
    "Authorization Decision using Roles and Consent",
);
/// BALP, AuthZconsent: the establishment for which somebody asks.
pub const PROVIDER: Word = word(
    "http://terminology.hl7.org/CodeSystem/v3-RoleClass",
    "PROV",
    "Établissement",
    "healthcare provider",
);
/// BALP, AuthZconsent: who decided.
pub const AUTHORIZER: Word = word(
    "http://terminology.hl7.org/CodeSystem/extra-security-role-type",
    "authserver",
    "Serveur d'autorisation",
    "authorization server",
);
/// BALP, AuthZconsent: the Consent that was looked at.
pub const CONSENT: Word =
    word("http://hl7.org/fhir/resource-types", "Consent", "Consentement", "Consent");
pub const APPLICATION_SERVER: Word = word(
    "http://terminology.hl7.org/CodeSystem/security-source-type",
    "4",
    "Serveur d'application",
    "Application Server",
);
pub const APPLICATION: Word = word(DICOM, "110150", "Application", "Application");
pub const DESTINATION: Word = word(DICOM, "110152", "Destination", "Destination Role ID");
pub const SOURCE: Word = word(DICOM, "110153", "Source", "Source Role ID");
pub const CUSTODIAN: Word = word(
    "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
    "custodian",
    "Dépositaire",
    "Custodian",
);
pub const RECIPIENT: Word = word(
    "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
    "IRCP",
    "Destinataire de l'information",
    "information recipient",
);
pub const AUTHOR: Word = word(
    "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
    "AUT",
    "Auteur",
    "author (originator)",
);
pub const PERSON: Word = word(ENTITY_TYPE, "1", "Personne", "Person");
pub const SYSTEM_OBJECT: Word = word(ENTITY_TYPE, "2", "Objet du système", "System Object");
pub const PATIENT: Word = word(ENTITY_ROLE, "1", "Patient", "Patient");
pub const DOMAIN_RESOURCE: Word = word(ENTITY_ROLE, "4", "Ressource", "Domain Resource");
pub const QUERY: Word = word(ENTITY_ROLE, "24", "Requête", "Query");
/// The question of what is no query to BALP: a conditional change, an emergency.
pub const ASKED: Word =
    word("urn:dossier:audit-entity", "query", "Demande telle que formulée", "Request as asked");
/// By what right, and with which reason.
pub const DECISION: Word = word("urn:dossier:audit-entity", "decision", "Décision", "Decision");
/// BALP, UserAgentTypes: the token of the user.
pub const TOKEN: Word = word(
    "https://profiles.ihe.net/ITI/BALP/CodeSystem/UserAgentTypes",
    "UserOauthAgent",
    "Jeton de la personne",
    "User OAuth Agent participant",
);
pub const REQUEST_ID: Word = word(
    "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType",
    "XrequestId",
    "Numéro de la demande",
    "The value of X-Request-Id",
);

/// The subtype of an AuditEvent, which decides its pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subtype {
    Read,
    Vread,
    History,
    HistoryType,
    HistorySystem,
    Search,
    SearchSystem,
    Export,
    Operation,
    Create,
    Update,
    Patch,
    Delete,
    Batch,
    Transaction,
    Token,
    Review,
    /// A region came into another phase.
    Phase,
    /// All that is held was copied out.
    Copy,
    /// A copy was put back.
    Restore,
    /// A Consent had a part in the decision.
    AuthzConsent,
    /// An emergency was declared (bris de glace).
    BreakGlass,
}

impl Subtype {
    pub fn of_interaction(interaction: Interaction) -> Self {
        match interaction {
            Interaction::Read => Self::Read,
            Interaction::Vread => Self::Vread,
            Interaction::HistoryInstance => Self::History,
            Interaction::HistoryType => Self::HistoryType,
            Interaction::HistorySystem => Self::HistorySystem,
            Interaction::Search | Interaction::ReadAudit => Self::Search,
            Interaction::SearchSystem => Self::SearchSystem,
            Interaction::Export => Self::Export,
            Interaction::Everything => Self::Operation,
            Interaction::Create => Self::Create,
            Interaction::Update => Self::Update,
            Interaction::Patch => Self::Patch,
            Interaction::Delete => Self::Delete,
            Interaction::Batch => Self::Batch,
            Interaction::Transaction => Self::Transaction,
            Interaction::Token => Self::Token,
            Interaction::Review => Self::Review,
            Interaction::Phase => Self::Phase,
            Interaction::Copy => Self::Copy,
            Interaction::Restore => Self::Restore,
        }
    }

    pub fn of_change(change: Change) -> Self {
        match change {
            Change::Read => Self::Read,
            Change::Created => Self::Create,
            Change::Updated => Self::Update,
            Change::Deleted => Self::Delete,
        }
    }

    pub fn word(self) -> Word {
        let (code, french, english) = match self {
            Self::Read => ("read", "lecture", "read"),
            Self::Vread => ("vread", "lecture d'une version", "vread"),
            Self::History => ("history-instance", "historique", "history-instance"),
            Self::HistoryType => ("history-type", "historique d'un type", "history-type"),
            Self::HistorySystem => ("history-system", "historique général", "history-system"),
            Self::SearchSystem => ("search-system", "recherche générale", "search-system"),
            Self::Export => ("operation", "exportation", "operation"),
            Self::Patch => ("patch", "modification partielle", "patch"),
            Self::Search => ("search", "recherche", "search"),
            Self::Operation => ("operation", "lecture du dossier entier", "operation"),
            Self::Create => ("create", "création", "create"),
            Self::Update => ("update", "modification", "update"),
            Self::Delete => ("delete", "suppression", "delete"),
            Self::Batch => ("batch", "lot", "batch"),
            Self::Transaction => ("transaction", "transaction", "transaction"),
            Self::Review => ("operation", "examen d'un accès", "review of an access"),
            Self::Token => return LOGIN,
            Self::Phase => return CONFIGURATION,
            Self::Copy => return COPY,
            Self::Restore => return RESTORE,
            Self::AuthzConsent => return DECIDED_BY_CONSENT,
            Self::BreakGlass => return OVERRIDE,
        };
        word(RESTFUL, code, french, english)
    }

    /// The codes of the subtype. BALP knows as a query what is a search, and as a
    /// read what is a read: what is one of them under another name has both.
    pub fn codes(self) -> Vec<Word> {
        let also = match self {
            Self::HistoryType | Self::HistorySystem | Self::Operation | Self::Export => {
                Some(Self::Search.word())
            }
            Self::History => Some(Self::Read.word()),
            _ => None,
        };
        [self.word()].into_iter().chain(also).collect()
    }

    /// Whether it has BALP's pattern of a query.
    pub fn is_query(self) -> bool {
        self.pattern() == Some("Query")
    }

    /// Value set audit-event-action, as BALP fixes it per pattern.
    pub fn action(self) -> &'static str {
        match self {
            Self::Read | Self::Vread | Self::History | Self::Copy => "R",
            Self::Create | Self::Restore => "C",
            Self::Update | Self::Patch => "U",
            Self::Delete => "D",
            Self::Search
            | Self::SearchSystem
            | Self::HistoryType
            | Self::HistorySystem
            | Self::Operation
            | Self::Export
            | Self::Batch
            | Self::Transaction
            | Self::AuthzConsent
            | Self::BreakGlass
            | Self::Review
            | Self::Phase
            | Self::Token => "E",
        }
    }

    /// What kind of event it is.
    pub fn event_type(self) -> Word {
        match self {
            Self::Token => USER_AUTHENTICATION,
            Self::Copy => DATA_EXPORT,
            Self::Restore => DATA_IMPORT,
            Self::AuthzConsent | Self::BreakGlass | Self::Phase => SECURITY_ALERT,
            _ => REST,
        }
    }

    /// BALP's name for the pattern; it has none for a token that is asked for,
    /// for a review, for what an operator does, for an emergency, nor for a Bundle
    /// as a whole (what its entries do to a resource is told by the pattern of
    /// each).
    pub fn pattern(self) -> Option<&'static str> {
        Some(match self {
            Self::Token
            | Self::BreakGlass
            | Self::Review
            | Self::Phase
            | Self::Copy
            | Self::Restore
            | Self::Batch
            | Self::Transaction => return None,
            Self::AuthzConsent => "AuthZconsent",
            Self::Read | Self::Vread | Self::History => "Read",
            Self::Create => "Create",
            Self::Delete => "Delete",
            Self::Update | Self::Patch => "Update",
            Self::Search
            | Self::SearchSystem
            | Self::HistoryType
            | Self::HistorySystem
            | Self::Operation
            | Self::Export => "Query",
        })
    }
}

pub fn purpose(purpose: Purpose) -> Word {
    let (french, english) = match purpose {
        Purpose::Treatment => ("traitement", "treatment"),
        Purpose::Emergency => ("traitement d'urgence", "Emergency Treatment"),
        Purpose::Teaching => ("enseignement", "training"),
        Purpose::Administration => ("administration", "healthcare operations"),
        Purpose::Research => ("recherche scientifique", "healthcare research"),
        Purpose::Legal => ("fins juridiques", "legal"),
        Purpose::PatientRequest => ("demande de la personne", "patient requested"),
    };
    word(REASON, purpose.code(), french, english)
}

/// A role as French readers name it; an unknown one as its code.
pub fn function(function: &Function) -> &str {
    match function {
        Function::Physician => "médecin",
        Function::Nurse => "infirmière ou infirmier",
        Function::Pharmacist => "pharmacienne ou pharmacien",
        Function::Patient => "la personne elle-même",
        Function::Auditor => "vérification des accès",
        Function::System => "système",
        Function::Proxy => "parent ou mandataire",
        Function::Researcher => "chercheuse ou chercheur",
        Function::Other(code) => code,
    }
}
