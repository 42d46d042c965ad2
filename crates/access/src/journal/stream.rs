//! Streams: who writes them, how they are read, and the register of those that
//! are open.

use chart::table::{Condition, Item, Key, Query, Range, Table, TableError, Value, Write};

use ledger::leaf::SEED_BYTES;

use super::{Environment, JournalError};
use crate::entry;
use crate::limits::{RETRY_PAUSE_MS, WRITE_ATTEMPTS_MAX};

/// Attribute of the batch, in streams and indices.
pub const BATCH: &str = "e";
/// Attribute of a stream's item: random bytes that the salts of its entries in
/// the ledger are derived from (`ledger::leaf`). They leave it for nowhere.
pub const SEED: &str = "seed";
/// Attribute of a register: when the stream was opened, milliseconds.
pub const OPENED: &str = "opened";
/// Attribute of a register: items below this counter are in the index.
pub const DRAINED: &str = "drained";
/// Attribute of a register: when the watermark moved last, milliseconds.
pub const MOVED: &str = "moved";

/// Partition of a stream's items.
pub fn stream_pk(region: &str, epoch: &str) -> String {
    format!("J#{region}#{epoch}")
}

/// Sort key of a stream's item; sorts like the counter.
pub fn counter_sk(counter: u64) -> String {
    format!("{counter:012}")
}

/// Partition of the register of a region's open streams.
pub fn register_pk(region: &str) -> String {
    format!("JS#{region}")
}

/// Partition of the register of a region's closed streams, all in the index.
pub fn closed_pk(region: &str) -> String {
    format!("JZ#{region}")
}

/// One open stream, as its register says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    pub epoch: String,
    pub opened_ms: u64,
    pub drained: u64,
    pub moved_ms: u64,
}

impl Registered {
    pub fn to_item(&self) -> Item {
        let number = |number: u64| Value::N(i64::try_from(number).unwrap_or(i64::MAX));
        Item::default()
            .with(OPENED, number(self.opened_ms))
            .with(DRAINED, number(self.drained))
            .with(MOVED, number(self.moved_ms))
    }

    fn from_item(epoch: String, item: &Item) -> Result<Self, JournalError> {
        let number = |name: &str| item.num(name).and_then(|number| u64::try_from(number).ok());
        match (number(OPENED), number(DRAINED), number(MOVED)) {
            (Some(opened_ms), Some(drained), Some(moved_ms)) => {
                Ok(Self { epoch, opened_ms, drained, moved_ms })
            }
            _ => Err(JournalError::Corrupt("a register lacks a number")),
        }
    }
}

/// The open streams of a region. One round trip per megabyte.
pub async fn registered<T: Table>(
    table: &T,
    region: &str,
) -> Result<Vec<Registered>, JournalError> {
    let mut query = Query {
        pk: register_pk(region),
        range: Range::All,
        descending: false,
        limit: None,
        after: None,
    };
    let mut streams = Vec::new();
    loop {
        let page = table.query(&query).await?;
        for (epoch, item) in page.items {
            streams.push(Registered::from_item(epoch, &item)?);
        }
        match page.after {
            Some(after) => query.after = Some(after),
            None => return Ok(streams),
        }
    }
}

/// One item of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The entries. An empty batch is the mark that closes a stream.
    pub batch: Vec<u8>,
    /// `None` in what was written before there was a ledger.
    pub seed: Option<[u8; SEED_BYTES]>,
}

/// The batches of a stream from counter `from` on, at most about `limit`; with
/// `None`, all. An empty batch is the mark that closes a stream.
pub async fn tail<T: Table>(
    table: &T,
    region: &str,
    epoch: &str,
    from: u64,
    limit: Option<u32>,
) -> Result<Vec<Vec<u8>>, JournalError> {
    let written = written(table, region, epoch, from, limit).await?;
    Ok(written.into_iter().map(|item| item.batch).collect())
}

/// The items of a stream from counter `from` on, as [`tail`].
pub async fn written<T: Table>(
    table: &T,
    region: &str,
    epoch: &str,
    from: u64,
    limit: Option<u32>,
) -> Result<Vec<Written>, JournalError> {
    let mut query = Query {
        pk: stream_pk(region, epoch),
        range: Range::Between(counter_sk(from), counter_sk(999_999_999_999)),
        descending: false,
        limit,
        after: None,
    };
    let mut batches = Vec::new();
    let mut expected = from;
    loop {
        let page = table.query(&query).await?;
        for (sk, item) in page.items {
            // Counters are dense: a gap is a lost proof and must not pass.
            if sk != counter_sk(expected) {
                return Err(JournalError::Corrupt("a stream has a gap"));
            }
            expected += 1;
            let batch = item.bytes(BATCH).ok_or(JournalError::Corrupt("an item has no batch"))?;
            let seed = item.bytes(SEED).and_then(|seed| seed.try_into().ok());
            batches.push(Written { batch: batch.to_vec(), seed });
        }
        match page.after {
            Some(after) if limit.is_none() => query.after = Some(after),
            _ => return Ok(batches),
        }
    }
}

/// The writing end of one stream.
pub struct Stream {
    region: String,
    epoch: String,
    next: u64,
}

impl Stream {
    /// Opens a new stream: durable in the register before its first item, so
    /// that whoever searches later finds it.
    pub async fn open<T: Table, E: Environment>(
        table: &T,
        environment: &E,
        region: &str,
    ) -> Result<Self, JournalError> {
        let now_ms = environment.now_ms();
        let mut random = [0_u8; 10];
        environment.fill_random(&mut random);
        let epoch = entry::id(now_ms, random);
        let register =
            Registered { epoch: epoch.clone(), opened_ms: now_ms, drained: 0, moved_ms: now_ms };
        let key = Key::new(register_pk(region), &epoch);
        put_own(table, environment, key, register.to_item()).await?;
        Ok(Self { region: region.to_owned(), epoch, next: 0 })
    }

    /// Writes the next item. After an error the stream must be given up: its
    /// last write may still arrive, and nothing else may take its counter.
    pub async fn write<T: Table, E: Environment>(
        &mut self,
        table: &T,
        environment: &E,
        batch: Vec<u8>,
    ) -> Result<(), JournalError> {
        let key = Key::new(stream_pk(&self.region, &self.epoch), counter_sk(self.next));
        let mut seed = vec![0; SEED_BYTES];
        environment.fill_random(&mut seed);
        let item = Item::default().with(BATCH, Value::B(batch)).with(SEED, Value::B(seed));
        put_own(table, environment, key, item).await?;
        self.next += 1;
        Ok(())
    }
}

/// Puts an item that nobody else may have put, through lost replies: the same
/// item found there is our own, another one fences us off.
async fn put_own<T: Table, E: Environment>(
    table: &T,
    environment: &E,
    key: Key,
    item: Item,
) -> Result<(), JournalError> {
    let mut attempt = 1;
    loop {
        let write = Write::put(key.clone(), item.clone(), Condition::Absent);
        let mut result = table.write(write).await;
        if let Err(TableError::Condition(_)) = result {
            match table.get(&key).await {
                Ok(Some(found)) if same(&found, &item) => return Ok(()),
                Ok(Some(_)) => return Err(JournalError::Fenced),
                Ok(None) => result = Err(TableError::Conflict),
                Err(error) => result = Err(error),
            }
        }
        match result {
            Ok(()) => return Ok(()),
            Err(error @ (TableError::Rejected(_) | TableError::Denied(_))) => {
                return Err(error.into());
            }
            Err(error) if attempt >= WRITE_ATTEMPTS_MAX => return Err(error.into()),
            Err(_) => environment.pause(RETRY_PAUSE_MS << attempt.min(10)).await,
        }
        attempt += 1;
    }
}

/// Equal whatever the order of the attributes.
fn same(found: &Item, item: &Item) -> bool {
    found.0.len() == item.0.len()
        && item.0.iter().all(|(name, value)| found.get(name) == Some(value))
}
