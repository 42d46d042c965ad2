//! What a commit leaves for others: its access entry for the journal (O), its
//! answer under the retry key (K), and what it changed (F).

use crate::codec;
use crate::environment::Environment;
use crate::error::{CommitError, ReadError};
use crate::feed;
use crate::keys;
use crate::limits::{PIECE_BYTES_MAX, RETRY_KEY_KEPT_MS};
use crate::plan::Plan;
use crate::record::Record;
use crate::request::{Commit, Committed, Retry};
use crate::table::{Condition, Item, Key, Query, Range, Table, TableResult, Value, Write};

/// An access entry that the journal has not taken yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The commit it speaks of.
    pub commit: String,
    /// When it was committed, in milliseconds since 1970.
    pub at_ms: i64,
    /// What [`Commit::entry`] made.
    pub entry: Vec<u8>,
}

/// The writes that seal a commit besides T.
pub(crate) struct Sealing {
    /// O, K and F.
    pub writes: Vec<Write>,
    /// Pieces too long for them, to be written before.
    pub pieces: Vec<Write>,
}

impl<T: Table, E: Environment> Record<T, E> {
    /// O, K and F of a commit; `entry` is packed already.
    pub(crate) fn sealing(&self, commit: &Commit, plan: &Plan, entry: Vec<u8>) -> Sealing {
        let mut pieces = Vec::new();
        let mut item = Item::default().with("at", Value::N(plan.now_ms));
        hold(&mut item, entry, &keys::blob_partition(&plan.commit, "o"), &mut pieces);
        let key = keys::outbox(&commit.region, &plan.commit);
        let mut writes = vec![Write::put(key, item, Condition::Absent)];
        if let Some(retry) = &commit.retry {
            let result = codec::pack(&(commit.result)(&plan.done));
            let mut item = Item::default()
                .with("h", Value::B(retry.request_hash.clone()))
                .with("c", Value::S(plan.commit.clone()));
            if let Some(until_ms) = kept_until_ms(retry, plan.now_ms) {
                item.set("exp", Value::N(until_ms)).set("ttl", Value::N(until_ms / 1000 + 3600));
            }
            hold(&mut item, result, &keys::blob_partition(&plan.commit, "k"), &mut pieces);
            let expired = Condition::Less("exp".into(), plan.now_ms);
            let free = Condition::Any(vec![Condition::Absent, expired]);
            writes.push(Write::put(keys::retry(&retry.caller, &retry.key), item, free));
        }
        writes.extend(feed::item(plan, &mut pieces));
        Sealing { writes, pieces }
    }

    /// The answer kept under a retry key.
    ///
    /// # Errors
    /// [`CommitError::RetryKeyReused`] when it was kept for another request.
    pub(crate) async fn replay(
        &self,
        commit: &Commit,
        held: Option<&Item>,
    ) -> Result<Option<Committed>, CommitError> {
        let (Some(retry), Some(held)) = (&commit.retry, held) else { return Ok(None) };
        if held.num("exp").is_some_and(|until| until < self.environment.now_ms()) {
            return Ok(None);
        }
        if held.bytes("h") != Some(retry.request_hash.as_slice()) {
            return Err(CommitError::RetryKeyReused);
        }
        let id = held.str("c").unwrap_or_default().to_owned();
        let result = self.held(held, &keys::blob_partition(&id, "k")).await?;
        let (done, fold) = (Vec::new(), None);
        Ok(Some(Committed { id, done, replayed: true, journaled: false, result, fold }))
    }

    /// The answer kept under `retry`, when the request was done before; so
    /// that a retried request need not be planned at all.
    ///
    /// # Errors
    /// [`CommitError::RetryKeyReused`] when it was kept for another request.
    pub async fn replayed(&self, retry: &Retry) -> Result<Option<Committed>, CommitError> {
        let key = keys::retry(&retry.caller, &retry.key);
        let held = self.get(&key).await.map_err(|error| CommitError::store(error, false))?;
        let commit = Commit {
            changes: Vec::new(),
            guards: Vec::new(),
            region: String::new(),
            retry: Some(retry.clone()),
            entry: std::sync::Arc::new(|_, _| Vec::new()),
            result: std::sync::Arc::new(|_| Vec::new()),
        };
        self.replay(&commit, held.as_ref()).await
    }

    /// At most `limit` entries of one shard (0 to
    /// [`crate::limits::OUTBOX_SHARDS`]) of a region, oldest first, after the
    /// commit `after`.
    ///
    /// # Errors
    /// When the store is unavailable or an entry is damaged.
    pub async fn outbox(
        &self,
        region: &str,
        shard: u64,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<OutboxEntry>, ReadError> {
        let query = Query {
            pk: keys::outbox_partition(region, shard),
            range: Range::All,
            descending: false,
            limit: Some(limit),
            after,
        };
        let mut entries = Vec::new();
        for (commit, item) in self.query(&query).await?.items {
            let entry = self.held(&item, &keys::blob_partition(&commit, "o")).await?;
            entries.push(OutboxEntry { at_ms: item.num("at").unwrap_or(0), commit, entry });
        }
        Ok(entries)
    }

    /// Removes entries that the journal holds durably.
    ///
    /// # Errors
    /// When the store is unavailable; then some may be left.
    pub async fn acknowledge(&self, region: &str, commits: &[String]) -> TableResult<()> {
        let delete =
            |commit: &String| Write::delete(keys::outbox(region, commit), Condition::Always);
        self.settle_each(commits.iter().map(delete).collect()).await
    }

    /// What [`hold`] put into an item and its pieces, unpacked.
    pub(crate) async fn held(&self, item: &Item, pieces: &str) -> Result<Vec<u8>, ReadError> {
        let packed = match item.bytes("b") {
            Some(bytes) => bytes.to_vec(),
            None => {
                let count = usize::try_from(item.num("y").unwrap_or(0)).unwrap_or(0);
                let keys: Vec<Key> = (0..count).map(|index| blob_piece(pieces, index)).collect();
                let items = self.get_many(&keys).await?;
                items
                    .iter()
                    .flatten()
                    .filter_map(|item| item.bytes("b"))
                    .flatten()
                    .copied()
                    .collect()
            }
        };
        codec::unpack(&packed).map_err(|_| ReadError::Corrupt("an entry or answer".into()))
    }
}

/// Absent: for ever, because the key is the content.
fn kept_until_ms(retry: &Retry, now_ms: i64) -> Option<i64> {
    let content = retry.key.starts_with("sha-256=");
    (!content).then(|| now_ms.saturating_add(RETRY_KEY_KEPT_MS))
}

fn blob_piece(partition: &str, index: usize) -> Key {
    Key::new(partition, format!("{index:04}"))
}

pub(crate) fn hold(item: &mut Item, packed: Vec<u8>, partition: &str, pieces: &mut Vec<Write>) {
    if packed.len() <= PIECE_BYTES_MAX {
        item.set("b", Value::B(packed));
        return;
    }
    let mut count = 0;
    for (index, piece) in packed.chunks(PIECE_BYTES_MAX).enumerate() {
        let held = Item::default().with("b", Value::B(piece.to_vec()));
        pieces.push(Write::put(blob_piece(partition, index), held, Condition::Always));
        count += 1;
    }
    item.set("y", Value::N(count));
}
