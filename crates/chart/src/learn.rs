//! What a writer must know before it can plan: the cells, their locks decided,
//! and whether its request was done before.

use crate::cell::{Cell, Settled};
use crate::commit_record::Fate;
use crate::environment::Environment;
use crate::error::CommitError;
use crate::keys;
use crate::plan::{self, Known};
use crate::record::Record;
use crate::request::{Commit, Committed};
use crate::table::{Item, Key, Table, TableResult};

/// What reading the cells gave.
pub(crate) enum Learned {
    All,
    /// It was done before.
    Replay(Committed),
    /// Another commit that may be alive holds a cell.
    Busy,
}

impl<T: Table, E: Environment> Record<T, E> {
    /// Reads what a first plan needs, and the retry key.
    pub(crate) async fn learn(
        &self,
        commit: &Commit,
        known: &mut Known,
    ) -> Result<Learned, CommitError> {
        let store = |error| CommitError::store(error, false);
        let mut keys = plan::first_cells(commit);
        let retry = commit.retry.as_ref().map(|retry| keys::retry(&retry.caller, &retry.key));
        keys.extend(retry.clone());
        let mut items = self.get_many(&keys).await.map_err(store)?;
        if retry.is_some() {
            keys.pop();
            let held = items.pop().flatten();
            if let Some(replay) = self.replay(commit, held.as_ref()).await? {
                return Ok(Learned::Replay(replay));
            }
        }
        let free = self.settle(keys, items, known).await.map_err(store)?;
        Ok(if free { Learned::All } else { Learned::Busy })
    }

    /// Reads more cells; whether none of them is busy.
    pub(crate) async fn learn_cells(
        &self,
        cells: &[Key],
        known: &mut Known,
    ) -> Result<bool, CommitError> {
        let store = |error| CommitError::store(error, false);
        let items = self.get_many(cells).await.map_err(store)?;
        self.settle(cells.to_vec(), items, known).await.map_err(store)
    }

    async fn settle(
        &self,
        keys: Vec<Key>,
        items: Vec<Option<Item>>,
        known: &mut Known,
    ) -> TableResult<bool> {
        let cells: Vec<Cell> = items.iter().map(|item| Cell::parse(item.as_ref())).collect();
        let mut holders: Vec<String> =
            cells.iter().filter_map(|cell| cell.lock.as_ref()).map(|l| l.commit.clone()).collect();
        holders.sort();
        holders.dedup();
        let fates = self.settled_fates(&holders).await?;
        if fates.values().any(|fate| *fate == Fate::Pending) {
            return Ok(false);
        }
        let now_ms = self.environment.now_ms();
        for (key, cell) in keys.into_iter().zip(cells) {
            let settled = match &cell.lock {
                None => Settled::free(cell),
                Some(lock) => {
                    let committed = fates.get(&lock.commit) == Some(&Fate::Committed);
                    Settled::locked(&cell, committed, now_ms)
                }
            };
            known.cells.insert(key, settled);
        }
        Ok(true)
    }
}
