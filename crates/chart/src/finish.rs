//! After a commit of many: folding what is committed, undoing what is aborted.
//! Every write is conditional on the commit's own mark, so that any number of
//! processes may do this at once, or again, or late.

use crate::cell::{Cell, held_by};
use crate::commit_record::{self, Fate, Touched};
use crate::environment::Environment;
use crate::error::ReadError;
use crate::keys;
use crate::record::Record;
use crate::table::{Condition, Item, Key, Range, Table, TableResult, Write};
use crate::version::{NewVersion, staged_by};

/// What is left to do after a commit of many, kept in memory so that nothing
/// need be read again.
#[derive(Debug)]
pub struct Fold {
    pub(crate) commit: String,
    /// Cells as they are under the lock.
    pub(crate) cells: Vec<(Key, Cell)>,
    pub(crate) versions: Vec<NewVersion>,
}

impl<T: Table, E: Environment> Record<T, E> {
    /// Folds a commit. Until then readers of what it changed take one more
    /// round trip.
    ///
    /// # Errors
    /// When the store is unavailable; a sweeper will do the rest.
    pub async fn fold(&self, fold: Fold) -> Result<(), ReadError> {
        let Fold { commit, cells, versions } = fold;
        let now_ms = self.environment.now_ms();
        let mut writes: Vec<Write> = cells
            .into_iter()
            .map(|(key, cell)| Write::put(key, cell.folded(now_ms).item(), held_by(&commit)))
            .collect();
        writes.extend(
            versions.into_iter().map(|new| Write::put(new.key, new.item, staged_by(&commit))),
        );
        self.settle_each(writes).await?;
        Ok(self.finish(&commit, Fate::Committed).await?)
    }

    /// Folds a commit of which only the manifest is left.
    pub(crate) async fn redo(&self, commit: &str, touched: &[Touched]) -> TableResult<()> {
        let mut keys: Vec<Key> = touched.iter().map(cell_key).collect();
        keys.extend(touched.iter().filter_map(|touched| self.version_key(touched)));
        let items = self.get_many(&keys).await?;
        let now_ms = self.environment.now_ms();
        let mut writes = Vec::new();
        for (key, item) in keys.into_iter().zip(items) {
            let Some(item) = item else { continue };
            if item.str("cx") == Some(commit) {
                let mut done = item;
                done.remove("cx");
                writes.push(Write::put(key, done, staged_by(commit)));
            } else if item.str("lx") == Some(commit) {
                let folded = Cell::parse(Some(&item)).folded(now_ms);
                writes.push(Write::put(key, folded.item(), held_by(commit)));
            }
        }
        self.settle_each(writes).await
    }

    /// Takes back what an **aborted** commit staged; versions before locks, so
    /// that what is left by a death in between is found again.
    pub(crate) async fn undo(&self, commit: &str, touched: &[Touched]) -> TableResult<()> {
        let mut writes: Vec<Write> = touched
            .iter()
            .filter_map(|touched| self.version_key(touched))
            .map(|key| Write::delete(key, staged_by(commit)))
            .collect();
        let mut partitions: Vec<String> = touched
            .iter()
            .filter(|touched| matches!(touched, Touched::Resource { pieces: true, .. }))
            .filter_map(|touched| self.version_key(touched))
            .map(|key| key.pk)
            .collect();
        partitions.sort();
        partitions.dedup();
        for pk in partitions {
            let range = Range::Prefix(keys::pieces_prefix(commit));
            let pieces = self.items_of(pk.clone(), range).await?;
            let delete = |(sk, _)| Write::delete(Key::new(pk.clone(), sk), Condition::Always);
            writes.extend(pieces.into_iter().map(delete));
        }
        self.settle_each(writes).await?;
        let cells: Vec<Key> = touched.iter().map(cell_key).collect();
        let items = self.get_many(&cells).await?;
        let clear = |(key, item): (Key, Option<Item>)| clear(key, item.as_ref(), commit);
        self.settle_each(cells.into_iter().zip(items).filter_map(clear).collect()).await
    }

    /// Marks a commit as finished: T first, so that whoever finds the manifest
    /// gone knows why; N last, so that a death in between is found again.
    pub(crate) async fn finish(&self, commit: &str, fate: Fate) -> TableResult<()> {
        let done = commit_record::finished(commit, self.environment.now_ms(), fate);
        self.settle_each(vec![done]).await?;
        let partition = keys::manifest_partition(commit);
        let manifest = self.items_of(partition.clone(), Range::All).await?;
        let delete = |(sk, _)| Write::delete(Key::new(partition.clone(), sk), Condition::Always);
        self.settle_each(manifest.into_iter().map(delete).collect()).await?;
        let note = Write::delete(keys::unfinished(commit), Condition::Always);
        self.settle_each(vec![note]).await
    }

    fn version_key(&self, touched: &Touched) -> Option<Key> {
        let Touched::Resource { home, resource_type, id, version, .. } = touched else {
            return None;
        };
        let bodies = home.body_partition(resource_type, id, self.settings.body_partitions);
        Some(keys::version(&bodies, resource_type, id, *version))
    }
}

fn cell_key(touched: &Touched) -> Key {
    match touched {
        Touched::Resource { home, resource_type, id, .. } => keys::cell(home, resource_type, id),
        Touched::Cell(key) => key.clone(),
    }
}

/// A cell that no commit ever left a value in goes away with its lock.
fn clear(key: Key, item: Option<&Item>, commit: &str) -> Option<Write> {
    let cell = Cell::parse(item);
    cell.lock.as_ref().filter(|lock| lock.commit == commit)?;
    if cell.commit.is_some() {
        return Some(Write::put(key, cell.cleared().item(), held_by(commit)));
    }
    let valueless = Condition::Without("c".into());
    Some(Write::delete(key, Condition::All(vec![held_by(commit), valueless])))
}
