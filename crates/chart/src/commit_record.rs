//! The record of a commit of many (T), its manifest (M) and the note that it is
//! unfinished (N).
//!
//! T goes from pending to committed or to aborted, once, under a condition.
//! Nobody infers an abort from a clock: whoever finds a commit pending past its
//! lease, or no record of it at all, **writes** the abort, and acts only once
//! that write is done. So clocks decide how long others wait, never what is
//! true.

use std::collections::HashMap;

use crate::codec;
use crate::environment::Environment;
use crate::ids::Home;
use crate::keys;
use crate::limits::RECORD_KEPT_MS;
use crate::record::Record;
use crate::table::{
    Condition, Item, Key, Query, Range, Table, TableError, TableResult, Value, Write,
};

/// What has become of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Committed,
    /// Its process may still be at it.
    Pending,
    /// Aborted, and written down as such.
    Aborted,
    /// Not recorded (any more): hidden.
    Missing,
}

const PENDING: &str = "p";
const COMMITTED: &str = "c";
const ABORTED: &str = "a";

pub(crate) fn fate_of(item: Option<&Item>) -> Fate {
    match item.and_then(|item| item.str("st")) {
        Some(COMMITTED) => Fate::Committed,
        Some(PENDING) => Fate::Pending,
        Some(_) => Fate::Aborted,
        None => Fate::Missing,
    }
}

fn state(name: &str) -> Condition {
    Condition::Equals("st".into(), Value::S(name.to_owned()))
}

/// T pending.
pub(crate) fn pending(
    commit: &str,
    now_ms: i64,
    lease_ms: i64,
    manifest: Option<Vec<u8>>,
) -> Write {
    let mut item = Item::default()
        .with("st", Value::S(PENDING.to_owned()))
        .with("at", Value::N(now_ms))
        .with("exp", Value::N(now_ms.saturating_add(lease_ms)));
    if let Some(manifest) = manifest {
        item.set("m", Value::B(manifest));
    }
    Write::put(keys::commit_record(commit), item, Condition::Absent)
}

/// N, written with T.
pub(crate) fn unfinished(commit: &str, now_ms: i64) -> Write {
    let item = Item::default().with("at", Value::N(now_ms));
    Write::put(keys::unfinished(commit), item, Condition::Always)
}

/// T from pending to committed: the write that makes a commit of many.
pub(crate) fn committed(commit: &str, now_ms: i64, manifest: Option<Vec<u8>>) -> Write {
    let mut item =
        Item::default().with("st", Value::S(COMMITTED.to_owned())).with("at", Value::N(now_ms));
    if let Some(manifest) = manifest {
        item.set("m", Value::B(manifest));
    }
    Write::put(keys::commit_record(commit), item, state(PENDING))
}

/// T once nothing is left to do; the store may drop it after a while (`ttl`).
pub(crate) fn finished(commit: &str, now_ms: i64, fate: Fate) -> Write {
    let name = if fate == Fate::Committed { COMMITTED } else { ABORTED };
    let item = Item::default()
        .with("st", Value::S(name.to_owned()))
        .with("at", Value::N(now_ms))
        .with("ttl", Value::N(now_ms.saturating_add(RECORD_KEPT_MS) / 1000));
    Write::put(keys::commit_record(commit), item, state(name))
}

/// One line of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Touched {
    /// A resource: its cell and its new version.
    Resource { home: Home, resource_type: String, id: String, version: u64, pieces: bool },
    /// Another cell (U, L).
    Cell(Key),
}

/// Every cell and version that a commit touches, packed.
pub(crate) fn pack_manifest(touched: &[Touched]) -> Vec<u8> {
    let line = |touched: &Touched| match touched {
        Touched::Resource { home, resource_type, id, version, pieces } => format!(
            "X\t{}\t{resource_type}\t{id}\t{version}\t{}\n",
            home.partition(),
            u8::from(*pieces)
        ),
        Touched::Cell(key) => format!("C\t{}\t{}\n", key.pk, key.sk),
    };
    codec::pack(touched.iter().map(line).collect::<String>().as_bytes())
}

pub(crate) fn unpack_manifest(packed: &[u8]) -> Option<Vec<Touched>> {
    let text = String::from_utf8(codec::unpack(packed).ok()?).ok()?;
    text.lines().map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Touched> {
    let parts: Vec<&str> = line.split('\t').collect();
    match parts.as_slice() {
        ["X", home, resource_type, id, version, pieces] => Some(Touched::Resource {
            home: Home::parse(home)?,
            resource_type: (*resource_type).to_owned(),
            id: (*id).to_owned(),
            version: version.parse().ok()?,
            pieces: *pieces == "1",
        }),
        ["C", pk, sk] => Some(Touched::Cell(Key::new(*pk, *sk))),
        _ => None,
    }
}

impl<T: Table, E: Environment> Record<T, E> {
    /// What has become of each of `commits`, for a reader, who writes nothing.
    pub(crate) async fn fates(&self, commits: &[String]) -> TableResult<HashMap<String, Fate>> {
        let keys: Vec<Key> = commits.iter().map(|id| keys::commit_record(id)).collect();
        let items = self.get_many(&keys).await?;
        let fates = items.iter().map(|item| fate_of(item.as_ref()));
        Ok(commits.iter().cloned().zip(fates).collect())
    }

    /// The same for a writer: what is missing or pending past its lease is
    /// aborted first, so that the answer is committed, aborted, or pending and
    /// alive.
    pub(crate) async fn settled_fates(
        &self,
        commits: &[String],
    ) -> TableResult<HashMap<String, Fate>> {
        let keys: Vec<Key> = commits.iter().map(|id| keys::commit_record(id)).collect();
        let items = self.get_many(&keys).await?;
        let now_ms = self.environment.now_ms();
        let mut fates = HashMap::new();
        for (commit, item) in commits.iter().zip(items) {
            let fate = match fate_of(item.as_ref()) {
                Fate::Missing => self.abort(commit).await?,
                Fate::Pending if expired(item.as_ref(), now_ms) => self.abort(commit).await?,
                other => other,
            };
            fates.insert(commit.clone(), fate);
        }
        Ok(fates)
    }

    /// Writes the abort of a commit that is pending or missing, keeping its
    /// manifest. Gives what is then true: `Aborted`, or `Committed` when that
    /// came first.
    pub(crate) async fn abort(&self, commit: &str) -> TableResult<Fate> {
        let key = keys::commit_record(commit);
        loop {
            let held = self.get(&key).await?;
            let condition = match fate_of(held.as_ref()) {
                Fate::Pending => state(PENDING),
                Fate::Missing => Condition::Absent,
                done => return Ok(done),
            };
            let item = match held {
                Some(held) => held.with("st", Value::S(ABORTED.to_owned())),
                None => aborted_without_record(self.environment.now_ms()),
            };
            let write = Write::put(key.clone(), item, condition);
            for attempt in self.write_each(vec![write]).await {
                match attempt.result {
                    Ok(()) => return Ok(Fate::Aborted),
                    Err(TableError::Condition(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// The manifest of a commit: in T when short, in M otherwise. Absent when
    /// the process died before it was written whole; then nothing was locked.
    pub(crate) async fn manifest(&self, commit: &str) -> TableResult<Vec<Touched>> {
        let held = self.get(&keys::commit_record(commit)).await?;
        let packed = match held.as_ref().and_then(|item| item.bytes("m")) {
            Some(packed) => packed.to_vec(),
            None => {
                let pk = keys::manifest_partition(commit);
                self.items_of(pk, Range::All)
                    .await?
                    .iter()
                    .filter_map(|(_, item)| item.bytes("b"))
                    .flatten()
                    .copied()
                    .collect()
            }
        };
        Ok(unpack_manifest(&packed).unwrap_or_default())
    }

    /// Every item of a range, page after page.
    pub(crate) async fn items_of(
        &self,
        pk: String,
        range: Range,
    ) -> TableResult<Vec<(String, Item)>> {
        let mut query = Query { pk, range, descending: false, limit: None, after: None };
        let mut items = Vec::new();
        loop {
            let page = self.query(&query).await?;
            items.extend(page.items);
            match page.after {
                Some(after) => query.after = Some(after),
                None => return Ok(items),
            }
        }
    }
}

/// What tombs a commit of which nothing is left to undo by manifest.
fn aborted_without_record(now_ms: i64) -> Item {
    Item::default()
        .with("st", Value::S(ABORTED.to_owned()))
        .with("at", Value::N(now_ms))
        .with("ttl", Value::N(now_ms.saturating_add(RECORD_KEPT_MS) / 1000))
}

fn expired(item: Option<&Item>, now_ms: i64) -> bool {
    item.and_then(|item| item.num("exp")).is_none_or(|exp| exp < now_ms)
}
