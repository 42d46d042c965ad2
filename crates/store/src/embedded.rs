//! The tables as SQLite files in this process: the default store.
//!
//! The rows lie in a layout of our own (`layout`, `packed`), read and written by
//! prepared statements. The DynamoDB protocol is served on the same files
//! ([`serve`]), what the record does not use by `dynoxide` (a DynamoDB engine
//! over SQLite), which sees the rows through a view.
//!
//! **Durability.** A write is answered only after the SQLite transaction that
//! holds it has returned from `COMMIT` on a connection in WAL mode with
//! `synchronous = FULL`: SQLite then calls fsync on the write-ahead log at every
//! commit, and before and after a checkpoint (SQLite documentation, "PRAGMA
//! synchronous" and "Write-Ahead Logging"). So an acknowledged write survives
//! the loss of the process and, as far as the disk honours fsync, of power. A
//! process that dies before `COMMIT` returned leaves all of the group or, if
//! the commit frame is not whole, none of it: no request of it had been
//! answered. The settings are read back when a file is opened, and opening
//! fails if they did not take. The engine's bulk-loading mode, which gives up
//! fsync, is never used.
//!
//! **Writing** is one thread per file, with group commit (`writer`).
//! **Reading** is in line on the caller's thread, on connections of its own
//! (`readers`): tens of microseconds, less than handing it to another thread.
//! **Expiry**: the writer deletes what its time to live says, a bounded number
//! of items a minute (`writer`), as DynamoDB does by itself.

use chart::table::{Item, Key, Query, QueryPage, Table, TableResult, Write};
use dynoxide::storage::Storage;
use futures::channel::oneshot;
use std::fs::{File, create_dir_all};
use std::path::Path;
use std::sync::Arc;

use crate::definition::{TableDefinition, TableKind, tables};
use crate::rules;
use apply::Prepared;
use readers::Readers;
use writer::{Request, Writer, gone};

mod apply;
mod census;
mod json;
mod layout;
mod packed;
mod readers;
pub mod serve;
mod snapshot;
mod statements;
mod stored_key;
mod tables_of_engine;
mod tokens;
mod writer;

pub use census::{Census, Kind};
pub use snapshot::{Snapshot, snapshots};

/// Connections for reading, per file: more than the threads that read at once.
const READERS: usize = 4;
/// The log is folded into the file once it has so many pages, by the writer's
/// thread. The larger, the fewer random writes; the longer the pause.
const CHECKPOINT_PAGES: u32 = 2000;
/// SQLite's page cache of the writer's connection, in KB.
const WRITER_CACHE_KB: u32 = 16 * 1024;
/// SQLite's page cache of each reading connection, in KB. The files are not
/// mapped into memory: mapped pages would count as the process's own.
const READER_CACHE_KB: u32 = 4 * 1024;

/// Why the embedded store could not be opened.
#[derive(Debug)]
pub struct OpenError(String);

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot open the embedded store: {}", self.0)
    }
}

impl std::error::Error for OpenError {}

fn failed(what: impl std::fmt::Display) -> OpenError {
    OpenError(what.to_string())
}

/// Both tables, as `record.db` and `access.db` in one folder.
///
/// Dropping the last clone waits for the writes that are under way.
#[derive(Clone, Debug)]
pub struct Embedded {
    record: EmbeddedTable,
    access: EmbeddedTable,
}

impl Embedded {
    /// Opens the tables in `folder`, and makes what is not there yet: the
    /// folder, the files and the tables, which bear their names without a
    /// prefix. May be called from any thread; blocks.
    ///
    /// # Errors
    /// When the folder cannot be written, a file is not what it should be, or
    /// durability cannot be had on it.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        Self::open_named(folder, "")
    }

    /// The same with `prefix` before the names of the tables; a folder keeps the
    /// names that it was made with.
    ///
    /// # Errors
    /// As [`Embedded::open`].
    pub fn open_named(folder: &Path, prefix: &str) -> Result<Self, OpenError> {
        create_dir_all(folder).map_err(failed)?;
        let [record, access] = tables(prefix);
        let opened = Self {
            record: EmbeddedTable::open(folder, &record)?,
            access: EmbeddedTable::open(folder, &access)?,
        };
        // The files' names too must survive a loss of power.
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok(opened)
    }

    /// The table *record*.
    pub fn record(&self) -> EmbeddedTable {
        self.record.clone()
    }

    /// The table *access*.
    pub fn access(&self) -> EmbeddedTable {
        self.access.clone()
    }

    /// One of the tables.
    pub fn table(&self, kind: TableKind) -> EmbeddedTable {
        match kind {
            TableKind::Record => self.record(),
            TableKind::Access => self.access(),
        }
    }
}

/// One table in a file. Cheap to clone; may be used from any thread and any
/// executor.
#[derive(Clone)]
pub struct EmbeddedTable {
    held: Arc<Held>,
}

struct Held {
    name: String,
    // Dropped first: the last connection to close folds the log into the file,
    // and that must be the writer's.
    readers: Readers,
    writer: Writer,
}

impl std::fmt::Debug for EmbeddedTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedTable").field("name", &self.held.name).finish_non_exhaustive()
    }
}

impl EmbeddedTable {
    fn open(folder: &Path, definition: &TableDefinition) -> Result<Self, OpenError> {
        let path = folder.join(format!("{}.db", definition.kind.base_name()));
        let path = path.to_str().ok_or_else(|| failed("the folder's name is not UTF-8"))?;
        layout::begin(path).map_err(failed)?;
        let writing = open_for_writing(path)?;
        tables_of_engine::create(&writing, definition).map_err(failed)?;
        layout::create(writing.conn(), &definition.name).map_err(failed)?;
        let reading =
            (0..READERS).map(|_| open_for_reading(path)).collect::<Result<Vec<_>, _>>()?;
        let held = Held {
            name: definition.name.clone(),
            readers: Readers::new(reading, &definition.name),
            writer: Writer::start(writing, &definition.name).map_err(failed)?,
        };
        Ok(Self { held: Arc::new(held) })
    }

    /// The table's name.
    pub fn name(&self) -> &str {
        &self.held.name
    }

    /// What the table holds, by kind of item. Reads every row.
    ///
    /// # Errors
    /// What the file says.
    pub fn census(&self) -> TableResult<Census> {
        census::take(self.held.readers.storage()?.conn(), &self.held.name)
    }

    /// Deletes items whose time to live ended before `now_s`, in seconds since
    /// 1970, at most a few hundred; tells how many. The writer does it by itself
    /// once a minute; this is for tests, and for who cannot wait.
    ///
    /// # Errors
    /// What the file says.
    pub async fn delete_expired(&self, now_s: i64) -> TableResult<usize> {
        let (reply, result) = oneshot::channel();
        self.held.writer.submit(Request::Expire { now_s, reply })?;
        result.await.unwrap_or_else(|_| Err(gone()))
    }

    async fn transact_prepared(
        &self,
        token: Option<String>,
        writes: Vec<Prepared>,
    ) -> TableResult<()> {
        let token = token.map(|token| (token, apply::request_digest(&writes)));
        let (reply, result) = oneshot::channel();
        self.held.writer.submit(Request::Transact { token, writes, reply })?;
        result.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn open_for_writing(path: &str) -> Result<Storage, OpenError> {
    let storage = Storage::new(path).map_err(failed)?;
    storage
        .conn()
        .execute_batch(&format!(
            "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; \
             PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}; \
             PRAGMA journal_size_limit = 67108864; \
             PRAGMA cache_size = -{WRITER_CACHE_KB};"
        ))
        .map_err(failed)?;
    let read_back = |pragma: &str| -> Result<String, OpenError> {
        let read = storage.conn().query_row(&format!("PRAGMA {pragma}"), [], |row| {
            let value: rusqlite::types::Value = row.get(0)?;
            Ok(match value {
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => text,
                other => format!("{other:?}"),
            })
        });
        read.map_err(failed)
    };
    let settings = (read_back("journal_mode")?, read_back("synchronous")?);
    if settings != ("wal".to_owned(), "2".to_owned()) {
        return Err(failed(format!("journal mode and synchronous are {settings:?}")));
    }
    Ok(storage)
}

fn open_for_reading(path: &str) -> Result<Storage, OpenError> {
    let storage = Storage::new(path).map_err(failed)?;
    storage
        .conn()
        .execute_batch(&format!("PRAGMA query_only = ON; PRAGMA cache_size = -{READER_CACHE_KB};"))
        .map_err(failed)?;
    storage.conn().set_prepared_statement_cache_capacity(16);
    layout::register(storage.conn()).map_err(failed)?;
    Ok(storage)
}

impl Table for EmbeddedTable {
    async fn get(&self, key: &Key) -> TableResult<Option<Item>> {
        rules::check_key(key)?;
        self.held.readers.get(key)
    }

    async fn get_many(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        keys.iter().try_for_each(rules::check_key)?;
        self.held.readers.get_many(keys)
    }

    async fn query(&self, query: &Query) -> TableResult<QueryPage> {
        self.held.readers.query(query)
    }

    async fn write(&self, write: Write) -> TableResult<()> {
        let bytes = rules::check_single(&write)?;
        self.transact_prepared(None, vec![Prepared::new(write, bytes)?]).await
    }

    async fn write_each(&self, writes: Vec<Write>) -> Vec<TableResult<()>> {
        // What is refused as such is answered here; the rest goes as one request.
        let mut results: Vec<TableResult<()>> = Vec::with_capacity(writes.len());
        let mut prepared = Vec::with_capacity(writes.len());
        for write in writes {
            let ready = rules::check_single(&write)
                .and_then(|bytes| Prepared::new(write, bytes))
                .map(|ready| prepared.push(ready));
            results.push(ready);
        }
        let (reply, answer) = oneshot::channel();
        let count = prepared.len();
        let submitted = self.held.writer.submit(Request::Each { writes: prepared, reply });
        let answers = match submitted {
            Ok(()) => answer.await.unwrap_or_else(|_| vec![Err(gone()); count]),
            Err(refused) => vec![Err(refused); count],
        };
        let accepted = results.iter_mut().filter(|result| result.is_ok());
        for (result, answer) in accepted.zip(answers) {
            *result = answer;
        }
        results
    }

    async fn transact(&self, token: &str, writes: Vec<Write>) -> TableResult<()> {
        let bytes = rules::check_transaction(token, &writes)?;
        let prepared = writes
            .into_iter()
            .zip(bytes)
            .map(|(write, bytes)| Prepared::new(write, bytes))
            .collect::<TableResult<Vec<_>>>()?;
        self.transact_prepared(Some(token.to_owned()), prepared).await
    }
}
