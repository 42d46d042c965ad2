//! Judging candidates, putting them in order, and cutting a page.

use crate::convert::{self, read_failed};
use crate::limits::{BODIES_AT_ONCE, PAGE_BYTES_MAX};
use crate::provider::Provider;
use chart::table::Table;
use chart::{Cell, CellRef, Environment, Version};
use contracts::{Page, Refusal};
use fhir::json::Document;
use fhir::limits::JsonLimits;
use fhir::search::{Position, Query, Settings, Summary, Tokens, Verdict};

/// One result, before its body is fetched.
pub(crate) struct Found {
    pub at: CellRef,
    position: Position,
}

/// What surrounds a page's versions.
#[derive(Default)]
pub(crate) struct Frame {
    total: Option<u32>,
    next: Option<String>,
}

impl Frame {
    /// The page with its versions.
    pub fn with(self, versions: Vec<Version>) -> Page {
        convert::page(versions, self.total, self.next)
    }
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// The search, understood.
    pub(crate) fn understood(&self, resource_type: &str, query: &str) -> Result<Query, Refusal> {
        let bases: Vec<&str> = self
            .inner
            .directory
            .regions()
            .iter()
            .filter_map(|region| region.endpoint.as_deref())
            .collect();
        let settings = Settings {
            own_bases: &bases,
            now_ms: self.now_ms(),
            count_default: rest_counts::DEFAULT,
            count_max: rest_counts::MAX,
            lenient: false,
        };
        let query = Query::parse(resource_type, query, &settings)?;
        // What is understood and not yet carried out is refused, never ignored.
        let chained = query.chains().first().map(fhir::search::Chain::name);
        let valued = query.value_sets_wanted().first().copied();
        let included = query.includes().first().map(|_| "_include");
        let shaped = !query.elements().is_empty()
            || !matches!(query.summary(), Summary::Unsaid | Summary::Count | Summary::False);
        let shaped = shaped.then_some("_summary or _elements");
        match chained.or(valued).or(included).or(shaped) {
            Some(name) => Err(Refusal::not_supported(format!("'{name}' is not carried out yet."))),
            None => Ok(query),
        }
    }

    /// Those of the cells that match, as they were when the first page was
    /// read, in the order of the search.
    pub(crate) async fn judged(
        &self,
        query: &Query,
        cells: Vec<Cell>,
    ) -> Result<Vec<Found>, Refusal> {
        let snapshot_ms = query.cursor().map(|cursor| cursor.snapshot_ms);
        let mut found = Vec::new();
        let mut unsure = Vec::new();
        for cell in cells {
            let changed_since = snapshot_ms.is_some_and(|at_ms| cell.last_updated_ms > at_ms);
            if cell.deleted {
                continue;
            }
            if changed_since {
                let since = snapshot_ms.unwrap_or_default();
                let earlier = self.record().as_of(&cell, since).await;
                unsure.extend(earlier.map_err(|error| read_failed(&error))?);
                continue;
            }
            let Ok(tokens) = Tokens::from_bytes(cell.tokens.clone()) else {
                unsure.push(cell.reference());
                continue;
            };
            match query.matches(&tokens, &cell.id, cell.last_updated_ms) {
                Verdict::No => {}
                Verdict::Maybe => unsure.push(cell.reference()),
                Verdict::Yes => match query.position(&tokens, &cell.id, cell.last_updated_ms) {
                    Some(position) => found.push(Found { at: cell.reference(), position }),
                    None => unsure.push(cell.reference()),
                },
            }
        }
        self.each_body(&unsure, |at, version| found.extend(settled(query, at, version))).await?;
        found.sort_by(|left, right| query.compare_positions(&left.position, &right.position));
        Ok(found)
    }

    /// The page of `found` that the query asks for, with its bodies and whence
    /// each came.
    pub(crate) async fn page(
        &self,
        query: &Query,
        found: Vec<Found>,
    ) -> Result<(Frame, Vec<CellRef>, Vec<Version>), Refusal> {
        let total = u32::try_from(found.len()).ok();
        if query.count_only() {
            return Ok((Frame { total, next: None }, Vec::new(), Vec::new()));
        }
        let count = usize::try_from(query.count()).unwrap_or(usize::MAX);
        let mut rest = found.into_iter().filter(|one| query.is_after_cursor(&one.position));
        let mut page: Vec<Found> = rest.by_ref().take(count).collect();
        let more = rest.next().is_some();
        let at: Vec<CellRef> = page.iter().map(|one| one.at.clone()).collect();
        let versions = self.bodies(&at).await?;
        let next = match page.pop() {
            // Of the instant before the first page was read, which the query
            // carries: what is committed later is not of this search.
            Some(last) if more => Some(query.cursor_after(last.position).encode(query)),
            _ => None,
        };
        Ok((Frame { total, next }, at, versions))
    }

    /// Looks at bodies, few at once, and keeps none of them.
    pub(crate) async fn each_body(
        &self,
        at: &[CellRef],
        mut look: impl FnMut(&CellRef, Version),
    ) -> Result<(), Refusal> {
        for some in at.chunks(BODIES_AT_ONCE) {
            let versions = self.record().fetch(some).await.map_err(|error| read_failed(&error))?;
            some.iter().zip(versions).for_each(|(at, version)| look(at, version));
        }
        Ok(())
    }

    /// Exactly these versions, in one wave.
    pub(crate) async fn bodies(&self, at: &[CellRef]) -> Result<Vec<Version>, Refusal> {
        let versions = self.record().fetch(at).await.map_err(|error| read_failed(&error))?;
        let bytes: usize =
            versions.iter().filter_map(|one| one.body.as_ref()).map(String::len).sum();
        if bytes > PAGE_BYTES_MAX {
            return Err(Refusal::too_large(
                "The resources of this page are too large together. Ask for fewer with _count.",
            )
            .at("_count"));
        }
        Ok(versions)
    }
}

/// The result that a body is, if it is one.
fn settled(query: &Query, at: &CellRef, version: Version) -> Option<Found> {
    let text = version.body?;
    let document = Document::parse(text, &JsonLimits::default()).ok()?;
    let root = document.root();
    query.matches_body(root, &version.id, version.last_updated_ms).then(|| Found {
        at: at.clone(),
        position: query.position_of_body(root, &version.id, version.last_updated_ms),
    })
}

/// Entries of a page, as the REST layer counts them.
mod rest_counts {
    /// When the caller does not say.
    pub const DEFAULT: u32 = 50;
    /// At most.
    pub const MAX: u32 = 1_000;
}
