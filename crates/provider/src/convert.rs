//! Errors of the rooms below, as refusals; and small conversions.

use crate::decide::sentence;
use crate::limits::RETRY_AFTER_S;
use access::entry::Interaction;
use access::journal::JournalError;
use chart::{CommitError, Environment, ReadError, Version};
use contracts::{ChangeKind, Page, Refusal, ResourceKey};
use fhir::outcome::{IssueType, Status};

/// A fresh entry id.
pub(crate) fn random_id(environment: &impl Environment, now_ms: i64) -> String {
    let mut random = [0_u8; 10];
    environment.fill_random(&mut random);
    access::entry::id(u64::try_from(now_ms).unwrap_or_default(), random)
}

/// The journal could not take an entry: nothing may leave.
pub(crate) fn journal_failed(_error: &JournalError) -> Refusal {
    Refusal::unavailable(
        "The access journal cannot take an entry just now, so nothing was told or changed.",
        RETRY_AFTER_S,
    )
}

pub(crate) fn read_failed(error: &ReadError) -> Refusal {
    match error {
        ReadError::Unavailable(_) => {
            Refusal::unavailable("The record cannot be reached just now.", RETRY_AFTER_S)
        }
        ReadError::Contended => Refusal::unavailable(
            "This part of the record is changing too fast to be read whole.",
            RETRY_AFTER_S,
        ),
        ReadError::Corrupt(_) => Refusal::fault(
            "A stored version cannot be understood. Report this with the request id.",
        ),
    }
}

/// 412 for `If-Match` where nothing is.
pub(crate) fn no_such_version() -> Refusal {
    Refusal::precondition_failed(
        "The resource that If-Match speaks of does not exist any more, or never did.",
    )
}

/// Why a commit did not happen, but for what the planner itself answers.
/// `keyed`: whether the request carries a retry key.
pub(crate) fn commit_failed(
    error: CommitError,
    keyed: bool,
    place: impl Fn(usize) -> Option<String>,
) -> Refusal {
    let placed = |refusal: Refusal, index: usize| match place(index) {
        Some(expression) => refusal.at(expression),
        None => refusal,
    };
    match error {
        CommitError::PreconditionFailed { index, current: Some(current) } if !current.deleted => {
            placed(
                Refusal::precondition_failed(format!(
                    "The resource is at version {}. Read it again, apply your change to it, and \
                     send that version in If-Match.",
                    current.version
                )),
                index,
            )
        }
        CommitError::PreconditionFailed { index, .. } => placed(no_such_version(), index),
        CommitError::Conflict { index, claim: Some(_), .. } => placed(
            Refusal::new(
                Status::Conflict,
                IssueType::Duplicate,
                "Another person's record holds this identifier for the same period. Search for it \
                 before creating a record; end its period there if it has passed on.",
            ),
            index,
        ),
        CommitError::Conflict { index, claim: None, .. } => placed(
            Refusal::conflict("This id is taken in another chart. Choose another id."),
            index,
        ),
        CommitError::LostRace { .. } | CommitError::Contended => Refusal::conflict(
            "Others keep changing the same resources. Nothing was stored; try again shortly.",
        )
        .after(1),
        CommitError::RetryKeyReused => Refusal::retry_key_reused(),
        CommitError::Unavailable { unknown: true, .. } if !keyed => Refusal::unavailable(
            "The store did not answer, so it is not known whether the change was made. Look \
             whether it was before you send it again; with an Idempotency-Key it could be sent \
             again at once.",
            RETRY_AFTER_S,
        ),
        CommitError::Unavailable { unknown: true, .. } => Refusal::unavailable(
            "The store did not answer, so it is not known whether the change was made. Send the \
             same request again with the same Idempotency-Key: it will be made once.",
            RETRY_AFTER_S,
        ),
        CommitError::Unavailable { unknown: false, .. } => Refusal::unavailable(
            "The store cannot be reached just now; nothing was stored.",
            RETRY_AFTER_S,
        ),
        CommitError::Invalid(why) => Refusal::unprocessed(sentence(&why)),
    }
}

pub(crate) fn interaction(interaction: contracts::Interaction) -> Interaction {
    use contracts::Interaction as From;
    match interaction {
        From::Read => Interaction::Read,
        From::Vread => Interaction::Vread,
        From::HistoryInstance => Interaction::HistoryInstance,
        From::Search => Interaction::Search,
        From::Everything => Interaction::Everything,
        From::Create => Interaction::Create,
        From::Update => Interaction::Update,
        From::Delete => Interaction::Delete,
        From::Batch => Interaction::Batch,
        From::Transaction => Interaction::Transaction,
        From::ReadAudit => Interaction::ReadAudit,
        From::HistoryType => Interaction::HistoryType,
        From::HistorySystem => Interaction::HistorySystem,
        From::SearchSystem => Interaction::SearchSystem,
        From::Patch => Interaction::Patch,
        From::Export => Interaction::Export,
    }
}

/// A page of which everything is a match.
pub(crate) fn page(versions: Vec<Version>, total: Option<u32>, next: Option<String>) -> Page {
    let matches = u32::try_from(versions.len()).unwrap_or(u32::MAX);
    Page { versions: versions.into_iter().map(version).collect(), matches, total, next }
}

/// A stored version, as the contracts have it.
pub(crate) fn version(version: Version) -> contracts::Version {
    let kind = match (version.deleted, version.version) {
        (true, _) => ChangeKind::Delete,
        (false, 1) => ChangeKind::Create,
        (false, _) => ChangeKind::Update,
    };
    contracts::Version {
        key: ResourceKey { resource_type: version.resource_type, id: version.id },
        version: version.version,
        last_updated_ms: version.last_updated_ms,
        kind,
        body: version.body.unwrap_or_default().into_bytes(),
    }
}
