//! The statements on the rows of one table (`layout`). Prepared once per
//! connection.

use chart::table::{Item, TableError, TableResult};
use rusqlite::Connection;

use super::layout::{ROWS, quoted};
use super::packed::{self, Damaged};

/// SQL texts of one table.
#[derive(Clone, Debug)]
pub(super) struct Statements {
    get: String,
    exists: String,
    put: String,
    delete: String,
    expired: String,
    ascending: String,
    descending: String,
}

/// What to do with the next row of a query.
pub(super) enum Walk {
    /// Ask for the next one.
    On,
    /// Stop after this one.
    Stop,
}

impl Statements {
    pub(super) fn new(table_name: &str) -> Self {
        let table = quoted(table_name, ROWS);
        let range =
            format!("SELECT sk, item, bytes FROM {table} WHERE pk = ?1 AND sk >= ?2 AND sk < ?3");
        Self {
            get: format!("SELECT item FROM {table} WHERE pk = ?1 AND sk = ?2"),
            exists: format!("SELECT 1 FROM {table} WHERE pk = ?1 AND sk = ?2"),
            put: format!("INSERT OR REPLACE INTO {table} VALUES (?1, ?2, ?3, ?4, ?5)"),
            expired: format!(
                "DELETE FROM {table} WHERE (pk, sk) IN \
                 (SELECT pk, sk FROM {table} WHERE expires < ?1 ORDER BY expires LIMIT ?2)"
            ),
            delete: format!("DELETE FROM {table} WHERE pk = ?1 AND sk = ?2"),
            ascending: format!("{range} ORDER BY sk ASC"),
            descending: format!("{range} ORDER BY sk DESC"),
        }
    }

    /// The item under stored key halves.
    pub(super) fn get(
        &self,
        connection: &Connection,
        pk: &str,
        sk: &str,
    ) -> rusqlite::Result<Option<TableResult<Item>>> {
        let mut statement = connection.prepare_cached(&self.get)?;
        let mut rows = statement.query([pk, sk])?;
        match rows.next()? {
            None => Ok(None),
            Some(row) => Ok(Some(item(row.get_ref(0)?.as_blob()?))),
        }
    }

    /// Whether there is an item under stored key halves.
    pub(super) fn exists(
        &self,
        connection: &Connection,
        pk: &str,
        sk: &str,
    ) -> rusqlite::Result<bool> {
        let mut statement = connection.prepare_cached(&self.exists)?;
        let mut rows = statement.query([pk, sk])?;
        Ok(rows.next()?.is_some())
    }

    /// Puts an item, replacing what is there.
    pub(super) fn put(
        &self,
        connection: &Connection,
        pk: &str,
        sk: &str,
        stored: &StoredItem,
    ) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(&self.put)?;
        let bytes = i64::try_from(stored.bytes).unwrap_or(i64::MAX);
        statement.execute((pk, sk, &stored.item, bytes, stored.expires)).map(drop)
    }

    /// Deletes an item, if there is one.
    pub(super) fn delete(
        &self,
        connection: &Connection,
        pk: &str,
        sk: &str,
    ) -> rusqlite::Result<()> {
        connection.prepare_cached(&self.delete)?.execute([pk, sk]).map(drop)
    }

    /// Deletes at most `limit` items whose time to live ended before `now`, in
    /// seconds since 1970; tells how many.
    pub(super) fn delete_expired(
        &self,
        connection: &Connection,
        now_s: i64,
        limit: u32,
    ) -> rusqlite::Result<usize> {
        connection.prepare_cached(&self.expired)?.execute((now_s, limit))
    }

    /// Gives `visit` the sort key, stored form and size of each item of a
    /// partition with `from <= sk < below`, in order, until it stops.
    pub(super) fn walk(
        &self,
        connection: &Connection,
        bounds: (&str, &str, &str),
        descending: bool,
        mut visit: impl FnMut(&str, &[u8], usize) -> TableResult<Walk>,
    ) -> TableResult<()> {
        let sql = if descending { &self.descending } else { &self.ascending };
        let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
        let (pk, from, below) = bounds;
        let mut rows = statement.query([pk, from, below]).map_err(unavailable)?;
        while let Some(row) = rows.next().map_err(unavailable)? {
            let sk = row.get_ref(0).and_then(|cell| Ok(cell.as_str()?)).map_err(unavailable)?;
            let item = row.get_ref(1).and_then(|cell| Ok(cell.as_blob()?)).map_err(unavailable)?;
            let bytes: i64 = row.get(2).map_err(unavailable)?;
            if let Walk::Stop = visit(sk, item, usize::try_from(bytes).unwrap_or(0))? {
                break;
            }
        }
        Ok(())
    }
}

/// An item ready to be stored.
#[derive(Clone, Debug)]
pub(super) struct StoredItem {
    /// Its stored form.
    pub(super) item: Vec<u8>,
    /// Its size as DynamoDB counts it.
    pub(super) bytes: usize,
    /// When it may go, in seconds since 1970.
    pub(super) expires: Option<i64>,
}

/// The item in its stored form.
///
/// # Errors
/// [`TableError::Rejected`] when it is damaged, or holds a type that the record
/// does not use, which only a foreign writer can have put there.
pub(super) fn item(stored: &[u8]) -> TableResult<Item> {
    packed::decode(stored)
        .map_err(|Damaged| TableError::Rejected("unreadable item: damaged or foreign".to_owned()))
}

/// A failure of the file itself: whether something was written is not known.
pub(super) fn unavailable(error: rusqlite::Error) -> TableError {
    TableError::Unavailable(format!("embedded store: {error}"))
}
