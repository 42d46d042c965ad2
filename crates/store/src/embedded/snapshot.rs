//! Both files as they are at one instant, for a copy of them: read from
//! connections of their own, while others write.

use chart::table::{Item, Key, TableError, TableResult};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

use super::layout::{ROWS, quoted};
use super::statements::{item, unavailable};
use super::stored_key::plain_key;
use crate::definition::{TableDefinition, TableKind, tables};
use crate::limits::PAGE_BYTES_MAX;

/// Longest wait for whoever writes at the moment of the snapshot.
const LOCK_WITHIN: Duration = Duration::from_secs(10);
/// Most rows of a page.
const PAGE_ROWS: u32 = 1000;

/// One table as it was at an instant; its items in the order of their keys.
///
/// As long as it lives, the file's write-ahead log is not folded past it, and
/// grows by what is written meanwhile.
pub struct Snapshot {
    kind: TableKind,
    connection: Connection,
    table: String,
    after: Option<(String, String)>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Both tables in `folder`, *record* first, at **one** instant: nothing that was
/// answered before is missing, no half of a transaction is there, and no entry
/// that moves from one table to the other is lost between them.
///
/// Writers of both files wait for the few microseconds that it takes to begin
/// reading them, whichever process they are in.
///
/// # Errors
/// When a file is not there, or somebody writes for longer than ten seconds.
pub fn snapshots(folder: &Path) -> TableResult<[Snapshot; 2]> {
    let opened = tables("").map(|definition| opened(folder, &definition));
    let [record, access] = opened;
    let (record, access) = (record?, access?);
    let holds = [held(folder, TableKind::Record)?, held(folder, TableKind::Access)?];
    for snapshot in [&record, &access] {
        // A read transaction begins with its first read, not with BEGIN.
        let first = format!("BEGIN; SELECT 1 FROM {} LIMIT 1;", snapshot.table);
        snapshot.connection.execute_batch(&first).map_err(unavailable)?;
    }
    for hold in holds {
        hold.execute_batch("ROLLBACK").map_err(unavailable)?;
    }
    Ok([record, access])
}

/// A connection that keeps writers out until it ends its transaction.
fn held(folder: &Path, kind: TableKind) -> TableResult<Connection> {
    let connection = connection(folder, kind)?;
    connection.execute_batch("BEGIN IMMEDIATE").map_err(unavailable)?;
    Ok(connection)
}

fn connection(folder: &Path, kind: TableKind) -> TableResult<Connection> {
    let path = folder.join(format!("{}.db", kind.base_name()));
    // Writing is needed for the log's index; no file is made.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags).map_err(|_| {
        TableError::Rejected(format!(
            "there is no table {} in {}",
            kind.base_name(),
            path.display()
        ))
    })?;
    connection.busy_timeout(LOCK_WITHIN).map_err(unavailable)?;
    Ok(connection)
}

fn opened(folder: &Path, definition: &TableDefinition) -> TableResult<Snapshot> {
    let connection = connection(folder, definition.kind)?;
    let table = quoted(&definition.name, ROWS);
    Ok(Snapshot { kind: definition.kind, connection, table, after: None })
}

impl Snapshot {
    /// Which table.
    pub fn kind(&self) -> TableKind {
        self.kind
    }

    /// Begins again with the first item.
    pub fn rewind(&mut self) {
        self.after = None;
    }

    /// The next items, about a megabyte of them; none at the end. Blocks.
    ///
    /// # Errors
    /// What the file says; an item that is damaged.
    pub fn page(&mut self) -> TableResult<Vec<(Key, Item)>> {
        let mut found = Vec::new();
        let mut last = None;
        {
            let (below, parameters): (&str, Vec<&String>) = match &self.after {
                Some((pk, sk)) => ("WHERE (pk, sk) > (?1, ?2)", vec![pk, sk]),
                None => ("", Vec::new()),
            };
            let sql = format!(
                "SELECT pk, sk, item, bytes FROM {} {below} ORDER BY pk, sk LIMIT {PAGE_ROWS}",
                self.table
            );
            let mut statement = self.connection.prepare_cached(&sql).map_err(unavailable)?;
            let parameters = rusqlite::params_from_iter(parameters);
            let mut rows = statement.query(parameters).map_err(unavailable)?;
            let mut bytes = 0;
            while let Some(row) = rows.next().map_err(unavailable)? {
                let text = |at| row.get::<_, String>(at).map_err(unavailable);
                let (pk, sk) = (text(0)?, text(1)?);
                let stored = row.get_ref(2).and_then(|held| Ok(held.as_blob()?));
                let counted: i64 = row.get(3).map_err(unavailable)?;
                let key = Key::new(plain_key(&pk), plain_key(&sk));
                found.push((key, item(stored.map_err(unavailable)?)?));
                last = Some((pk, sk));
                bytes += usize::try_from(counted).unwrap_or(0);
                if bytes >= PAGE_BYTES_MAX {
                    break;
                }
            }
        }
        if last.is_some() {
            self.after = last;
        }
        Ok(found)
    }
}
