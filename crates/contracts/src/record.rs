//! Records of what the record holds, and of its changes.

use crate::Interaction;

/// A resource's type and logical id (`key`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceKey {
    /// FHIR resource type.
    pub resource_type: String,
    /// Logical id.
    pub id: String,
}

impl ResourceKey {
    /// A key from its two parts.
    pub fn new(resource_type: impl Into<String>, id: impl Into<String>) -> Self {
        Self { resource_type: resource_type.into(), id: id.into() }
    }
}

/// Which chart to open (`place`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The chart of this Patient id.
    Person(String),
    /// The chart that holds this resource.
    Holding(ResourceKey),
}

/// How a version came to be (`change-kind`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// By create.
    Create,
    /// By update, also one that created.
    Update,
    /// By delete.
    Delete,
}

impl ChangeKind {
    /// The interaction that makes such a change by itself.
    pub fn interaction(self) -> Interaction {
        match self {
            Self::Create => Interaction::Create,
            Self::Update => Interaction::Update,
            Self::Delete => Interaction::Delete,
        }
    }
}

/// One immutable version (`version`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Of which resource.
    pub key: ResourceKey,
    /// `meta.versionId`.
    pub version: u64,
    /// `meta.lastUpdated`, milliseconds since 1970 (UTC).
    pub last_updated_ms: i64,
    /// How it came to be.
    pub kind: ChangeKind,
    /// JSON text; empty for a deletion.
    pub body: Vec<u8>,
}

/// Some of an answer that may be long (`page`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The versions of this page.
    pub versions: Vec<Version>,
    /// Of a search: the first so many are matches, the others are included.
    pub matches: u32,
    /// How many matches over all pages, when known.
    pub total: Option<u32>,
    /// Continues after this page.
    pub next: Option<String>,
}

/// Which part of a long answer (`window`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// At most so many versions.
    pub count: u32,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Only what was changed at or after this instant.
    pub since_ms: Option<i64>,
    /// Only these types; all when empty.
    pub resource_types: Vec<String>,
    /// Of `$everything`: only what was done or held from this date of care on.
    pub care_from: Option<String>,
    /// Of `$everything`: only what was done or held up to this date of care.
    pub care_to: Option<String>,
}

/// Something to tell the caller that is no refusal (`notice`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Code of the FHIR value set issue-type.
    pub code: String,
    /// What it is about; never a person's data.
    pub diagnostics: String,
    /// The element or parameter, as FHIRPath.
    pub expression: Option<String>,
}

/// What the body of a change is (`body-form`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyForm {
    /// The resource itself; nothing for a deletion.
    #[default]
    Resource,
    /// Of an update: JSON Patch (an array) or FHIRPath Patch (Parameters).
    Patch,
    /// Of an update: Parameters with a Meta to merge in.
    MetaAdd,
    /// Of an update: Parameters with a Meta to take out.
    MetaDelete,
}

/// One change of a commit (`change`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Create, update or delete.
    pub kind: ChangeKind,
    /// FHIR resource type.
    pub resource_type: String,
    /// Given for update and delete, unless `criteria` are.
    pub id: Option<String>,
    /// Of an update or delete: the one resource that this search finds.
    pub criteria: Option<String>,
    /// `Bundle.entry.fullUrl`.
    pub full_url: Option<String>,
    /// The version that must be current.
    pub if_match: Option<u64>,
    /// Of an update: only when nothing is there (`If-None-Match: *`).
    pub if_absent: bool,
    /// Only when no resource matches this search.
    pub if_none_exist: Option<String>,
    /// What `body` is.
    pub form: BodyForm,
    /// As sent; empty for a deletion.
    pub body: Vec<u8>,
}

impl Change {
    /// A change of `kind` to a resource of a type: everything else is unsaid.
    pub fn of(kind: ChangeKind, resource_type: impl Into<String>) -> Self {
        Self {
            kind,
            resource_type: resource_type.into(),
            id: None,
            criteria: None,
            full_url: None,
            if_match: None,
            if_absent: false,
            if_none_exist: None,
            form: BodyForm::Resource,
            body: Vec::new(),
        }
    }
}

/// How to commit (`options`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitOptions {
    /// `Idempotency-Key`.
    pub retry_key: Option<String>,
    /// SHA-256 of what was asked.
    pub request_hash: Vec<u8>,
    /// Whether outcomes carry the stored texts.
    pub return_bodies: bool,
    /// Whether the changes are entries of a Bundle.
    pub bundle: bool,
    /// Whether outcomes carry notices of references that lead nowhere.
    pub notices: bool,
}

/// What a change did (`effect`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A resource that was not there before.
    Created,
    /// A new version.
    Updated,
    /// A deletion.
    Deleted,
    /// A conditional create met one that is there.
    Existing,
    /// Nothing had to be done.
    Unchanged,
}

/// What became of one change (`outcome`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Of which resource.
    pub key: ResourceKey,
    /// The version now current.
    pub version: u64,
    /// Its instant, in milliseconds.
    pub last_updated_ms: i64,
    /// What happened.
    pub effect: Effect,
    /// The stored text when asked for; empty otherwise.
    pub body: Vec<u8>,
    /// What the caller should know of it.
    pub notices: Vec<Notice>,
}

/// What became of a commit (`receipt`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// One for each change, in their order.
    pub outcomes: Vec<Outcome>,
    /// The answer given to an earlier request with the same key.
    pub replayed: bool,
}
