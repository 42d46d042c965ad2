//! The commit of one resource: one transaction.
//!
//! **Lost replies.** The transaction is repeated with its token; beyond the
//! store's memory of tokens a repetition fails its conditions, and the version
//! item tells whose it is: one's own commit id is success. The commit id and
//! the instant stay the same over all repetitions. A lost transaction that
//! comes late does no harm: it was planned on cells whose last commit it names
//! in its conditions, and no commit id ever comes back to a cell; so once any
//! later commit of the resource is in, it can only fail.

use crate::commit_record::Fate;
use crate::environment::Environment;
use crate::error::CommitError;
use crate::learn::Learned;
use crate::limits::COMMIT_ATTEMPTS_MAX;
use crate::plan::{self, Frame, Known, Obstacle, Plan};
use crate::record::{Attempt, Record};
use crate::request::{Commit, Committed, Done, Expect};
use crate::staged::fits;
use crate::table::{Action, Item, Key, Table, TableError, Value, Write};
use crate::version::{Head, free_of};

impl<T: Table, E: Environment> Record<T, E> {
    /// Commits one resource. `None` when it does not fit one transaction.
    pub(crate) async fn commit_one(
        &self,
        commit: &Commit,
    ) -> Result<Option<Committed>, CommitError> {
        let id = self.new_commit_id();
        let now_ms = self.environment.now_ms();
        let frame = Frame { commit: &id, now_ms, body_partitions: self.settings.body_partitions };
        let mut known = Known::default();
        let mut learned = blind(commit, &mut known);
        let mut lost: Vec<(Key, Vec<Done>)> = Vec::new();
        for attempt in 0..COMMIT_ATTEMPTS_MAX {
            let state =
                if learned { Ok(Learned::All) } else { self.learn(commit, &mut known).await };
            learned = false;
            // Looked for after the cells were read: what lands later than that
            // makes the conditions of the next transaction fail.
            if let Some(done) = self.landed(&id, &lost).await? {
                return Ok(Some(finished(commit, id, done)));
            }
            match state.map_err(|error| not_sure(error, &lost))? {
                Learned::All => {}
                Learned::Replay(replay) => return Ok(Some(replay)),
                Learned::Busy => {
                    self.pause(attempt).await;
                    continue;
                }
            }
            let planned = self.planned(commit, &mut known, &frame).await;
            let Some(plan) = planned.map_err(|error| not_sure(error, &lost))? else { continue };
            if plan.versions.is_empty() {
                match self.unchanged(commit, &plan).await? {
                    Some(committed) => return Ok(Some(committed)),
                    None => {
                        known.cells.clear();
                        continue;
                    }
                }
            }
            let Some(writes) = self.one_transaction(commit, &plan, &known) else {
                return Ok(None);
            };
            let token = format!("{id}.{attempt}");
            let Attempt { result, unknown } = self.transact(&token, writes.clone()).await;
            if let Some(version) = plan.versions.first().filter(|_| unknown) {
                lost.push((version.key.clone(), plan.done.clone()));
            }
            match result {
                Ok(()) => return Ok(Some(finished(commit, id, plan.done))),
                Err(TableError::Condition(failed)) => {
                    self.note_dead(&writes, &failed, &mut known).await?;
                }
                Err(TableError::Conflict) => self.pause(attempt).await,
                Err(error) => return Err(CommitError::store(error, !lost.is_empty())),
            }
            known.cells.clear();
        }
        Err(not_sure(CommitError::Contended, &lost))
    }

    /// A plan; what it lacks is read first. `None`: begin again.
    pub(crate) async fn planned(
        &self,
        commit: &Commit,
        known: &mut Known,
        frame: &Frame<'_>,
    ) -> Result<Option<Plan>, CommitError> {
        for _ in 0..4 {
            match plan::plan(commit, known, frame) {
                Ok(plan) => return Ok(Some(plan)),
                Err(Obstacle::Refused(error)) => return Err(error),
                Err(Obstacle::Need(cells)) => {
                    if !self.learn_cells(&cells, known).await? {
                        known.cells.clear();
                        self.pause(3).await;
                        return Ok(None);
                    }
                }
            }
        }
        Ok(None)
    }

    fn one_transaction(&self, commit: &Commit, plan: &Plan, known: &Known) -> Option<Vec<Write>> {
        let entry = crate::codec::pack(&(commit.entry)(&plan.done, &plan.commit));
        let mut writes: Vec<Write> = Vec::new();
        for cell in &plan.cells {
            let item = cell.settled.replaced(&plan.commit, cell.next.clone(), plan.now_ms);
            writes.push(Write::put(cell.key.clone(), item, cell.settled.condition()));
        }
        for version in &plan.versions {
            let dead = known.dead.get(&version.key).map_or(&[][..], Vec::as_slice);
            let item = version.item.clone().with("e", Value::B(entry.clone()));
            writes.push(Write::put(version.key.clone(), item, free_of(dead)));
            writes.extend(version.pieces.iter().cloned());
        }
        writes.extend(plan.rows.iter().cloned());
        writes.extend(plan.drops.iter().cloned());
        let sealing = self.sealing(commit, plan, entry);
        writes.extend(sealing.writes);
        (sealing.pieces.is_empty() && fits(&writes)).then_some(writes)
    }

    /// Whether one of the transactions whose reply was lost had been applied.
    async fn landed(
        &self,
        id: &str,
        lost: &[(Key, Vec<Done>)],
    ) -> Result<Option<Vec<Done>>, CommitError> {
        let keys: Vec<Key> = lost.iter().map(|(key, _)| key.clone()).collect();
        let items = self.get_many(&keys).await.map_err(|error| CommitError::store(error, true))?;
        for (item, (key, done)) in items.into_iter().zip(lost) {
            let Some(head) = item.as_ref().and_then(|item| Head::parse(&key.sk, item)) else {
                continue;
            };
            if head.commit == id {
                return Ok(Some(done.clone()));
            }
        }
        Ok(None)
    }

    /// Notes which dead commits left something where a version was to go.
    pub(crate) async fn note_dead(
        &self,
        writes: &[Write],
        failed: &[(usize, Option<Item>)],
        known: &mut Known,
    ) -> Result<(), CommitError> {
        let unknown = |error| CommitError::store(error, true);
        for (index, found) in failed {
            let Some(write) = writes.get(*index) else { continue };
            if !write.key.sk.starts_with("V#") || !matches!(write.action, Action::Put(_)) {
                continue;
            }
            let found = match found {
                Some(item) => Some(item.clone()),
                None => self.get(&write.key).await.map_err(unknown)?,
            };
            let Some(holder) = found.as_ref().and_then(|item| item.str("cx")) else { continue };
            let holder = vec![holder.to_owned()];
            let fates = self.settled_fates(&holder).await.map_err(unknown)?;
            if fates.values().all(|fate| *fate == Fate::Aborted) {
                known.dead.entry(write.key.clone()).or_default().extend(holder);
            }
        }
        Ok(())
    }
}

/// Supposes that nothing exists when only creations are asked for: then a
/// creation takes one round trip, and its conditions tell when it was wrong.
pub(crate) fn blind(commit: &Commit, known: &mut Known) -> bool {
    let fresh = commit.changes.iter().all(|change| change.expect == Expect::Absent)
        && commit.guards.iter().all(|guard| guard.generation == 0);
    if fresh {
        let cells = plan::first_cells(commit);
        known.cells = cells.into_iter().map(|key| (key, crate::cell::Settled::absent())).collect();
    }
    fresh
}

/// A commit that is done and folded.
fn finished(commit: &Commit, id: String, done: Vec<Done>) -> Committed {
    let result = (commit.result)(&done);
    Committed { id, done, replayed: false, journaled: true, result, fold: None }
}

/// An error after a lost reply: the lost request may have been done, unless the
/// refusal itself proves that it cannot have been.
fn not_sure(error: CommitError, lost: &[(Key, Vec<Done>)]) -> CommitError {
    match error {
        CommitError::Unavailable { why, unknown } => {
            CommitError::Unavailable { unknown: unknown || !lost.is_empty(), why }
        }
        CommitError::Contended if !lost.is_empty() => CommitError::Unavailable {
            unknown: true,
            why: "others kept changing the same resource".into(),
        },
        refusal => refusal,
    }
}
