//! Moving entries towards where they are found: from the commit outbox into a
//! stream, and from the streams into the index.

use std::collections::BTreeMap;
use std::sync::Arc;

use chart::table::{Condition, Item, Key, Table, TableError, Value, Write};

use super::outbox::Outbox;
use super::stream::{
    BATCH, DRAINED, Registered, Stream, closed_pk, counter_sk, register_pk, registered, stream_pk,
    tail,
};
use super::{Environment, JournalError, append, batch};
use crate::entry::{self, Entry};
use crate::ledger::keep_closed;
use crate::limits::{
    BATCH_BYTES_MAX, DRAIN_ITEMS_MAX, DRAIN_OUTBOX_MAX, INDEX_SPAN_MS, RETRY_PAUSE_MS,
    STREAM_IDLE_MS, WRITE_ATTEMPTS_MAX,
};
use crate::review::keep_for_judging;

/// Partition of the index of one person's accesses.
pub fn person_pk(person: &str) -> String {
    format!("A#{person}")
}

/// Partition of the index of every access in a region. No Patient id holds `*`.
pub fn region_pk(region: &str) -> String {
    format!("A#*{region}")
}

/// An instant in the sort keys of the index; sorts like the number.
pub fn instant_sk(ms: u64) -> String {
    format!("{:015}", ms.min(999_999_999_999_999))
}

/// Drains one region. Several may run at once, in one process or many.
pub struct Drain<T, E, O> {
    table: Arc<T>,
    environment: Arc<E>,
    outbox: Arc<O>,
    region: String,
    stream: futures::lock::Mutex<Option<Stream>>,
}

/// What one pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Entries moved from the outbox into a stream.
    pub moved: usize,
    /// Entries copied into the index.
    pub indexed: usize,
    /// Entries of the outbox that cannot be read; they stay there.
    pub damaged: usize,
    /// There was more than one pass takes: run again at once.
    pub more: bool,
}

impl<T: Table, E: Environment, O: Outbox> Drain<T, E, O> {
    /// A drain of `region`'s outbox and streams.
    pub fn new(
        table: Arc<T>,
        environment: Arc<E>,
        outbox: Arc<O>,
        region: impl Into<String>,
    ) -> Self {
        Self { table, environment, outbox, region: region.into(), stream: Default::default() }
    }

    /// One bounded pass. Run it every second, and again at once while it says
    /// that there is more.
    ///
    /// # Errors
    /// Nothing is lost by one: the next pass takes up where this one stopped.
    pub async fn run(&self) -> Result<Drained, JournalError> {
        let mut drained = Drained::default();
        self.move_outbox(&mut drained).await?;
        for stream in registered(&*self.table, &self.region).await? {
            self.index(&stream, &mut drained).await?;
        }
        Ok(drained)
    }

    async fn move_outbox(&self, drained: &mut Drained) -> Result<(), JournalError> {
        let waiting = self.outbox.list(&self.region, DRAIN_OUTBOX_MAX).await?;
        drained.more |= waiting.len() >= DRAIN_OUTBOX_MAX;
        let (mut bytes, mut handles) = (Vec::new(), Vec::new());
        for (handle, entry) in waiting {
            if Entry::from_bytes(&entry).is_err() {
                drained.damaged += 1;
                continue;
            }
            if bytes.len() + entry.len() + 4 > BATCH_BYTES_MAX {
                drained.moved += handles.len();
                self.move_batch(std::mem::take(&mut bytes), std::mem::take(&mut handles)).await?;
            }
            batch::push(&mut bytes, &entry);
            handles.push(handle);
        }
        if !handles.is_empty() {
            drained.moved += handles.len();
            self.move_batch(bytes, handles).await?;
        }
        Ok(())
    }

    async fn move_batch(
        &self,
        bytes: Vec<u8>,
        handles: Vec<O::Handle>,
    ) -> Result<(), JournalError> {
        {
            let mut stream = self.stream.lock().await;
            append::write(&*self.table, &*self.environment, &self.region, &mut stream, bytes)
                .await?;
        }
        Ok(self.outbox.acknowledge(handles).await?)
    }

    async fn index(&self, stream: &Registered, drained: &mut Drained) -> Result<(), JournalError> {
        let from = stream.drained;
        let batches =
            tail(&*self.table, &self.region, &stream.epoch, from, Some(DRAIN_ITEMS_MAX)).await?;
        if batches.is_empty() {
            return self.close_if_idle(stream).await;
        }
        let end = from.saturating_add(u64::try_from(batches.len()).unwrap_or(0));
        let range = format!("{}#{}-{}", stream.epoch, counter_sk(from), counter_sk(end - 1));
        let mut groups: BTreeMap<String, Vec<(u64, &[u8])>> = BTreeMap::new();
        for batch in &batches {
            for (entry, bytes) in batch::entries(batch)? {
                drained.indexed += 1;
                let persons = entry.persons.iter().map(|person| person_pk(person));
                for pk in persons.chain([region_pk(&self.region)]) {
                    groups.entry(pk).or_default().push((entry.at_ms, bytes));
                }
            }
        }
        let writes = groups.into_iter().flat_map(|(pk, group)| index_writes(&pk, group, &range));
        self.write_all(writes.collect()).await?;
        // The mark that closes a stream is an empty batch, and the last.
        let closed = batches.last().is_some_and(Vec::is_empty);
        drained.more |= !closed && batches.len() >= usize::try_from(DRAIN_ITEMS_MAX).unwrap_or(0);
        self.advance(stream, end, closed).await
    }

    /// Index writes are puts of items that only this range of the stream
    /// determines: repeating them, or two drains at once, changes nothing.
    async fn write_all(&self, mut writes: Vec<Write>) -> Result<(), JournalError> {
        let mut attempt = 1;
        loop {
            let results = self.table.write_each(writes.clone()).await;
            if results.len() != writes.len() {
                return Err(JournalError::Corrupt("the table answered fewer writes than asked"));
            }
            let failed = writes.into_iter().zip(results);
            let failed = failed.filter_map(|(write, result)| Some((write, result.err()?)));
            let (again, errors): (Vec<Write>, Vec<TableError>) = failed.unzip();
            match errors.into_iter().next() {
                None => return Ok(()),
                Some(error) if attempt >= WRITE_ATTEMPTS_MAX => return Err(error.into()),
                Some(_) => self.environment.pause(RETRY_PAUSE_MS << attempt.min(10)).await,
            }
            writes = again;
            attempt += 1;
        }
    }

    /// Moves the watermark, after the index writes; or the whole register when
    /// the stream is closed.
    async fn advance(
        &self,
        stream: &Registered,
        end: u64,
        closed: bool,
    ) -> Result<(), JournalError> {
        let moved =
            Registered { drained: end, moved_ms: self.environment.now_ms(), ..stream.clone() };
        let key = Key::new(register_pk(&self.region), &stream.epoch);
        let as_read = Condition::Equals(
            DRAINED.to_owned(),
            Value::N(i64::try_from(stream.drained).unwrap_or(i64::MAX)),
        );
        let write = if closed {
            // The sequencer and the rules find streams in the register: they
            // must know this one before it leaves.
            let token = self.token();
            keep_closed(&*self.table, &self.region, &stream.epoch, &token).await?;
            keep_for_judging(&*self.table, &self.region, &stream.epoch).await?;
            let kept = Key::new(closed_pk(&self.region), &stream.epoch);
            self.table.write(Write::put(kept, moved.to_item(), Condition::Always)).await?;
            Write::delete(key, as_read)
        } else {
            Write::put(key, moved.to_item(), as_read)
        };
        match self.table.write(write).await {
            // Another drain was faster, with the same items.
            Err(TableError::Condition(_)) => Ok(()),
            result => Ok(result?),
        }
    }

    fn token(&self) -> String {
        let mut random = [0_u8; 10];
        self.environment.fill_random(&mut random);
        entry::id(self.environment.now_ms(), random)
    }

    /// Closes a stream whose writer is silent for long, by taking the counter
    /// that the writer would take next: a writer that still lives is fenced off
    /// and opens another.
    async fn close_if_idle(&self, stream: &Registered) -> Result<(), JournalError> {
        let idle_ms = self.environment.now_ms().saturating_sub(stream.moved_ms);
        if idle_ms < STREAM_IDLE_MS {
            return Ok(());
        }
        let key = Key::new(stream_pk(&self.region, &stream.epoch), counter_sk(stream.drained));
        let mark = Item::default().with(BATCH, Value::B(Vec::new()));
        match self.table.write(Write::put(key, mark, Condition::Absent)).await {
            // The next pass finds what is there, the mark or an entry.
            Ok(()) | Err(TableError::Condition(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Index items of one partition: entries newest first, cut where they span more
/// than [`INDEX_SPAN_MS`] or fill an item; each named by its newest instant and
/// by the items of the stream that it comes from.
fn index_writes(pk: &str, mut group: Vec<(u64, &[u8])>, range: &str) -> Vec<Write> {
    group.sort_by(|one, other| other.cmp(one));
    let mut parts: Vec<(u64, Vec<u8>)> = Vec::new();
    for (at_ms, entry) in group {
        let fits = parts.last().is_some_and(|(newest_ms, bytes)| {
            newest_ms.saturating_sub(at_ms) <= INDEX_SPAN_MS
                && bytes.len() + entry.len() + 4 <= BATCH_BYTES_MAX
        });
        if !fits {
            parts.push((at_ms, Vec::new()));
        }
        if let Some((_, bytes)) = parts.last_mut() {
            batch::push(bytes, entry);
        }
    }
    let parts = parts.into_iter().enumerate().map(|(part, (newest_ms, bytes))| {
        let sk = format!("{}#{range}#{part}", instant_sk(newest_ms));
        let item = Item::default().with(BATCH, Value::B(bytes));
        Write::put(Key::new(pk, sk), item, Condition::Always)
    });
    parts.collect()
}
