//! The walk of an export over every place of the record, and what it takes
//! there: resources as they were at the instant of the job.

use super::state::{Mark, State, Walk};
use crate::convert::read_failed;
use crate::limits::EXPORT_PLACES_AT_ONCE;
use crate::provider::Provider;
use crate::search::rows::{PEOPLE_SHARDS, people_partition};
use chart::limits::REGISTRY_SHARDS;
use chart::table::{Query as Rows, Range, Table};
use chart::{Cell, CellRef, Environment, Home, Version};
use contracts::Refusal;
use fhir::json::Document;
use fhir::limits::JsonLimits;
use fhir::search::{Query, Tokens, Verdict};

/// One place of the walk.
pub(super) enum Spot {
    /// This shard of every registry.
    Shard(u64),
    /// The chart of a person.
    Chart(String),
}

/// What is taken: of which types, as of when.
pub(super) struct Selection<'s> {
    pub since_ms: Option<i64>,
    pub transaction_ms: i64,
    /// Alternatives by type; a type without any is taken whole.
    pub queries: Vec<(String, Query)>,
    /// People of a listed walk, in order.
    pub listed: &'s [String],
}

impl Selection<'_> {
    fn alternatives(&self, resource_type: &str) -> impl Iterator<Item = &Query> {
        let of_type = move |(held, _): &&(String, Query)| held == resource_type;
        self.queries.iter().filter(of_type).map(|(_, query)| query)
    }

    fn recent(&self, last_updated_ms: i64) -> bool {
        self.since_ms.is_none_or(|since_ms| last_updated_ms > since_ms)
    }

    /// By the cell alone, when it is of the instant; *maybe* asks the body.
    fn judge(&self, cell: &Cell) -> Verdict {
        if cell.last_updated_ms > self.transaction_ms {
            return Verdict::Maybe;
        }
        if cell.deleted || !self.recent(cell.last_updated_ms) {
            return Verdict::No;
        }
        let mut alternatives = self.alternatives(&cell.resource_type).peekable();
        if alternatives.peek().is_none() {
            return Verdict::Yes;
        }
        let Ok(tokens) = Tokens::from_bytes(cell.tokens.clone()) else { return Verdict::Maybe };
        let judged =
            alternatives.map(|query| query.matches(&tokens, &cell.id, cell.last_updated_ms));
        judged.fold(Verdict::No, |found, next| match (found, next) {
            (Verdict::Yes, _) | (_, Verdict::Yes) => Verdict::Yes,
            (Verdict::No, Verdict::No) => Verdict::No,
            _ => Verdict::Maybe,
        })
    }

    fn takes(&self, version: &Version) -> bool {
        let Some(text) = version.body.as_ref().filter(|_| !version.deleted) else { return false };
        if !self.recent(version.last_updated_ms) {
            return false;
        }
        let mut alternatives = self.alternatives(&version.resource_type).peekable();
        if alternatives.peek().is_none() {
            return true;
        }
        let Ok(document) = Document::parse(text.clone(), &JsonLimits::default()) else {
            return false;
        };
        let root = document.root();
        alternatives.any(|query| query.matches_body(root, &version.id, version.last_updated_ms))
    }
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// The next places from a mark, each with the mark behind it; none at the
    /// end of the walk.
    pub(super) async fn spots(
        &self,
        walk: Walk,
        listed: &[String],
        at: &Mark,
    ) -> Result<Vec<(Spot, Mark)>, Refusal> {
        if walk == Walk::Listed {
            let rest = listed.iter().skip_while(|person| **person <= at.after);
            let spot = |person: &String| {
                (Spot::Chart(person.clone()), Mark { stage: 0, after: person.clone() })
            };
            return Ok(rest.take(EXPORT_PLACES_AT_ONCE).map(spot).collect());
        }
        if walk == Walk::Everything && at.stage < REGISTRY_SHARDS {
            let behind = Mark { stage: at.stage + 1, after: String::new() };
            return Ok(vec![(Spot::Shard(at.stage), behind)]);
        }
        let mut at = at.clone();
        at.stage = at.stage.max(REGISTRY_SHARDS);
        while at.stage < REGISTRY_SHARDS + PEOPLE_SHARDS {
            let rows = Rows {
                pk: people_partition(at.stage - REGISTRY_SHARDS),
                range: Range::All,
                descending: false,
                limit: u32::try_from(EXPORT_PLACES_AT_ONCE).ok(),
                after: Some(at.after.clone()).filter(|after| !after.is_empty()),
            };
            let page = self.record().rows(&rows).await.map_err(|error| read_failed(&error))?;
            if !page.items.is_empty() {
                let spot = |(person, _): (String, _)| {
                    (Spot::Chart(person.clone()), Mark { stage: at.stage, after: person })
                };
                return Ok(page.items.into_iter().map(spot).collect());
            }
            match page.after {
                Some(after) => at.after = after,
                None => at = Mark { stage: at.stage + 1, after: String::new() },
            }
        }
        Ok(Vec::new())
    }

    /// The resources of some types that are taken in a place, as they were.
    pub(super) async fn taken_at(
        &self,
        state: &State,
        selection: &Selection<'_>,
        spot: &Spot,
        resource_types: &[String],
    ) -> Result<Vec<CellRef>, Refusal> {
        let mut cells = Vec::new();
        match spot {
            Spot::Shard(shard) => {
                for resource_type in resource_types {
                    let home =
                        Home::Registry { resource_type: resource_type.clone(), shard: *shard };
                    cells.extend(self.cells_of(&home, Some(resource_type)).await?);
                }
            }
            Spot::Chart(person) => {
                let home = Home::Person(person.clone());
                let one = match resource_types {
                    [one] => Some(one.as_str()),
                    _ => None,
                };
                let held = match state.walk {
                    Walk::Listed => self.compartment(&home, one).await?,
                    _ => self.cells_of(&home, one).await?,
                };
                cells.extend(held.into_iter().filter(|cell| {
                    // What lives in another chart is taken there, if that is
                    // walked as well.
                    let elsewhere = match &cell.home {
                        Home::Person(other) => selection.listed.binary_search(other).is_ok(),
                        Home::Registry { .. } => false,
                    };
                    (cell.home == home || (state.walk == Walk::Listed && !elsewhere))
                        && resource_types.contains(&cell.resource_type)
                }));
            }
        }
        self.selected(selection, cells).await
    }

    async fn cells_of(&self, home: &Home, one: Option<&str>) -> Result<Vec<Cell>, Refusal> {
        self.record().cells(home, one).await.map_err(|error| read_failed(&error))
    }

    async fn selected(
        &self,
        selection: &Selection<'_>,
        cells: Vec<Cell>,
    ) -> Result<Vec<CellRef>, Refusal> {
        let mut taken = Vec::new();
        let mut unsure = Vec::new();
        for cell in cells {
            match selection.judge(&cell) {
                Verdict::No => {}
                Verdict::Yes => taken.push(cell.reference()),
                Verdict::Maybe => {
                    let then = self.record().as_of(&cell, selection.transaction_ms).await;
                    unsure.extend(then.map_err(|error| read_failed(&error))?);
                }
            }
        }
        self.each_body(&unsure, |at, version| {
            if selection.takes(&version) {
                taken.push(at.clone());
            }
        })
        .await?;
        Ok(taken)
    }
}
