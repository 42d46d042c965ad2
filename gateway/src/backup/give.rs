//! Puts a copy back into empty tables, and tells whether tables hold what a copy
//! holds.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use chart::table::{Condition, Item, Key, Table, TableError, Value, Write};
use store::definition::TableKind;

use super::manifest::Manifest;
use super::source::{Source, patiently};
use super::sum::Sum;
use super::{MARKER_BACKUP, marker, segment};
use crate::limits;

/// Reads the whole copy and checks every byte of it.
///
/// # Errors
/// The first thing that is not as it was written.
pub fn verify(folder: &Path, manifest: &Manifest) -> Result<()> {
    for kind in TableKind::ALL {
        let mut sum = Sum::default();
        for held in manifest.segments.iter().filter(|held| held.table == kind.base_name()) {
            sum.add_page(&segment::read(folder, held)?);
        }
        ensure!(
            sum.written().agrees(manifest.sum(kind)),
            "the items of {} do not add up to what the manifest says",
            kind.base_name()
        );
    }
    Ok(())
}

/// Puts a copy back. The tables must be empty, or hold a part of this same copy
/// that was being put back when somebody stopped it: then it goes on. As long as
/// it is under way no door opens on these tables. `before` reads
/// the tables as they are.
///
/// # Errors
/// When the tables hold something else, the copy is damaged (then nothing was
/// written), or the store refuses.
pub async fn put_back<T: Table>(
    tables: &[T; 2],
    (folder, manifest, digest): (&Path, &Manifest, &str),
    mut before: Source,
) -> Result<()> {
    let key = marker();
    for (kind, table) in TableKind::ALL.into_iter().zip(tables) {
        let found = patiently(|| table.get(&key)).await?;
        match found.as_ref().and_then(|item| item.str(MARKER_BACKUP)) {
            Some(held) if held == digest => continue,
            Some(_) => bail!(
                "another copy was being put back into {}; finish that one, or empty the tables",
                kind.base_name()
            ),
            None => {}
        }
        if !before.is_empty(kind, &key).await? {
            bail!("{} is not empty: a copy is put back into empty tables only", kind.base_name());
        }
    }
    drop(before);
    verify(folder, manifest)?;
    let mark = Item::default().with(MARKER_BACKUP, Value::S(digest.to_owned()));
    for table in tables {
        let write = Write::put(key.clone(), mark.clone(), Condition::Always);
        patiently(|| table.write(write.clone())).await?;
    }
    for (kind, table) in TableKind::ALL.into_iter().zip(tables) {
        for held in manifest.segments.iter().filter(|held| held.table == kind.base_name()) {
            let items = segment::read(folder, held)?;
            for some in items.chunks(limits::RESTORE_WRITES_AT_ONCE) {
                put_all(table, some).await?;
            }
        }
    }
    Ok(())
}

/// Ends a putting back whose outcome was found good: doors may open.
///
/// # Errors
/// When the store refuses.
pub async fn release<T: Table>(tables: &[T; 2]) -> Result<()> {
    for table in tables {
        let write = Write::delete(marker(), Condition::Always);
        patiently(|| table.write(write.clone())).await?;
    }
    Ok(())
}

/// Puts items, those again that the store did not take.
async fn put_all<T: Table>(table: &T, items: &[(Key, Item)]) -> Result<()> {
    let put = |(key, item): &(Key, Item)| Write::put(key.clone(), item.clone(), Condition::Always);
    let left = std::cell::RefCell::new(items.iter().map(put).collect::<Vec<_>>());
    patiently(|| async {
        let asked = left.borrow().clone();
        let results = table.write_each(asked.clone()).await;
        let mut again = Vec::new();
        let mut failed = Ok(());
        for (write, result) in asked.into_iter().zip(results) {
            match result {
                Ok(()) => {}
                Err(
                    error @ (TableError::Throttled
                    | TableError::Conflict
                    | TableError::Unavailable(_)),
                ) => {
                    again.push(write);
                    failed = Err(error);
                }
                Err(error) => return Err(error),
            }
        }
        left.replace(again);
        failed
    })
    .await
}

/// Compares tables with a copy, every item, in both directions.
///
/// # Errors
/// When they differ, by how much, and what to do.
pub async fn compare(source: &mut Source, manifest: &Manifest) -> Result<()> {
    for kind in TableKind::ALL {
        let found = source.sum(kind, Some(&marker())).await?.written();
        let copied = manifest.sum(kind);
        ensure!(
            found.agrees(copied),
            "{} holds {} items and the copy {}, and they are not the same",
            kind.base_name(),
            found.items,
            copied.items
        );
    }
    Ok(())
}

/// Whether a copy is being put back into these tables. What cannot be read is
/// not: whether the store is there is for readiness to say.
pub async fn is_under_way<T: Table>(tables: &[T; 2]) -> bool {
    let key = marker();
    for table in tables {
        if let Ok(Some(_)) = table.get(&key).await {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
