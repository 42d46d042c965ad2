//! One type for the tables of either store, chosen at start.

use chart::table::{Item, Key, Query, QueryPage, Table, TableResult, Write};
use store::embedded::EmbeddedTable;
use store::sdk::SdkTable;

/// A table in a file of this process, or in DynamoDB.
#[derive(Clone, Debug)]
pub enum AnyTable {
    /// In a file.
    Embedded(EmbeddedTable),
    /// In DynamoDB, or what speaks its protocol.
    Sdk(SdkTable),
}

macro_rules! either {
    ($self:ident, $table:ident => $call:expr) => {
        match $self {
            Self::Embedded($table) => $call.await,
            Self::Sdk($table) => $call.await,
        }
    };
}

impl Table for AnyTable {
    async fn get(&self, key: &Key) -> TableResult<Option<Item>> {
        either!(self, table => table.get(key))
    }

    async fn get_many(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        either!(self, table => table.get_many(keys))
    }

    async fn query(&self, query: &Query) -> TableResult<QueryPage> {
        either!(self, table => table.query(query))
    }

    async fn write(&self, write: Write) -> TableResult<()> {
        either!(self, table => table.write(write))
    }

    async fn write_each(&self, writes: Vec<Write>) -> Vec<TableResult<()>> {
        either!(self, table => table.write_each(writes))
    }

    async fn transact(&self, token: &str, writes: Vec<Write>) -> TableResult<()> {
        either!(self, table => table.transact(token, writes))
    }
}
