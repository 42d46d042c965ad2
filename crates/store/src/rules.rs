//! What DynamoDB says of a write before it happens: when a condition holds,
//! how large an item is, and which requests are refused as such. Pure; used by
//! every implementation that is not DynamoDB itself.

use chart::table::{Action, Condition, Item, Key, TableError, TableResult, Value, Write};
use std::collections::HashSet;

use crate::limits::{
    ITEM_BYTES_MAX, PK_BYTES_MAX, SK_BYTES_MAX, TOKEN_BYTES_MAX, TRANSACTION_BYTES_MAX,
    TRANSACTION_WRITES_MAX,
};

#[cfg(test)]
mod tests;

/// Whether `condition` holds of the stored item, `None` when there is none.
/// As in DynamoDB, a comparison with an attribute that is absent or of another
/// type does not hold.
pub fn holds(condition: &Condition, stored: Option<&Item>) -> bool {
    match condition {
        Condition::Always => true,
        Condition::Absent => stored.is_none(),
        Condition::Present => stored.is_some(),
        Condition::Without(name) => stored.is_none_or(|item| item.get(name).is_none()),
        Condition::Equals(name, value) => {
            stored.and_then(|item| item.get(name)).is_some_and(|held| held == value)
        }
        Condition::Less(name, bound) => {
            stored.and_then(|item| item.num(name)).is_some_and(|held| held < *bound)
        }
        Condition::All(parts) => parts.iter().all(|part| holds(part, stored)),
        Condition::Any(parts) => parts.iter().any(|part| holds(part, stored)),
    }
}

/// Whether `condition` can be decided from the item's existence alone:
/// `Some(true)` when the item must exist, `Some(false)` when it must not,
/// `None` when its attributes have to be read (or nothing has to be).
pub fn existence(condition: &Condition) -> Option<bool> {
    match condition {
        Condition::Absent => Some(false),
        Condition::Present => Some(true),
        _ => None,
    }
}

/// Bytes that DynamoDB counts for an item: the names and values of its
/// attributes, the key's included.
pub fn item_bytes(key: &Key, item: &Item) -> usize {
    let attributes: usize =
        item.0.iter().map(|(name, value)| name.len() + value_bytes(value)).sum();
    "pk".len() + key.pk.len() + "sk".len() + key.sk.len() + attributes
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::S(text) => text.len(),
        Value::N(number) => number_bytes(*number),
        Value::B(bytes) => bytes.len(),
        Value::L(values) => 3 + values.iter().map(|value| 1 + value_bytes(value)).sum::<usize>(),
    }
}

/// One byte for every two significant digits, one more, and one for a sign.
fn number_bytes(number: i64) -> usize {
    let mut magnitude = number.unsigned_abs();
    while magnitude != 0 && magnitude.is_multiple_of(10) {
        magnitude /= 10;
    }
    let digits = magnitude.checked_ilog10().map_or(1, |log| log as usize + 1);
    digits.div_ceil(2) + 1 + usize::from(number < 0)
}

/// Refuses a key that DynamoDB refuses.
///
/// # Errors
/// [`TableError::Rejected`] when a half is empty or too long.
pub fn check_key(key: &Key) -> TableResult<()> {
    let refuse = |what: &str| Err(TableError::Rejected(what.to_owned()));
    if key.pk.is_empty() || key.sk.is_empty() {
        return refuse("a key attribute may not be empty");
    }
    if key.pk.len() > PK_BYTES_MAX {
        return refuse("the partition key is longer than 2048 bytes");
    }
    if key.sk.len() > SK_BYTES_MAX {
        return refuse("the sort key is longer than 1024 bytes");
    }
    Ok(())
}

/// Refuses a write that DynamoDB refuses whatever is stored; says how many
/// bytes the item to store has (0 for a delete or a check).
///
/// # Errors
/// [`TableError::Rejected`] for a bad key, an item over 400 KB, or an item that
/// holds its own key's attributes.
pub fn check_write(write: &Write) -> TableResult<usize> {
    check_key(&write.key)?;
    let Action::Put(item) = &write.action else {
        return Ok(0);
    };
    if item.0.iter().any(|(name, _)| name == "pk" || name == "sk") {
        return Err(TableError::Rejected("an item may not repeat its key".to_owned()));
    }
    let bytes = item_bytes(&write.key, item);
    if bytes > ITEM_BYTES_MAX {
        return Err(TableError::Rejected(format!(
            "the item has {bytes} bytes; the most is {ITEM_BYTES_MAX}"
        )));
    }
    Ok(bytes)
}

/// Refuses a single write that DynamoDB refuses. See [`check_write`].
///
/// # Errors
/// [`TableError::Rejected`], also for a bare [`Action::Check`], which exists in
/// transactions only.
pub fn check_single(write: &Write) -> TableResult<usize> {
    if write.action == Action::Check {
        return Err(TableError::Rejected("a check is part of a transaction only".to_owned()));
    }
    check_write(write)
}

/// Refuses a transaction that DynamoDB refuses whatever is stored; says how
/// many bytes each item to store has.
///
/// # Errors
/// [`TableError::Rejected`] for a bad token, none or more than 100 writes, a
/// key named twice, more than 4 MB, or a bad write.
pub fn check_transaction(token: &str, writes: &[Write]) -> TableResult<Vec<usize>> {
    let refuse = |what: &str| Err(TableError::Rejected(what.to_owned()));
    if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
        return refuse("the token must have 1 to 36 characters");
    }
    if writes.is_empty() || writes.len() > TRANSACTION_WRITES_MAX {
        return refuse("a transaction has 1 to 100 writes");
    }
    let mut keys = HashSet::with_capacity(writes.len());
    if !writes.iter().all(|write| keys.insert(&write.key)) {
        return refuse("a transaction may not name one key twice");
    }
    let bytes = writes.iter().map(check_write).collect::<TableResult<Vec<_>>>()?;
    if bytes.iter().sum::<usize>() > TRANSACTION_BYTES_MAX {
        return refuse("the items of the transaction exceed 4 MB");
    }
    Ok(bytes)
}
