//! The embedded tables by the DynamoDB protocol (JSON 1.0), so that several
//! processes can share one record: [`answer`] takes one request and gives the
//! reply; speaking HTTP is the caller's.
//!
//! Reads run in line on the reading connections; writes go through the single
//! writer's queue. `PutItem`, `DeleteItem` and `TransactWriteItems` whose
//! conditions are of the record's kind share durable writes with all others
//! (`grouped`); everything else runs in the engine, by itself.

use dynoxide::DynoxideError;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeSet, HashMap};

use super::{Embedded, EmbeddedTable};

mod condition;
mod engine;
mod grouped;
mod wire;

/// What `X-Amz-Target` begins with.
const TARGET_PREFIX: &str = "DynamoDB_20120810.";

/// A reply: the HTTP status, and the body, which is
/// `application/x-amz-json-1.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: Vec<u8>,
}

/// The result of an operation: JSON or the engine's error.
type Answered = Result<Vec<u8>, DynoxideError>;

/// Answers one request. `target` is the header `X-Amz-Target`. Signatures are
/// not looked at: whoever can reach this can do everything, so serve it on
/// loopback only.
///
/// Known are the operations on items, `CreateTable`, `DescribeTable`,
/// `ListTables`, `UpdateTimeToLive` and `DescribeTimeToLive`. A request names
/// one of the tables; one that names two, or another one to create, is refused.
pub async fn answer(store: &Embedded, target: &str, body: &[u8]) -> Reply {
    answer_of(std::slice::from_ref(store), target, body).await
}

/// The same of several stores, whose tables have names of their own each.
pub async fn answer_of(stores: &[Embedded], target: &str, body: &[u8]) -> Reply {
    let answered = match target.strip_prefix(TARGET_PREFIX) {
        Some(operation) => dispatch(stores, operation, body).await,
        None => Err(unknown(target)),
    };
    match answered {
        Ok(body) => Reply { status: 200, body },
        Err(error) => Reply { status: error.status_code(), body: error.to_json().into_bytes() },
    }
}

async fn dispatch(stores: &[Embedded], operation: &str, body: &[u8]) -> Answered {
    if operation == "ListTables" {
        let tables = stores.iter().flat_map(|store| [store.access(), store.record()]);
        let mut names: Vec<String> = tables.map(|table| table.name().to_owned()).collect();
        names.sort_unstable();
        let listed = serde_json::json!({ "TableNames": names });
        return Ok(listed.to_string().into_bytes());
    }
    let table = route(stores, operation, body)?;
    if let Some(answered) = grouped::answer(&table, operation, body).await {
        return answered;
    }
    match engine::read(&table, operation, body) {
        Some(answered) => answered,
        None => engine::write(&table, operation, body).await,
    }
}

/// The table names in a request, wherever its operation puts them.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "TableName")]
    table_name: Option<String>,
    #[serde(rename = "RequestItems")]
    request_items: Option<HashMap<String, IgnoredAny>>,
    #[serde(rename = "TransactItems")]
    transact_items: Option<Vec<HashMap<String, Option<NamedAction>>>>,
}

#[derive(Deserialize)]
struct NamedAction {
    #[serde(rename = "TableName")]
    table_name: Option<String>,
}

/// The one table that a request is about.
fn route(
    stores: &[Embedded],
    operation: &str,
    body: &[u8],
) -> Result<EmbeddedTable, DynoxideError> {
    let mut tables = stores.iter().flat_map(|store| [store.record(), store.access()]);
    let named: Named = serde_json::from_slice(body)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
    let mut names: BTreeSet<String> = named.table_name.into_iter().collect();
    names.extend(named.request_items.into_iter().flat_map(HashMap::into_keys));
    let actions = named.transact_items.into_iter().flatten().flat_map(HashMap::into_values);
    names.extend(actions.flatten().filter_map(|action| action.table_name));
    let mut names = names.into_iter();
    match (names.next(), names.next()) {
        (Some(name), None) => match tables.find(|table| table.name() == name) {
            Some(table) => Ok(table),
            None if operation == "CreateTable" => Err(DynoxideError::ValidationException(
                "This store holds the tables record and access, those of regions that rehearse if \
                 it was started with them, and no other"
                    .to_owned(),
            )),
            None => Err(DynoxideError::ResourceNotFoundException(
                "Requested resource not found".to_owned(),
            )),
        },
        (Some(_), Some(_)) => Err(DynoxideError::ValidationException(
            "A request to this store is about one table; send one for each".to_owned(),
        )),
        // The engine words the refusal of a request that names no table.
        (None, _) => tables.next().ok_or_else(|| {
            DynoxideError::ResourceNotFoundException("Requested resource not found".to_owned())
        }),
    }
}

fn unknown(operation: &str) -> DynoxideError {
    DynoxideError::ValidationException(format!("Unknown operation {operation}"))
}
