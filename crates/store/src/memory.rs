//! A table in memory, exact in what it allows and refuses: the reference that
//! the other tables are compared with, and the ground of simulations.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chart::table::{
    Action, Item, Key, Query, QueryPage, Range, Table, TableError, TableResult, Write,
};

use crate::limits::PAGE_BYTES_MAX;
use crate::rules::{check_single, check_transaction, holds, item_bytes};

/// How long a transaction's token is remembered.
const TOKEN_KEPT_MS: i64 = 600_000;

/// A table in memory. Clones are handles on the same table.
#[derive(Clone)]
pub struct MemoryTable {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    page_bytes_max: usize,
}

#[derive(Default)]
struct State {
    items: BTreeMap<Key, Item>,
    tokens: HashMap<String, (i64, Vec<Write>)>,
}

impl std::fmt::Debug for MemoryTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryTable").field("items", &self.state().items.len()).finish()
    }
}

impl Default for MemoryTable {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryTable {
    /// An empty table that remembers tokens for ever.
    pub fn new() -> Self {
        Self::with_clock(Arc::new(|| 0))
    }

    /// An empty table that forgets tokens after ten minutes of `clock`
    /// (milliseconds).
    pub fn with_clock(clock: Arc<dyn Fn() -> i64 + Send + Sync>) -> Self {
        Self { state: Arc::default(), clock, page_bytes_max: PAGE_BYTES_MAX }
    }

    /// The same table with shorter pages, so that small data takes several.
    #[must_use]
    pub fn with_pages_of(mut self, bytes: usize) -> Self {
        self.page_bytes_max = bytes;
        self
    }

    /// A copy of everything held.
    pub fn dump(&self) -> BTreeMap<Key, Item> {
        self.state().items.clone()
    }

    /// Applies a write without looking at limits; the condition counts.
    ///
    /// # Errors
    /// [`TableError::Condition`] when the condition does not hold.
    pub fn apply(&self, write: &Write) -> TableResult<()> {
        self.state().apply_all(std::slice::from_ref(write))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_now(&self, write: &Write) -> TableResult<()> {
        check_single(write)?;
        self.apply(write)
    }
}

impl State {
    fn apply_all(&mut self, writes: &[Write]) -> TableResult<()> {
        let refuses = |write: &Write| !holds(&write.condition, self.items.get(&write.key));
        let failed: Vec<(usize, Option<Item>)> = writes
            .iter()
            .enumerate()
            .filter(|(_, write)| refuses(write))
            .map(|(index, write)| (index, self.items.get(&write.key).cloned()))
            .collect();
        if !failed.is_empty() {
            return Err(TableError::Condition(failed));
        }
        for write in writes {
            match &write.action {
                Action::Put(item) => {
                    self.items.insert(write.key.clone(), item.clone());
                }
                Action::Delete => {
                    self.items.remove(&write.key);
                }
                Action::Check => {}
            }
        }
        Ok(())
    }
}

impl Table for MemoryTable {
    async fn get(&self, key: &Key) -> TableResult<Option<Item>> {
        Ok(self.state().items.get(key).cloned())
    }

    async fn get_many(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        let state = self.state();
        Ok(keys.iter().map(|key| state.items.get(key).cloned()).collect())
    }

    async fn query(&self, query: &Query) -> TableResult<QueryPage> {
        let state = self.state();
        let first = Key::new(query.pk.clone(), String::new());
        let mut found: Vec<(&Key, &Item)> = state
            .items
            .range(first..)
            .take_while(|(key, _)| key.pk == query.pk)
            .filter(|(key, _)| in_range(&query.range, &key.sk))
            .collect();
        if query.descending {
            found.reverse();
        }
        if let Some(after) = &query.after {
            found.retain(
                |(key, _)| if query.descending { key.sk < *after } else { key.sk > *after },
            );
        }
        let mut page = QueryPage::default();
        let mut bytes = 0;
        let most = query.limit.map_or(usize::MAX, |limit| limit as usize);
        for (key, item) in found {
            if page.items.len() >= most || bytes >= self.page_bytes_max {
                page.after = page.items.last().map(|(sk, _)| sk.clone());
                break;
            }
            bytes += item_bytes(key, item);
            page.items.push((key.sk.clone(), item.clone()));
        }
        // As the store does: a full page says that there may be more.
        if page.items.len() == most {
            page.after = page.items.last().map(|(sk, _)| sk.clone());
        }
        Ok(page)
    }

    async fn write(&self, write: Write) -> TableResult<()> {
        self.write_now(&write)
    }

    async fn write_each(&self, writes: Vec<Write>) -> Vec<TableResult<()>> {
        writes.iter().map(|write| self.write_now(write)).collect()
    }

    async fn transact(&self, token: &str, writes: Vec<Write>) -> TableResult<()> {
        check_transaction(token, &writes)?;
        let now_ms = (self.clock)();
        let mut state = self.state();
        if let Some((at_ms, before)) = state.tokens.get(token)
            && now_ms - at_ms < TOKEN_KEPT_MS
        {
            if *before == writes {
                return Ok(());
            }
            let why = "the token was used for another transaction";
            return Err(TableError::Rejected(why.to_owned()));
        }
        state.apply_all(&writes)?;
        state.tokens.insert(token.to_owned(), (now_ms, writes));
        Ok(())
    }
}

fn in_range(range: &Range, sort_key: &str) -> bool {
    match range {
        Range::All => true,
        Range::Prefix(prefix) => sort_key.starts_with(prefix.as_str()),
        Range::Between(from, to) => from.as_str() <= sort_key && sort_key <= to.as_str(),
    }
}
