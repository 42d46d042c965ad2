//! The commit of many: lock the cells, stage the versions invisibly, flip one
//! record.
//!
//! 1. Read the cells; check what is expected of them; nothing is written if it
//!    does not hold.
//! 2. T pending, N, and the manifest, in one transaction.
//! 3. Lock the cells, each under the condition that it is as read.
//! 4. Put the versions, pieces and hint rows, each under its condition.
//! 5. After every acknowledgement, one transaction: T committed, O, K, F. **That
//!    write is the commit.**
//! 6. Fold ([`Record::fold`]).
//!
//! When everything fits one transaction, steps 2 to 4 are one.
//!
//! Every attempt has a new commit id, and before an attempt is left its abort
//! is written, so that nothing of it that arrives late can ever become visible.
//! Nobody waits for another while holding locks, so there is no deadlock; the
//! price is that a commit which meets another begins again after a pause.

use crate::cell::Cell;
use crate::commit_record::{self, Fate};
use crate::environment::Environment;
use crate::error::CommitError;
use crate::finish::Fold;
use crate::keys;
use crate::learn::Learned;
use crate::limits::{
    COMMIT_ATTEMPTS_MAX, LEASE_MS, LEASE_PER_CHANGE_MS, PIECE_BYTES_MAX, TRANSACTION_BYTES_MAX,
    TRANSACTION_WRITES_MAX,
};
use crate::one_step::blind;
use crate::plan::{self, Frame, Known, Plan};
use crate::record::{Attempt, Record};
use crate::request::{Commit, Committed};
use crate::table::{Condition, Item, Key, Table, TableError, TableResult, Value, Write};
use crate::version::{free_of, weight};

/// A manifest up to this long is kept in T itself.
const MANIFEST_INLINE_BYTES_MAX: usize = 2_000;
/// Larger commits look for their retry key before they do anything.
const BLIND_CHANGES_MAX: usize = 40;

/// How staging or sealing ended.
enum Step {
    Done,
    /// Others were first: begin again.
    Again,
    /// Another request with the same retry key was first.
    Replay(Committed),
}

/// Whether writes fit one transaction.
pub(crate) fn fits(writes: &[Write]) -> bool {
    writes.len() <= TRANSACTION_WRITES_MAX
        && writes.iter().map(weight).sum::<usize>() <= TRANSACTION_BYTES_MAX
}

impl<T: Table, E: Environment> Record<T, E> {
    /// Makes the changes visible together, or none of them.
    ///
    /// # Errors
    /// See [`CommitError`]; all of them but an unknown `Unavailable` mean that
    /// nothing is and nothing will become visible.
    pub async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        plan::validate(&commit)?;
        if commit.changes.len() == 1
            && let Some(committed) = self.commit_one(&commit).await?
        {
            return Ok(committed);
        }
        self.commit_many(&commit).await
    }

    async fn commit_many(&self, commit: &Commit) -> Result<Committed, CommitError> {
        let mut known = Known::default();
        let few = commit.changes.len() <= BLIND_CHANGES_MAX;
        let mut learned = few && blind(commit, &mut known);
        for attempt in 0..COMMIT_ATTEMPTS_MAX {
            if !learned {
                known.cells.clear();
                match self.learn(commit, &mut known).await? {
                    Learned::All => {}
                    Learned::Replay(replay) => return Ok(replay),
                    Learned::Busy => {
                        self.pause(attempt).await;
                        continue;
                    }
                }
            }
            learned = false;
            let id = self.new_commit_id();
            let now_ms = self.environment.now_ms();
            let frame =
                Frame { commit: &id, now_ms, body_partitions: self.settings.body_partitions };
            let Some(plan) = self.planned(commit, &mut known, &frame).await? else { continue };
            if plan.versions.is_empty() {
                match self.unchanged(commit, &plan).await? {
                    Some(committed) => return Ok(committed),
                    None => continue,
                }
            }
            let step = match self.stage(&plan, &mut known).await {
                Ok(Step::Done) => self.seal(commit, &plan).await,
                other => other,
            };
            match step {
                Ok(Step::Done) => return Ok(committed(commit, plan)),
                Ok(Step::Replay(replay)) => return Ok(replay),
                Ok(Step::Again) => self.pause(attempt).await,
                Err(error) => return Err(error),
            }
        }
        Err(CommitError::Contended)
    }

    /// Steps 2 to 4.
    async fn stage(&self, plan: &Plan, known: &mut Known) -> Result<Step, CommitError> {
        let opening = opening(plan);
        let locks = locks(plan);
        let versions: Vec<Write> = plan
            .versions
            .iter()
            .map(|version| {
                let dead = known.dead.get(&version.key).map_or(&[][..], Vec::as_slice);
                Write::put(version.key.clone(), version.staged(&plan.commit), free_of(dead))
            })
            .collect();
        let pieces = plan.versions.iter().flat_map(|version| version.pieces.iter().cloned());
        let loose: Vec<Write> = pieces.chain(plan.rows.iter().cloned()).collect();
        let all: Vec<Write> =
            [&opening, &locks, &versions, &loose].into_iter().flatten().cloned().collect();
        if fits(&all) {
            return self.stage_at_once(plan, all, known).await;
        }
        let staged = self.stage_in_waves(plan, opening, locks, versions, loose, known).await;
        match staged {
            Ok(Step::Done) => Ok(Step::Done),
            other => {
                // Should this fail, the sweeper does it.
                let abandoned = self.abandon(plan).await;
                if matches!(abandoned, Ok(Fate::Committed)) { Ok(Step::Done) } else { other }
            }
        }
    }

    async fn stage_at_once(
        &self,
        plan: &Plan,
        all: Vec<Write>,
        known: &mut Known,
    ) -> Result<Step, CommitError> {
        let Attempt { result, unknown } =
            self.transact(&format!("{}.1", plan.commit), all.clone()).await;
        match result {
            Ok(()) => return Ok(Step::Done),
            Err(TableError::Condition(failed)) => {
                if unknown && self.recorded(&plan.commit).await? == Fate::Pending {
                    return Ok(Step::Done);
                }
                self.note_dead(&all, &failed, known).await?;
            }
            Err(TableError::Conflict) => {}
            Err(error) => {
                let _ = self.abandon(plan).await;
                return Err(CommitError::store(error, false));
            }
        }
        if unknown {
            self.abandon(plan).await.map_err(|error| CommitError::store(error, false))?;
        }
        Ok(Step::Again)
    }

    async fn recorded(&self, commit: &str) -> Result<Fate, CommitError> {
        let held = self.get(&keys::commit_record(commit)).await;
        let held = held.map_err(|error| CommitError::store(error, false))?;
        Ok(commit_record::fate_of(held.as_ref()))
    }

    async fn stage_in_waves(
        &self,
        plan: &Plan,
        opening: Vec<Write>,
        locks: Vec<Write>,
        versions: Vec<Write>,
        loose: Vec<Write>,
        known: &mut Known,
    ) -> Result<Step, CommitError> {
        let store = |error| CommitError::store(error, false);
        let opened = self.transact(&format!("{}.1", plan.commit), opening).await;
        match opened.result {
            Ok(()) => {}
            Err(TableError::Condition(_)) if opened.unknown => {}
            Err(TableError::Condition(_) | TableError::Conflict) => return Ok(Step::Again),
            Err(error) => return Err(store(error)),
        }
        if !self.put_own(locks, "lx", plan).await.map_err(store)?.is_empty() {
            return Ok(Step::Again);
        }
        let rest = self.write_each(loose);
        let (refused, rest) = futures::join!(self.put_own(versions, "c", plan), rest);
        for attempt in rest {
            attempt.result.map_err(store)?;
        }
        self.restage(plan, refused.map_err(store)?, known).await
    }

    /// Versions in whose place a dead commit left something are put over it.
    async fn restage(
        &self,
        plan: &Plan,
        refused: Vec<(Write, Option<Item>)>,
        known: &mut Known,
    ) -> Result<Step, CommitError> {
        if refused.is_empty() {
            return Ok(Step::Done);
        }
        let (writes, found): (Vec<Write>, Vec<Option<Item>>) = refused.into_iter().unzip();
        let found: Vec<(usize, Option<Item>)> = found.into_iter().enumerate().collect();
        self.note_dead(&writes, &found, known).await?;
        let over = |write: Write| {
            let dead = known.dead.get(&write.key).map_or(&[][..], Vec::as_slice);
            Write { condition: free_of(dead), ..write }
        };
        let writes = writes.into_iter().map(over).collect();
        let left = self.put_own(writes, "c", plan).await;
        let left = left.map_err(|error| CommitError::store(error, false))?;
        Ok(if left.is_empty() { Step::Done } else { Step::Again })
    }

    /// Puts items that carry this commit's id in the attribute `mark`; gives
    /// those refused, with what was found, unless one's own was found.
    async fn put_own(
        &self,
        writes: Vec<Write>,
        mark: &str,
        plan: &Plan,
    ) -> TableResult<Vec<(Write, Option<Item>)>> {
        let mut refused = Vec::new();
        let attempts = self.write_each(writes.clone()).await;
        for (write, attempt) in writes.into_iter().zip(attempts) {
            match attempt.result {
                Ok(()) => {}
                Err(TableError::Condition(failed)) => {
                    let mut found = failed.into_iter().find_map(|(_, item)| item);
                    if found.is_none() {
                        found = self.get(&write.key).await?;
                    }
                    let own = found.as_ref().and_then(|item| item.str(mark));
                    if own != Some(plan.commit.as_str()) {
                        refused.push((write, found));
                    }
                }
                Err(TableError::Conflict) => refused.push((write, None)),
                Err(error) => return Err(error),
            }
        }
        Ok(refused)
    }

    /// Step 5.
    async fn seal(&self, commit: &Commit, plan: &Plan) -> Result<Step, CommitError> {
        let entry = crate::codec::pack(&(commit.entry)(&plan.done, &plan.commit));
        let sealing = self.sealing(commit, plan, entry);
        for attempt in self.write_each(sealing.pieces).await {
            if let Err(error) = attempt.result {
                let _ = self.abandon(plan).await;
                return Err(CommitError::store(error, false));
            }
        }
        let manifest = inline(&commit_record::pack_manifest(&plan.touched));
        let now_ms = self.environment.now_ms();
        let mut writes = vec![commit_record::committed(&plan.commit, now_ms, manifest)];
        writes.extend(sealing.writes);
        let Attempt { result, unknown } =
            self.transact(&format!("{}.5", plan.commit), writes).await;
        if result.is_ok() {
            return Ok(Step::Done);
        }
        // Whatever went wrong, the abort decides: either it is written, and a
        // lost reply's request can do nothing any more, or the commit was
        // first.
        match self.abandon(plan).await {
            Ok(Fate::Committed) => return Ok(Step::Done),
            Ok(_) => {}
            Err(error) => return Err(CommitError::store(error, unknown)),
        }
        match result {
            Ok(()) => Ok(Step::Done),
            Err(TableError::Condition(_) | TableError::Conflict) => self.after_seal(commit).await,
            Err(error) => Err(CommitError::store(error, false)),
        }
    }

    /// Whether the retry key was the reason.
    async fn after_seal(&self, commit: &Commit) -> Result<Step, CommitError> {
        let Some(retry) = &commit.retry else { return Ok(Step::Again) };
        let key = keys::retry(&retry.caller, &retry.key);
        let held = self.get(&key).await.map_err(|error| CommitError::store(error, false))?;
        let replay = self.replay(commit, held.as_ref()).await?;
        Ok(replay.map_or(Step::Again, Step::Replay))
    }

    /// Writes the abort and undoes what was staged. Tells when the commit had
    /// been committed after all.
    async fn abandon(&self, plan: &Plan) -> TableResult<Fate> {
        let fate = self.abort(&plan.commit).await?;
        if fate == Fate::Aborted {
            self.undo(&plan.commit, &plan.touched).await?;
            self.finish(&plan.commit, Fate::Aborted).await?;
        }
        Ok(fate)
    }
}

/// T, N and M.
fn opening(plan: &Plan) -> Vec<Write> {
    let Plan { commit, now_ms, .. } = plan;
    let changes = i64::try_from(plan.versions.len()).unwrap_or(i64::MAX);
    let lease_ms = LEASE_MS.saturating_add(LEASE_PER_CHANGE_MS.saturating_mul(changes));
    let packed = commit_record::pack_manifest(&plan.touched);
    let manifest = inline(&packed);
    let mut writes = Vec::new();
    if manifest.is_none() {
        for (index, piece) in packed.chunks(PIECE_BYTES_MAX).enumerate() {
            let key = Key::new(keys::manifest_partition(commit), format!("{index:04}"));
            let item = Item::default().with("b", Value::B(piece.to_vec()));
            writes.push(Write::put(key, item, Condition::Always));
        }
    }
    writes.push(commit_record::pending(commit, *now_ms, lease_ms, manifest));
    writes.push(commit_record::unfinished(commit, *now_ms));
    writes
}

fn inline(packed: &[u8]) -> Option<Vec<u8>> {
    (packed.len() <= MANIFEST_INLINE_BYTES_MAX).then(|| packed.to_vec())
}

fn locked(plan: &Plan) -> impl Iterator<Item = (Key, Cell, Condition)> {
    plan.cells.iter().map(|cell| {
        let under = cell.settled.under(&plan.commit, cell.next.clone(), plan.now_ms);
        (cell.key.clone(), under, cell.settled.condition())
    })
}

fn locks(plan: &Plan) -> Vec<Write> {
    locked(plan).map(|(key, cell, condition)| Write::put(key, cell.item(), condition)).collect()
}

fn committed(commit: &Commit, plan: Plan) -> Committed {
    let result = (commit.result)(&plan.done);
    let cells = locked(&plan).map(|(key, cell, _)| (key, cell)).collect();
    let fold = Fold { commit: plan.commit.clone(), cells, versions: plan.versions };
    Committed {
        id: plan.commit,
        done: plan.done,
        replayed: false,
        journaled: true,
        result,
        fold: Some(Box::new(fold)),
    }
}
