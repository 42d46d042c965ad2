//! The record's outbox, as the journal's drain and readers want it.

use access::journal::Outbox;
use chart::limits::OUTBOX_SHARDS;
use chart::table::{Table, TableError, TableResult};
use chart::{Environment, Record};
use futures::future::try_join_all;
use std::sync::Arc;

/// Access entries of commits that the journal has not taken yet.
pub struct Pending<T, E> {
    pub(crate) record: Arc<Record<T, E>>,
    pub(crate) region: String,
}

impl<T: Table + 'static, E: Environment + 'static> Outbox for Pending<T, E> {
    /// The commit's id.
    type Handle = String;

    async fn list(&self, region: &str, limit: usize) -> TableResult<Vec<(String, Vec<u8>)>> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let shards = (0..OUTBOX_SHARDS).map(|shard| self.record.outbox(region, shard, None, limit));
        let shards = try_join_all(shards).await;
        let shards = shards.map_err(|error| TableError::Unavailable(error.to_string()))?;
        let all = shards.into_iter().flatten();
        Ok(all.map(|waiting| (waiting.commit, waiting.entry)).collect())
    }

    async fn acknowledge(&self, handles: Vec<String>) -> TableResult<()> {
        self.record.acknowledge(&self.region, &handles).await
    }
}
