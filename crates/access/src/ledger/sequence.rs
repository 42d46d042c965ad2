//! The sequencer: one pass, one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use chart::table::{Condition, Key, Table, TableError, Value, Write};
use ledger::growth::{Growth, partial};
use ledger::leaf::leaf;
use ledger::limits::TILE_WIDTH;

use super::adopt::{begin, open_streams};
use super::gather::Gathered;
use super::rows::{
    BYTES, Head, Place, TURN, bundle_key, bytes, head_key, places_pk, push_place, tile_key,
};
use crate::entry;
use crate::journal::{Environment, JournalError};
use crate::limits::{RETRY_PAUSE_MS, WRITE_ATTEMPTS_MAX};

/// Sequences one region. Several may run at once, in one process or many.
pub struct Sequencer<T, E> {
    table: Arc<T>,
    environment: Arc<E>,
    region: String,
}

/// What one pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sequenced {
    /// Entries appended.
    pub appended: u64,
    /// Leaves of the log now.
    pub size: u64,
    /// There was more than one pass takes: run again at once.
    pub more: bool,
    /// Another sequencer was faster; this one changed nothing.
    pub overtaken: bool,
}

impl<T: Table, E: Environment> Sequencer<T, E> {
    /// A sequencer of `region`'s streams, over the table *access*.
    pub fn new(table: Arc<T>, environment: Arc<E>, region: impl Into<String>) -> Self {
        Self { table, environment, region: region.into() }
    }

    /// One bounded pass. Run it every second, and again at once while it says
    /// that there is more.
    ///
    /// # Errors
    /// Nothing is lost or doubled by one: the next pass reads where the log is.
    pub async fn run(&self) -> Result<Sequenced, JournalError> {
        let head = self.head().await?;
        let streams = open_streams(&*self.table, &self.region).await?;
        let mut gathered =
            Gathered::read(&*self.table, &*self.environment, &self.region, streams).await?;
        if gathered.moves.is_empty() {
            return Ok(Sequenced { size: head.size(), ..Sequenced::default() });
        }
        gathered.leave_out_known(&*self.table, &self.region, &head).await?;
        let more = gathered.more;
        let (before, turn) = (head.size(), head.turn);
        let (writes, size) = self.writes(head, gathered).await?;
        if self.commit(writes).await? {
            Ok(Sequenced { appended: size - before, size, more, overtaken: false })
        } else if self.head().await?.turn == turn {
            // Nobody moved the head: a query missed a position (it can see half
            // of a transaction), or the table was set back.
            Err(JournalError::Fenced)
        } else {
            Ok(Sequenced { size: before, overtaken: true, ..Sequenced::default() })
        }
    }

    async fn head(&self) -> Result<Head, JournalError> {
        let key = head_key(&self.region);
        if let Some(item) = self.table.get(&key).await? {
            return Head::from_item(&item);
        }
        begin(&*self.table, &self.region, || self.token()).await?;
        let item = self.table.get(&key).await?;
        Head::from_item(&item.ok_or(JournalError::Corrupt("the ledger's head is gone"))?)
    }

    /// All that changes, and the size that the log will have.
    async fn writes(
        &self,
        head: Head,
        gathered: Gathered,
    ) -> Result<(Vec<Write>, u64), JournalError> {
        let as_read = Condition::Equals(TURN.to_owned(), Value::N(head.turn));
        let mut growth = self.growth(&head).await?;
        let mut places: BTreeMap<u64, (u64, Vec<u8>)> = BTreeMap::new();
        let mut last = Vec::with_capacity(gathered.entries.len());
        for entry in &gathered.entries {
            let place = Place { leaf: growth.edge().size(), salt: entry.salt };
            let appended = growth.append(&leaf(&entry.salt, &entry.bytes));
            appended.ok_or(JournalError::Corrupt("the ledger is full"))?;
            let row = places.entry(entry.second).or_insert_with(|| (place.leaf, Vec::new()));
            push_place(&mut row.1, &entry.id, &place);
            last.push(entry.id);
        }
        // A pass that appends nothing leaves the ids of the one before: their
        // places may be as young.
        let last = if last.is_empty() { head.last } else { last };
        let moved = Head { edge: growth.edge().clone(), turn: head.turn + 1, last };
        let size = moved.size();
        let mut writes = vec![Write::put(head_key(&self.region), moved.to_item(), as_read)];
        writes.extend(gathered.moves.iter().flat_map(|moved| moved.writes(&self.region)));
        for (second, (first, rows)) in places {
            let key = Key::new(places_pk(&self.region, second), format!("{first:016}"));
            writes.push(Write::put(key, bytes(rows), Condition::Absent));
        }
        let (tiles, bundles) = growth.changed();
        // Whoever read this head knows the tiles as they are: the head's
        // condition is theirs.
        writes.extend(tiles.into_iter().map(|(tile, held)| {
            Write::put(tile_key(&self.region, tile), bytes(held), Condition::Always)
        }));
        writes.extend(bundles.into_iter().map(|(index, held)| {
            Write::put(bundle_key(&self.region, index), bytes(held), Condition::Always)
        }));
        Ok((writes, size))
    }

    async fn growth(&self, head: &Head) -> Result<Growth, JournalError> {
        let size = head.size();
        let mut keys: Vec<Key> = partial(size).map(|tile| tile_key(&self.region, tile)).collect();
        let within = !size.is_multiple_of(TILE_WIDTH);
        if within {
            keys.push(bundle_key(&self.region, size / TILE_WIDTH));
        }
        let items = if keys.is_empty() { Vec::new() } else { self.table.get_many(&keys).await? };
        let held = |item: Option<chart::table::Item>| {
            item.and_then(|item| item.bytes(BYTES).map(<[u8]>::to_vec)).unwrap_or_default()
        };
        let mut held: Vec<Vec<u8>> = items.into_iter().map(held).collect();
        let bundle = if within { held.pop().unwrap_or_default() } else { Vec::new() };
        Growth::new(head.edge.clone(), &held, &bundle)
            .ok_or(JournalError::Corrupt("a tile of the ledger is shorter than the log"))
    }

    /// Whether the transaction happened; not when something was moved since it
    /// was read.
    async fn commit(&self, writes: Vec<Write>) -> Result<bool, JournalError> {
        let token = self.token();
        let mut attempt = 1;
        loop {
            match self.table.transact(&token, writes.clone()).await {
                Ok(()) => return Ok(true),
                Err(TableError::Condition(_)) => return Ok(false),
                Err(error @ (TableError::Rejected(_) | TableError::Denied(_))) => {
                    return Err(error.into());
                }
                Err(error) if attempt >= WRITE_ATTEMPTS_MAX => return Err(error.into()),
                Err(_) => self.environment.pause(RETRY_PAUSE_MS << attempt.min(10)).await,
            }
            attempt += 1;
        }
    }

    fn token(&self) -> String {
        let mut random = [0_u8; 10];
        self.environment.fill_random(&mut random);
        entry::id(self.environment.now_ms(), random)
    }
}
