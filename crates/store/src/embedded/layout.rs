//! How a table lies in its file. The rows are this module's:
//!
//! ```sql
//! CREATE TABLE "record rows" (pk, sk, item, bytes, expires, PRIMARY KEY (pk, sk)) WITHOUT ROWID
//! ```
//!
//! `pk` and `sk` are the key's halves after `S:`, as the engine writes string
//! keys; `item` is [`packed`]; `bytes` what DynamoDB counts; `expires` the time
//! to live, where the item has one. A row holds each byte of its key once, and
//! no text of JSON or base64: half of what the engine's own layout takes, and a
//! third of the time to read.
//!
//! **The engine** (`dynoxide`), which serves what the record does not ask for,
//! finds a *view* where it would have its table, with its columns
//! (`pk`, `sk`, `item_json`, `item_size`, `cached_at`, `hash_prefix`), and
//! triggers that turn its writes into rows. A file of the engine's own layout is
//! turned over when it is opened, in one transaction.

use chart::table::{Name, Value};
use dynoxide::AttributeValue;
use dynoxide::storage::compute_hash_prefix;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use super::json;
use super::packed::{self, Held};
use super::stored_key::plain_key;

#[cfg(test)]
mod tests;

/// Bytes of a page of a new file. A row longer than a quarter of a page takes
/// pages of its own; a durable write writes whole pages.
const PAGE_BYTES: u32 = 8192;
/// Longest wait for another process that makes the same file.
const BEGIN_WITHIN: Duration = Duration::from_secs(5);

/// A table's name in SQL, quoted; `suffix` tells rows from view and triggers.
pub(super) fn quoted(table_name: &str, suffix: &str) -> String {
    format!("\"{}{suffix}\"", table_name.replace('"', "\"\""))
}

/// What follows the table's name in the name of its rows.
pub(super) const ROWS: &str = " rows";

/// Sets what can only be set in an empty file. Any other is left as it is.
pub(super) fn begin(path: &str) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BEGIN_WITHIN)?;
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    if pages > 0 {
        return Ok(());
    }
    connection.execute_batch(&format!("PRAGMA page_size = {PAGE_BYTES}; VACUUM;"))
}

/// Makes rows and view of a table that the engine knows, and turns over what
/// lies in the engine's own layout.
pub(super) fn create(connection: &Connection, table_name: &str) -> rusqlite::Result<()> {
    register(connection)?;
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let kind: Option<String> = transaction
        .query_row("SELECT type FROM sqlite_master WHERE name = ?1", [table_name], |row| row.get(0))
        .optional()?;
    if kind.as_deref() != Some("view") {
        transaction.execute_batch(&turned_over(table_name))?;
    }
    transaction.commit()
}

fn turned_over(table_name: &str) -> String {
    format!(
        "CREATE TABLE {rows} (
             pk TEXT NOT NULL, sk TEXT NOT NULL, item BLOB NOT NULL, bytes INTEGER NOT NULL,
             expires INTEGER, PRIMARY KEY (pk, sk)) WITHOUT ROWID;
         CREATE INDEX {expiry} ON {rows} (expires) WHERE expires IS NOT NULL;
         INSERT INTO {rows} SELECT pk, sk, item_of_json(item_json), item_size,
             expiry_of_json(item_json) FROM {name};
         DROP TABLE {name};
         CREATE VIEW {name} AS SELECT pk, sk, json_of_item(pk, sk, item) AS item_json,
             bytes AS item_size, NULL AS cached_at, hash_of_key(pk) AS hash_prefix FROM {rows};
         CREATE TRIGGER {put} INSTEAD OF INSERT ON {name} BEGIN
             INSERT OR REPLACE INTO {rows} VALUES (NEW.pk, NEW.sk, item_of_json(NEW.item_json),
                 NEW.item_size, expiry_of_json(NEW.item_json)); END;
         CREATE TRIGGER {size} INSTEAD OF UPDATE OF item_size ON {name} BEGIN
             UPDATE {rows} SET bytes = NEW.item_size WHERE pk = OLD.pk AND sk = OLD.sk; END;
         CREATE TRIGGER {delete} INSTEAD OF DELETE ON {name} BEGIN
             DELETE FROM {rows} WHERE pk = OLD.pk AND sk = OLD.sk; END;",
        name = quoted(table_name, ""),
        rows = quoted(table_name, ROWS),
        expiry = quoted(table_name, " expiry"),
        put = quoted(table_name, " put"),
        size = quoted(table_name, " size"),
        delete = quoted(table_name, " delete"),
    )
}

/// Makes the functions known that the view and the triggers call.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("json_of_item", 3, flags, |given: &Context<'_>| {
        let pk = given.get_raw(0).as_str().map_err(failed)?;
        let sk = given.get_raw(1).as_str().map_err(failed)?;
        let item = given.get_raw(2).as_blob().map_err(failed)?;
        json_of_item(plain_key(pk), plain_key(sk), item)
    })?;
    connection.create_scalar_function("item_of_json", 1, flags, |given: &Context<'_>| {
        Ok(packed::encode_held(&held_of_json(given.get_raw(0).as_str().map_err(failed)?)?))
    })?;
    connection.create_scalar_function("expiry_of_json", 1, flags, |given: &Context<'_>| {
        let held = held_of_json(given.get_raw(0).as_str().map_err(failed)?)?;
        Ok(held.into_iter().find_map(|(name, held)| match held {
            Held::Known(Value::N(seconds)) if name == crate::definition::EXPIRY => Some(seconds),
            _ => None,
        }))
    })?;
    connection.create_scalar_function("hash_of_key", 1, flags, |given: &Context<'_>| {
        let pk = plain_key(given.get_raw(0).as_str().map_err(failed)?);
        Ok(compute_hash_prefix(&AttributeValue::S(pk.to_owned())))
    })
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(Box::new(error))
}

fn damaged() -> rusqlite::Error {
    rusqlite::Error::UserFunctionError("an item is damaged".into())
}

fn json_of_item(pk: &str, sk: &str, item: &[u8]) -> rusqlite::Result<String> {
    let held = packed::decode_held(item).map_err(|_| damaged())?;
    json::encode(pk, sk, &held).map_err(failed)
}

/// The attributes in an engine's JSON text but for the key, in the order of
/// their names.
fn held_of_json(text: &str) -> rusqlite::Result<Vec<(Name, Held)>> {
    let item: BTreeMap<String, AttributeValue> = serde_json::from_str(text).map_err(failed)?;
    let attributes = item.into_iter().filter(|(name, _)| name != "pk" && name != "sk");
    attributes
        .map(|(name, value)| {
            let held = match known(&value) {
                Some(value) => Held::Known(value),
                None => Held::Foreign(serde_json::to_string(&value).map_err(failed)?),
            };
            Ok((Cow::Owned(name), held))
        })
        .collect()
}

/// A value of the record's types; `None` for any other, or a number that would
/// not be spelt so.
fn known(value: &AttributeValue) -> Option<Value> {
    Some(match value {
        AttributeValue::S(text) => Value::S(text.clone()),
        AttributeValue::B(bytes) => Value::B(bytes.clone()),
        AttributeValue::N(text) => {
            let number: i64 = text.parse().ok()?;
            (number.to_string() == *text).then_some(Value::N(number))?
        }
        AttributeValue::L(values) => Value::L(values.iter().map(known).collect::<Option<_>>()?),
        _ => return None,
    })
}
