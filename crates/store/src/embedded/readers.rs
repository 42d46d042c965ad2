//! Connections that only read, so that no reader waits for a writer's fsync.
//!
//! In WAL mode a read sees every transaction that was committed when it began;
//! a write is answered after its commit, so whoever reads after that sees it.

use chart::table::{Item, Key, Query, QueryPage, Range, TableError, TableResult};
use dynoxide::storage::Storage;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::statements::{Statements, Walk, item, unavailable};
use super::stored_key::{plain_key, stored_key};
use crate::limits::PAGE_BYTES_MAX;

/// The connections and the statements on them.
pub(super) struct Readers {
    storages: Vec<Mutex<Storage>>,
    next: AtomicUsize,
    statements: Statements,
}

impl Readers {
    pub(super) fn new(storages: Vec<Storage>, table_name: &str) -> Self {
        Self {
            storages: storages.into_iter().map(Mutex::new).collect(),
            next: AtomicUsize::new(0),
            statements: Statements::new(table_name),
        }
    }

    /// A connection that nobody uses; when all are in use, the next in turn.
    pub(super) fn storage(&self) -> TableResult<MutexGuard<'_, Storage>> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.storages.len().max(1);
        for offset in 0..count {
            let storage = self.storages.get(turn.wrapping_add(offset) % count);
            if let Some(Ok(guard)) = storage.map(Mutex::try_lock) {
                return Ok(guard);
            }
        }
        self.storages
            .get(turn % count)
            .and_then(|storage| storage.lock().ok())
            .ok_or_else(|| TableError::Unavailable("embedded store: no connection".to_owned()))
    }

    /// The item under `key`.
    pub(super) fn get(&self, key: &Key) -> TableResult<Option<Item>> {
        let storage = self.storage()?;
        self.get_on(&storage, key)
    }

    /// The items under `keys`.
    pub(super) fn get_many(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        let storage = self.storage()?;
        keys.iter().map(|key| self.get_on(&storage, key)).collect()
    }

    fn get_on(&self, storage: &Storage, key: &Key) -> TableResult<Option<Item>> {
        let (pk, sk) = (stored_key(&key.pk), stored_key(&key.sk));
        self.statements.get(storage.conn(), &pk, &sk).map_err(unavailable)?.transpose()
    }

    /// One page of a partition.
    pub(super) fn query(&self, query: &Query) -> TableResult<QueryPage> {
        if query.limit == Some(0) {
            return Err(TableError::Rejected("the limit must be at least 1".to_owned()));
        }
        let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
        let (from, below) = bounds(query);
        let storage = self.storage()?;
        let mut page = QueryPage::default();
        let mut bytes = 0;
        let pk = stored_key(&query.pk);
        let visit = |sk: &str, stored: &[u8], item_bytes: usize| {
            bytes += item_bytes;
            page.items.push((plain_key(sk).to_owned(), item(stored)?));
            Ok(if page.items.len() >= limit || bytes >= PAGE_BYTES_MAX {
                page.after = Some(plain_key(sk).to_owned());
                Walk::Stop
            } else {
                Walk::On
            })
        };
        self.statements.walk(storage.conn(), (&pk, &from, &below), query.descending, visit)?;
        Ok(page)
    }
}

/// Stored sort keys of a query: from the first, included, to the second, left
/// out. Text is compared byte by byte, in SQLite as in DynamoDB.
fn bounds(query: &Query) -> (String, String) {
    let (mut from, mut below) = match &query.range {
        Range::All => (stored_key(""), past_all()),
        Range::Prefix(prefix) => (stored_key(prefix), past_prefix(prefix)),
        Range::Between(from, to) => (stored_key(from), just_past(to)),
    };
    if let Some(after) = &query.after {
        if query.descending {
            below = below.min(stored_key(after));
        } else {
            from = from.max(just_past(after));
        }
    }
    (from, below)
}

/// The least stored key above every string key.
fn past_all() -> String {
    "S;".to_owned()
}

/// The least stored key above that of `key`.
fn just_past(key: &str) -> String {
    let mut past = stored_key(key);
    past.push('\0');
    past
}

/// The least stored key above all that begin with `prefix`.
fn past_prefix(prefix: &str) -> String {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // Skips the surrogates, which are no characters.
        let next =
            if last == '\u{D7FF}' { Some('\u{E000}') } else { char::from_u32(last as u32 + 1) };
        if let Some(next) = next {
            characters.push(next);
            return stored_key(&characters.into_iter().collect::<String>());
        }
    }
    past_all()
}
