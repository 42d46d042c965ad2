//! Patient `$everything` (R4 patient-operation-everything): a whole chart, and
//! what of the registries its resources refer to.

use super::asked::settings;
use super::include::Included;
use super::places::person_key;
use super::plan::Key;
use super::run::{Run, Within};
use crate::chart_reads::{Chart, person_of, seen_in};
use crate::cursor;
use crate::provider::Provider;
use crate::references::{Resolved, local, people};
use crate::session::Session;
use access::entry::Interaction;
use chart::table::Table;
use chart::{Cell, CellRef, Environment, Home, Version};
use contracts::{Page, Refusal, ResourceKey, Window};
use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use fhir::search::{Query, parameters};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Parameters that tell when care was given or a state held. A resource counts
/// by any of those that its type has; one without a value is kept.
const DATES_OF_CARE: [&str; 13] = [
    "date",
    "period",
    "onset-date",
    "authoredon",
    "started",
    "effective-time",
    "whengiven",
    "whenhandedover",
    "whenprepared",
    "occurrence",
    "sent",
    "received",
    "effective",
];

/// One page, before it leaves.
struct Part {
    at: Vec<CellRef>,
    versions: Vec<Version>,
    included: Included,
    total: Option<u32>,
    next: Option<String>,
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `chart.everything`.
    pub async fn chart_everything(&self, chart: &Chart, window: Window) -> Result<Page, Refusal> {
        let person = chart.person().unwrap_or_default();
        let key = ResourceKey::new("Patient", person);
        let asked = self.asked_of(chart, Interaction::Everything, &key).await?;
        let mut run = self.run_for(&chart.session);
        let part = loop {
            let part = self.everything_once(&mut run, chart, &window).await?;
            if self.is_whole(&mut run)? {
                break part;
            }
        };
        let Some(part) = part else { return Err(self.nothing(&asked, &key).await) };
        let mut seen = seen_in(&part.at, &part.versions);
        seen.extend(seen_in(&part.included.at, &part.included.versions));
        self.witness(&chart.session, asked.told(seen, 200)).await?;
        let mut page = crate::convert::page(part.versions, part.total, part.next);
        part.included.after(&mut page);
        Ok(page)
    }

    /// The cells of a chart, and of those of other charts that are about the
    /// person as well, read by themselves.
    pub(crate) async fn compartment(
        &self,
        home: &Home,
        resource_type: Option<&str>,
    ) -> Result<Vec<Cell>, Refusal> {
        let mut run = self.run(Within::Everywhere);
        loop {
            let cells = self.compartment_in(&mut run, home, resource_type).await?;
            if self.is_whole(&mut run)? {
                return Ok(cells);
            }
        }
    }

    /// One pass; `None` when there is no such person.
    async fn everything_once(
        &self,
        run: &mut Run,
        chart: &Chart,
        window: &Window,
    ) -> Result<Option<Part>, Refusal> {
        let Some(home) = chart.home.as_ref() else { return Ok(None) };
        let cells = self.compartment_in(run, home, None).await?;
        let mut cells = self.cells_in_sight(&chart.session, cells).await?;
        if cells.iter().all(|cell| cell.resource_type != "Patient" || cell.deleted) {
            return Ok(None);
        }
        let wanted = &window.resource_types;
        let named = |resource_type: &String| wanted.is_empty() || wanted.contains(resource_type);
        let recent = |at_ms: i64| window.since_ms.is_none_or(|since_ms| at_ms >= since_ms);
        cells.retain(|cell| {
            !cell.deleted && named(&cell.resource_type) && recent(cell.last_updated_ms)
        });
        let mut cells = self.of_care(run, cells, window).await?;
        // The person first, then by type and id: an order that no write changes.
        cells.sort_by(|left, right| place(left).cmp(&place(right)));
        let total = u32::try_from(cells.len()).ok();
        if let Some(text) = &window.cursor {
            let after = cursor::resource(text)?;
            let first = after.resource_type != "Patient";
            cells.retain(|cell| place(cell) > (first, &after.resource_type, &after.id));
        }
        let count = usize::try_from(window.count).unwrap_or(usize::MAX);
        let more = cells.len() > count;
        cells.truncate(count);
        let next = cells
            .last()
            .filter(|_| more)
            .map(|cell| cursor::of_resource(&ResourceKey::new(&*cell.resource_type, &*cell.id)));
        let at: Vec<CellRef> = cells.iter().map(Cell::reference).collect();
        let versions = self.bodies(&at).await?;
        let mut keys: BTreeSet<Key> = BTreeSet::new();
        let mut looked = HashSet::new();
        for body in versions.iter().filter_map(|version| version.body.as_deref()) {
            for text in reference_texts(body).filter(|text| looked.insert(*text)) {
                let key = local(text).filter(|key| {
                    fhir::types::is_registry_type(&key.resource_type) && named(&key.resource_type)
                });
                keys.extend(key.map(|key| (key.resource_type, key.id)));
            }
        }
        let mut included = self.linked(run, &chart.session, &versions, keys).await?;
        if window.since_ms.is_some() {
            let keep: Vec<bool> =
                included.versions.iter().map(|one| recent(one.last_updated_ms)).collect();
            let mut kept = keep.iter();
            included.at.retain(|_| kept.next() == Some(&true));
            let mut kept = keep.iter();
            included.versions.retain(|_| kept.next() == Some(&true));
        }
        Ok(Some(Part { at, versions, included, total, next }))
    }

    /// Those of the cells that the session is shown; what is deleted tells
    /// nobody anything.
    async fn cells_in_sight(
        &self,
        session: &Session,
        mut cells: Vec<Cell>,
    ) -> Result<Vec<Cell>, Refusal> {
        cells.retain(|cell| !cell.deleted);
        let seen = self.cells_seen_by(session, Interaction::Everything, &cells).await?;
        let mut seen = seen.into_iter();
        cells.retain(|_| seen.next().unwrap_or(false));
        Ok(cells)
    }

    /// Those of the window's dates of care.
    async fn of_care(
        &self,
        run: &mut Run,
        cells: Vec<Cell>,
        window: &Window,
    ) -> Result<Vec<Cell>, Refusal> {
        if window.care_from.is_none() && window.care_to.is_none() {
            return Ok(cells);
        }
        let mut by_type: BTreeMap<String, Vec<Cell>> = BTreeMap::new();
        for cell in cells {
            by_type.entry(cell.resource_type.clone()).or_default().push(cell);
        }
        let mut kept = Vec::new();
        for (resource_type, cells) in by_type {
            let (within, without) = self.care_queries(&resource_type, window)?;
            let mut dated: HashSet<String> = HashSet::new();
            let mut undated: Option<HashSet<String>> = None;
            for (found_in, found_none) in within.iter().zip(&without) {
                let ids = self.ids_of(run, found_in, &cells).await?;
                dated.extend(ids);
                let none = self.ids_of(run, found_none, &cells).await?;
                undated = Some(match undated {
                    None => none,
                    Some(so_far) => so_far.intersection(&none).cloned().collect(),
                });
            }
            kept.extend(cells.into_iter().filter(|cell| {
                within.is_empty()
                    || dated.contains(&cell.id)
                    || undated.as_ref().is_some_and(|ids| ids.contains(&cell.id))
            }));
        }
        Ok(kept)
    }

    async fn ids_of(
        &self,
        run: &mut Run,
        query: &Query,
        cells: &[Cell],
    ) -> Result<HashSet<String>, Refusal> {
        let found = self.judged(run, &|_| Some(query), cells.to_vec(), None).await?;
        Ok(found.into_iter().map(|one| one.at.id).collect())
    }

    /// For each date of care of a type: a search for those within, and one for
    /// those without a value.
    fn care_queries(
        &self,
        resource_type: &str,
        window: &Window,
    ) -> Result<(Vec<Query>, Vec<Query>), Refusal> {
        let bases = self.own_bases();
        let bases: Vec<&str> = bases.iter().map(String::as_str).collect();
        let settings = settings(&bases, self.now_ms());
        let mut within = Vec::new();
        let mut without = Vec::new();
        let known = |code: &&&str| {
            parameters::find(resource_type, code)
                .is_some_and(|found| found.kind == parameters::ParameterKind::Date)
        };
        for code in DATES_OF_CARE.iter().filter(known) {
            let mut text = String::new();
            let bounds = [("ge", &window.care_from, "start"), ("le", &window.care_to, "end")];
            for (prefix, bound, name) in bounds {
                let Some(bound) = bound else { continue };
                if fhir::search::DateRange::parse(bound).is_none() {
                    let text = "must be a date, for example 2026-01-31 or 2026-01-31T13:00:00Z.";
                    return Err(Refusal::invalid(format!("{name} {text}")).at(name));
                }
                text.push_str(&format!("&{code}={prefix}{}", bound.replace('+', "%2B")));
            }
            within.push(Query::parse(resource_type, text.trim_start_matches('&'), &settings)?);
            without.push(Query::parse(resource_type, &format!("{code}:missing=true"), &settings)?);
        }
        Ok((within, without))
    }

    /// The cells of a chart, and of resources of other charts that are about
    /// this person as well. The pointers to those are hints, which a later
    /// version may have made stale: its body decides.
    pub(crate) async fn compartment_in(
        &self,
        run: &mut Run,
        home: &Home,
        resource_type: Option<&str>,
    ) -> Result<Vec<Cell>, Refusal> {
        let Home::Person(person) = home else {
            let types: Vec<&str> = resource_type.into_iter().collect();
            return self.home_cells(run, std::slice::from_ref(home), &types, false).await;
        };
        let within = Within::Chart(person.clone());
        let types: Vec<&str> = resource_type.into_iter().collect();
        let mut cells = self.referring(run, &within, &types, person_key(person)).await?;
        let reach = run.reach.clone();
        cells.retain(|cell| {
            cell.home == *home
                // Another person's Patient stays at home, also when it links here.
                || (matches!(cell.home, Home::Person(_))
                    && cell.resource_type != "Patient"
                    && !cell.deleted
                    && reach.holds(&cell.home, &cell.resource_type))
        });
        let elsewhere = cells.iter().filter(|cell| cell.home != *home);
        let elsewhere: Vec<CellRef> = elsewhere.map(Cell::reference).collect();
        let mut theirs = HashSet::new();
        let resolved = Resolved { bases: run.bases.clone(), ..Resolved::default() };
        self.each_body(&elsewhere, |at, version| {
            if about(&version, &resolved).iter().any(|about| about == person) {
                theirs.insert((at.resource_type.clone(), at.id.clone()));
            }
        })
        .await?;
        cells.retain(|cell| {
            person_of(Some(&cell.home)) == Some(person.as_str())
                || theirs.contains(&(cell.resource_type.clone(), cell.id.clone()))
        });
        Ok(cells)
    }
}

fn place(cell: &Cell) -> (bool, &String, &String) {
    (cell.resource_type != "Patient", &cell.resource_type, &cell.id)
}

/// The people whom a stored version is about.
fn about(version: &Version, resolved: &Resolved) -> Vec<String> {
    let body = version.body.clone().unwrap_or_default().into_bytes();
    match Resource::parse(body, &JsonLimits::default()) {
        Ok(resource) => people(&resource, resolved, None),
        Err(_) => Vec::new(),
    }
}

/// The texts of all members `reference` of a JSON text, without parsing the rest
/// of it. A text with an escape in it names no resource of ours and is cut there.
fn reference_texts(body: &str) -> impl Iterator<Item = &str> {
    const NAME: &str = "\"reference\"";
    body.match_indices(NAME).filter_map(move |(at, _)| {
        let rest = body.get(at + NAME.len()..)?.trim_start();
        let rest = rest.strip_prefix(':')?.trim_start().strip_prefix('"')?;
        rest.split(['"', '\\']).next()
    })
}
