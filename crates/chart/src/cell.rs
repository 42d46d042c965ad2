//! Cells: the mutable items (X, U, L) and the locks that commits put on them.
//!
//! A cell holds the value (`val`) that the last commit left and that commit's
//! id (`c`). While a commit of many is under way it also holds `lx`, its id,
//! and `nval`, the value to come. Because a commit id is used once and touches
//! a cell once, `c` (or `lx`) in a condition stands for the whole state of the
//! cell: nothing that was read before can come back.
//!
//! A resource cell also keeps a trace: `w`, the last commit *of many* that
//! changed it, and `f`, an instant not before that commit was committed. See
//! [`crate::reading`].

use crate::error::Current;
use crate::limits::TRACE_KEPT_MS;
use crate::request::Digest;
use crate::table::{Condition, Item, Value};

/// A lock on a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lock {
    /// The commit that holds it.
    pub commit: String,
    /// The value once that commit is committed.
    pub next: Value,
}

/// A cell as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The commit that left `value`; absent when none ever did.
    pub commit: Option<String>,
    pub value: Option<Value>,
    pub trace: Option<(String, i64)>,
    pub lock: Option<Lock>,
}

impl Cell {
    pub fn parse(item: Option<&Item>) -> Self {
        let Some(item) = item else { return Self::default() };
        let text = |name: &str| item.str(name).map(str::to_owned);
        Self {
            commit: text("c"),
            value: item.get("val").cloned(),
            trace: text("w").zip(item.num("f")),
            lock: text("lx")
                .zip(item.get("nval").cloned())
                .map(|(commit, next)| Lock { commit, next }),
        }
    }

    pub fn item(&self) -> Item {
        let mut item = Item::default();
        if let Some(commit) = &self.commit {
            item.set("c", Value::S(commit.clone()));
        }
        if let Some(value) = &self.value {
            item.set("val", value.clone());
        }
        if let Some((commit, at)) = &self.trace {
            item.set("w", Value::S(commit.clone())).set("f", Value::N(*at));
        }
        if let Some(lock) = &self.lock {
            item.set("lx", Value::S(lock.commit.clone())).set("nval", lock.next.clone());
        }
        item
    }

    /// The cell once the commit that locks it is committed and folded.
    pub fn folded(&self, now_ms: i64) -> Self {
        match &self.lock {
            None => self.clone(),
            Some(lock) => Self {
                commit: Some(lock.commit.clone()),
                value: Some(lock.next.clone()),
                trace: Some((lock.commit.clone(), now_ms)),
                lock: None,
            },
        }
    }

    /// The cell without its lock.
    pub fn cleared(&self) -> Self {
        Self { lock: None, ..self.clone() }
    }
}

/// A cell as read by a writer, its lock (if any) decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    /// As it would be once folded or cleared.
    base: Cell,
    /// What stored state that came from.
    condition: Condition,
}

impl Settled {
    /// A cell of which nothing is known to exist.
    pub fn absent() -> Self {
        Self::free(Cell::default())
    }

    /// A cell without a lock.
    pub fn free(cell: Cell) -> Self {
        let held = match &cell.commit {
            Some(commit) => Condition::Equals("c".into(), Value::S(commit.clone())),
            None => Condition::Without("c".into()),
        };
        let condition = Condition::All(vec![held, Condition::Without("lx".into())]);
        Self { base: cell, condition }
    }

    /// A cell under the lock of a commit that is committed, or aborted.
    pub fn locked(cell: &Cell, committed: bool, now_ms: i64) -> Self {
        let Some(lock) = &cell.lock else { return Self::free(cell.clone()) };
        let condition = held_by(&lock.commit);
        let base = if committed { cell.folded(now_ms) } else { cell.cleared() };
        Self { base, condition }
    }

    /// The visible value.
    pub fn value(&self) -> Option<&Value> {
        self.base.value.as_ref()
    }

    /// Holds while the cell is as it was read.
    pub fn condition(&self) -> Condition {
        self.condition.clone()
    }

    /// The cell after a commit of one resource, which needs no lock.
    pub fn replaced(&self, commit: &str, next: Value, now_ms: i64) -> Item {
        let cell = Cell {
            commit: Some(commit.to_owned()),
            value: Some(next),
            trace: self.trace(now_ms),
            lock: None,
        };
        cell.item()
    }

    /// The cell under the lock of a commit of many.
    pub fn under(&self, commit: &str, next: Value, now_ms: i64) -> Cell {
        Cell {
            trace: self.trace(now_ms),
            lock: Some(Lock { commit: commit.to_owned(), next }),
            ..self.base.clone()
        }
    }

    fn trace(&self, now_ms: i64) -> Option<(String, i64)> {
        self.base.trace.clone().filter(|(_, at)| *at > now_ms.saturating_sub(TRACE_KEPT_MS))
    }
}

/// Holds while `commit` has the lock of the cell.
pub(crate) fn held_by(commit: &str) -> Condition {
    Condition::Equals("lx".into(), Value::S(commit.to_owned()))
}

/// The value of a resource cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResourceValue {
    pub version: u64,
    pub deleted: bool,
    pub last_updated_ms: i64,
    pub tokens: Vec<u8>,
    /// Claims held, each as [`crate::uniqueness::spell`] writes it.
    pub claims: Vec<String>,
    /// Digest of the content, last in the stored form; cells of before have none.
    pub digest: Option<Digest>,
}

impl ResourceValue {
    pub fn parse(value: &Value) -> Option<Self> {
        let Value::L(parts) = value else { return None };
        let [Value::N(version), Value::N(deleted), Value::N(at), Value::B(tokens), claims @ ..] =
            parts.as_slice()
        else {
            return None;
        };
        let (claims, digest) = match claims {
            [claims @ .., Value::B(digest)] => (claims, Some(digest.as_slice().try_into().ok()?)),
            claims => (claims, None),
        };
        let spelt = |claim: &Value| match claim {
            Value::S(text) => Some(text.clone()),
            _ => None,
        };
        Some(Self {
            version: u64::try_from(*version).ok()?,
            deleted: *deleted != 0,
            last_updated_ms: *at,
            tokens: tokens.clone(),
            claims: claims.iter().map(spelt).collect::<Option<_>>()?,
            digest,
        })
    }

    pub fn value(&self) -> Value {
        let mut parts = vec![
            Value::N(i64::try_from(self.version).unwrap_or(i64::MAX)),
            Value::N(i64::from(self.deleted)),
            Value::N(self.last_updated_ms),
            Value::B(self.tokens.clone()),
        ];
        parts.extend(self.claims.iter().cloned().map(Value::S));
        parts.extend(self.digest.map(|digest| Value::B(digest.to_vec())));
        Value::L(parts)
    }

    pub fn current(&self) -> Current {
        Current { version: self.version, deleted: self.deleted }
    }
}
