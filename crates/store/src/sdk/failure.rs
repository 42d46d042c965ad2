//! What an error of the SDK means for the port.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use chart::table::{Item, TableError};

use super::values::{Attributes, from_attributes};

/// An error that says nothing of conditions.
pub(super) fn of_call<E>(error: SdkError<E, HttpResponse>) -> TableError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match &error {
        SdkError::ConstructionFailure(_) => TableError::Rejected(text(&error)),
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let message = || match service.err().message() {
                Some(message) => message.to_owned(),
                None => text(&error),
            };
            of_code(service.err().code().unwrap_or_default(), status, message)
        }
        // A deadline, a connection that broke, a reply that cannot be read.
        _ => TableError::Unavailable(text(&error)),
    }
}

fn text<E: std::error::Error + 'static>(error: &SdkError<E, HttpResponse>) -> String {
    DisplayErrorContext(error).to_string()
}

fn of_code(code: &str, status: u16, message: impl FnOnce() -> String) -> TableError {
    match code {
        "TransactionConflictException"
        | "TransactionInProgressException"
        | "ReplicatedWriteConflictException" => TableError::Conflict,
        "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "ThrottlingException"
        | "Throttling" => TableError::Throttled,
        "AccessDeniedException" | "AccessDenied" => TableError::Denied(message()),
        _ if status >= 500 => TableError::Unavailable(format!("{code}: {}", message())),
        _ => TableError::Rejected(format!("{code}: {}", message())),
    }
}

/// The failed condition of a single write, with the item that was found.
pub(super) fn of_condition(item: Option<&Attributes>) -> TableError {
    TableError::Condition(vec![(0, found(item))])
}

/// The reasons of a cancelled transaction, one for each write. A failed
/// condition counts more than a conflict: it would fail again.
pub(super) fn of_cancellation(reasons: &[CancellationReason]) -> TableError {
    let has = |codes: &[&str]| {
        reasons.iter().find(|reason| reason.code().is_some_and(|code| codes.contains(&code)))
    };
    let refusals = ["ValidationError", "ItemCollectionSizeLimitExceeded"];
    if let Some(refusal) = has(&refusals) {
        let message = refusal.message().unwrap_or("the transaction is refused");
        return TableError::Rejected(message.to_owned());
    }
    let failed: Vec<_> = reasons
        .iter()
        .enumerate()
        .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
        .map(|(index, reason)| (index, found(reason.item())))
        .collect();
    if !failed.is_empty() {
        return TableError::Condition(failed);
    }
    if has(&["TransactionConflict"]).is_some() {
        return TableError::Conflict;
    }
    if has(&["ProvisionedThroughputExceeded", "ThrottlingError"]).is_some() {
        return TableError::Throttled;
    }
    TableError::Unavailable("the transaction was cancelled for no known reason".to_owned())
}

/// The item found, unless none was returned.
fn found(item: Option<&Attributes>) -> Option<Item> {
    let attributes = item.filter(|attributes| !attributes.is_empty())?;
    from_attributes(attributes.clone()).ok().map(|(_, item)| item)
}

#[cfg(test)]
mod tests;
