//! Operations that the engine itself performs.

use dynoxide::actions;
use dynoxide::storage::Storage;
use dynoxide::{DynoxideError, Result};
use futures::channel::oneshot;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

use super::{Answered, unknown};
use crate::embedded::EmbeddedTable;
use crate::embedded::tables_of_engine::run;
use crate::embedded::tokens::{Known, OTHER_UNDER_TOKEN, Tokens};
use crate::embedded::writer::Request;

/// A request's body; the engine marks what it refuses while reading.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        let message = error.to_string();
        let told = message.split(" at line ").next().unwrap_or_default();
        for marker in ["VALIDATION:", "VALIDATION_REQUEST:", "VALIDATION_AS_READ:"] {
            if let Some(refusal) = told.strip_prefix(marker) {
                return DynoxideError::ValidationException(refusal.to_owned());
            }
        }
        let told = told.strip_prefix("SERIALIZATION:").unwrap_or(told);
        DynoxideError::SerializationException(told.to_owned())
    })
}

pub(super) fn render<T: Serialize>(response: &T) -> Answered {
    serde_json::to_vec(response)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

fn failed(error: impl std::fmt::Display) -> DynoxideError {
    DynoxideError::InternalServerError(error.to_string())
}

/// Runs a reading operation in line; `None` when it is not one.
pub(super) fn read(table: &EmbeddedTable, operation: &str, body: &[u8]) -> Option<Answered> {
    let known = ["GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems", "DescribeTable"];
    if !known.contains(&operation) {
        return None;
    }
    Some(match table.held.readers.storage() {
        Ok(storage) => read_on(&storage, operation, body),
        Err(error) => Err(failed(error)),
    })
}

fn read_on(storage: &Storage, operation: &str, body: &[u8]) -> Answered {
    match operation {
        "GetItem" => render(&run(actions::get_item::execute(storage, parse(body)?))?),
        "Query" => render(&run(actions::query::execute(storage, parse(body)?))?),
        "Scan" => render(&run(actions::scan::execute(storage, parse(body)?))?),
        "BatchGetItem" => render(&run(actions::batch_get_item::execute(storage, parse(body)?))?),
        "TransactGetItems" => {
            snapshot(storage, || run(actions::transact_get_items::execute(storage, parse(body)?)))
        }
        "DescribeTable" => {
            let vectors = actions::vector_lifecycle::VectorIndexLifecycle::new();
            render(&run(actions::describe_table::execute(storage, parse(body)?, &vectors))?)
        }
        _ => Err(unknown(operation)),
    }
}

/// Several reads of one state of the file.
fn snapshot<T: Serialize>(storage: &Storage, read: impl FnOnce() -> Result<T>) -> Answered {
    storage.conn().execute_batch("BEGIN").map_err(failed)?;
    let response = read();
    storage.conn().execute_batch("COMMIT").map_err(failed)?;
    render(&response?)
}

/// Runs any other operation on the writer's thread.
pub(super) async fn write(table: &EmbeddedTable, operation: &str, body: &[u8]) -> Answered {
    let (operation, body) = (operation.to_owned(), body.to_vec());
    let (reply, answer) = oneshot::channel();
    let work = Box::new(move |storage: &Storage, tokens: &mut Tokens| {
        drop(reply.send(write_on(storage, tokens, &operation, &body)));
    });
    table.held.writer.submit(Request::Engine(work)).map_err(|_| throttled())?;
    answer.await.unwrap_or_else(|_| Err(failed("the writer has ended")))
}

/// A transaction that the engine performs; its token is kept with all others.
fn transact(
    storage: &Storage,
    tokens: &mut Tokens,
    request: actions::transact_write_items::TransactWriteItemsRequest,
) -> Answered {
    let token = request.client_request_token.clone().unwrap_or_default();
    // By way of a JSON value, whose names are sorted: maps have no order.
    let value = serde_json::to_value(&request.transact_items).map_err(failed)?;
    let mut hasher = DefaultHasher::new();
    value.to_string().hash(&mut hasher);
    let digest = hasher.finish();
    if !token.is_empty() {
        match tokens.look_up(&token, digest, Instant::now()) {
            Known::No => {}
            Known::Same => return Ok(b"{}".to_vec()),
            Known::Other => {
                let refusal = OTHER_UNDER_TOKEN.to_owned();
                return Err(DynoxideError::IdempotentParameterMismatchException(refusal));
            }
        }
    }
    let response = run(actions::transact_write_items::execute(storage, request))?;
    if !token.is_empty() {
        tokens.remember(&token, digest, Instant::now());
    }
    render(&response)
}

/// The queue is full: nothing was written.
pub(super) fn throttled() -> DynoxideError {
    DynoxideError::ProvisionedThroughputExceededException(
        "The embedded store's queue is full; wait and try again".to_owned(),
    )
}

fn write_on(storage: &Storage, tokens: &mut Tokens, operation: &str, body: &[u8]) -> Answered {
    match operation {
        "PutItem" => render(&run(actions::put_item::execute(storage, parse(body)?))?),
        "DeleteItem" => render(&run(actions::delete_item::execute(storage, parse(body)?))?),
        "UpdateItem" => render(&run(actions::update_item::execute(storage, parse(body)?))?),
        "BatchWriteItem" => {
            render(&run(actions::batch_write_item::execute(storage, parse(body)?))?)
        }
        "TransactWriteItems" => transact(storage, tokens, parse(body)?),
        "CreateTable" => render(&run(actions::create_table::execute(storage, parse(body)?))?),
        "UpdateTimeToLive" => {
            render(&run(actions::update_time_to_live::execute(storage, parse(body)?))?)
        }
        "DescribeTimeToLive" => {
            render(&run(actions::describe_time_to_live::execute(storage, parse(body)?))?)
        }
        _ => Err(unknown(operation)),
    }
}
