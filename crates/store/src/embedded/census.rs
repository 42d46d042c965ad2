//! What a file holds, by kind of item: for who asks where the bytes go.

use chart::table::{TableError, TableResult};
use rusqlite::Connection;

use super::layout::{ROWS, quoted};

/// Items of one kind: the letters that begin the partition key, or the sort key
/// where a partition holds several kinds (decision 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// `V`, `X`, `I`, … in *record*; `J` and `A` in *access*.
    pub letters: String,
    /// How many.
    pub items: u64,
    /// Bytes as DynamoDB counts them: names and values, key included.
    pub counted_bytes: u64,
    /// Bytes of key and item as the rows hold them.
    pub row_bytes: u64,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census {
    /// By kind, those that take most first.
    pub kinds: Vec<Kind>,
    /// Bytes of the pages in use; the write-ahead log comes on top.
    pub page_bytes: u64,
}

/// Counts every row: for small tables, or for who can wait.
pub(super) fn take(connection: &Connection, table_name: &str) -> TableResult<Census> {
    let failed = |error| TableError::Unavailable(format!("embedded store: {error}"));
    counted(connection, table_name).map_err(failed)
}

fn counted(connection: &Connection, table_name: &str) -> rusqlite::Result<Census> {
    let mut statement = connection.prepare(&format!(
        "SELECT CASE WHEN substr(pk, 3, 2) IN ('P#', 'R#') THEN substr(sk, 3, 1)
             ELSE substr(pk, 3, instr(substr(pk, 3), '#') - 1) END AS letters,
             count(*), sum(bytes),
             sum(length(CAST(pk AS BLOB)) + length(CAST(sk AS BLOB)) + length(item))
         FROM {} GROUP BY letters ORDER BY 4 DESC",
        quoted(table_name, ROWS)
    ))?;
    let kinds = statement.query_map([], |row| {
        let number = |at| row.get(at).map(|number: i64| number.unsigned_abs());
        Ok(Kind {
            letters: row.get(0)?,
            items: number(1)?,
            counted_bytes: number(2)?,
            row_bytes: number(3)?,
        })
    })?;
    let pragma = |name: &str| {
        connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))
    };
    let pages = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    let page_bytes = pages.saturating_mul(pragma("page_size")?).unsigned_abs();
    Ok(Census { kinds: kinds.collect::<Result<_, _>>()?, page_bytes })
}
