//! Records of callers, accesses and the journal.

use crate::ResourceKey;

/// What the caller is about to do with the record (`interaction`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interaction {
    /// FHIR read.
    Read,
    /// FHIR vread.
    Vread,
    /// FHIR history of an instance.
    HistoryInstance,
    /// FHIR search.
    Search,
    /// Patient `$everything`.
    Everything,
    /// FHIR create.
    Create,
    /// FHIR update.
    Update,
    /// FHIR delete.
    Delete,
    /// FHIR batch.
    Batch,
    /// FHIR transaction.
    Transaction,
    /// Reading the access journal (ITI-81).
    ReadAudit,
    /// FHIR history of a type.
    HistoryType,
    /// FHIR history of the whole record.
    HistorySystem,
    /// FHIR search over several types.
    SearchSystem,
    /// FHIR patch.
    Patch,
    /// Bulk Data `$export`.
    Export,
}

/// The access a function intends; the provider completes it (`intent`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// What is about to be done.
    pub interaction: Interaction,
    /// The search or operation as asked, percent-encoded, without the base.
    pub query: Option<String>,
}

impl Intent {
    /// An intent without a query.
    pub fn to(interaction: Interaction) -> Self {
        Self { interaction, query: None }
    }
    /// An intent with the query as the caller wrote it.
    pub fn asking(interaction: Interaction, query: impl Into<String>) -> Self {
        Self { interaction, query: Some(query.into()) }
    }
}

/// Where a request comes from (`origin`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// 1 to 64 characters.
    pub request_id: String,
    /// Network address of the caller, as text.
    pub client_address: String,
    /// The written reason of a declared emergency (break-glass).
    pub emergency: Option<String>,
    /// Code of the failed region whose door this one stands in for. Only a
    /// gateway says so; it crosses no wall.
    pub stands_in_for: Option<String>,
    /// What is asked opens nothing of the record, and is answered at any door:
    /// whose establishment's people ask makes no difference. Likewise.
    pub any_door: bool,
}

/// What a verified token says (`claims`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `sub`.
    pub subject: String,
    /// Display name.
    pub name: Option<String>,
    /// Role of the person or system.
    pub function: String,
    /// Establishment the person acts for.
    pub establishment: Option<String>,
    /// The one person a patient's token is confined to.
    pub patient: Option<String>,
    /// SMART scopes, as written in the token.
    pub scopes: Vec<String>,
    /// The application.
    pub client_id: String,
}

/// Which journal entries to read (`filter`), newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalFilter {
    /// Only accesses to this person's record.
    pub person: Option<String>,
    /// Milliseconds since 1970 (UTC), included.
    pub from_ms: i64,
    /// Milliseconds since 1970 (UTC), included.
    pub to_ms: i64,
    /// At most so many entries.
    pub count: u32,
    /// Continues an earlier page.
    pub cursor: Option<String>,
    /// Only what changed the record, decided as a search of Provenance.
    pub changes: bool,
    /// Of changes: only those of this resource.
    pub target: Option<ResourceKey>,
    /// Only what this region's gateways served.
    pub region: Option<String>,
}

impl JournalFilter {
    /// The newest `count` entries, whatever they tell.
    pub fn newest(count: u32) -> Self {
        Self {
            person: None,
            from_ms: 0,
            to_ms: i64::MAX,
            count,
            cursor: None,
            changes: false,
            target: None,
            region: None,
        }
    }
}

/// Entries in their stored encoding, and where to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalPage {
    /// Encoded entries (`access::entry`).
    pub entries: Vec<Vec<u8>>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Of one person's accesses: the last review of each emergency among them.
    pub reviews: Vec<Reviewed>,
}

/// How the review of an access ended, or stands (`reviewed`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// Id of the entry that was reviewed.
    pub entry: String,
    /// `justified`, `not-justified` or `follow-up`.
    pub outcome: String,
    /// Milliseconds since 1970 (UTC).
    pub at_ms: i64,
}

/// Which accesses on the list to be reviewed (`review-filter`), newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewFilter {
    /// Only what this region's gateways served.
    pub region: Option<String>,
    /// `open`, `follow-up` or `closed`.
    pub state: Option<String>,
    /// Only what this rule put there.
    pub rule: Option<String>,
    /// Only by callers who acted for it.
    pub establishment: Option<String>,
    /// First instant of the access, milliseconds since 1970 (UTC), included.
    pub from_ms: i64,
    /// Last instant, included.
    pub to_ms: i64,
    /// At most so many.
    pub count: u32,
    /// Continues an earlier page.
    pub cursor: Option<String>,
}

/// Some of the list to be reviewed (`review-page`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewPage {
    /// Encoded reviews (`access::review`).
    pub items: Vec<Vec<u8>>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// What was accepted before this instant has been judged.
    pub judged_until_ms: i64,
}
