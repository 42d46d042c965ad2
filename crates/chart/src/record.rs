//! The record over one table: settings, and requests repeated until sure.

use crate::environment::Environment;
use crate::ids::{self, Where};
use crate::limits::{BACKOFF_MS_MAX, BACKOFF_MS_MIN, READ_ATTEMPTS_MAX, STORE_ATTEMPTS_MAX};
use crate::table::{Item, Key, Query, QueryPage, Table, TableError, TableResult, Write};

/// What is fixed for a record when its tables are made.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Partitions over which the bodies of one home are spread: 1 embedded, 4
    /// in production. **Part of the stored form: never change it later.**
    pub body_partitions: u32,
    /// Whether a type belongs to no person's chart, ever.
    pub never_in_chart: fn(&str) -> bool,
}

/// Everyone's records, in one table.
#[derive(Debug)]
pub struct Record<T, E> {
    pub(crate) table: T,
    pub(crate) environment: E,
    pub(crate) settings: Settings,
}

/// How a request to the store ended, after repetitions.
pub(crate) struct Attempt {
    pub result: TableResult<()>,
    /// Whether some repetition's reply was lost, so that what failed now may
    /// have been done by an earlier one, or may be done yet.
    pub unknown: bool,
}

impl<T: Table, E: Environment> Record<T, E> {
    /// The record kept in `table`.
    pub fn new(table: T, environment: E, settings: Settings) -> Self {
        Self { table, environment, settings }
    }

    /// The table.
    pub fn table(&self) -> &T {
        &self.table
    }

    /// The clock, chance and timer.
    pub fn environment(&self) -> &E {
        &self.environment
    }

    /// Where a resource lives, as far as its id tells.
    pub fn home_of(&self, resource_type: &str, id: &str) -> Where {
        ids::home_of(resource_type, id, self.settings.never_in_chart)
    }

    /// A new commit id.
    pub(crate) fn new_commit_id(&self) -> String {
        let mut random = [0_u8; 10];
        self.environment.fill_random(&mut random);
        ids::commit_id(self.environment.now_ms(), random)
    }

    /// Waits before repetition number `attempt`: exponential, with full jitter.
    pub(crate) async fn pause(&self, attempt: u32) {
        let most = BACKOFF_MS_MIN.saturating_mul(1 << attempt.min(16)).min(BACKOFF_MS_MAX);
        let mut random = [0_u8; 4];
        self.environment.fill_random(&mut random);
        let jitter = u64::from(u32::from_le_bytes(random)) % most.max(1);
        self.environment.sleep(jitter + 1).await;
    }

    pub(crate) async fn get(&self, key: &Key) -> TableResult<Option<Item>> {
        let mut attempt = 0;
        loop {
            match self.table.get(key).await {
                Err(error) if worth_repeating(&error, attempt) => self.pause(attempt).await,
                other => return other,
            }
            attempt += 1;
        }
    }

    pub(crate) async fn get_many(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut attempt = 0;
        loop {
            match self.table.get_many(keys).await {
                Err(error) if worth_repeating(&error, attempt) => self.pause(attempt).await,
                Ok(items) if items.len() != keys.len() => {
                    return Err(TableError::Rejected("answer of another length".into()));
                }
                other => return other,
            }
            attempt += 1;
        }
    }

    pub(crate) async fn query(&self, query: &Query) -> TableResult<QueryPage> {
        let mut attempt = 0;
        loop {
            match self.table.query(query).await {
                Err(error) if worth_repeating(&error, attempt) => self.pause(attempt).await,
                other => return other,
            }
            attempt += 1;
        }
    }

    /// A transaction, repeated with the same token until it is done, refused,
    /// or given up.
    pub(crate) async fn transact(&self, token: &str, writes: Vec<Write>) -> Attempt {
        let mut unknown = false;
        let mut attempt = 0;
        loop {
            let result = self.table.transact(token, writes.clone()).await;
            unknown |= matches!(result, Err(TableError::Unavailable(_)));
            let again = matches!(&result, Err(error) if transient(error));
            if !again || attempt + 1 >= STORE_ATTEMPTS_MAX {
                return Attempt { result, unknown };
            }
            self.pause(attempt).await;
            attempt += 1;
        }
    }

    /// Independent writes, each repeated until it is done, refused or given
    /// up; in the order of `writes`.
    pub(crate) async fn write_each(&self, writes: Vec<Write>) -> Vec<Attempt> {
        if writes.is_empty() {
            return Vec::new();
        }
        let nothing = || Attempt { result: Ok(()), unknown: false };
        let mut attempts: Vec<Attempt> = writes.iter().map(|_| nothing()).collect();
        let mut open: Vec<(usize, Write)> = writes.into_iter().enumerate().collect();
        let mut attempt = 0;
        while !open.is_empty() {
            let batch = open.iter().map(|(_, write)| write.clone()).collect();
            let mut results = self.table.write_each(batch).await.into_iter();
            let mut left = Vec::new();
            for (index, write) in open {
                let result = results
                    .next()
                    .unwrap_or_else(|| Err(TableError::Unavailable("answer missing".into())));
                let again = matches!(&result, Err(error) if transient(error));
                if let Some(held) = attempts.get_mut(index) {
                    held.unknown |= matches!(result, Err(TableError::Unavailable(_)));
                    held.result = result;
                }
                if again {
                    left.push((index, write));
                }
            }
            open = left;
            attempt += 1;
            if attempt >= STORE_ATTEMPTS_MAX {
                break;
            }
            if !open.is_empty() {
                self.pause(attempt).await;
            }
        }
        attempts
    }

    /// [`Self::write_each`] where a failed condition means that somebody else
    /// did it, or that it no longer matters.
    pub(crate) async fn settle_each(&self, writes: Vec<Write>) -> TableResult<()> {
        for attempt in self.write_each(writes).await {
            match attempt.result {
                Ok(()) | Err(TableError::Condition(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn transient(error: &TableError) -> bool {
    matches!(error, TableError::Conflict | TableError::Throttled | TableError::Unavailable(_))
}

fn worth_repeating(error: &TableError, attempt: u32) -> bool {
    transient(error) && attempt + 1 < READ_ATTEMPTS_MAX
}
