//! Reading the candidates that a plan names: cells, each at most once.

use super::plan::{Key, Plan, plan};
use super::rows::{PEOPLE_SHARDS, people_partition, referred_partition};
use super::run::{Run, Within};
use crate::convert::read_failed;
use crate::limits::{CANDIDATES_MAX, HOMES_AT_ONCE};
use crate::provider::Provider;
use chart::table::{Item, Query as Rows, Range, Table};
use chart::{Cell, Environment, Home, Place, Shown, Where};
use contracts::Refusal;
use fhir::search::Query;
use futures::future::try_join_all;
use std::collections::{BTreeSet, HashSet};

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// The cells that may match `query`; `None` when all of its type must be
    /// looked at, home by home.
    pub(crate) async fn narrowed(
        &self,
        run: &mut Run,
        within: &Within,
        query: &Query,
    ) -> Result<Option<Vec<Cell>>, Refusal> {
        let resource_type = query.resource_type();
        if query.matches_nothing() {
            return Ok(Some(Vec::new()));
        }
        let planned = match within {
            Within::Chart(person) => Some(of_person(person)),
            _ => plan(query),
        };
        let planned = match (planned, within) {
            // One chart, and registries when the type lives there.
            (None, Within::Confined(person)) => {
                let own = person_key(person);
                let mut cells = self.referring(run, within, &[resource_type], own).await?;
                if fhir::types::is_registry_type(resource_type) {
                    cells.extend(self.shelf_cells(run, resource_type).await?);
                }
                return Ok(Some(cells));
            }
            (None, _) => return Ok(None),
            (Some(planned), _) => planned,
        };
        let places = match planned {
            Plan::Referring(keys) => {
                return self.referring(run, within, &[resource_type], keys).await.map(Some);
            }
            Plan::Ids(ids) => {
                let keys = ids.into_iter().map(|id| (resource_type.to_owned(), id));
                self.located(keys.collect()).await?
            }
            Plan::Rows(ranges) => {
                let rows = self.named_by(&ranges).await?;
                let place =
                    |(home, id)| Place { home, resource_type: resource_type.to_owned(), id };
                rows.into_iter().map(place).collect()
            }
        };
        self.cells_there(run, within, places).await.map(Some)
    }

    /// The cells of given places, as far as the search reaches.
    pub(crate) async fn cells_there(
        &self,
        run: &mut Run,
        within: &Within,
        mut places: Vec<Place>,
    ) -> Result<Vec<Cell>, Refusal> {
        places.retain(|place| within.holds(&place.home, &place.resource_type));
        places.sort();
        places.dedup();
        run.spend(places.len(), self.now_ms())?;
        let cells = self.record().cells_at_in(&mut run.reading, &places).await;
        Ok(cells.map_err(|error| read_failed(&error))?.into_iter().flatten().collect())
    }

    /// Those of these types (all when empty) that may refer to one of `keys`,
    /// none of which is of a registry type: what lies in the chart that a key's
    /// id tells, and what hint rows name.
    pub(crate) fn referring<'a>(
        &'a self,
        run: &'a mut Run,
        within: &'a Within,
        resource_types: &'a [&'a str],
        keys: BTreeSet<Key>,
    ) -> super::Boxed<'a, Vec<Cell>> {
        Box::pin(async move {
            let mut homes = BTreeSet::new();
            for (kind, id) in &keys {
                if let Where::Home(home) = self.record().home_of(kind, id)
                    && within.holds(&home, kind)
                {
                    homes.insert(home);
                }
            }
            let prefixes: Vec<Range> = match resource_types {
                [] => vec![Range::All],
                types => types.iter().map(|name| Range::Prefix(format!("{name}#"))).collect(),
            };
            let ranges: Vec<(String, Range)> = keys
                .iter()
                .map(|(kind, id)| referred_partition(kind, id))
                .flat_map(|pk| prefixes.iter().map(move |range| (pk.clone(), range.clone())))
                .collect();
            let places = self.referrers(&ranges).await?;
            let homes: Vec<Home> = homes.into_iter().collect();
            let mut cells = Vec::new();
            for some in homes.chunks(HOMES_AT_ONCE) {
                cells.extend(self.home_cells(run, some, resource_types, true).await?);
                run.spend(0, self.now_ms())?;
            }
            let places = places.into_iter().filter(|place| !homes.contains(&place.home));
            cells.extend(self.cells_there(run, within, places.collect()).await?);
            cells.retain(|cell| within.holds(&cell.home, &cell.resource_type));
            if homes.len() > 1 || cells.iter().any(|cell| !homes.contains(&cell.home)) {
                let mut seen = HashSet::new();
                cells.retain(|cell| seen.insert((cell.resource_type.clone(), cell.id.clone())));
            }
            Ok(cells)
        })
    }

    /// The cells of homes, of these types or of all, and what points there.
    pub(crate) async fn home_cells(
        &self,
        run: &mut Run,
        homes: &[Home],
        resource_types: &[&str],
        pointers: bool,
    ) -> Result<Vec<Cell>, Refusal> {
        let shown = Shown { resource_types, pointers };
        let cells = self.record().cells_of(&mut run.reading, homes, shown).await;
        let cells = cells.map_err(|error| read_failed(&error))?;
        run.count(cells.len() + homes.len());
        Ok(cells)
    }

    /// Every cell of a registry type.
    async fn shelf_cells(&self, run: &mut Run, resource_type: &str) -> Result<Vec<Cell>, Refusal> {
        let shard = |shard| Home::Registry { resource_type: resource_type.to_owned(), shard };
        let homes: Vec<Home> = (0..chart::limits::REGISTRY_SHARDS).map(shard).collect();
        let cells = self.home_cells(run, &homes, &[resource_type], false).await?;
        run.spend(0, self.now_ms())?;
        Ok(cells)
    }

    /// Where resources lie; what is nowhere is left out.
    pub(crate) async fn located(&self, keys: BTreeSet<Key>) -> Result<Vec<Place>, Refusal> {
        if keys.len() > CANDIDATES_MAX {
            return Err(super::run::too_costly());
        }
        let mut places = Vec::with_capacity(keys.len());
        let mut unknown = Vec::new();
        for (resource_type, id) in keys {
            match self.record().home_of(&resource_type, &id) {
                Where::Home(home) => places.push(Place { home, resource_type, id }),
                Where::Locator => unknown.push((resource_type, id)),
            }
        }
        for some in unknown.chunks(CANDIDATES_AT_ONCE) {
            let homes = some.iter().map(|(kind, id)| self.record().locate(kind, id));
            let homes = try_join_all(homes).await.map_err(|error| read_failed(&error))?;
            places.extend(some.iter().zip(homes).filter_map(|((kind, id), home)| {
                Some(Place { home: home?, resource_type: kind.clone(), id: id.clone() })
            }));
        }
        Ok(places)
    }

    /// Resources of a type that may carry this identifier value: the caller
    /// looks at what they are now.
    pub(crate) async fn identified(
        &self,
        resource_type: &str,
        value: &str,
    ) -> Result<Vec<Place>, Refusal> {
        let pk = super::rows::identifier_partition(resource_type, value);
        let named = self.named_by(&[(pk, Range::All)]).await?;
        let place = |(home, id)| Place { home, resource_type: resource_type.to_owned(), id };
        Ok(named.into_iter().map(place).collect())
    }

    /// Homes and ids that rows of these ranges name.
    async fn named_by(&self, ranges: &[(String, Range)]) -> Result<Vec<(Home, String)>, Refusal> {
        let rows = self.rows_of(ranges).await?.into_iter().filter_map(|(sk, item)| {
            let home = Home::parse(item.str("h")?)?;
            let id = sk.rsplit_once('#').map_or(sk.as_str(), |(_, id)| id).to_owned();
            Some((home, id))
        });
        Ok(rows.collect())
    }

    /// Places that rows of references name.
    async fn referrers(&self, ranges: &[(String, Range)]) -> Result<Vec<Place>, Refusal> {
        let rows = self.rows_of(ranges).await?.into_iter().filter_map(|(sk, item)| {
            let home = Home::parse(item.str("h")?)?;
            let (resource_type, id) = sk.split_once('#')?;
            Some(Place { home, resource_type: resource_type.to_owned(), id: id.to_owned() })
        });
        Ok(rows.collect())
    }

    async fn rows_of(&self, ranges: &[(String, Range)]) -> Result<Vec<(String, Item)>, Refusal> {
        let mut rows = Vec::new();
        for some in ranges.chunks(CANDIDATES_AT_ONCE) {
            let read = some.iter().map(|(pk, range)| self.all_rows(pk, range));
            rows.extend(try_join_all(read).await?.into_iter().flatten());
            if rows.len() > CANDIDATES_MAX {
                return Err(super::run::too_costly());
            }
        }
        Ok(rows)
    }

    /// Every row of a range, up to what a search may look at.
    async fn all_rows(&self, pk: &str, range: &Range) -> Result<Vec<(String, Item)>, Refusal> {
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let (pk, range) = (pk.to_owned(), range.clone());
            let query = Rows { pk, range, descending: false, limit: None, after };
            let page = self.record().rows(&query).await.map_err(|error| read_failed(&error))?;
            rows.extend(page.items);
            after = page.after;
            if after.is_none() || rows.len() > CANDIDATES_MAX {
                return Ok(rows);
            }
        }
    }

    /// The next people of the list of all, after one of them: their shard and
    /// id. Fewer than `limit` only at the end of a shard.
    pub(crate) async fn people_after(
        &self,
        shard: u64,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<String>, Refusal> {
        let query = Rows {
            pk: people_partition(shard % PEOPLE_SHARDS),
            range: Range::All,
            descending: false,
            limit: Some(limit),
            after,
        };
        let page = self.record().rows(&query).await.map_err(|error| read_failed(&error))?;
        Ok(page.items.into_iter().map(|(sk, _)| sk).collect())
    }
}

/// What is in a person's chart, or says it is about them.
fn of_person(person: &str) -> Plan {
    Plan::Referring(person_key(person))
}

pub(crate) fn person_key(person: &str) -> BTreeSet<Key> {
    BTreeSet::from([("Patient".to_owned(), person.to_owned())])
}

/// Reads of one row each side by side.
const CANDIDATES_AT_ONCE: usize = 256;
