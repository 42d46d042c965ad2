//! Who of the candidates matches: by the cell, and where that is not sure by the
//! body.

use crate::convert::read_failed;
use super::run::Run;
use crate::limits::{BODIES_AT_ONCE, PAGE_BYTES_MAX};
use crate::provider::Provider;
use crate::sight::Candidate;
use access::entry::Interaction;
use chart::table::Table;
use chart::{Cell, CellRef, Environment, Version};
use contracts::Refusal;
use fhir::json::Document;
use fhir::limits::JsonLimits;
use fhir::search::{Position, Query, Tokens, Verdict};

/// One match, before its body is fetched.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The version that matched.
    pub at: CellRef,
    /// Its place in the order of the search.
    pub position: Position,
    /// The cell's tokens when they are of that version.
    pub tokens: Option<Tokens>,
    /// When that version was made, in milliseconds since 1970.
    pub last_updated_ms: i64,
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// Those of the cells that match, in no order. With `snapshot_ms` each is
    /// judged as it was at that instant; what is deleted since is left out.
    pub(crate) async fn judged<'q>(
        &self,
        run: &mut Run,
        query_of: &(dyn Fn(&str) -> Option<&'q Query> + Sync),
        cells: Vec<Cell>,
        snapshot_ms: Option<i64>,
    ) -> Result<Vec<Found>, Refusal> {
        let mut found = Vec::new();
        let mut unsure = Vec::new();
        let mut query: Option<&Query> = None;
        for mut cell in cells {
            if cell.deleted {
                continue;
            }
            // Cells of one type come one after the other.
            if query.is_none_or(|query| query.resource_type() != cell.resource_type) {
                query = query_of(&cell.resource_type);
            }
            let Some(query) = query else { continue };
            if let Some(since) = snapshot_ms.filter(|at_ms| cell.last_updated_ms > *at_ms) {
                let earlier = self.record().as_of(&cell, since).await;
                unsure.extend(earlier.map_err(|error| read_failed(&error))?);
                continue;
            }
            let Ok(tokens) = Tokens::from_bytes(std::mem::take(&mut cell.tokens)) else {
                unsure.push(into_reference(cell));
                continue;
            };
            match query.matches(&tokens, &cell.id, cell.last_updated_ms) {
                Verdict::No => {}
                Verdict::Maybe => unsure.push(into_reference(cell)),
                Verdict::Yes => match query.position(&tokens, &cell.id, cell.last_updated_ms) {
                    Some(position) => {
                        found.push(Found {
                            last_updated_ms: cell.last_updated_ms,
                            at: into_reference(cell),
                            position,
                            tokens: Some(tokens),
                        });
                    }
                    None => unsure.push(into_reference(cell)),
                },
            }
        }
        for some in unsure.chunks(BODIES_AT_ONCE) {
            let versions = self.record().fetch(some).await.map_err(|error| read_failed(&error))?;
            let settled = some
                .iter()
                .zip(versions)
                .filter_map(|(at, version)| settled(query_of(&at.resource_type)?, at, version));
            found.extend(settled);
        }
        self.in_sight(run, found).await
    }

    /// Those of the matches that whoever searches is shown.
    async fn in_sight(&self, run: &mut Run, found: Vec<Found>) -> Result<Vec<Found>, Refusal> {
        let Some(viewer) = run.viewer.clone() else { return Ok(found) };
        let candidates: Vec<Candidate<'_>> = found
            .iter()
            .map(|one| Candidate {
                at: &one.at,
                cell: one.tokens.as_ref().map(|tokens| (tokens, one.last_updated_ms)),
            })
            .collect();
        let seen = self.seen_by(&viewer, Interaction::Search, &candidates).await?;
        let all = found.len();
        let kept = found.into_iter().zip(seen).filter_map(|(one, seen)| seen.then_some(one));
        let kept: Vec<Found> = kept.collect();
        run.hides |= kept.len() < all;
        Ok(kept)
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
}

fn into_reference(cell: Cell) -> CellRef {
    let Cell { home, resource_type, id, version, .. } = cell;
    CellRef { home, resource_type, id, version }
}

/// The match that a body is, if it is one.
fn settled(query: &Query, at: &CellRef, version: Version) -> Option<Found> {
    let text = version.body?;
    let document = Document::parse(text, &JsonLimits::default()).ok()?;
    let root = document.root();
    query.matches_body(root, &version.id, version.last_updated_ms).then(|| Found {
        at: at.clone(),
        position: query.position_of_body(root, &version.id, version.last_updated_ms),
        tokens: None,
        last_updated_ms: version.last_updated_ms,
    })
}
