//! Makes and checks the tables of the one definition.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    TableDescription, TableStatus, TimeToLiveSpecification, TimeToLiveStatus,
};
use std::time::Duration;

use super::table::SdkTable;
use crate::definition::{EXPIRY, PARTITION_KEY, SORT_KEY, TableDefinition, tables};

/// Looks at a new table's state this often …
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// … and so many times.
const LOOKS_MAX: usize = 120;

/// Why the tables are not as defined; tells which one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablesError {
    /// The table's name.
    pub table: String,
    /// What is wrong.
    pub reason: String,
}

impl std::fmt::Display for TablesError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "table {}: {}", self.table, self.reason)
    }
}

impl std::error::Error for TablesError {}

/// Creates the tables that are not there, waits until they can be used, and
/// checks all of them. Returns the names of those it created. May be repeated.
///
/// # Errors
/// When the store cannot be reached or refuses, or a table is there but
/// otherwise defined.
pub async fn create_tables(client: &Client, prefix: &str) -> Result<Vec<String>, TablesError> {
    let mut created = Vec::new();
    for definition in tables(prefix) {
        let fail = |reason| TablesError { table: definition.name.clone(), reason };
        if create(client, &definition).await.map_err(fail)? {
            created.push(definition.name.clone());
        }
        wait_until_active(client, &definition).await.map_err(fail)?;
        if definition.expires {
            enable_expiry(client, &definition).await.map_err(fail)?;
        }
    }
    check_tables(client, prefix).await?;
    Ok(created)
}

/// Checks that the tables are there, active, and keyed as defined.
///
/// # Errors
/// The first deviation.
pub async fn check_tables(client: &Client, prefix: &str) -> Result<(), TablesError> {
    for definition in tables(prefix) {
        let fail = |reason| TablesError { table: definition.name.clone(), reason };
        let described = describe(client, &definition.name).await.map_err(fail)?;
        let table = described.ok_or_else(|| fail("is missing; create the tables".to_owned()))?;
        check(&table).map_err(fail)?;
    }
    Ok(())
}

fn check(table: &TableDescription) -> Result<(), String> {
    let mut keys: Vec<(&str, &KeyType)> =
        table.key_schema().iter().map(|key| (key.attribute_name(), key.key_type())).collect();
    keys.sort_by_key(|(name, _)| *name);
    if keys != [(PARTITION_KEY, &KeyType::Hash), (SORT_KEY, &KeyType::Range)] {
        return Err(format!("has other keys: {keys:?}"));
    }
    let text = |name: &str| {
        table.attribute_definitions().iter().any(|attribute| {
            attribute.attribute_name() == name
                && *attribute.attribute_type() == ScalarAttributeType::S
        })
    };
    if !text(PARTITION_KEY) || !text(SORT_KEY) {
        return Err("has keys that are not strings".to_owned());
    }
    match table.table_status() {
        Some(TableStatus::Active | TableStatus::Updating) => Ok(()),
        status => Err(format!("is not active: {status:?}")),
    }
}

fn broken<E: std::error::Error + 'static, R: std::fmt::Debug + 'static>(
    error: SdkError<E, R>,
) -> String {
    DisplayErrorContext(error).to_string()
}

/// Whether it was created; it may be there already.
async fn create(client: &Client, definition: &TableDefinition) -> Result<bool, String> {
    let mut call =
        client.create_table().table_name(&definition.name).billing_mode(BillingMode::PayPerRequest);
    for (name, key_type) in [(PARTITION_KEY, KeyType::Hash), (SORT_KEY, KeyType::Range)] {
        let key = KeySchemaElement::builder().attribute_name(name).key_type(key_type);
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S);
        call = call
            .key_schema(key.build().map_err(|error| error.to_string())?)
            .attribute_definitions(attribute.build().map_err(|error| error.to_string())?);
    }
    match call.send().await {
        Ok(_) => Ok(true),
        Err(error) => {
            let there = error
                .as_service_error()
                .is_some_and(|service| service.is_resource_in_use_exception());
            if there { Ok(false) } else { Err(broken(error)) }
        }
    }
}

async fn describe(client: &Client, name: &str) -> Result<Option<TableDescription>, String> {
    match client.describe_table().table_name(name).send().await {
        Ok(output) => Ok(output.table),
        Err(error) => {
            let missing = error
                .as_service_error()
                .is_some_and(|service| service.is_resource_not_found_exception());
            if missing { Ok(None) } else { Err(broken(error)) }
        }
    }
}

async fn wait_until_active(client: &Client, definition: &TableDefinition) -> Result<(), String> {
    let table = SdkTable::new(client.clone(), &definition.name);
    for _ in 0..LOOKS_MAX {
        let described = describe(client, &definition.name).await?;
        let status = described.as_ref().and_then(TableDescription::table_status);
        if matches!(status, Some(TableStatus::Active | TableStatus::Updating)) {
            return Ok(());
        }
        table.pause(LOOK_AGAIN).await;
    }
    Err("does not become active".to_owned())
}

async fn enable_expiry(client: &Client, definition: &TableDefinition) -> Result<(), String> {
    let described = client.describe_time_to_live().table_name(&definition.name).send().await;
    let description = described.map_err(broken)?.time_to_live_description;
    let status = description.and_then(|description| description.time_to_live_status);
    if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        return Ok(());
    }
    let wanted = TimeToLiveSpecification::builder()
        .attribute_name(EXPIRY)
        .enabled(true)
        .build()
        .map_err(|error| error.to_string())?;
    let call = client
        .update_time_to_live()
        .table_name(&definition.name)
        .time_to_live_specification(wanted);
    call.send().await.map(drop).map_err(broken)
}
