//! One type for the tables of either store, chosen at start, and the count of
//! what is asked of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chart::table::{Item, Key, Query, QueryPage, Table, TableResult, Write};
use store::definition::TableKind;
use store::embedded::EmbeddedTable;
use store::sdk::SdkTable;

use crate::observed;

/// The operations of the port, as metrics name them.
const OPERATIONS: [&str; 6] = ["get", "get_many", "query", "write", "write_each", "transact"];

/// Round trips of one region to the store: a call that waits once counts once,
/// however many requests the store's client makes of it side by side.
#[derive(Debug, Default)]
pub struct Trips([[AtomicU64; OPERATIONS.len()]; TableKind::ALL.len()]);

impl Trips {
    fn count(&self, kind: TableKind, operation: usize) {
        let row = self.0.get(row(kind));
        if let Some(count) = row.and_then(|row| row.get(operation)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Table, operation and count, in a fixed order.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        TableKind::ALL.into_iter().flat_map(|kind| {
            let row = self.0.get(row(kind)).into_iter().flatten();
            OPERATIONS.into_iter().zip(row).map(move |(operation, count)| {
                (kind.base_name(), operation, count.load(Ordering::Relaxed))
            })
        })
    }
}

fn row(kind: TableKind) -> usize {
    match kind {
        TableKind::Record => 0,
        TableKind::Access => 1,
    }
}

/// A table in a file of this process, or in DynamoDB.
#[derive(Clone, Debug)]
enum Kept {
    Embedded(EmbeddedTable),
    Sdk(SdkTable),
}

/// One of the two tables, in either store.
#[derive(Clone, Debug)]
pub struct AnyTable {
    kind: TableKind,
    kept: Kept,
    trips: Arc<Trips>,
}

impl AnyTable {
    /// In a file.
    pub fn embedded(kind: TableKind, table: EmbeddedTable) -> Self {
        Self { kind, kept: Kept::Embedded(table), trips: Arc::default() }
    }

    /// In DynamoDB, or what speaks its protocol.
    pub fn sdk(kind: TableKind, table: SdkTable) -> Self {
        Self { kind, kept: Kept::Sdk(table), trips: Arc::default() }
    }

    /// The same table, counting elsewhere.
    pub fn counted(&self, trips: &Arc<Trips>) -> Self {
        Self { trips: Arc::clone(trips), ..self.clone() }
    }
}

macro_rules! counted {
    ($self:ident, $operation:literal, $table:ident => $call:expr) => {{
        $self.trips.count($self.kind, $operation);
        let began = observed::begin_trip();
        let done = match &$self.kept {
            Kept::Embedded($table) => $call.await,
            Kept::Sdk($table) => $call.await,
        };
        let operation = OPERATIONS.get($operation).copied().unwrap_or_default();
        observed::end_trip(began, $self.kind.base_name(), operation);
        done
    }};
}

impl Table for AnyTable {
    async fn get(&self, key: &Key) -> TableResult<Option<Item>> {
        counted!(self, 0, table => table.get(key))
    }

    async fn get_many(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        counted!(self, 1, table => table.get_many(keys))
    }

    async fn query(&self, query: &Query) -> TableResult<QueryPage> {
        counted!(self, 2, table => table.query(query))
    }

    async fn write(&self, write: Write) -> TableResult<()> {
        counted!(self, 3, table => table.write(write))
    }

    async fn write_each(&self, writes: Vec<Write>) -> Vec<TableResult<()>> {
        counted!(self, 4, table => table.write_each(writes))
    }

    async fn transact(&self, token: &str, writes: Vec<Write>) -> TableResult<()> {
        counted!(self, 5, table => table.transact(token, writes))
    }
}

#[cfg(test)]
mod tests;
