//! Reads of many cells that never see half of a commit.
//!
//! A page of cells is only read-committed, and a chart may take several pages,
//! or several homes. A [`Reading`] is one pass over whatever the caller reads.
//! Within it every commit that holds a lock is decided **once**. A commit of
//! many that turns out committed, met for the first time, may have been
//! committed after the pass had read others of its cells: the pass must begin
//! again, and then knows that commit as older than itself.
//!
//! A lock is not the only way to meet such a commit: it may be locked,
//! committed *and folded* between two reads of a pass. So folding leaves a
//! trace in the cell: the commit, and an instant read from a clock after it was
//! known to be committed. A trace younger than the pass (less the largest
//! difference of clocks) counts as meeting it. Later commits of one resource
//! carry the trace along for longer than a pass can last.

use std::collections::{HashMap, HashSet};

use crate::cell::{Cell as StoredCell, ResourceValue};
use crate::commit_record::Fate;
use crate::environment::Environment;
use crate::error::ReadError;
use crate::ids::Home;
use crate::keys;
use crate::limits::{CLOCK_SKEW_MS_MAX, READ_PASS_MS_MAX, READ_RESTARTS_MAX};
use crate::record::Record;
use crate::table::{Item, Key, Query, QueryPage, Range, Table, Value};
use crate::version::Version;

/// A resource and where it lives.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Its home.
    pub home: Home,
    /// Its type.
    pub resource_type: String,
    /// Its id.
    pub id: String,
}

/// What the record holds now of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its home.
    pub home: Home,
    /// Its type.
    pub resource_type: String,
    /// Its id.
    pub id: String,
    /// Its visible version.
    pub version: u64,
    /// Whether that is a deletion.
    pub deleted: bool,
    /// When it was made, in milliseconds since 1970.
    pub last_updated_ms: i64,
    /// Its search tokens.
    pub tokens: Vec<u8>,
}

impl Cell {
    /// The visible version, for [`Record::fetch`].
    pub fn reference(&self) -> CellRef {
        CellRef {
            home: self.home.clone(),
            resource_type: self.resource_type.clone(),
            id: self.id.clone(),
            version: self.version,
        }
    }
}

/// One version of a resource, to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellRef {
    /// Its home.
    pub home: Home,
    /// Its type.
    pub resource_type: String,
    /// Its id.
    pub id: String,
    /// Which version.
    pub version: u64,
}

/// One pass over cells. Take it before reading anything that belongs to the
/// answer (hint rows included), and ask [`Record::whole`] at the end.
#[derive(Debug)]
pub struct Reading {
    started_ms: i64,
    /// Commits decided in this pass: whether committed.
    decided: HashMap<String, bool>,
    /// Commits known to have been committed before this pass began.
    older: HashSet<String>,
    /// Commits found committed in this pass.
    met: HashSet<String>,
    restarts: u32,
}

impl<T: Table, E: Environment> Record<T, E> {
    /// Begins a pass.
    pub fn reading(&self) -> Reading {
        Reading {
            started_ms: self.environment.now_ms(),
            decided: HashMap::new(),
            older: HashSet::new(),
            met: HashSet::new(),
            restarts: 0,
        }
    }

    /// Whether the pass saw every commit whole. If not, forget what was read
    /// and read everything again with the same `reading`, which has begun its
    /// next pass.
    ///
    /// # Errors
    /// [`ReadError::Contended`] when it has begun again too often.
    pub fn whole(&self, reading: &mut Reading) -> Result<bool, ReadError> {
        let now_ms = self.environment.now_ms();
        let slow = now_ms > reading.started_ms.saturating_add(READ_PASS_MS_MAX);
        if reading.met.is_empty() && !slow {
            return Ok(true);
        }
        reading.restarts += 1;
        if reading.restarts > READ_RESTARTS_MAX {
            return Err(ReadError::Contended);
        }
        reading.older.extend(reading.met.drain());
        reading.decided.clear();
        reading.started_ms = now_ms;
        Ok(false)
    }

    /// The cells of a home, of one type or all, deletions included, in order
    /// of type and id; and those of resources that live elsewhere and point
    /// here. One round trip per page, one more if there are pointers.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn cells(
        &self,
        home: &Home,
        resource_type: Option<&str>,
    ) -> Result<Vec<Cell>, ReadError> {
        let mut reading = self.reading();
        loop {
            let cells = self.cells_in(&mut reading, home, resource_type).await?;
            if self.whole(&mut reading)? {
                return Ok(cells);
            }
        }
    }

    /// [`Self::cells`] as a part of a larger read.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn cells_in(
        &self,
        reading: &mut Reading,
        home: &Home,
        resource_type: Option<&str>,
    ) -> Result<Vec<Cell>, ReadError> {
        let pk = home.partition();
        let range = Range::Prefix(keys::cells_prefix(resource_type));
        let mut query = Query { pk, range, descending: false, limit: None, after: None };
        let mut cells = Vec::new();
        let mut elsewhere = Vec::new();
        loop {
            let QueryPage { items, after } = self.query(&query).await?;
            let mut page = Vec::new();
            for (sk, item) in items {
                match place_of(home, &sk, &item) {
                    Some((place, true)) => elsewhere.push(place),
                    Some((place, false)) => page.push((place, StoredCell::parse(Some(&item)))),
                    None => return Err(ReadError::Corrupt("key of a cell".into())),
                }
            }
            cells.extend(self.shown(reading, page).await?);
            match after {
                Some(after) => query.after = Some(after),
                None => break,
            }
        }
        if !elsewhere.is_empty() {
            cells.extend(self.cells_at_in(reading, &elsewhere).await?.into_iter().flatten());
            let order = |cell: &Cell| (cell.resource_type.clone(), cell.id.clone());
            cells.sort_by_cached_key(order);
        }
        Ok(cells)
    }

    /// The cells of given resources, in their order; absent where nothing
    /// visible ever was. One round trip. This is what verifies hint rows.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn cells_at(&self, places: &[Place]) -> Result<Vec<Option<Cell>>, ReadError> {
        let mut reading = self.reading();
        loop {
            let cells = self.cells_at_in(&mut reading, places).await?;
            if self.whole(&mut reading)? {
                return Ok(cells);
            }
        }
    }

    /// [`Self::cells_at`] as a part of a larger read.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn cells_at_in(
        &self,
        reading: &mut Reading,
        places: &[Place],
    ) -> Result<Vec<Option<Cell>>, ReadError> {
        let key = |place: &Place| keys::cell(&place.home, &place.resource_type, &place.id);
        let keys: Vec<Key> = places.iter().map(key).collect();
        let items = self.get_many(&keys).await?;
        let cells = places.iter().cloned().zip(items.iter().map(|i| StoredCell::parse(i.as_ref())));
        self.shown_each(reading, cells.collect()).await
    }

    /// Bodies, in the order of `references`, in one wave (two when some are
    /// longer than an item). Versions never change, so this needs no pass.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn fetch(&self, references: &[CellRef]) -> Result<Vec<Version>, ReadError> {
        let partitions = self.settings.body_partitions;
        let key = |at: &CellRef| {
            let bodies = at.home.body_partition(&at.resource_type, &at.id, partitions);
            keys::version(&bodies, &at.resource_type, &at.id, at.version)
        };
        let keys: Vec<Key> = references.iter().map(key).collect();
        let items = self.get_many(&keys).await?;
        let mut found = Vec::with_capacity(items.len());
        for ((at, key), item) in references.iter().zip(keys).zip(items) {
            let item = item.ok_or_else(|| ReadError::Corrupt("version missing".into()))?;
            found.push((at.resource_type.clone(), at.id.clone(), key, item));
        }
        self.versions_of(found).await
    }

    /// One page of hint rows. They are hints: verify them with
    /// [`Self::cells_at_in`] and the tokens found there.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn rows(&self, query: &Query) -> Result<QueryPage, ReadError> {
        Ok(self.query(query).await?)
    }

    /// Whether there is an item under each of these keys. One round trip.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn are_there(&self, keys: &[Key]) -> Result<Vec<bool>, ReadError> {
        Ok(self.get_many(keys).await?.iter().map(Option::is_some).collect())
    }

    async fn shown(
        &self,
        reading: &mut Reading,
        cells: Vec<(Place, StoredCell)>,
    ) -> Result<Vec<Cell>, ReadError> {
        Ok(self.shown_each(reading, cells).await?.into_iter().flatten().collect())
    }

    pub(crate) async fn shown_each(
        &self,
        reading: &mut Reading,
        cells: Vec<(Place, StoredCell)>,
    ) -> Result<Vec<Option<Cell>>, ReadError> {
        let mut open: Vec<String> = cells
            .iter()
            .filter_map(|(_, cell)| cell.lock.as_ref().map(|lock| lock.commit.clone()))
            .filter(|commit| !reading.knows(commit))
            .collect();
        open.sort();
        open.dedup();
        for (commit, fate) in self.fates(&open).await? {
            reading.decide(commit, fate == Fate::Committed);
        }
        cells.into_iter().map(|(place, cell)| reading.show(place, cell)).collect()
    }
}

impl Reading {
    /// Whether a cell folded at this instant, or never, was so well before this
    /// pass, so that its commit is no news.
    pub(crate) fn is_past(&self, folded_ms: Option<i64>) -> bool {
        folded_ms.is_none_or(|at_ms| at_ms.saturating_add(CLOCK_SKEW_MS_MAX) < self.started_ms)
    }

    fn knows(&self, commit: &str) -> bool {
        self.older.contains(commit) || self.decided.contains_key(commit)
    }

    fn decide(&mut self, commit: String, committed: bool) {
        if committed {
            self.met.insert(commit.clone());
        }
        self.decided.insert(commit, committed);
    }

    /// The cell as this pass sees it.
    fn show(&mut self, place: Place, cell: StoredCell) -> Result<Option<Cell>, ReadError> {
        if let Some((commit, at_ms)) = &cell.trace {
            let young = at_ms.saturating_add(CLOCK_SKEW_MS_MAX) >= self.started_ms;
            if young && !self.older.contains(commit) {
                self.met.insert(commit.clone());
            }
        }
        let value = match cell.lock {
            Some(lock)
                if self.older.contains(&lock.commit)
                    || self.decided.get(&lock.commit) == Some(&true) =>
            {
                Some(lock.next)
            }
            _ => cell.value,
        };
        value.map(|value| parse(place, &value)).transpose()
    }
}

fn parse(place: Place, value: &Value) -> Result<Cell, ReadError> {
    let value =
        ResourceValue::parse(value).ok_or_else(|| ReadError::Corrupt("resource cell".into()))?;
    let Place { home, resource_type, id } = place;
    Ok(Cell {
        home,
        resource_type,
        id,
        version: value.version,
        deleted: value.deleted,
        last_updated_ms: value.last_updated_ms,
        tokens: value.tokens,
    })
}

/// What a sort key among the cells speaks of, and whether it is a pointer.
pub(crate) fn place_of(home: &Home, sort_key: &str, item: &Item) -> Option<(Place, bool)> {
    let rest = sort_key.strip_prefix("X#")?;
    let (rest, pointer) = match rest.strip_suffix(keys::POINTER) {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let (resource_type, id) = rest.split_once('#')?;
    let home = if pointer { Home::parse(item.str("h")?)? } else { home.clone() };
    Some((Place { home, resource_type: resource_type.to_owned(), id: id.to_owned() }, pointer))
}
