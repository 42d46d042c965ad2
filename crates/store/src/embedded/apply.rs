//! One request inside the transaction of a group: its conditions first, then
//! its writes, so that a request whose condition fails leaves nothing behind
//! and no savepoint is needed.

use chart::table::{Action, Condition, TableError, TableResult, Write};
use rusqlite::Connection;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::packed;
use super::statements::{Statements, StoredItem};
use super::stored_key::stored_key;
use crate::definition::EXPIRY;
use crate::rules;

/// A write made ready on the caller's thread, so that the writer's thread does
/// nothing but what must be done in order.
#[derive(Debug)]
pub(super) struct Prepared {
    pk: String,
    sk: String,
    step: Step,
    condition: Condition,
}

#[derive(Debug)]
enum Step {
    Put(StoredItem),
    Delete,
    Check,
}

impl Prepared {
    /// Makes a write ready whose item has `bytes` (see [`rules::check_write`]).
    pub(super) fn new(write: Write, bytes: usize) -> TableResult<Self> {
        let Write { key, action, condition } = write;
        let step = match action {
            Action::Put(item) => Step::Put(StoredItem {
                item: packed::encode(&item),
                bytes,
                expires: item.num(EXPIRY),
            }),
            Action::Delete => Step::Delete,
            Action::Check => Step::Check,
        };
        Ok(Self { pk: stored_key(&key.pk), sk: stored_key(&key.sk), step, condition })
    }

    /// Bytes to be written.
    pub(super) fn bytes(&self) -> usize {
        match &self.step {
            Step::Put(stored) => stored.item.len(),
            Step::Delete | Step::Check => 0,
        }
    }
}

/// Digest of a transaction, to tell a repetition from another one that bears
/// the same token.
pub(super) fn request_digest(writes: &[Prepared]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for write in writes {
        (&write.pk, &write.sk).hash(&mut hasher);
        match &write.step {
            Step::Put(stored) => stored.item.hash(&mut hasher),
            Step::Delete => 1u8.hash(&mut hasher),
            Step::Check => 2u8.hash(&mut hasher),
        }
        format!("{:?}", write.condition).hash(&mut hasher);
    }
    hasher.finish()
}

/// Applies one transaction: all of it, or nothing and the failed conditions.
///
/// The outer error is the file's: the whole group is to be rolled back.
pub(super) fn transaction(
    connection: &Connection,
    statements: &Statements,
    writes: &[Prepared],
) -> rusqlite::Result<TableResult<()>> {
    let mut failed = Vec::new();
    for (index, write) in writes.iter().enumerate() {
        match check(connection, statements, write)? {
            Ok(()) => {}
            Err(TableError::Condition(found)) => {
                failed.extend(found.into_iter().map(|(_, item)| (index, item)));
            }
            Err(refused) => return Ok(Err(refused)),
        }
    }
    if !failed.is_empty() {
        return Ok(Err(TableError::Condition(failed)));
    }
    for write in writes {
        perform(connection, statements, write)?;
    }
    Ok(Ok(()))
}

/// Applies one write by itself.
pub(super) fn single(
    connection: &Connection,
    statements: &Statements,
    write: &Prepared,
) -> rusqlite::Result<TableResult<()>> {
    transaction(connection, statements, std::slice::from_ref(write))
}

fn check(
    connection: &Connection,
    statements: &Statements,
    write: &Prepared,
) -> rusqlite::Result<TableResult<()>> {
    let (pk, sk) = (write.pk.as_str(), write.sk.as_str());
    if write.condition == Condition::Always {
        return Ok(Ok(()));
    }
    let required = rules::existence(&write.condition);
    if let Some(required) = required
        && statements.exists(connection, pk, sk)? == required
    {
        return Ok(Ok(()));
    }
    let stored = match statements.get(connection, pk, sk)? {
        None => None,
        Some(Ok(item)) => Some(item),
        Some(Err(unreadable)) => return Ok(Err(unreadable)),
    };
    if required.is_none() && rules::holds(&write.condition, stored.as_ref()) {
        return Ok(Ok(()));
    }
    Ok(Err(TableError::Condition(vec![(0, stored)])))
}

fn perform(
    connection: &Connection,
    statements: &Statements,
    write: &Prepared,
) -> rusqlite::Result<()> {
    match &write.step {
        Step::Put(stored) => statements.put(connection, &write.pk, &write.sk, stored),
        Step::Delete => statements.delete(connection, &write.pk, &write.sk),
        Step::Check => Ok(()),
    }
}
