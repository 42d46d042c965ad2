//! The access entry: who saw or changed what, when, why and from where
//! (R-22.1, art. 103), in a small binary encoding.

use serde::{Deserialize, Serialize};

use crate::claims::{Function, Purpose};
use crate::limits::ENTRY_BYTES_MAX;

mod before;
mod id;
mod items;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use id::packed_id;
#[cfg(test)]
pub(crate) use id::unpacked_id;
pub use id::{id, id_time_ms};

/// First byte of the encoding; a later layout takes another. Layout 1, which
/// spelt every item out, is still read.
const LAYOUT: u8 = 2;
/// First byte of an entry that says more of how it was decided: that, then an
/// entry of layout 2 without its first byte.
const LAYOUT_DECIDED: u8 = 3;
/// First byte of an entry of a door that stood in for another: that, the code of
/// the other's region, then an entry of layout 2 or 3, whole.
const LAYOUT_STANDING_IN: u8 = 4;

/// What a caller did (FHIR R4 §3.1), the words of the contract `types.interaction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Interaction {
    /// The current version of one resource.
    Read,
    /// One version of a resource.
    Vread,
    /// The versions of one resource.
    HistoryInstance,
    /// A search of one type.
    Search,
    /// `$everything`: a whole chart.
    Everything,
    /// A new resource.
    Create,
    /// A new version.
    Update,
    /// A deletion.
    Delete,
    /// A bundle whose entries stand alone.
    Batch,
    /// A bundle of which all or nothing happens.
    Transaction,
    /// Reading the access journal itself (IHE ITI-81).
    ReadAudit,
    /// The versions of all resources of a type.
    HistoryType,
    /// The versions of everything.
    HistorySystem,
    /// A search over several types.
    SearchSystem,
    /// A change of some elements.
    Patch,
    /// Bulk Data `$export`.
    Export,
    /// An access token was asked for (RFC 6749 §4.4).
    Token,
    /// An access was reviewed, and what was found was added to its review.
    Review,
    /// A region was moved from one phase to another.
    Phase,
    /// All that is held was copied out by who operates the region: a backup, or the
    /// ledgers with their entries.
    Copy,
    /// Such a copy was put back into empty tables.
    Restore,
}

impl Interaction {
    /// Every interaction with the record, in the order of the stored form, to
    /// which is only appended. To ask for a token is none: no rule decides it;
    /// nor is a review, which changes nothing that is there; nor a phase, a
    /// copy or a restore, which are the operator's.
    pub const ALL: [Self; 16] = [
        Self::Read,
        Self::Vread,
        Self::HistoryInstance,
        Self::Search,
        Self::Everything,
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Batch,
        Self::Transaction,
        Self::ReadAudit,
        Self::HistoryType,
        Self::HistorySystem,
        Self::SearchSystem,
        Self::Patch,
        Self::Export,
    ];

    /// Whether it changes the record.
    pub fn changes(self) -> bool {
        matches!(
            self,
            Self::Create
                | Self::Update
                | Self::Patch
                | Self::Delete
                | Self::Batch
                | Self::Transaction
        )
    }
}

/// What happened to one resource of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Change {
    /// It was only seen.
    Read,
    /// Its first version was written.
    Created,
    /// A further version was written.
    Updated,
    /// It was deleted.
    Deleted,
}

/// One resource that an access saw or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemSeen {
    /// Resource type.
    pub resource_type: String,
    /// Logical id.
    pub id: String,
    /// Version seen or written.
    pub version: u64,
    /// Whose record it is in: an index into [`Entry::persons`]; `None` for
    /// resources that concern nobody.
    pub person: Option<u16>,
    /// What happened to it.
    pub change: Change,
}

/// Who acted, as the token said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Stable id at the issuer.
    pub subject: String,
    /// Name to show.
    pub name: Option<String>,
    /// Role.
    pub function: Function,
    /// Licence number.
    pub licence: Option<String>,
    /// Application.
    pub client_id: String,
    /// Id of the token (`jti`).
    pub token_id: Option<String>,
    /// Issuer of the token.
    pub issuer: String,
}

impl Agent {
    /// The caller whom these claims describe.
    pub fn from_claims(claims: &crate::claims::Claims) -> Self {
        Self {
            subject: claims.subject.clone(),
            name: claims.name.clone(),
            function: claims.function.clone(),
            licence: claims.licence.clone(),
            client_id: claims.client_id.clone(),
            token_id: claims.token_id.clone(),
            issuer: claims.issuer.clone(),
        }
    }

    /// Somebody who showed no token that could be trusted.
    pub fn unknown() -> Self {
        Self {
            subject: String::new(),
            name: None,
            function: Function::Other("unknown".to_owned()),
            licence: None,
            client_id: String::new(),
            token_id: None,
            issuer: String::new(),
        }
    }
}

/// Why an access was rightful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Basis {
    /// A professional who offers care (art. 38).
    CareRelationship,
    /// The person themself.
    OwnRecord,
    /// An authorization with grantor and dates (art. 39).
    Authorization,
    /// The person's consent.
    Consent,
    /// A law.
    Law,
    /// Life or integrity at risk, with a documented reason (art. 7).
    BreakGlass,
}

impl Basis {
    /// The word for this basis in entries and audits.
    pub fn code(self) -> &'static str {
        match self {
            Self::CareRelationship => "care-relationship",
            Self::OwnRecord => "own-record",
            Self::Authorization => "authorization",
            Self::Consent => "consent",
            Self::Law => "law",
            Self::BreakGlass => "break-glass",
        }
    }
}

/// How an access ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// HTTP status of the answer.
    pub status: u16,
    /// Why it was denied or failed, for the reader of the audit.
    pub denied: Option<String>,
}

/// One access to the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Sortable id, made by [`id()`].
    #[serde(with = "id::packed")]
    pub id: String,
    /// When, milliseconds since 1970 (UTC): the instant in the id.
    pub at_ms: u64,
    /// Health region whose gateway served it.
    pub region: String,
    /// Establishment the caller acted for; empty when unknown.
    pub establishment: String,
    /// Who.
    pub agent: Agent,
    /// Patient ids concerned, without repetition.
    pub persons: Vec<String>,
    /// What was done.
    pub interaction: Interaction,
    /// To which resources.
    #[serde(skip)]
    pub items: Vec<ItemSeen>,
    /// The search or operation as asked, percent-encoded, without the base.
    pub query: Option<String>,
    /// What for.
    pub purpose: Purpose,
    /// By what right; `None` when denied.
    pub basis: Option<Basis>,
    /// Id of the request (`X-Request-Id`).
    pub request_id: String,
    /// Network address of the caller.
    pub network_address: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What else bore on the decision.
    #[serde(skip)]
    pub decided: Decided,
}

/// What bore on a decision besides the token; seldom anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The written reason of a declared emergency (art. 7: the provider
    /// documents the decision).
    pub emergency: Option<String>,
    /// The Consents that withheld something, gave it, or were lifted by the
    /// emergency, as `Consent/id/_history/version`.
    pub consents: Vec<String>,
    /// Code of the region whose door did not answer, so that the one of
    /// [`Entry::region`] stood in for it.
    #[serde(skip)]
    pub stands_in_for: Option<String>,
}

impl Decided {
    /// Whether there is nothing to tell of emergencies and Consents.
    pub fn is_plain(&self) -> bool {
        self.emergency.is_none() && self.consents.is_empty()
    }
}

/// Why an entry cannot be encoded or decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryError {
    /// The id is not one that [`id()`] makes.
    Id,
    /// Longer than [`ENTRY_BYTES_MAX`].
    TooLong,
    /// The bytes are not an entry.
    Malformed,
    /// The layout is of a later version of this program.
    Layout(u8),
}

impl std::fmt::Display for EntryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id => f.write_str("the entry's id is not 26 characters of lower-case base32"),
            Self::TooLong => {
                write!(f, "the entry is longer than {ENTRY_BYTES_MAX} bytes; split it")
            }
            Self::Malformed => f.write_str("the bytes are not an access entry"),
            Self::Layout(layout) => write!(f, "layout {layout} of access entries is not known"),
        }
    }
}

impl std::error::Error for EntryError {}

impl Entry {
    /// The stored encoding: a layout byte, then the fields in their order, the
    /// items last.
    ///
    /// # Errors
    /// [`EntryError::Id`] and [`EntryError::TooLong`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryError> {
        if id::unpack(&self.id).is_none() {
            return Err(EntryError::Id);
        }
        let first = match &self.decided.stands_in_for {
            None => Ok(Vec::new()),
            Some(region) => postcard::to_extend(region, vec![LAYOUT_STANDING_IN]),
        };
        let before = first.and_then(|mut first| {
            if self.decided.is_plain() {
                first.push(LAYOUT);
                return Ok(first);
            }
            first.push(LAYOUT_DECIDED);
            postcard::to_extend(&self.decided, first)
        });
        let bytes = before.and_then(|before| postcard::to_extend(self, before));
        let mut bytes = bytes.map_err(|_| EntryError::Malformed)?;
        items::put(&self.items, &self.persons, &mut bytes);
        if bytes.len() > ENTRY_BYTES_MAX { Err(EntryError::TooLong) } else { Ok(bytes) }
    }

    /// Reads what [`Entry::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`EntryError::Malformed`] and [`EntryError::Layout`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        let Some((&LAYOUT_STANDING_IN, rest)) = bytes.split_first() else {
            return Self::unprefixed(bytes);
        };
        let (region, rest): (String, _) =
            postcard::take_from_bytes(rest).map_err(|_| EntryError::Malformed)?;
        // One door stands in for one other: the prefix is there once.
        if !matches!(rest.first(), Some(&LAYOUT | &LAYOUT_DECIDED)) {
            return Err(EntryError::Malformed);
        }
        let mut entry = Self::unprefixed(rest)?;
        entry.decided.stands_in_for = Some(region);
        Ok(entry)
    }

    fn unprefixed(bytes: &[u8]) -> Result<Self, EntryError> {
        match bytes.split_first() {
            Some((&LAYOUT, rest)) => Self::plain(rest),
            Some((&LAYOUT_DECIDED, rest)) => {
                let (decided, rest): (Decided, _) =
                    postcard::take_from_bytes(rest).map_err(|_| EntryError::Malformed)?;
                Ok(Self { decided, ..Self::plain(rest)? })
            }
            Some((&before::LAYOUT, rest)) => before::read(rest).ok_or(EntryError::Malformed),
            Some((&other, _)) => Err(EntryError::Layout(other)),
            None => Err(EntryError::Malformed),
        }
    }

    /// An entry of layout 2, after its first byte.
    fn plain(bytes: &[u8]) -> Result<Self, EntryError> {
        let (mut entry, rest): (Self, _) =
            postcard::take_from_bytes(bytes).map_err(|_| EntryError::Malformed)?;
        entry.items = items::take(rest, &entry.persons).ok_or(EntryError::Malformed)?;
        Ok(entry)
    }
}
