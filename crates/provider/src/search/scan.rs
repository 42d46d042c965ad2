//! Looking at all of a type, in order: the registry shards of each type, then
//! the people in the order of the list of all (`I#all`), chart by chart. A
//! request looks at a bounded part; the cursor carries the place where the next
//! goes on.

use super::asked::Asked;
use super::judge::Found;
use super::rows::PEOPLE_SHARDS;
use super::run::{Run, Within, too_costly};
use crate::limits::HOMES_AT_ONCE;
use crate::provider::Provider;
use chart::table::Table;
use chart::{Cell, Environment, Home, Place};
use contracts::Refusal;
use fhir::outcome::IssueType;
use fhir::search::{Position, Query};
use std::collections::HashMap;

/// Where a scan goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// In or after this home.
    pub home: Home,
    /// After this resource of it; `None` when all of the home was looked at.
    pub after: Option<(String, String)>,
}

/// What one request saw of a scan.
pub(crate) struct Part {
    /// The matches, in the order of the scan.
    pub found: Vec<Found>,
    /// Where the next request goes on; `None` at the end.
    pub next: Option<Mark>,
}

/// Patients looked at side by side.
const PEOPLE_AT_ONCE: usize = 256;

impl Mark {
    /// The mark, as the position that a cursor holds. No type of resource has
    /// a `#` in its name.
    pub fn to_position(&self) -> Position {
        let id = self.after.as_ref().map(|(kind, id)| format!("{kind}/{id}"));
        let home = self.home.partition();
        Position { keys: Vec::new(), resource_type: home.into(), id: id.unwrap_or_default() }
    }

    /// The mark in a cursor's position, when it holds one.
    pub fn of_position(position: &Position) -> Option<Self> {
        let home = Home::parse(&position.resource_type)?;
        let after = position.id.split_once('/').map(|(kind, id)| (kind.to_owned(), id.to_owned()));
        Some(Self { home, after })
    }
}

/// The homes of a scan, in order, some at a time.
struct Homes {
    shelves: std::vec::IntoIter<Home>,
    shard: u64,
    after: Option<String>,
    people_at_once: usize,
    /// Goes first: the home in the midst of which a page ended.
    first: Option<Home>,
}

impl Homes {
    fn of(asked: &Asked, within: &Within, from: Option<&Mark>) -> Self {
        let types: Vec<&str> = asked
            .queries
            .iter()
            .map(Query::resource_type)
            .filter(|name| match within {
                Within::Everywhere => *name != "Patient",
                Within::Confined(_) => fhir::types::is_registry_type(name),
                Within::Chart(_) => false,
            })
            .collect();
        let mut shelves: Vec<Home> = types
            .into_iter()
            .flat_map(|name| (0..chart::limits::REGISTRY_SHARDS).map(move |shard| (name, shard)))
            .map(|(name, shard)| Home::Registry { resource_type: name.to_owned(), shard })
            .collect();
        let people = |asked: &Asked| {
            asked.queries.iter().any(|query| !fhir::types::is_registry_type(query.resource_type()))
        };
        let mut shard =
            if people(asked) && *within == Within::Everywhere { 0 } else { PEOPLE_SHARDS };
        let mut after = None;
        let mut first = None;
        if let Some(mark) = from {
            first = mark.after.is_some().then(|| mark.home.clone());
            match &mark.home {
                Home::Person(person) => {
                    shelves.clear();
                    shard = chart::ids::stable_hash(person) % PEOPLE_SHARDS;
                    after = Some(person.clone());
                }
                home @ Home::Registry { .. } => shelves.retain(|shelf| shelf > home),
            }
        }
        let only_people = asked.queries.iter().all(|query| query.resource_type() == "Patient");
        let people_at_once = if only_people { PEOPLE_AT_ONCE } else { HOMES_AT_ONCE };
        Self { shelves: shelves.into_iter(), shard, after, people_at_once, first }
    }
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// The next homes; none at the end.
    async fn next_homes(&self, homes: &mut Homes) -> Result<Vec<Home>, Refusal> {
        if let Some(first) = homes.first.take() {
            return Ok(vec![first]);
        }
        let shelves: Vec<Home> = homes.shelves.by_ref().take(HOMES_AT_ONCE).collect();
        if !shelves.is_empty() {
            return Ok(shelves);
        }
        while homes.shard < PEOPLE_SHARDS {
            let limit = u32::try_from(homes.people_at_once).unwrap_or(u32::MAX);
            let people = self.people_after(homes.shard, homes.after.take(), limit).await?;
            match people.last() {
                Some(last) => {
                    homes.after = Some(last.clone());
                    return Ok(people.into_iter().map(Home::Person).collect());
                }
                None => homes.shard += 1,
            }
        }
        Ok(Vec::new())
    }

    /// Looks at all, from a mark on, until `enough` were found, a request's share
    /// is spent, or the end.
    pub(crate) async fn scanned(
        &self,
        run: &mut Run,
        within: &Within,
        asked: &Asked,
        from: Option<&Mark>,
        enough: usize,
        snapshot_ms: Option<i64>,
    ) -> Result<Part, Refusal> {
        let mut homes = Homes::of(asked, within, from);
        let mut begun = from.and_then(|mark| mark.after.clone());
        let mut part = Part { found: Vec::new(), next: None };
        let paged = enough != usize::MAX;
        let mut done: Option<Home> = None;
        loop {
            let some = self.next_homes(&mut homes).await?;
            let Some(last) = some.last().cloned() else { return Ok(part) };
            let mut cells = self.cells_in_scan(run, asked, &some).await?;
            if let Some(after) = begun.take() {
                cells.retain(|cell| (&cell.resource_type, &cell.id) > (&after.0, &after.1));
            }
            let found = self.matches_among(run, asked, cells, snapshot_ms).await;
            let mut found = match (found, done) {
                (Ok(found), _) => found,
                // What its chains lead to is too much for what is left of this
                // request: the next begins with it.
                (Err(refusal), Some(home)) if paged && refusal.code == IssueType::TooCostly => {
                    part.next = Some(Mark { home, after: None });
                    return Ok(part);
                }
                (Err(refusal), _) => return Err(refusal),
            };
            let order: HashMap<&Home, usize> =
                some.iter().enumerate().map(|(at, home)| (home, at)).collect();
            found.sort_by(|left, right| {
                let place = |one: &Found| order.get(&one.at.home).copied();
                let key = |one: &Found| (one.at.resource_type.clone(), one.at.id.clone());
                place(left).cmp(&place(right)).then_with(|| key(left).cmp(&key(right)))
            });
            part.found.extend(found);
            if part.found.len() > enough {
                part.found.truncate(enough);
                part.next = part.found.last().map(|one| Mark {
                    home: one.at.home.clone(),
                    after: Some((one.at.resource_type.clone(), one.at.id.clone())),
                });
                return Ok(part);
            }
            let now_ms = self.now_ms();
            let spent = if paged { run.is_scan_spent(now_ms) } else { run.is_spent(now_ms) };
            if spent {
                part.next = Some(Mark { home: last, after: None });
                return Ok(part);
            }
            done = Some(last);
        }
    }

    /// The matches of every type's search among cells.
    pub(crate) async fn matches_among(
        &self,
        run: &mut Run,
        asked: &Asked,
        cells: Vec<Cell>,
        snapshot_ms: Option<i64>,
    ) -> Result<Vec<Found>, Refusal> {
        if asked.lead.chains().is_empty() {
            let of_type = |name: &str| asked.of_type(name);
            return self.judged(run, &of_type, cells, snapshot_ms).await;
        }
        let mut by_type: HashMap<String, Vec<Cell>> = HashMap::new();
        for cell in cells {
            by_type.entry(cell.resource_type.clone()).or_default().push(cell);
        }
        let mut found = Vec::new();
        for (resource_type, cells) in by_type {
            if let Some(query) = asked.of_type(&resource_type) {
                found.extend(self.among(run, query.clone(), cells, snapshot_ms).await?);
            }
        }
        Ok(found)
    }

    async fn cells_in_scan(
        &self,
        run: &mut Run,
        asked: &Asked,
        homes: &[Home],
    ) -> Result<Vec<Cell>, Refusal> {
        if asked.queries.iter().all(|query| query.resource_type() == "Patient") {
            let places = homes.iter().filter_map(|home| match home {
                Home::Person(id) => Some(Place {
                    home: home.clone(),
                    resource_type: "Patient".to_owned(),
                    id: id.clone(),
                }),
                Home::Registry { .. } => None,
            });
            let places: Vec<Place> = places.collect();
            run.count(places.len());
            let cells = self.record().cells_at_in(&mut run.reading, &places).await;
            let cells = cells.map_err(|error| crate::convert::read_failed(&error))?;
            return Ok(cells.into_iter().flatten().collect());
        }
        self.home_cells(run, homes, &asked.types(), false).await
    }

    /// Everything that matches one search, all of its type looked at.
    pub(crate) async fn scanned_whole(
        &self,
        run: &mut Run,
        within: &Within,
        query: Query,
    ) -> Result<Vec<Found>, Refusal> {
        let asked = Asked { lead: query.clone(), queries: vec![query], every: false };
        self.all_of(run, within, &asked, None).await
    }

    /// Everything that matches, all looked at.
    ///
    /// # Errors
    /// 403 too-costly when that is more than one request may.
    pub(crate) async fn all_of(
        &self,
        run: &mut Run,
        within: &Within,
        asked: &Asked,
        snapshot_ms: Option<i64>,
    ) -> Result<Vec<Found>, Refusal> {
        let part = self.scanned(run, within, asked, None, usize::MAX, snapshot_ms).await?;
        match part.next {
            None => Ok(part.found),
            Some(_) => Err(too_costly()),
        }
    }
}
