//! What one pass of the sequencer takes: entries of the streams in their order,
//! as many as one transaction holds, and where the streams are afterwards.

use std::collections::{BTreeMap, BTreeSet};

use chart::table::{Condition, Key, Table, Write};
use ledger::leaf::{SEED_BYTES, Salt, salt};

use super::adopt::Open;
use super::rows::{Head, Id, Place, Position, finished_pk, places_of, positions_pk};
use super::side_by_side;
use crate::entry::{Entry, id_time_ms, packed_id};
use crate::journal::stream::{Written, written};
use crate::journal::{Environment, JournalError, batch};
use crate::limits::{
    SEQUENCE_ENTRIES_MAX, SEQUENCE_ITEMS, SEQUENCE_SECONDS_MAX, SEQUENCE_STREAMS_AT_ONCE,
    SEQUENCE_STREAMS_MAX,
};

/// An entry to append.
pub struct Taken {
    pub id: Id,
    /// When it was made, seconds since 1970.
    pub second: u64,
    pub salt: Salt,
    pub bytes: Vec<u8>,
}

/// What a pass takes.
#[derive(Default)]
pub struct Gathered {
    pub entries: Vec<Taken>,
    /// The streams that move: from where, to where, and whether they end.
    pub moves: Vec<Move>,
    /// There was more than fits.
    pub more: bool,
    seconds: BTreeSet<u64>,
}

pub struct Move {
    from: Open,
    to: Position,
    ends: bool,
}

impl Move {
    /// The writes that move the stream, if it is as it was read.
    pub fn writes(&self, region: &str) -> Vec<Write> {
        let position = Key::new(positions_pk(region), &self.from.epoch);
        let finished = Key::new(finished_pk(region), &self.from.epoch);
        let to = self.to.to_item();
        let as_read = if self.from.new { Condition::Absent } else { self.from.position.unmoved() };
        match (self.from.new, self.ends) {
            (false, false) => vec![Write::put(position, to, as_read)],
            (false, true) => {
                vec![Write::delete(position, as_read), Write::put(finished, to, Condition::Absent)]
            }
            // A query can miss what another sequencer has just finished.
            (true, false) => {
                vec![Write::put(position, to, as_read), Write::check(finished, Condition::Absent)]
            }
            (true, true) => {
                vec![Write::check(position, as_read), Write::put(finished, to, Condition::Absent)]
            }
        }
    }
}

impl Gathered {
    /// Reads what the streams hold beyond their positions, up to a transaction.
    pub async fn read<T: Table, E: Environment>(
        table: &T,
        environment: &E,
        region: &str,
        streams: Vec<Open>,
    ) -> Result<Self, JournalError> {
        let mut gathered = Self::default();
        let mut streams = streams.into_iter().peekable();
        while streams.peek().is_some() {
            let some: Vec<Open> = streams.by_ref().take(SEQUENCE_STREAMS_AT_ONCE).collect();
            let mut reads = Vec::new();
            for stream in &some {
                let from = stream.position.next;
                reads.push(written(table, region, &stream.epoch, from, Some(SEQUENCE_ITEMS)));
            }
            let tails = side_by_side(reads, SEQUENCE_STREAMS_AT_ONCE).await?;
            for (stream, tail) in some.into_iter().zip(tails) {
                gathered.take_stream(environment, stream, tail)?;
            }
            if gathered.is_full() {
                gathered.more = true;
                break;
            }
        }
        Ok(gathered)
    }

    fn is_full(&self) -> bool {
        self.entries.len() >= SEQUENCE_ENTRIES_MAX || self.moves.len() >= SEQUENCE_STREAMS_MAX
    }

    fn take_stream<E: Environment>(
        &mut self,
        environment: &E,
        from: Open,
        tail: Vec<Written>,
    ) -> Result<(), JournalError> {
        if tail.is_empty() {
            return Ok(());
        }
        if self.is_full() {
            self.more = true;
            return Ok(());
        }
        let mut to = from.position;
        let mut ends = false;
        self.more |= tail.len() >= usize::try_from(SEQUENCE_ITEMS).unwrap_or(usize::MAX);
        for item in tail {
            if item.batch.is_empty() {
                ends = true;
                to = Position { next: to.next + 1, taken: 0 };
                break;
            }
            if !self.take_item(environment, &item, &mut to)? {
                self.more = true;
                break;
            }
        }
        if to != from.position {
            self.moves.push(Move { from, to, ends });
        }
        Ok(())
    }

    /// Takes an item's entries; says whether all of them fitted.
    fn take_item<E: Environment>(
        &mut self,
        environment: &E,
        item: &Written,
        to: &mut Position,
    ) -> Result<bool, JournalError> {
        let entries = batch::split(&item.batch)?;
        let seed = item.seed.unwrap_or_else(|| {
            // Written before there was a ledger: the salts are kept with the
            // places, so chance is as good as what the item would hold.
            let mut seed = [0; SEED_BYTES];
            environment.fill_random(&mut seed);
            seed
        });
        for bytes in entries.iter().skip(usize::try_from(to.taken).unwrap_or(usize::MAX)) {
            let entry = Entry::from_bytes(bytes)?;
            let (id, at_ms) = (packed_id(&entry.id), id_time_ms(&entry.id));
            let (Some(id), Some(at_ms)) = (id, at_ms) else {
                return Err(JournalError::Corrupt("an entry has no id"));
            };
            let second = at_ms / 1000;
            let room = self.seconds.contains(&second) || self.seconds.len() < SEQUENCE_SECONDS_MAX;
            if self.entries.len() >= SEQUENCE_ENTRIES_MAX || !room {
                return Ok(false);
            }
            self.seconds.insert(second);
            let salt = salt(&seed, &entry.id);
            self.entries.push(Taken { id, second, salt, bytes: bytes.to_vec() });
            to.taken += 1;
        }
        *to = Position { next: to.next + 1, taken: 0 };
        Ok(true)
    }

    /// Leaves out what is in the log already: the drain may move an entry of
    /// the outbox twice.
    pub async fn leave_out_known<T: Table>(
        &mut self,
        table: &T,
        region: &str,
        head: &Head,
    ) -> Result<(), JournalError> {
        let mut reads = Vec::new();
        for second in &self.seconds {
            reads.push(places_of(table, region, *second));
        }
        let known: Vec<BTreeMap<Id, Place>> = side_by_side(reads, SEQUENCE_STREAMS_AT_ONCE).await?;
        let mut seen: BTreeSet<Id> = head.last.iter().copied().collect();
        self.entries.retain(|entry| {
            !known.iter().any(|places| places.contains_key(&entry.id)) && seen.insert(entry.id)
        });
        Ok(())
    }
}
