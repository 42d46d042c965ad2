//! One type for the tables of either store, chosen at start, and the count of
//! what is asked of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chart::table::{Item, Key, Query, QueryPage, Table, TableError, TableResult, Write};
use store::definition::TableKind;
use store::embedded::EmbeddedTable;
use store::policy::Enforced;
use store::sdk::SdkTable;

use super::roles::{self, Roles};
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

/// A table in a file of this process, or in DynamoDB: there as the process
/// itself, or as the role that acts.
#[derive(Clone, Debug)]
enum Kept {
    Embedded(EmbeddedTable),
    Sdk(SdkTable),
    Assumed(Arc<BTreeMap<String, SdkTable>>),
}

macro_rules! kept {
    ($self:ident, $denied:expr, $table:ident => $call:expr) => {
        match $self {
            Kept::Embedded($table) => $call.await,
            Kept::Sdk($table) => $call.await,
            Kept::Assumed(tables) => match roles::current().and_then(|role| tables.get(&*role)) {
                Some($table) => $call.await,
                None => $denied,
            },
        }
    };
}

fn nobody() -> TableError {
    TableError::Denied("the store is asked in nobody's name".to_owned())
}

impl Table for Kept {
    async fn get(&self, key: &Key) -> TableResult<Option<Item>> {
        kept!(self, Err(nobody()), table => table.get(key))
    }

    async fn get_many(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        kept!(self, Err(nobody()), table => table.get_many(keys))
    }

    async fn query(&self, query: &Query) -> TableResult<QueryPage> {
        kept!(self, Err(nobody()), table => table.query(query))
    }

    async fn write(&self, write: Write) -> TableResult<()> {
        kept!(self, Err(nobody()), table => table.write(write))
    }

    async fn write_each(&self, writes: Vec<Write>) -> Vec<TableResult<()>> {
        let denied = || writes.iter().map(|_| Err(nobody())).collect();
        kept!(self, denied(), table => table.write_each(writes))
    }

    async fn transact(&self, token: &str, writes: Vec<Write>) -> TableResult<()> {
        kept!(self, Err(nobody()), table => table.transact(token, writes))
    }
}

/// Whether policies stand before it.
#[derive(Clone, Debug)]
enum Reached {
    Open(Kept),
    Walled(Enforced<Kept, Roles>),
}

/// One of the two tables, in either store.
#[derive(Clone, Debug)]
pub struct AnyTable {
    kind: TableKind,
    reached: Reached,
    trips: Arc<Trips>,
}

impl AnyTable {
    /// In a file.
    pub fn embedded(kind: TableKind, table: EmbeddedTable) -> Self {
        Self::new(kind, Kept::Embedded(table))
    }

    /// In DynamoDB, or what speaks its protocol.
    pub fn sdk(kind: TableKind, table: SdkTable) -> Self {
        Self::new(kind, Kept::Sdk(table))
    }

    /// The same, reached by each role with credentials of its own.
    pub fn assumed(kind: TableKind, tables: BTreeMap<String, SdkTable>) -> Self {
        Self::new(kind, Kept::Assumed(Arc::new(tables)))
    }

    fn new(kind: TableKind, kept: Kept) -> Self {
        Self { kind, reached: Reached::Open(kept), trips: Arc::default() }
    }

    /// The same table, behind the policies of those who act.
    #[must_use]
    pub fn behind(self, roles: &Roles) -> Self {
        let reached = match self.reached {
            Reached::Open(kept) => Reached::Walled(Enforced::new(kept, self.kind, roles.clone())),
            walled => walled,
        };
        Self { reached, ..self }
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
        let done = match &$self.reached {
            Reached::Open($table) => $call.await,
            Reached::Walled($table) => $call.await,
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
