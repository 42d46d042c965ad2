//! From what is asked and what is there to what is written. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::cell::{ResourceValue, Settled};
use crate::commit_record::Touched;
use crate::error::CommitError;
use crate::ids::Home;
use crate::keys;
use crate::limits::{CHANGES_MAX, TOKENS_BYTES_MAX};
use crate::request::{Change, Commit, Content, Done};
use crate::table::{Condition, Item, Key, Value, Write};
use crate::uniqueness::{self, Owner, Uniqueness};
use crate::version::{Making, NewVersion};

/// What is known of the table.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub cells: HashMap<Key, Settled>,
    /// Dead commits that left something under the key of a version.
    pub dead: HashMap<Key, Vec<String>>,
}

/// Why there is no plan.
#[derive(Debug)]
pub(crate) enum Obstacle {
    /// These cells must be known too.
    Need(Vec<Key>),
    Refused(CommitError),
}

impl From<CommitError> for Obstacle {
    fn from(error: CommitError) -> Self {
        Self::Refused(error)
    }
}

/// A cell and the value it is to have.
#[derive(Debug)]
pub(crate) struct PlannedCell {
    pub key: Key,
    pub settled: Settled,
    pub next: Value,
}

/// Everything that a commit writes but for its record, entry and answer.
#[derive(Debug)]
pub(crate) struct Plan {
    pub commit: String,
    pub now_ms: i64,
    pub done: Vec<Done>,
    /// Of each change that makes a version.
    pub homes: Vec<Home>,
    pub cells: Vec<PlannedCell>,
    /// In the order of the changes.
    pub versions: Vec<NewVersion>,
    pub rows: Vec<Write>,
    pub drops: Vec<Write>,
    pub touched: Vec<Touched>,
}

/// For whom and when a plan is made.
pub(crate) struct Frame<'a> {
    pub commit: &'a str,
    pub now_ms: i64,
    pub body_partitions: u32,
}

/// The cells that a plan needs at least.
pub(crate) fn first_cells(commit: &Commit) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for change in &commit.changes {
        keys.push(keys::cell(&change.home, &change.resource_type, &change.id));
        if change.locator {
            keys.push(keys::locator(&change.resource_type, &change.id));
        }
        keys.extend(change.claims.iter().map(|claim| keys::uniqueness(&claim.key)));
    }
    keys.extend(commit.guards.iter().map(|guard| keys::uniqueness(&guard.key)));
    let mut seen = HashSet::new();
    keys.retain(|key| seen.insert(key.clone()));
    keys
}

/// What no state of the table could make right.
pub(crate) fn validate(commit: &Commit) -> Result<(), CommitError> {
    let invalid = |why: &str| Err(CommitError::Invalid(why.to_owned()));
    if commit.changes.is_empty() {
        return invalid("a commit needs a change");
    }
    if commit.changes.len() > CHANGES_MAX {
        return invalid("too many resources in one commit: send them in several");
    }
    let mut seen = HashSet::new();
    for change in &commit.changes {
        if !seen.insert((&change.resource_type, &change.id)) {
            return invalid("a resource occurs twice in one commit");
        }
        if change.tokens.len() > TOKENS_BYTES_MAX {
            return invalid("a resource has too many values to search by");
        }
    }
    Ok(())
}

/// Plans a commit, or tells what stands in its way.
pub(crate) fn plan(commit: &Commit, known: &Known, frame: &Frame<'_>) -> Result<Plan, Obstacle> {
    let before = resources(commit, known)?;
    let held = before.iter().flatten().map(|value| value.last_updated_ms.saturating_add(1));
    let at_ms = held.fold(frame.now_ms, i64::max);
    let mut plan = Plan {
        commit: frame.commit.to_owned(),
        now_ms: frame.now_ms,
        done: Vec::new(),
        homes: Vec::new(),
        cells: Vec::new(),
        versions: Vec::new(),
        rows: Vec::new(),
        drops: Vec::new(),
        touched: Vec::new(),
    };
    let mut written: Vec<Written<'_>> = Vec::new();
    for (index, (change, before)) in commit.changes.iter().zip(&before).enumerate() {
        if let Some(held) = before.as_ref().filter(|held| is_held(change, held)) {
            plan.done.push(unchanged(change, held));
            continue;
        }
        add_resource(&mut plan, change, before.as_ref(), at_ms, known, frame)?;
        if change.locator {
            add_locator(&mut plan, index, change, known)?;
        }
        let held = before.as_ref().map_or(&[][..], |value| value.claims.as_slice());
        written.push(Written { index, change, held });
    }
    add_uniqueness(&mut plan, commit, &written, known)?;
    add_rows(&mut plan, &written);
    Ok(plan)
}

/// A change that makes a version.
struct Written<'a> {
    index: usize,
    change: &'a Change,
    /// Claims of the version before.
    held: &'a [String],
}

/// Whether a change asks for what the resource is already. Such a change takes
/// no lock: it counts as done at the moment when the cell was read.
fn is_held(change: &Change, held: &ResourceValue) -> bool {
    let asked = change.digest.filter(|_| matches!(change.content, Content::Body(_)));
    !held.deleted && asked.is_some() && asked == held.digest
}

fn unchanged(change: &Change, held: &ResourceValue) -> Done {
    Done {
        resource_type: change.resource_type.clone(),
        id: change.id.clone(),
        version: held.version,
        last_updated_ms: held.last_updated_ms,
        deleted: false,
        unchanged: true,
        previous: Some(held.version),
        was_live: true,
    }
}

/// The visible value of each change's resource, its expectation checked.
fn resources(commit: &Commit, known: &Known) -> Result<Vec<Option<ResourceValue>>, Obstacle> {
    let mut values = Vec::with_capacity(commit.changes.len());
    let mut need = Vec::new();
    for (index, change) in commit.changes.iter().enumerate() {
        let key = keys::cell(&change.home, &change.resource_type, &change.id);
        let Some(settled) = known.cells.get(&key) else {
            need.push(key);
            continue;
        };
        let value = settled.value().map(|value| ResourceValue::parse(value).ok_or(()));
        let value = value.transpose().map_err(|()| corrupt("resource cell"))?;
        let current = value.as_ref().map(ResourceValue::current);
        if !change.expect.holds(current) {
            return Err(CommitError::PreconditionFailed { index, current }.into());
        }
        values.push(value);
    }
    if need.is_empty() { Ok(values) } else { Err(Obstacle::Need(need)) }
}

fn corrupt(what: &str) -> CommitError {
    CommitError::Unavailable { unknown: false, why: format!("stored {what} not understood") }
}

fn add_resource(
    plan: &mut Plan,
    change: &Change,
    before: Option<&ResourceValue>,
    at_ms: i64,
    known: &Known,
    frame: &Frame<'_>,
) -> Result<(), Obstacle> {
    let version = before.map_or(0, |value| value.version) + 1;
    let (body, deleted) = match &change.content {
        Content::Body(make) => (Some(make(version, at_ms)), false),
        Content::Deleted => (None, true),
    };
    let claims = wanted(change);
    let value = ResourceValue {
        version,
        deleted,
        last_updated_ms: at_ms,
        tokens: change.tokens.clone(),
        claims,
        digest: change.digest.filter(|_| !deleted),
    };
    let key = keys::cell(&change.home, &change.resource_type, &change.id);
    push_cell(plan, key, known, value.value())?;
    let Change { home, resource_type, id, .. } = change;
    let bodies = home.body_partition(resource_type, id, frame.body_partitions);
    let made = NewVersion::make(Making {
        key: keys::version(&bodies, resource_type, id, version),
        resource: format!("{resource_type}#{id}"),
        commit: frame.commit,
        last_updated_ms: at_ms,
        body,
    });
    plan.touched.push(Touched::Resource {
        home: home.clone(),
        resource_type: resource_type.clone(),
        id: id.clone(),
        version,
        pieces: !made.pieces.is_empty(),
    });
    plan.versions.push(made);
    plan.homes.push(home.clone());
    plan.done.push(Done {
        resource_type: resource_type.clone(),
        id: id.clone(),
        version,
        last_updated_ms: at_ms,
        deleted,
        unchanged: false,
        previous: before.map(|value| value.version),
        was_live: before.is_some_and(|value| !value.deleted),
    });
    Ok(())
}

fn push_cell(plan: &mut Plan, key: Key, known: &Known, next: Value) -> Result<(), Obstacle> {
    let settled = known.cells.get(&key).ok_or_else(|| Obstacle::Need(vec![key.clone()]))?;
    plan.cells.push(PlannedCell { key, settled: settled.clone(), next });
    Ok(())
}

fn add_locator(
    plan: &mut Plan,
    index: usize,
    change: &Change,
    known: &Known,
) -> Result<(), Obstacle> {
    let key = keys::locator(&change.resource_type, &change.id);
    let settled = known.cells.get(&key).ok_or_else(|| Obstacle::Need(vec![key.clone()]))?;
    let home = Value::S(change.home.partition());
    match settled.value() {
        Some(held) if *held == home => Ok(()),
        Some(_) => Err(Obstacle::Refused(CommitError::Conflict {
            index,
            holder: (change.resource_type.clone(), change.id.clone()),
            claim: None,
        })),
        None => {
            plan.touched.push(Touched::Cell(key.clone()));
            push_cell(plan, key, known, home)
        }
    }
}

/// The claims of a change as its cell will remember them.
fn wanted(change: &Change) -> Vec<String> {
    match change.content {
        Content::Deleted => Vec::new(),
        Content::Body(_) => change.claims.iter().map(uniqueness::spell).collect(),
    }
}

/// Checks the guards, releases what is no longer claimed, then claims; in this
/// order, so that one commit may hand an identifier from one to another.
fn add_uniqueness(
    plan: &mut Plan,
    commit: &Commit,
    written: &[Written<'_>],
    known: &Known,
) -> Result<(), Obstacle> {
    let mut cells: BTreeMap<String, Uniqueness> = BTreeMap::new();
    for guard in &commit.guards {
        let cell = open(&mut cells, known, &guard.key)?;
        if cell.generation != guard.generation {
            return Err(CommitError::LostRace { key: guard.key.clone() }.into());
        }
    }
    let mut need = Vec::new();
    for Written { change, held, .. } in written {
        let wanted = wanted(change);
        for spelt in held.iter().filter(|spelt| !wanted.contains(spelt)) {
            match open(&mut cells, known, uniqueness::key_of(spelt)) {
                Ok(cell) => cell.release(&change.resource_type, &change.id),
                Err(Obstacle::Need(keys)) => need.extend(keys),
                Err(other) => return Err(other),
            }
        }
    }
    if !need.is_empty() {
        return Err(Obstacle::Need(need));
    }
    for &Written { index, change, held } in written {
        if matches!(change.content, Content::Deleted) {
            continue;
        }
        let news = change.claims.iter().filter(|claim| !held.contains(&uniqueness::spell(claim)));
        for claim in news {
            let cell = open(&mut cells, known, &claim.key)?;
            let Change { resource_type, id, .. } = change;
            if let Some(rival) = cell.rival(resource_type, id, &claim.period) {
                return Err(Obstacle::Refused(CommitError::Conflict {
                    index,
                    holder: (rival.resource_type.clone(), rival.id.clone()),
                    claim: Some(claim.key.clone()),
                }));
            }
            cell.owners.push(Owner {
                resource_type: resource_type.clone(),
                id: id.clone(),
                period: claim.period,
            });
        }
    }
    for (key, mut cell) in cells {
        cell.generation += 1;
        let key = keys::uniqueness(&key);
        plan.touched.push(Touched::Cell(key.clone()));
        push_cell(plan, key, known, cell.value())?;
    }
    Ok(())
}

fn open<'a>(
    cells: &'a mut BTreeMap<String, Uniqueness>,
    known: &Known,
    key: &str,
) -> Result<&'a mut Uniqueness, Obstacle> {
    if !cells.contains_key(key) {
        let stored = keys::uniqueness(key);
        let settled = known.cells.get(&stored).ok_or_else(|| Obstacle::Need(vec![stored]))?;
        let value = Uniqueness::parse(settled.value()).ok_or_else(|| corrupt("claim"))?;
        cells.insert(key.to_owned(), value);
    }
    Ok(cells.entry(key.to_owned()).or_default())
}

fn add_rows(plan: &mut Plan, written: &[Written<'_>]) {
    let mut rows: BTreeMap<Key, Item> = BTreeMap::new();
    for Written { change, .. } in written {
        rows.extend(change.rows.iter().map(|row| (row.key.clone(), row.item.clone())));
        let home = Item::default().with("h", Value::S(change.home.partition()));
        for at in &change.pointers {
            let key = keys::pointer(at, &change.resource_type, &change.id);
            rows.insert(key, home.clone());
        }
    }
    let dropped: HashSet<&Key> =
        written.iter().flat_map(|written| &written.change.drop_rows).collect();
    plan.drops = dropped
        .into_iter()
        .filter(|key| !rows.contains_key(key))
        .map(|key| Write::delete(key.clone(), Condition::Always))
        .collect();
    plan.drops.sort_by(|a, b| a.key.cmp(&b.key));
    plan.rows =
        rows.into_iter().map(|(key, item)| Write::put(key, item, Condition::Always)).collect();
}
