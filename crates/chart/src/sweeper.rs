//! Finishing what processes that died left unfinished.

use crate::commit_record::{Fate, fate_of};
use crate::environment::Environment;
use crate::error::ReadError;
use crate::keys;
use crate::limits::{SWEEP_AFTER_MS, UNFINISHED_SHARDS};
use crate::record::Record;
use crate::table::{Range, Table};

/// What one run found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Commits aborted (or found so) and undone.
    pub undone: u64,
    /// Commits found committed, and folded.
    pub folded: u64,
    /// Commits that may still be alive.
    pub left: u64,
}

impl<T: Table, E: Environment> Record<T, E> {
    /// Looks once at every unfinished commit: aborts and undoes what is past
    /// its lease, folds what is committed. Reads N only, so that its cost does
    /// not grow with the record. Any number may run at once, anywhere.
    ///
    /// # Errors
    /// When the store is unavailable, or a manifest is damaged (then nothing
    /// of that commit is touched).
    pub async fn sweep(&self) -> Result<Swept, ReadError> {
        let mut swept = Swept::default();
        let mut damaged = None;
        for shard in 0..UNFINISHED_SHARDS {
            let notes = self.items_of(keys::unfinished_partition(shard), Range::All).await?;
            for (commit, note) in notes {
                let at_ms = note.num("at").unwrap_or(0);
                if self.environment.now_ms() < at_ms.saturating_add(SWEEP_AFTER_MS) {
                    swept.left += 1;
                    continue;
                }
                match self.sweep_one(&commit).await {
                    Ok(Fate::Committed) => swept.folded += 1,
                    Ok(Fate::Pending) => swept.left += 1,
                    Ok(_) => swept.undone += 1,
                    Err(ReadError::Corrupt(what)) => damaged = Some(ReadError::Corrupt(what)),
                    Err(error) => return Err(error),
                }
            }
        }
        damaged.map_or(Ok(swept), Err)
    }

    async fn sweep_one(&self, commit: &str) -> Result<Fate, ReadError> {
        let fates = self.settled_fates(&[commit.to_owned()]).await?;
        let fate = fates.get(commit).copied().unwrap_or(Fate::Missing);
        if fate == Fate::Pending {
            return Ok(fate);
        }
        let touched = self.manifest(commit).await?;
        if fate == Fate::Committed {
            // Another sweeper may have finished between the two reads; only
            // then is it right that there is nothing left to fold.
            if touched.is_empty() && !self.is_finished(commit).await? {
                return Err(ReadError::Corrupt(format!("manifest of commit {commit}")));
            }
            self.redo(commit, &touched).await?;
        } else {
            self.undo(commit, &touched).await?;
        }
        self.finish(commit, fate).await?;
        Ok(fate)
    }

    async fn is_finished(&self, commit: &str) -> Result<bool, ReadError> {
        let held = self.get(&keys::commit_record(commit)).await?;
        let gone = fate_of(held.as_ref()) == Fate::Missing;
        Ok(gone || held.is_some_and(|item| item.num("ttl").is_some()))
    }
}
