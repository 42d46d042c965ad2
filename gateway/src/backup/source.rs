//! The two tables, to be read whole.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use chart::table::{Item, Key, TableError};
use store::definition::TableKind;
use store::embedded::{Snapshot, snapshots};
use store::sdk::SdkTable;

use super::sum::Sum;
use crate::limits;
use crate::record::{Choice, Ground};

/// Where they are.
pub enum Source {
    /// Files, at one instant: every reading gives the same.
    Snapshot(Box<[Snapshot; 2]>),
    /// A table service: every reading gives what is there then.
    Service([SdkTable; 2]),
}

impl Source {
    /// The tables of a ground.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub async fn open(ground: &Ground, data: &Path, choice: &Choice) -> Result<Self> {
        if choice.is_embedded() {
            return Self::files(&ground.folder(data));
        }
        let client = store::sdk::native_client().await;
        let prefix = ground.prefix(&choice.table_prefix);
        let named = |kind: TableKind| {
            SdkTable::new(client.clone(), format!("{prefix}{}", kind.base_name()))
        };
        Ok(Self::Service(TableKind::ALL.map(named)))
    }

    /// The tables in a folder.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn files(folder: &Path) -> Result<Self> {
        let taken = snapshots(folder).context("reading the store's files")?;
        Ok(Self::Snapshot(Box::new(taken)))
    }

    /// Gives every item of a table to `visit`, some at a time.
    ///
    /// # Errors
    /// What the store, or `visit`, says.
    pub async fn each<F>(&mut self, kind: TableKind, mut visit: F) -> Result<()>
    where
        F: FnMut(&[(Key, Item)]) -> Result<bool>,
    {
        match self {
            Self::Snapshot(snapshots) => {
                let found = snapshots.iter_mut().find(|held| held.kind() == kind);
                let snapshot = found.context("a table is missing")?;
                snapshot.rewind();
                loop {
                    let page = snapshot.page()?;
                    if page.is_empty() || !visit(&page)? {
                        return Ok(());
                    }
                }
            }
            Self::Service([record, access]) => {
                let table = match kind {
                    TableKind::Record => record,
                    TableKind::Access => access,
                };
                let mut after = None;
                loop {
                    let (page, next) = patiently(|| table.scan_page(after.as_ref())).await?;
                    if !visit(&page)? || next.is_none() {
                        return Ok(());
                    }
                    after = next;
                }
            }
        }
    }

    /// What the items of a table add up to, but for those that `leave_out` names.
    ///
    /// # Errors
    /// As [`Source::each`].
    pub async fn sum(&mut self, kind: TableKind, leave_out: Option<&Key>) -> Result<Sum> {
        let mut sum = Sum::default();
        self.each(kind, |page| {
            for held in page.iter().filter(|(key, _)| Some(key) != leave_out) {
                sum.add_page(std::slice::from_ref(held));
            }
            Ok(true)
        })
        .await?;
        Ok(sum)
    }

    /// Whether a table holds anything, but for the item under `leave_out`.
    ///
    /// # Errors
    /// As [`Source::each`].
    pub async fn is_empty(&mut self, kind: TableKind, leave_out: &Key) -> Result<bool> {
        let mut empty = true;
        self.each(kind, |page| {
            empty = page.iter().all(|(key, _)| key == leave_out);
            Ok(empty)
        })
        .await?;
        Ok(empty)
    }
}

/// Asks again, more and more slowly, while the store asks to slow down or does
/// not answer: reading a table of millions takes long enough to meet both.
///
/// # Errors
/// What it says in the end.
pub async fn patiently<T, F, A>(mut ask: A) -> Result<T>
where
    F: Future<Output = Result<T, TableError>>,
    A: FnMut() -> F,
{
    let mut pause = Duration::from_millis(limits::BACKUP_PAUSE_MS);
    for _ in 0..limits::BACKUP_TRIES_MAX {
        match ask().await {
            Ok(found) => return Ok(found),
            Err(TableError::Throttled | TableError::Conflict | TableError::Unavailable(_)) => {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            Err(error) => bail!("{error}"),
        }
    }
    bail!("the store does not answer; run the command again when it does")
}
