//! The record's outbox, as the journal's drain and readers want it.

use access::journal::Outbox;
use chart::limits::OUTBOX_SHARDS;
use chart::table::{Table, TableError, TableResult};
use chart::{Environment, Record};
use futures::future::try_join_all;
use std::sync::Arc;

/// First byte of several entries packed together; an entry alone begins with
/// its layout. **Part of the stored form.**
const SEVERAL: u8 = 0xff;

/// The entries of one commit as the outbox keeps them.
pub(crate) fn pack(mut entries: Vec<Vec<u8>>) -> Vec<u8> {
    if entries.len() == 1 {
        return entries.pop().unwrap_or_default();
    }
    let mut packed = vec![SEVERAL];
    for entry in entries {
        packed.extend_from_slice(&u32::try_from(entry.len()).unwrap_or(u32::MAX).to_be_bytes());
        packed.extend(entry);
    }
    packed
}

/// What [`pack`] packed; what is damaged comes as it is, for others to report.
pub(crate) fn unpack(packed: Vec<u8>) -> Vec<Vec<u8>> {
    let Some((&SEVERAL, mut rest)) = packed.split_first() else { return vec![packed] };
    let mut entries = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let Some((entry, after)) = after.split_at_checked(length) else { return vec![packed] };
        entries.push(entry.to_vec());
        rest = after;
    }
    entries
}

/// Access entries of commits that the journal has not taken yet.
pub struct Pending<T, E> {
    pub(crate) record: Arc<Record<T, E>>,
    pub(crate) region: String,
}

impl<T: Table + 'static, E: Environment + 'static> Pending<T, E> {
    /// Everything that waits in one shard, up to `limit` commits: the store
    /// gives it in pages.
    async fn shard(
        &self,
        region: &str,
        shard: u64,
        limit: usize,
    ) -> TableResult<Vec<(Option<String>, Vec<u8>)>> {
        let mut found = Vec::new();
        let mut after = None;
        let mut commits = 0;
        while commits < limit {
            let most = u32::try_from(limit - commits).unwrap_or(u32::MAX);
            let page = self.record.outbox(region, shard, after.take(), most).await;
            let page = page.map_err(|error| TableError::Unavailable(error.to_string()))?;
            let Some(last) = page.last() else { break };
            after = Some(last.commit.clone());
            commits += page.len();
            for waiting in page {
                let mut entries = unpack(waiting.entry);
                let last = entries.pop().unwrap_or_default();
                found.extend(entries.into_iter().map(|entry| (None, entry)));
                found.push((Some(waiting.commit), last));
            }
        }
        Ok(found)
    }
}

impl<T: Table + 'static, E: Environment + 'static> Outbox for Pending<T, E> {
    /// The commit's id, with the last of its entries: entries are taken in
    /// their order, so that when it is acknowledged the others are durable too.
    type Handle = Option<String>;

    async fn list(&self, region: &str, limit: usize) -> TableResult<Vec<(Self::Handle, Vec<u8>)>> {
        let shards = (0..OUTBOX_SHARDS).map(|shard| self.shard(region, shard, limit));
        Ok(try_join_all(shards).await?.into_iter().flatten().collect())
    }

    async fn acknowledge(&self, handles: Vec<Self::Handle>) -> TableResult<()> {
        let commits: Vec<String> = handles.into_iter().flatten().collect();
        self.record.acknowledge(&self.region, &commits).await
    }
}
