//! Makes a table of the one definition known to the engine. Its rows are then
//! laid out anew (`layout`).

use dynoxide::DynoxideError;
use dynoxide::actions::{create_table, update_time_to_live};
use dynoxide::storage::Storage;
use dynoxide::types::{AttributeDefinition, KeySchemaElement, KeyType, ScalarAttributeType};
use futures::FutureExt as _;

use crate::definition::{EXPIRY, PARTITION_KEY, SORT_KEY, TableDefinition};

/// The result of an engine's operation, whose future never waits: on native
/// SQLite every step of it blocks.
pub(super) fn run<T>(operation: impl Future<Output = dynoxide::Result<T>>) -> dynoxide::Result<T> {
    let waited = || DynoxideError::InternalServerError("the engine waited".to_owned());
    operation.now_or_never().ok_or_else(waited)?
}

/// Creates the table unless it is there.
pub(super) fn create(storage: &Storage, definition: &TableDefinition) -> dynoxide::Result<()> {
    if storage.table_exists(&definition.name)? {
        return Ok(());
    }
    let key = |name: &str, key_type| KeySchemaElement { attribute_name: name.to_owned(), key_type };
    let text = |name: &str| AttributeDefinition {
        attribute_name: name.to_owned(),
        attribute_type: ScalarAttributeType::S,
    };
    let request = create_table::CreateTableRequest {
        table_name: definition.name.clone(),
        key_schema: vec![key(PARTITION_KEY, KeyType::HASH), key(SORT_KEY, KeyType::RANGE)],
        attribute_definitions: vec![text(PARTITION_KEY), text(SORT_KEY)],
        billing_mode: Some("PAY_PER_REQUEST".to_owned()),
        ..Default::default()
    };
    run(create_table::execute(storage, request))?;
    if definition.expires {
        let request = update_time_to_live::UpdateTimeToLiveRequest {
            table_name: definition.name.clone(),
            time_to_live_specification: update_time_to_live::TimeToLiveSpecification {
                attribute_name: EXPIRY.to_owned(),
                enabled: true,
            },
        };
        run(update_time_to_live::execute(storage, request))?;
    }
    Ok(())
}
