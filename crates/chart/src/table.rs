//! The port to one table of the record: the small part of DynamoDB that the
//! commit protocol stands on, and nothing that it does not.
//!
//! A [`Table`] is one DynamoDB table whose primary key is the string pair
//! `pk`/`sk`. Every read is strongly consistent. `crates/store` implements the
//! port over `aws-sdk-dynamodb` and over the embedded store, and wraps either
//! with faults; nothing in this crate knows which one it speaks to.

use std::borrow::Cow;
use std::future::Future;

/// Primary key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Partition key (`pk`).
    pub pk: String,
    /// Sort key (`sk`).
    pub sk: String,
}

impl Key {
    /// A key from its two halves.
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }
}

/// An attribute's value: the DynamoDB types that the record uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `S`
    S(String),
    /// `N`, integers only: versions, instants in milliseconds, counters.
    N(i64),
    /// `B`
    B(Vec<u8>),
    /// `L`
    L(Vec<Value>),
}

/// An attribute's name. Those of the record are constants, so that an item read
/// from a store that knows them needs no text of its own for each.
pub type Name = Cow<'static, str>;

/// An item's attributes without its key. Few and short, so a linear scan beats
/// a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item(pub Vec<(Name, Value)>);

impl Item {
    /// The value of attribute `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(held, _)| held == name).map(|(_, value)| value)
    }
    /// The string in attribute `name`; absent when it holds another type.
    pub fn str(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::S(text)) => Some(text),
            _ => None,
        }
    }
    /// The number in attribute `name`; absent when it holds another type.
    pub fn num(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Value::N(number)) => Some(*number),
            _ => None,
        }
    }
    /// The bytes in attribute `name`; absent when it holds another type.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        match self.get(name) {
            Some(Value::B(bytes)) => Some(bytes),
            _ => None,
        }
    }
    /// Sets attribute `name`, replacing what it held.
    pub fn set(&mut self, name: &'static str, value: Value) -> &mut Self {
        match self.0.iter_mut().find(|(held, _)| held == name) {
            Some((_, held)) => *held = value,
            None => self.0.push((Cow::Borrowed(name), value)),
        }
        self
    }
    /// Removes attribute `name`.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.0.retain(|(held, _)| held != name);
        self
    }
    /// [`Item::set`] by value, for building.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Value) -> Self {
        self.set(name, value);
        self
    }
}

/// What must hold of the stored item (as DynamoDB `ConditionExpression`) for a
/// write to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Always.
    Always,
    /// No item has this key: `attribute_not_exists(pk)`.
    Absent,
    /// An item has this key: `attribute_exists(pk)`.
    Present,
    /// `attribute_not_exists(name)`; holds as well when there is no item.
    Without(String),
    /// `name = value`.
    Equals(String, Value),
    /// `name < value`, for numbers.
    Less(String, i64),
    /// Every one holds.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
}

/// What a write does when its condition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Replaces the whole item.
    Put(Item),
    /// Removes the item.
    Delete,
    /// Changes nothing; only in a transaction (`ConditionCheck`).
    Check,
}

/// One conditional write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Which item.
    pub key: Key,
    /// What to do.
    pub action: Action,
    /// When to do it.
    pub condition: Condition,
}

impl Write {
    /// A put under a condition.
    pub fn put(key: Key, item: Item, condition: Condition) -> Self {
        Self { key, action: Action::Put(item), condition }
    }
    /// A delete under a condition.
    pub fn delete(key: Key, condition: Condition) -> Self {
        Self { key, action: Action::Delete, condition }
    }
    /// A check of a transaction.
    pub fn check(key: Key, condition: Condition) -> Self {
        Self { key, action: Action::Check, condition }
    }
}

/// Items of one partition in order of their sort key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The partition.
    pub pk: String,
    /// Which sort keys.
    pub range: Range,
    /// From the last key to the first (`ScanIndexForward = false`).
    pub descending: bool,
    /// At most so many items in the page; the store may return fewer.
    pub limit: Option<u32>,
    /// Continue after this sort key (`ExclusiveStartKey`).
    pub after: Option<String>,
}

/// Condition on the sort key of a [`Query`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// Every item of the partition.
    All,
    /// `begins_with(sk, prefix)`.
    Prefix(String),
    /// `sk BETWEEN from AND to`, both included.
    Between(String, String),
}

/// One page of a [`Query`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryPage {
    /// The items with their sort keys, in order.
    pub items: Vec<(String, Item)>,
    /// Set when there may be more: pass it as [`Query::after`].
    pub after: Option<String>,
}

/// Why the table did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableError {
    /// Conditions failed: nothing was written. Indices of the writes whose
    /// condition failed, with the item found when the store returned it
    /// (`ReturnValuesOnConditionCheckFailure`); `None` tells nothing.
    Condition(Vec<(usize, Option<Item>)>),
    /// Another transaction was under way on an item: nothing was written.
    Conflict,
    /// The store asks to slow down: nothing was written.
    Throttled,
    /// The reply was lost or the store could not be reached: **whether
    /// anything was written is unknown**.
    Unavailable(String),
    /// The store refuses the request as such; retrying is useless.
    Rejected(String),
    /// Whoever asks may not (an access policy says so): nothing was read or
    /// written; retrying is useless until the policy is another.
    Denied(String),
}

impl std::fmt::Display for TableError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Condition(failed) => write!(f, "{} condition(s) failed", failed.len()),
            Self::Conflict => f.write_str("transaction conflict"),
            Self::Throttled => f.write_str("throttled"),
            Self::Unavailable(why) => write!(f, "store unreachable: {why}"),
            Self::Rejected(why) => write!(f, "store refused: {why}"),
            Self::Denied(why) => write!(f, "store denied: {why}"),
        }
    }
}

impl std::error::Error for TableError {}

/// Result of a table operation.
pub type TableResult<T> = Result<T, TableError>;

/// One table. Reads are strongly consistent; a query page is only
/// read-committed: it can see half of somebody's transaction.
///
/// Each call is one round trip unless it says otherwise.
pub trait Table: Send + Sync {
    /// The item under `key`.
    fn get(&self, key: &Key) -> impl Future<Output = TableResult<Option<Item>>> + Send;

    /// The items under `keys`, in their order; any number (the implementation
    /// splits and runs the parts side by side; not a snapshot).
    fn get_many(&self, keys: &[Key])
    -> impl Future<Output = TableResult<Vec<Option<Item>>>> + Send;

    /// One page of a partition, at most 1 MB.
    fn query(&self, query: &Query) -> impl Future<Output = TableResult<QueryPage>> + Send;

    /// One conditional write. On a failed condition the index in
    /// [`TableError::Condition`] is 0.
    fn write(&self, write: Write) -> impl Future<Output = TableResult<()>> + Send;

    /// Independent conditional writes, any number, many at once: each succeeds
    /// or fails by itself, in no order. Results in the order of `writes`; the
    /// index in a [`TableError::Condition`] is 0.
    fn write_each(&self, writes: Vec<Write>) -> impl Future<Output = Vec<TableResult<()>>> + Send;

    /// All or nothing: at most 100 writes and 4 MB, no key twice. `token` makes
    /// a repetition of the same request within ten minutes idempotent
    /// (`ClientRequestToken`, 1 to 36 characters).
    fn transact(
        &self,
        token: &str,
        writes: Vec<Write>,
    ) -> impl Future<Output = TableResult<()>> + Send;
}
