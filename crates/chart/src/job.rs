//! Jobs: work that is carried forward in steps by whoever asks after it, such
//! as an export. Its state is one item; each step replaces it on condition that
//! no other step did, and may leave a part with what it found. Outside the
//! commit protocol: a job describes the record, and is none of it.
//!
//! `E#{id}` / `-` holds the state, `E#{id}` / `S#{step}` the part of a step.
//! All expire.

use crate::environment::Environment;
use crate::error::ReadError;
use crate::ids;
use crate::keys::ALONE;
use crate::limits::JOB_PARTS_MAX;
use crate::record::Record;
use crate::table::{Condition, Item, Key, Query, Range, Table, TableError, Value, Write};

/// A job as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Steps made.
    pub step: i64,
    /// Its state, in its owner's encoding; at most 350 KB.
    pub state: Vec<u8>,
    /// When it is forgotten, milliseconds since 1970.
    pub expires_ms: i64,
}

impl<T: Table, E: Environment> Record<T, E> {
    /// Records a job and gives its id, which nobody can guess.
    ///
    /// # Errors
    /// See [`ReadError`]; what was begun then and not told expires by itself.
    pub async fn begin_job(
        &self,
        state: Vec<u8>,
        parts: Vec<Vec<u8>>,
        expires_ms: i64,
    ) -> Result<String, ReadError> {
        let mut random = [0_u8; 10];
        self.environment().fill_random(&mut random);
        let id = ids::plain_id(random);
        // Before the state, so that a job that is seen is whole. Numbers below
        // zero tell them from those of steps.
        let parts = parts.into_iter().zip(1..).map(|(part, number)| {
            Write::put(part_key(&id, -number), held(part, expires_ms), Condition::Absent)
        });
        for attempt in self.write_each(parts.collect()).await {
            attempt.result?;
        }
        let item = state_item(0, state, expires_ms);
        let write = Write::put(state_key(&id), item, Condition::Absent);
        for attempt in self.write_each(vec![write]).await {
            match attempt.result {
                // A repetition whose first reply was lost: the id is ours alone.
                Err(TableError::Condition(_)) if attempt.unknown => {}
                other => other?,
            }
        }
        Ok(id)
    }

    /// The job, unless there is none or it has expired.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn job(&self, id: &str) -> Result<Option<Job>, ReadError> {
        let Some(item) = self.get(&state_key(id)).await? else { return Ok(None) };
        let (Some(step), Some(state), Some(expires_ms)) =
            (item.num("n"), item.bytes("b"), item.num("x"))
        else {
            return Err(ReadError::Corrupt("job".into()));
        };
        let alive = expires_ms > self.environment().now_ms();
        Ok(alive.then(|| Job { step, state: state.to_vec(), expires_ms }))
    }

    /// Makes the step after `job.step`, leaving `part` with it. `false` when
    /// another made it first, or the job is gone: read it again.
    ///
    /// # Errors
    /// See [`ReadError`]; the step may have been made.
    pub async fn step_job(
        &self,
        id: &str,
        job: &Job,
        state: Vec<u8>,
        part: Option<Vec<u8>>,
    ) -> Result<bool, ReadError> {
        let unmoved = Condition::Equals("n".into(), Value::N(job.step));
        let item = state_item(job.step + 1, state, job.expires_ms);
        let mut writes = vec![Write::put(state_key(id), item, unmoved)];
        if let Some(part) = part {
            let item = held(part, job.expires_ms);
            writes.push(Write::put(part_key(id, job.step), item, Condition::Absent));
        }
        let attempt = self.transact(&self.new_commit_id(), writes).await;
        match attempt.result {
            Ok(()) => Ok(true),
            Err(TableError::Condition(_) | TableError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// What the steps of a job left (`from_steps`), or what it began with; in
    /// their order.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn job_parts(&self, id: &str, from_steps: bool) -> Result<Vec<Vec<u8>>, ReadError> {
        let range = Range::Prefix(if from_steps { "S#" } else { "B#" }.to_owned());
        let pk = state_key(id).pk;
        let mut query = Query { pk, range, descending: false, limit: None, after: None };
        let mut parts = Vec::new();
        loop {
            let page = self.query(&query).await?;
            for (_, item) in page.items {
                let part = item.bytes("b").ok_or_else(|| ReadError::Corrupt("job".into()))?;
                parts.push(part.to_vec());
            }
            match page.after {
                Some(after) if parts.len() < JOB_PARTS_MAX => query.after = Some(after),
                _ => return Ok(parts),
            }
        }
    }

    /// Forgets a job; its parts expire.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn forget_job(&self, id: &str) -> Result<(), ReadError> {
        Ok(self.settle_each(vec![Write::delete(state_key(id), Condition::Always)]).await?)
    }
}

fn state_key(id: &str) -> Key {
    Key::new(format!("E#{id}"), ALONE)
}

/// Of a step, or of what a job began with (below zero).
fn part_key(id: &str, number: i64) -> Key {
    let letter = if number < 0 { 'B' } else { 'S' };
    Key::new(format!("E#{id}"), format!("{letter}#{:08}", number.unsigned_abs()))
}

fn held(bytes: Vec<u8>, expires_ms: i64) -> Item {
    Item::default()
        .with("b", Value::B(bytes))
        .with("x", Value::N(expires_ms))
        .with("ttl", Value::N(expires_ms / 1000 + 1))
}

fn state_item(step: i64, state: Vec<u8>, expires_ms: i64) -> Item {
    held(state, expires_ms).with("n", Value::N(step))
}
