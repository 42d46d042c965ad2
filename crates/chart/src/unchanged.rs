//! A commit all of whose changes ask for what is there already: nothing becomes
//! visible, but under a retry key its answer is kept, so that a repetition after
//! somebody else's change does not undo that.

use crate::codec;
use crate::environment::Environment;
use crate::error::CommitError;
use crate::keys;
use crate::plan::Plan;
use crate::record::{Attempt, Record};
use crate::request::{Commit, Committed};
use crate::table::{Table, TableError};

impl<T: Table, E: Environment> Record<T, E> {
    /// Its outcome: without a round trip when there is no retry key, otherwise
    /// with one, which keeps O and K. `None`: begin again.
    pub(crate) async fn unchanged(
        &self,
        commit: &Commit,
        plan: &Plan,
    ) -> Result<Option<Committed>, CommitError> {
        let mut committed = Committed {
            id: plan.commit.clone(),
            done: plan.done.clone(),
            replayed: false,
            journaled: false,
            result: (commit.result)(&plan.done),
            fold: None,
        };
        let Some(retry) = &commit.retry else { return Ok(Some(committed)) };
        let entry = codec::pack(&(commit.entry)(&plan.done, &plan.commit));
        let sealing = self.sealing(commit, plan, entry);
        for attempt in self.write_each(sealing.pieces).await {
            attempt.result.map_err(|error| CommitError::store(error, false))?;
        }
        let token = format!("{}.u", plan.commit);
        let Attempt { result, unknown } = self.transact(&token, sealing.writes).await;
        match result {
            Ok(()) => {
                committed.journaled = true;
                Ok(Some(committed))
            }
            // Kept by a request of the same key, perhaps this one's own lost reply.
            Err(TableError::Condition(_)) => {
                let key = keys::retry(&retry.caller, &retry.key);
                let held = self.get(&key).await;
                let held = held.map_err(|error| CommitError::store(error, unknown))?;
                self.replay(commit, held.as_ref()).await
            }
            Err(TableError::Conflict) => Ok(None),
            Err(error) => Err(CommitError::store(error, unknown)),
        }
    }
}
