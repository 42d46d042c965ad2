//! The statements on one data table, in the engine's own layout
//! (`dynoxide`: `pk`, `sk`, `item_json`, `item_size`, `hash_prefix`), so that
//! whatever is written here is read by the engine's operations and the other
//! way round. Prepared once per connection.

use chart::table::{Item, TableError, TableResult};
use rusqlite::Connection;

use super::codec;

/// SQL texts of one table.
#[derive(Clone, Debug)]
pub(super) struct Statements {
    get: String,
    exists: String,
    put: String,
    delete: String,
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
        let table = format!("\"{}\"", table_name.replace('"', "\"\""));
        let range = format!(
            "SELECT sk, item_json, item_size FROM {table} WHERE pk = ?1 AND sk >= ?2 AND sk < ?3"
        );
        Self {
            get: format!("SELECT item_json FROM {table} WHERE pk = ?1 AND sk = ?2"),
            exists: format!("SELECT 1 FROM {table} WHERE pk = ?1 AND sk = ?2"),
            put: format!(
                "INSERT INTO {table} (pk, sk, item_json, item_size, hash_prefix) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (pk, sk) DO UPDATE SET \
                 item_json = excluded.item_json, item_size = excluded.item_size"
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
            Some(row) => Ok(Some(codec::decode(row.get_ref(0)?.as_str()?))),
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
        statement.execute((pk, sk, &stored.json, bytes, &stored.hash_prefix)).map(drop)
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

    /// Gives `visit` the sort key, JSON text and size of each item of a
    /// partition with `from <= sk < below`, in order, until it stops.
    pub(super) fn walk(
        &self,
        connection: &Connection,
        bounds: (&str, &str, &str),
        descending: bool,
        mut visit: impl FnMut(&str, &str, usize) -> TableResult<Walk>,
    ) -> TableResult<()> {
        let sql = if descending { &self.descending } else { &self.ascending };
        let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
        let (pk, from, below) = bounds;
        let mut rows = statement.query([pk, from, below]).map_err(unavailable)?;
        while let Some(row) = rows.next().map_err(unavailable)? {
            let sk = row.get_ref(0).and_then(|cell| Ok(cell.as_str()?)).map_err(unavailable)?;
            let json = row.get_ref(1).and_then(|cell| Ok(cell.as_str()?)).map_err(unavailable)?;
            let bytes: i64 = row.get(2).map_err(unavailable)?;
            if let Walk::Stop = visit(sk, json, usize::try_from(bytes).unwrap_or(0))? {
                break;
            }
        }
        Ok(())
    }
}

/// An item ready to be stored.
#[derive(Clone, Debug)]
pub(super) struct StoredItem {
    /// Its text.
    pub(super) json: String,
    /// Its size as DynamoDB counts it.
    pub(super) bytes: usize,
    /// Where the engine's scan meets its partition.
    pub(super) hash_prefix: String,
}

/// A failure of the file itself: whether something was written is not known.
pub(super) fn unavailable(error: rusqlite::Error) -> TableError {
    TableError::Unavailable(format!("embedded store: {error}"))
}
