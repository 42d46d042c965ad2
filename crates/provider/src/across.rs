//! Search across people and in the registries: which resources may match at
//! all. Chosen from the most selective filter that has an index; whatever is
//! found is judged on its cell afterwards, so that an index row that is stale
//! does no harm.

use crate::convert::read_failed;
use crate::index::{
    OVERFULL, PEOPLE_SHARDS, YEARS, born_partition, identifier_partition, instant_key,
    name_partition, people_partition, year_of,
};
use crate::limits::{CANDIDATES_MAX, NAME_PREFIX_CHARS};
use crate::provider::Provider;
use chart::table::{Item, Query as Rows, Range, Table};
use chart::{Cell, Environment, Home, Place};
use contracts::Refusal;
use fhir::outcome::{IssueType, Status};
use fhir::search::{DateRange, Filter, Modifier, Prefix, Query, Wanted};
use futures::future::try_join_all;

/// A resource to look at.
pub(crate) type Candidate = (Home, String);

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// The cells that may match `query`.
    pub(crate) async fn candidates(&self, query: &Query) -> Result<Vec<Cell>, Refusal> {
        let resource_type = query.resource_type();
        let people = query.person();
        if !people.is_empty() && resource_type != "Patient" {
            let charts = people.iter().map(async |person| {
                let home = Home::Person((*person).to_owned());
                self.compartment(&home, Some(resource_type)).await
            });
            let mut cells = try_join_all(charts).await?.concat();
            // What is in the charts of several is one result.
            cells.sort_by(|left, right| (&left.home, &left.id).cmp(&(&right.home, &right.id)));
            cells.dedup_by(|left, right| left.reference() == right.reference());
            return Ok(cells);
        }
        // One pass over rows and cells, begun again when a commit of many fell
        // between them.
        let mut reading = self.record().reading();
        loop {
            let Some(places) = self.places(query).await? else {
                return self.shelf_cells(resource_type).await;
            };
            let cells = self.record().cells_at_in(&mut reading, &places).await;
            let cells = cells.map_err(|error| read_failed(&error))?;
            if self.record().whole(&mut reading).map_err(|error| read_failed(&error))? {
                return Ok(cells.into_iter().flatten().collect());
            }
        }
    }

    /// Where the resources lie that may match; `None` for a registry type
    /// without an index that helps, all of which is looked at.
    async fn places(&self, query: &Query) -> Result<Option<Vec<Place>>, Refusal> {
        let resource_type = query.resource_type();
        let found = match self.indexed(query).await? {
            Some(found) => found,
            None if fhir::types::is_registry_type(resource_type) => return Ok(None),
            None if resource_type == "Patient" => self.everyone().await?,
            None => {
                return Err(Refusal::new(
                    Status::Forbidden,
                    IssueType::TooCostly,
                    format!(
                        "A search for {resource_type} across all people needs _id or identifier. \
                         Name the person (patient=…) to search a chart."
                    ),
                )
                .at("patient"));
            }
        };
        if found.len() > CANDIDATES_MAX {
            return Err(Refusal::new(
                Status::Forbidden,
                IssueType::TooCostly,
                "The search looks at too many people. Narrow it: add identifier, birthdate, or \
                 more letters of the name.",
            ));
        }
        let place = |(home, id)| Place { home, resource_type: resource_type.to_owned(), id };
        Ok(Some(found.into_iter().map(place).collect()))
    }

    /// Every cell of a registry type.
    async fn shelf_cells(&self, resource_type: &str) -> Result<Vec<Cell>, Refusal> {
        let shards = (0..chart::limits::REGISTRY_SHARDS).map(async |shard| {
            let home = Home::Registry { resource_type: resource_type.to_owned(), shard };
            self.record().cells(&home, Some(resource_type)).await
        });
        let shards = try_join_all(shards).await.map_err(|error| read_failed(&error))?;
        Ok(shards.concat())
    }

    /// The candidates by the best index that a filter has; `None` without one.
    async fn indexed(&self, query: &Query) -> Result<Option<Vec<Candidate>>, Refusal> {
        let plain = |filter: &&Filter| {
            !matches!(filter.modifier, Modifier::Not | Modifier::Missing | Modifier::Contains)
        };
        let filters = || query.filters().iter().filter(plain);
        let by = |code: &str| filters().find(|filter| filter.parameter.code == code);
        if let Some(filter) = by("_id") {
            return self.by_ids(query.resource_type(), filter).await.map(Some);
        }
        if let Some(partitions) = by("identifier").and_then(|filter| identifiers(query, filter)) {
            return self.of_partitions(partitions).await.map(Some);
        }
        if query.resource_type() != "Patient" {
            return Ok(None);
        }
        let named =
            filters().filter(|filter| matches!(filter.parameter.code, "name" | "family" | "given"));
        if let Some(mut ranges) = named.filter_map(names).min_by_key(Vec::len) {
            ranges.push((OVERFULL.to_owned(), Range::All));
            return self.of_ranges(ranges).await.map(Some);
        }
        let born = filters().filter(|filter| filter.parameter.code == "birthdate");
        match born.filter_map(births).reduce(both) {
            Some(ranges) => self.of_ranges(ranges).await.map(Some),
            None => Ok(None),
        }
    }

    async fn by_ids(
        &self,
        resource_type: &str,
        filter: &Filter,
    ) -> Result<Vec<Candidate>, Refusal> {
        let ids = filter.wanted.iter().filter_map(|wanted| match wanted {
            Wanted::Token { code: Some(id), .. } => Some(id.clone()),
            _ => None,
        });
        let homes = ids.map(async |id| {
            let home = self.record().locate(resource_type, &id).await;
            home.map(|home| home.map(|home| (home, id)))
        });
        let homes = try_join_all(homes).await.map_err(|error| read_failed(&error))?;
        Ok(unique(homes.into_iter().flatten().collect()))
    }

    async fn everyone(&self) -> Result<Vec<Candidate>, Refusal> {
        self.of_partitions((0..PEOPLE_SHARDS).map(people_partition).collect()).await
    }

    async fn of_partitions(&self, partitions: Vec<String>) -> Result<Vec<Candidate>, Refusal> {
        self.of_ranges(partitions.into_iter().map(|pk| (pk, Range::All)).collect()).await
    }

    async fn of_ranges(&self, ranges: Vec<(String, Range)>) -> Result<Vec<Candidate>, Refusal> {
        let read = ranges.into_iter().map(|(pk, range)| self.all_rows(pk, range));
        let read = try_join_all(read).await?;
        let rows = read.into_iter().flatten().filter_map(|(sk, item)| {
            let home = Home::parse(item.str("h")?)?;
            let id = sk.rsplit_once('#').map_or(sk.as_str(), |(_, id)| id).to_owned();
            Some((home, id))
        });
        Ok(unique(rows.collect()))
    }
    /// Every row of a range, up to what a search may look at.
    async fn all_rows(&self, pk: String, range: Range) -> Result<Vec<(String, Item)>, Refusal> {
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let query = Rows {
                pk: pk.clone(),
                range: range.clone(),
                descending: false,
                limit: None,
                after,
            };
            let page = self.record().rows(&query).await.map_err(|error| read_failed(&error))?;
            rows.extend(page.items);
            after = page.after;
            if after.is_none() || rows.len() > CANDIDATES_MAX {
                return Ok(rows);
            }
        }
    }
}

fn unique(mut found: Vec<Candidate>) -> Vec<Candidate> {
    found.sort();
    found.dedup();
    found
}

/// Partitions of identifiers; `None` when a value is missing (`system|`).
fn identifiers(query: &Query, filter: &Filter) -> Option<Vec<String>> {
    let partition = |wanted: &Wanted| match wanted {
        Wanted::Token { code: Some(value), .. } => {
            Some(identifier_partition(query.resource_type(), value))
        }
        _ => None,
    };
    filter.wanted.iter().map(partition).collect()
}

/// Ranges of names; `None` when one is too short to choose a partition.
fn names(filter: &Filter) -> Option<Vec<(String, Range)>> {
    let range = |wanted: &Wanted| match wanted {
        Wanted::Text { squashed, .. } if squashed.chars().count() >= NAME_PREFIX_CHARS => {
            Some((name_partition(squashed), Range::Prefix(squashed.clone())))
        }
        _ => None,
    };
    filter.wanted.iter().map(range).collect()
}

/// Ranges of birth dates, a year wider than asked on either side; `None` when
/// the comparison leaves too many.
fn births(filter: &Filter) -> Option<Vec<(String, Range)>> {
    let within = |year: i64| year.clamp(*YEARS.start(), *YEARS.end());
    let mut ranges = Vec::new();
    for wanted in &filter.wanted {
        let Wanted::Date { prefix, range } = wanted else { return None };
        let DateRange { lower_ms, upper_ms } = *range;
        let (first, last) = (year_of(lower_ms) - 1, year_of(upper_ms) + 1);
        let (years, keys) = match prefix {
            Prefix::Equal => {
                let last_key = format!("{}~", instant_key(upper_ms));
                (within(first)..=within(last), Range::Between(instant_key(lower_ms), last_key))
            }
            Prefix::NotEqual | Prefix::Approximately => return None,
            Prefix::Greater | Prefix::GreaterOrEqual | Prefix::StartsAfter => {
                (within(first)..=*YEARS.end(), Range::All)
            }
            Prefix::Less | Prefix::LessOrEqual | Prefix::EndsBefore => {
                (*YEARS.start()..=within(last), Range::All)
            }
        };
        ranges.extend(years.map(|year| (born_partition(year), keys.clone())));
    }
    Some(ranges)
}

/// Ranges that hold whatever is in both: `birthdate=ge1980&birthdate=lt1990`.
fn both(left: Vec<(String, Range)>, right: Vec<(String, Range)>) -> Vec<(String, Range)> {
    let (few, many) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    few.into_iter().filter(|(pk, _)| many.iter().any(|(held, _)| held == pk)).collect()
}
