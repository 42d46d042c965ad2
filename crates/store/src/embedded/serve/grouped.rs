//! Writes of the record's kind, which share durable writes with all others:
//! puts and deletes of the port's value types under the port's conditions.
//! Whatever is not of that kind, or would be refused, is left to the engine,
//! which knows the protocol's wording.

use chart::table::{Item, Key, TableError, TableResult, Value, Write};
use dynoxide::errors::CancellationReason;
use dynoxide::{AttributeValue, DynoxideError};
use std::collections::HashMap;

use super::engine::throttled;
use super::{Answered, wire};
use crate::embedded::EmbeddedTable;
use crate::embedded::apply::Prepared;
use crate::embedded::tokens::OTHER_UNDER_TOKEN;
use crate::rules;

/// Keys and items the engine's way.
type Attributes = HashMap<String, AttributeValue>;

/// The answer; `None` leaves the request to the engine.
pub(super) async fn answer(
    table: &EmbeddedTable,
    operation: &str,
    body: &[u8],
) -> Option<Answered> {
    let request = wire::read(operation, body)?;
    let single = request.token.is_none() && operation != "TransactWriteItems";
    let writes: Vec<Write> = request.writes.iter().map(|write| write.write.clone()).collect();
    let bytes = match (single, writes.as_slice()) {
        (true, [write]) => vec![rules::check_single(write).ok()?],
        _ => rules::check_transaction(request.token.as_deref().unwrap_or("none"), &writes).ok()?,
    };
    let prepared = writes
        .into_iter()
        .zip(bytes)
        .map(|(write, bytes)| Prepared::new(write, bytes))
        .collect::<TableResult<Vec<_>>>()
        .ok()?;
    let result = table.transact_prepared(request.token.clone(), prepared).await;
    Some(match result {
        Ok(()) => Ok(b"{}".to_vec()),
        Err(TableError::Condition(failed)) if single => Err(refused(&request.writes, failed)),
        Err(TableError::Condition(failed)) => Err(cancelled(&request.writes, failed)),
        Err(TableError::Conflict | TableError::Throttled) => Err(throttled()),
        Err(TableError::Unavailable(why)) => Err(DynoxideError::InternalServerError(why)),
        Err(TableError::Rejected(why)) if why == OTHER_UNDER_TOKEN => {
            Err(DynoxideError::IdempotentParameterMismatchException(why))
        }
        Err(TableError::Rejected(why) | TableError::Denied(why)) => {
            Err(DynoxideError::ValidationException(why))
        }
    })
}

/// The item that a failed condition found, when the request asks for it.
fn found(writes: &[wire::Asked], (index, item): (usize, Option<Item>)) -> Option<Attributes> {
    let asked = writes.get(index).filter(|write| write.returns_old)?;
    item.map(|item| attributes(&asked.write.key, item))
}

fn refused(writes: &[wire::Asked], failed: Vec<(usize, Option<Item>)>) -> DynoxideError {
    let item = failed.into_iter().next().and_then(|failure| found(writes, failure));
    DynoxideError::ConditionalCheckFailedException(
        "The conditional request failed".to_owned(),
        item,
    )
}

fn cancelled(writes: &[wire::Asked], failed: Vec<(usize, Option<Item>)>) -> DynoxideError {
    let none = || CancellationReason { code: "None".to_owned(), message: None, item: None };
    let mut reasons: Vec<CancellationReason> = writes.iter().map(|_| none()).collect();
    for failure in failed {
        if let Some(reason) = reasons.get_mut(failure.0) {
            *reason = CancellationReason {
                code: "ConditionalCheckFailed".to_owned(),
                message: Some("The conditional request failed".to_owned()),
                item: found(writes, failure),
            };
        }
    }
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    DynoxideError::TransactionCanceledException(message, reasons)
}

fn attributes(key: &Key, item: Item) -> Attributes {
    let halves = [("pk", &key.pk), ("sk", &key.sk)];
    item.0
        .into_iter()
        .map(|(name, value)| (name.into_owned(), attribute(value)))
        .chain(halves.map(|(name, half)| (name.to_owned(), AttributeValue::S(half.clone()))))
        .collect()
}

fn attribute(value: Value) -> AttributeValue {
    match value {
        Value::S(text) => AttributeValue::S(text),
        Value::N(number) => AttributeValue::N(number.to_string()),
        Value::B(bytes) => AttributeValue::B(bytes),
        Value::L(values) => AttributeValue::L(values.into_iter().map(attribute).collect()),
    }
}
