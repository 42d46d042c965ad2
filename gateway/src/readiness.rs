//! Whether a region can do its work now: it must reach the record, and be able
//! to write down who asked.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chart::table::Table;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::limits;
use crate::record::roles;

/// What a region stands on.
pub struct Readiness<T> {
    tables: [T; 2],
    journal: AbortHandle,
    // A probe every second by each of many balancers is one look at the store.
    last: Mutex<Option<(Instant, Result<(), &'static str>)>>,
}

impl<T: Table> Readiness<T> {
    /// Looks at the tables *record* and *access*, and at the journal's flusher.
    pub fn new(tables: [T; 2], journal: AbortHandle) -> Self {
        Self { tables, journal, last: Mutex::new(None) }
    }

    /// What a look finds, or found within [`limits::READINESS_MS`].
    ///
    /// # Errors
    /// Names what is away.
    pub async fn look(&self) -> Result<(), &'static str> {
        // The journal ends only once; no store must be asked for it.
        if self.journal.is_finished() {
            return Err("the access journal is closed");
        }
        let kept = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, found)) = kept
            && at.elapsed() < Duration::from_millis(limits::READINESS_MS)
        {
            return found;
        }
        let found = self.ask().await;
        let last = Some((Instant::now(), found));
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
        found
    }

    /// One strongly consistent read of each table, of an item that is in
    /// none but while a copy is put back.
    async fn ask(&self) -> Result<(), &'static str> {
        let key = crate::backup::marker();
        let [record, access] = &self.tables;
        let asked = async { futures::join!(record.get(&key), access.get(&key)) };
        let asked = roles::acting(roles::own::READINESS.into(), asked);
        match timeout(Duration::from_millis(limits::READINESS_ASK_MS), asked).await {
            Err(_) => Err("the store does not answer in time"),
            Ok((Err(_), _)) => Err("the table of the record cannot be read"),
            Ok((_, Err(_))) => Err("the table of accesses cannot be read"),
            Ok((Ok(None), Ok(None))) => Ok(()),
            // Only putting a copy back leaves an item there (`backup::marker`).
            Ok((Ok(_), Ok(_))) => Err("a copy is being put back into the tables"),
        }
    }
}

#[cfg(test)]
mod tests;
