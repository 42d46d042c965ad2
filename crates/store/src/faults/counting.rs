//! Counting round trips.

use std::sync::atomic::{AtomicU64, Ordering};

use chart::table::{Item, Key, Query, QueryPage, Table, TableResult, Write};

/// Calls made of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Round trips, one per call: waves count once.
    pub trips: u64,
    /// Items asked for or returned by reads.
    pub items_read: u64,
    /// Items written, in transactions or alone.
    pub items_written: u64,
}

/// A table that counts what is asked of another.
#[derive(Debug, Default)]
pub struct Counting<T> {
    inner: T,
    trips: AtomicU64,
    read: AtomicU64,
    written: AtomicU64,
}

impl<T> Counting<T> {
    /// Counts from zero.
    pub fn new(inner: T) -> Self {
        let zero = AtomicU64::default;
        Self { inner, trips: zero(), read: zero(), written: zero() }
    }

    /// The counted table.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    /// What was counted since the last call.
    pub fn take(&self) -> Counts {
        Counts {
            trips: self.trips.swap(0, Ordering::SeqCst),
            items_read: self.read.swap(0, Ordering::SeqCst),
            items_written: self.written.swap(0, Ordering::SeqCst),
        }
    }

    fn count(&self, read: usize, written: usize) {
        self.trips.fetch_add(1, Ordering::SeqCst);
        self.read.fetch_add(read as u64, Ordering::SeqCst);
        self.written.fetch_add(written as u64, Ordering::SeqCst);
    }
}

impl<T: Table> Table for Counting<T> {
    async fn get(&self, key: &Key) -> TableResult<Option<Item>> {
        self.count(1, 0);
        self.inner.get(key).await
    }

    async fn get_many(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        self.count(keys.len(), 0);
        self.inner.get_many(keys).await
    }

    async fn query(&self, query: &Query) -> TableResult<QueryPage> {
        let page = self.inner.query(query).await;
        self.count(page.as_ref().map_or(0, |page| page.items.len()), 0);
        page
    }

    async fn write(&self, write: Write) -> TableResult<()> {
        self.count(0, 1);
        self.inner.write(write).await
    }

    async fn write_each(&self, writes: Vec<Write>) -> Vec<TableResult<()>> {
        self.count(0, writes.len());
        self.inner.write_each(writes).await
    }

    async fn transact(&self, token: &str, writes: Vec<Write>) -> TableResult<()> {
        self.count(0, writes.len());
        self.inner.transact(token, writes).await
    }
}
