//! One DynamoDB table as the port.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::SharedAsyncSleep;
use chart::table::{Item, Key, Query, QueryPage, Table, TableResult, Write};
use std::time::Duration;

use super::WRITES_AT_ONCE;

/// One table. Cheap to clone; clones share the client and its connections.
#[derive(Clone, Debug)]
pub struct SdkTable {
    pub(super) client: Client,
    pub(super) name: String,
    pub(super) writes_at_once: usize,
}

impl SdkTable {
    /// The table of this name.
    pub fn new(client: Client, table_name: impl Into<String>) -> Self {
        Self { client, name: table_name.into(), writes_at_once: WRITES_AT_ONCE }
    }

    /// Lets one `write_each` have so many calls under way at once (at least 1).
    #[must_use]
    pub fn with_writes_at_once(mut self, count: usize) -> Self {
        self.writes_at_once = count.max(1);
        self
    }

    /// The table's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits, when the client has something to wait with.
    pub(super) async fn pause(&self, pause: Duration) {
        let sleep: Option<SharedAsyncSleep> = self.client.config().sleep_impl();
        if let Some(sleep) = sleep {
            aws_smithy_async::rt::sleep::AsyncSleep::sleep(&sleep, pause).await;
        }
    }
}

impl Table for SdkTable {
    async fn get(&self, key: &Key) -> TableResult<Option<Item>> {
        self.get_item(key).await
    }

    async fn get_many(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        self.get_items(keys).await
    }

    async fn query(&self, query: &Query) -> TableResult<QueryPage> {
        self.query_page(query).await
    }

    async fn write(&self, write: Write) -> TableResult<()> {
        self.write_one(write).await
    }

    async fn write_each(&self, writes: Vec<Write>) -> Vec<TableResult<()>> {
        self.write_many(writes).await
    }

    async fn transact(&self, token: &str, writes: Vec<Write>) -> TableResult<()> {
        self.transact_writes(token, writes).await
    }
}
