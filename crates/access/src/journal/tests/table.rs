//! A table in memory, with the faults of a real one.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chart::table::{
    Action, Condition, Item, Key, Query, QueryPage, Range, Table, TableError, TableResult, Write,
};

use super::*;

#[derive(Default)]
pub struct Memory {
    pub items: Mutex<BTreeMap<(String, String), Item>>,
    pub writes: AtomicU64,
    /// Every so many writes the reply is lost though the write happened; 0 never.
    pub lose_reply_every: AtomicU64,
    /// Every so many writes nothing happens and the reply is lost; 0 never.
    pub lose_request_every: AtomicU64,
    pub dead: AtomicBool,
    /// How long a write takes.
    pub write_us: AtomicU64,
    /// Items on a page at most; 0 for all.
    pub page_items: AtomicU64,
}

impl Memory {
    fn alive(&self) -> TableResult<()> {
        if self.dead.load(Ordering::SeqCst) {
            return Err(TableError::Unavailable("dead".to_owned()));
        }
        Ok(())
    }

    /// Keys of a partition's items.
    pub fn keys(&self, prefix: &str) -> Vec<(String, String)> {
        let items = self.items.lock().unwrap();
        items.keys().filter(|(pk, _)| pk.starts_with(prefix)).cloned().collect()
    }
}

fn holds(condition: &Condition, found: Option<&Item>) -> bool {
    match condition {
        Condition::Always => true,
        Condition::Absent => found.is_none(),
        Condition::Present => found.is_some(),
        Condition::Without(name) => found.is_none_or(|item| item.get(name).is_none()),
        Condition::Equals(name, value) => found.is_some_and(|item| item.get(name) == Some(value)),
        Condition::Less(name, value) => {
            found.is_some_and(|item| item.num(name).is_some_and(|held| held < *value))
        }
        Condition::All(all) => all.iter().all(|each| holds(each, found)),
        Condition::Any(any) => any.iter().any(|each| holds(each, found)),
    }
}

impl Table for Memory {
    async fn get(&self, key: &Key) -> TableResult<Option<Item>> {
        self.alive()?;
        Ok(self.items.lock().unwrap().get(&(key.pk.clone(), key.sk.clone())).cloned())
    }

    async fn get_many(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        let mut items = Vec::new();
        for key in keys {
            items.push(self.get(key).await?);
        }
        Ok(items)
    }

    async fn query(&self, query: &Query) -> TableResult<QueryPage> {
        self.alive()?;
        let items = self.items.lock().unwrap();
        let mut found: Vec<(String, Item)> = items
            .iter()
            .filter(|((pk, sk), _)| {
                *pk == query.pk
                    && match &query.range {
                        Range::All => true,
                        Range::Prefix(prefix) => sk.starts_with(prefix),
                        Range::Between(from, to) => from <= sk && sk <= to,
                    }
            })
            .map(|((_, sk), item)| (sk.clone(), item.clone()))
            .collect();
        if query.descending {
            found.reverse();
        }
        if let Some(after) = &query.after {
            found.retain(|(sk, _)| if query.descending { sk < after } else { sk > after });
        }
        let page_items = self.page_items.load(Ordering::SeqCst) as usize;
        let mut limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
        if page_items > 0 {
            limit = limit.min(page_items);
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let after = found.last().filter(|_| more).map(|(sk, _)| sk.clone());
        Ok(QueryPage { items: found, after })
    }

    async fn write(&self, write: Write) -> TableResult<()> {
        self.alive()?;
        let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        let due = |every: &AtomicU64| {
            let every = every.load(Ordering::SeqCst);
            every > 0 && number.is_multiple_of(every)
        };
        let lost = || Err(TableError::Unavailable("lost".to_owned()));
        std::thread::sleep(std::time::Duration::from_micros(self.write_us.load(Ordering::SeqCst)));
        if due(&self.lose_request_every) {
            return lost();
        }
        {
            let mut items = self.items.lock().unwrap();
            let key = (write.key.pk, write.key.sk);
            if !holds(&write.condition, items.get(&key)) {
                return Err(TableError::Condition(vec![(0, None)]));
            }
            match write.action {
                Action::Put(item) => drop(items.insert(key, item)),
                Action::Delete => drop(items.remove(&key)),
                Action::Check => {}
            }
        }
        if due(&self.lose_reply_every) { lost() } else { Ok(()) }
    }

    async fn write_each(&self, writes: Vec<Write>) -> Vec<TableResult<()>> {
        let mut results = Vec::new();
        for write in writes {
            results.push(self.write(write).await);
        }
        results
    }

    async fn transact(&self, _: &str, writes: Vec<Write>) -> TableResult<()> {
        self.alive()?;
        let mut items = self.items.lock().unwrap();
        let key = |write: &Write| (write.key.pk.clone(), write.key.sk.clone());
        if !writes.iter().all(|write| holds(&write.condition, items.get(&key(write)))) {
            return Err(TableError::Condition(Vec::new()));
        }
        for write in writes {
            match write.action.clone() {
                Action::Put(item) => drop(items.insert(key(&write), item)),
                Action::Delete => drop(items.remove(&key(&write))),
                Action::Check => {}
            }
        }
        Ok(())
    }
}

/// A clock that is set by hand, and randomness that is none.
pub struct World {
    pub now_ms: AtomicU64,
    drawn: AtomicU64,
}

impl Default for World {
    fn default() -> Self {
        Self { now_ms: AtomicU64::new(1_790_000_000_000), drawn: AtomicU64::new(0) }
    }
}

impl Environment for World {
    fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::SeqCst)
    }
    fn fill_random(&self, bytes: &mut [u8]) {
        let drawn = self.drawn.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        bytes.iter_mut().zip(drawn.iter().cycle()).for_each(|(byte, drawn)| *byte = *drawn);
    }
    async fn pause(&self, _: u64) {}
}

/// An outbox in memory.
#[derive(Default)]
pub struct Waiting {
    pub waiting: Mutex<BTreeMap<u32, Vec<u8>>>,
    /// Acknowledging fails.
    pub deaf: AtomicBool,
}

impl Outbox for Waiting {
    type Handle = u32;

    async fn list(&self, _: &str, limit: usize) -> TableResult<Vec<(u32, Vec<u8>)>> {
        let waiting = self.waiting.lock().unwrap();
        Ok(waiting.iter().take(limit).map(|(handle, bytes)| (*handle, bytes.clone())).collect())
    }

    async fn acknowledge(&self, handles: Vec<u32>) -> TableResult<()> {
        if self.deaf.load(Ordering::SeqCst) {
            return Err(TableError::Unavailable("deaf".to_owned()));
        }
        let mut waiting = self.waiting.lock().unwrap();
        handles.iter().for_each(|handle| drop(waiting.remove(handle)));
        Ok(())
    }
}
