//! Faults wrapped around a table: what DynamoDB does and the embedded store
//! does not. Replies get lost, requests arrive late or twice, the store asks
//! to slow down, transactions conflict and become visible item by item, and
//! processes die between two of their writes.
//!
//! Everything is chosen from one printed seed; under an executor that chooses
//! from a seed as well, a failure replays exactly.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use chart::table::{
    Action, Condition, Item, Key, Query, QueryPage, Table, TableError, TableResult, Write,
};

use crate::rules::{check_single, check_transaction, holds};

mod chance;
mod counting;

use chance::{Fate, Shared};
pub use counting::{Counting, Counts};

/// How long a transaction's token is remembered.
const TOKEN_KEPT_MS: i64 = 600_000;

/// How often what goes wrong, per thousand requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// The write happens, the reply is lost.
    pub lost: u64,
    /// The write happens, and its duplicate arrives later once more, when
    /// nobody remembers its token.
    pub duplicated: u64,
    /// The reply is lost, and the write happens only later, if it still can.
    pub delayed: u64,
    /// The store asks to slow down; reads too.
    pub throttled: u64,
    /// A transaction meets another one that is under way.
    pub conflicts: u64,
    /// Requests by which the latest of the late writes arrives.
    pub late_by_max: u64,
    /// Transactions, waves and pages are seen and applied item by item, and
    /// others take their turns in between; pages hold so many items. 0: whole.
    pub page_items: usize,
}

/// A table that fails as it is told. Clones and [`Faulty::client`]s share the
/// store; each client dies for itself.
#[derive(Clone)]
pub struct Faulty<T> {
    inner: T,
    faults: Faults,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    shared: Arc<Mutex<Shared>>,
    life: Arc<Mutex<Option<u64>>>,
}

/// Lets the other tasks take a turn.
struct Turn(bool);

impl Future for Turn {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<T: Table> Faulty<T> {
    /// Wraps `inner`, which nobody else may write to. `clock` (milliseconds)
    /// ages the tokens. Prints the seed.
    pub fn new(
        inner: T,
        faults: Faults,
        seed: u64,
        clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    ) -> Self {
        eprintln!("faults: seed {seed}");
        let shared = Shared {
            state: seed,
            requests: 0,
            busy: HashSet::new(),
            tokens: HashMap::new(),
            late: Vec::new(),
        };
        let life = Arc::new(Mutex::new(None));
        Self { inner, faults, clock, shared: Arc::new(Mutex::new(shared)), life }
    }

    /// The wrapped table.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    /// Another process on the same store, with other faults.
    #[must_use]
    pub fn client(&self, faults: Faults) -> Self
    where
        T: Clone,
    {
        Self { faults, life: Arc::new(Mutex::new(None)), ..self.clone() }
    }

    /// This process dies right after its next `writes` writes, a transaction
    /// counting as one; every request after that fails.
    pub fn die_after(&self, writes: u64) {
        *lock(&self.life) = Some(writes);
    }

    /// Whether it has died.
    pub fn is_dead(&self) -> bool {
        *lock(&self.life) == Some(0)
    }

    /// Lets everything late arrive now; says how much that was.
    pub async fn deliver_late(&self) -> usize {
        let late = std::mem::take(&mut lock(&self.shared).late);
        let count = late.len();
        for (_, writes) in late {
            self.apply_late(&writes).await;
        }
        count
    }

    /// Before each request: a turn for others, and what is late and due.
    async fn request(&self) -> TableResult<()> {
        if self.faults.page_items > 0 {
            Turn(false).await;
        }
        let due: Vec<Vec<Write>> = {
            let mut shared = lock(&self.shared);
            shared.requests += 1;
            let now = shared.requests;
            let busy = shared.busy.clone();
            let free = |writes: &[Write]| writes.iter().all(|write| !busy.contains(&write.key));
            let (due, later) = std::mem::take(&mut shared.late)
                .into_iter()
                .partition(|(at, writes)| *at <= now && free(writes));
            shared.late = later;
            due.into_iter().map(|(_, writes)| writes).collect()
        };
        for writes in due {
            self.apply_late(&writes).await;
        }
        if self.is_dead() { Err(unavailable("the process is dead")) } else { Ok(()) }
    }

    fn spend_life(&self) {
        if let Some(left) = lock(&self.life).as_mut() {
            *left = left.saturating_sub(1);
        }
    }

    async fn apply_late(&self, writes: &[Write]) {
        if let Ok(failed) = self.failing(writes, false).await
            && failed.is_empty()
        {
            for write in writes {
                let _ = self.apply(write).await;
            }
        }
    }

    async fn failing(
        &self,
        writes: &[Write],
        turns: bool,
    ) -> TableResult<Vec<(usize, Option<Item>)>> {
        let mut failed = Vec::new();
        for (index, write) in writes.iter().enumerate() {
            if turns {
                Turn(false).await;
            }
            let held = self.inner.get(&write.key).await?;
            if !holds(&write.condition, held.as_ref()) {
                failed.push((index, held));
            }
        }
        Ok(failed)
    }

    async fn apply(&self, write: &Write) -> TableResult<()> {
        if write.action == Action::Check {
            return Ok(());
        }
        self.inner.write(Write { condition: Condition::Always, ..write.clone() }).await
    }

    /// A transaction that others see happen item by item.
    async fn slowly(&self, token: &str, writes: &[Write]) -> TableResult<()> {
        {
            let mut shared = lock(&self.shared);
            if let Some((at_ms, before)) = shared.tokens.get(token)
                && (self.clock)() - at_ms < TOKEN_KEPT_MS
            {
                let same = before == writes;
                let reused = || TableError::Rejected("token used for another".to_owned());
                return if same { Ok(()) } else { Err(reused()) };
            }
            if writes.iter().any(|write| shared.busy.contains(&write.key)) {
                return Err(TableError::Conflict);
            }
            shared.busy.extend(writes.iter().map(|write| write.key.clone()));
        }
        let result = self.step_by_step(writes).await;
        let mut shared = lock(&self.shared);
        for write in writes {
            shared.busy.remove(&write.key);
        }
        if result.is_ok() {
            shared.tokens.insert(token.to_owned(), ((self.clock)(), writes.to_vec()));
        }
        result
    }

    async fn step_by_step(&self, writes: &[Write]) -> TableResult<()> {
        let failed = self.failing(writes, true).await?;
        if !failed.is_empty() {
            return Err(TableError::Condition(failed));
        }
        let order = lock(&self.shared).shuffled(writes.len());
        for write in order.into_iter().filter_map(|index| writes.get(index)) {
            self.apply(write).await?;
            Turn(false).await;
        }
        Ok(())
    }

    /// Does what chance wants of a write request. `token` for a transaction.
    async fn attempt(&self, token: Option<&str>, writes: &[Write]) -> TableResult<()> {
        self.request().await?;
        let fate = lock(&self.shared).fate(&self.faults, token.is_some());
        match fate {
            Fate::Throttled => return Err(TableError::Throttled),
            Fate::Conflict => return Err(TableError::Conflict),
            Fate::Delayed => {
                self.put_off(writes);
                return Err(unavailable("no reply"));
            }
            Fate::Fine | Fate::Lost | Fate::Duplicated => {}
        }
        let result = match token {
            None => self.alone(writes).await,
            Some(token) if self.faults.page_items > 0 => self.slowly(token, writes).await,
            Some(token) => self.inner.transact(token, writes.to_vec()).await,
        };
        self.spend_life();
        if fate == Fate::Duplicated {
            self.put_off(writes);
        }
        if fate == Fate::Lost || self.is_dead() {
            return Err(unavailable("reply lost"));
        }
        result
    }

    async fn alone(&self, writes: &[Write]) -> TableResult<()> {
        for write in writes {
            if lock(&self.shared).busy.contains(&write.key) {
                return Err(TableError::Conflict);
            }
            self.inner.write(write.clone()).await?;
        }
        Ok(())
    }

    fn put_off(&self, writes: &[Write]) {
        let mut shared = lock(&self.shared);
        let at = shared.requests + 1 + shared.chance(self.faults.late_by_max);
        shared.late.push((at, writes.to_vec()));
    }

    async fn read_request(&self) -> TableResult<()> {
        self.request().await?;
        let throttled = lock(&self.shared).chance(1000) < self.faults.throttled;
        if throttled { Err(TableError::Throttled) } else { Ok(()) }
    }
}

fn lock<S>(mutex: &Mutex<S>) -> MutexGuard<'_, S> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unavailable(why: &str) -> TableError {
    TableError::Unavailable(why.to_owned())
}

impl<T: Table> Table for Faulty<T> {
    async fn get(&self, key: &Key) -> TableResult<Option<Item>> {
        self.read_request().await?;
        self.inner.get(key).await
    }

    async fn get_many(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        self.read_request().await?;
        if self.faults.page_items == 0 {
            return self.inner.get_many(keys).await;
        }
        let mut items = vec![None; keys.len()];
        let order = lock(&self.shared).shuffled(keys.len());
        for index in order {
            if let (Some(key), Some(slot)) = (keys.get(index), items.get_mut(index)) {
                *slot = self.inner.get(key).await?;
                Turn(false).await;
            }
        }
        Ok(items)
    }

    async fn query(&self, query: &Query) -> TableResult<QueryPage> {
        self.read_request().await?;
        let most = self.faults.page_items;
        if most == 0 {
            return self.inner.query(query).await;
        }
        let most = query.limit.map_or(most, |limit| most.min(limit as usize));
        let mut page = QueryPage::default();
        let mut one = Query { limit: Some(1), ..query.clone() };
        while page.items.len() < most {
            let next = self.inner.query(&one).await?;
            let Some((sk, item)) = next.items.into_iter().next() else { return Ok(page) };
            one.after = Some(sk.clone());
            page.items.push((sk, item));
            Turn(false).await;
        }
        page.after = one.after;
        Ok(page)
    }

    async fn write(&self, write: Write) -> TableResult<()> {
        check_single(&write)?;
        self.attempt(None, &[write]).await
    }

    async fn write_each(&self, writes: Vec<Write>) -> Vec<TableResult<()>> {
        let mut results = vec![Err(unavailable("not sent")); writes.len()];
        let order = lock(&self.shared).shuffled(writes.len());
        for index in order {
            if let (Some(write), Some(slot)) = (writes.get(index), results.get_mut(index)) {
                *slot = self.write(write.clone()).await;
            }
        }
        results
    }

    async fn transact(&self, token: &str, writes: Vec<Write>) -> TableResult<()> {
        check_transaction(token, &writes)?;
        self.attempt(Some(token), &writes).await
    }
}
