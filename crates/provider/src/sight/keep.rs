//! Dropping what a caller is not shown: by the cell where it tells enough, by
//! the body otherwise. What a caller may not see is absent: not counted, not
//! sorted by, not followed.

use super::cells::{Asked, CellFacts};
use super::is_of_accesses;
use super::known::parsed;
use crate::chart_reads::person_of;
use crate::convert::read_failed;
use crate::limits::BODIES_AT_ONCE;
use crate::provider::Provider;
use crate::session::Session;
use access::decision::{Shown, View};
use access::entry::Interaction;
use access::facts::{BodyFacts, Condition, Facts};
use chart::table::Table;
use chart::{Cell, CellRef, Environment, Home, Place, Version};
use contracts::Refusal;
use fhir::search::Tokens;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// One resource about to be shown, and its cell's tokens with their instant
/// when those are at hand.
pub(crate) struct Candidate<'c> {
    pub at: &'c CellRef,
    pub cell: Option<(&'c Tokens, i64)>,
}

/// A resource of which nothing but the name is known.
struct NameFacts<'n>(&'n CellRef);

impl Facts for NameFacts<'_> {
    fn resource_type(&self) -> &str {
        &self.0.resource_type
    }
    fn id(&self) -> &str {
        &self.0.id
    }
    fn holds(&self, _: &Condition<'_>) -> Option<bool> {
        None
    }
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// Which of these the session is shown, in their order.
    ///
    /// # Errors
    /// When the record cannot be asked; never a denial: what a chart as a whole
    /// denies is not shown.
    pub(crate) async fn seen_by(
        &self,
        session: &Session,
        interaction: Interaction,
        candidates: &[Candidate<'_>],
    ) -> Result<Vec<bool>, Refusal> {
        let views = self.views(session, interaction, candidates).await?;
        let mut seen = Vec::with_capacity(candidates.len());
        let mut unsure = Vec::new();
        {
            let asked = Asked::default();
            for (index, candidate) in candidates.iter().enumerate() {
                let view = views.get(&view_key(candidate.at)).and_then(Option::as_ref);
                let shown = view.map(|view| first_sight(view, candidate, &asked));
                if shown == Some(None) {
                    unsure.push(index);
                }
                seen.push(shown.flatten().unwrap_or(false));
            }
        }
        for some in unsure.chunks(BODIES_AT_ONCE) {
            let at = some.iter().filter_map(|index| candidates.get(*index));
            let at: Vec<CellRef> = at.map(|candidate| candidate.at.clone()).collect();
            let bodies = self.bodies_told(&at).await?;
            // What has a cell at hand is what the resource says now.
            let named = some.iter().filter_map(|index| candidates.get(*index));
            let now = match named.clone().all(|candidate| candidate.cell.is_some()) {
                true => vec![None; at.len()],
                false => self.told_now(&at).await?,
            };
            for (((index, at), body), now) in some.iter().zip(&at).zip(bodies).zip(now) {
                let view = views.get(&view_key(at)).and_then(Option::as_ref);
                let shown = view.zip(body).is_some_and(|(view, body)| {
                    let now = now.is_none_or(|now| shows_body(view, &now));
                    now && shows_body(view, &body)
                });
                if let Some(held) = seen.get_mut(*index) {
                    *held = shown;
                }
            }
        }
        Ok(seen)
    }

    /// [`Self::seen_by`] of what is current, by its cells.
    pub(crate) async fn cells_seen_by(
        &self,
        session: &Session,
        interaction: Interaction,
        cells: &[Cell],
    ) -> Result<Vec<bool>, Refusal> {
        let persons = cells.iter().filter_map(|cell| person_of(Some(&cell.home)));
        let persons: BTreeSet<&str> = persons.collect();
        self.get_to_know(session, &Vec::from_iter(persons)).await?;
        // Where nothing is withheld, no cell need be read.
        let told = |cell: &Cell| {
            let person = person_of(Some(&cell.home)).unwrap_or_default();
            let asks = !Self::is_plain(session) || session.sights.withholds(person);
            let tokens = asks.then(|| Tokens::from_bytes(cell.tokens.clone()).ok()).flatten();
            (cell.reference(), tokens, cell.last_updated_ms)
        };
        let told: Vec<(CellRef, Option<Tokens>, i64)> = cells.iter().map(told).collect();
        let candidates: Vec<Candidate<'_>> = told
            .iter()
            .map(|(at, tokens, at_ms)| Candidate {
                at,
                cell: tokens.as_ref().map(|tokens| (tokens, *at_ms)),
            })
            .collect();
        self.seen_by(session, interaction, &candidates).await
    }

    /// [`Self::seen_by`] of versions that are named only.
    pub(crate) async fn refs_seen_by(
        &self,
        session: &Session,
        interaction: Interaction,
        at: &[CellRef],
    ) -> Result<Vec<bool>, Refusal> {
        let candidates: Vec<Candidate<'_>> =
            at.iter().map(|at| Candidate { at, cell: None }).collect();
        self.seen_by(session, interaction, &candidates).await
    }

    /// Those of one resource's versions that are shown; `None` when none is, so
    /// that there is no such resource.
    pub(crate) async fn versions_in_sight(
        &self,
        view: &View,
        home: &Home,
        versions: Vec<Version>,
    ) -> Result<Option<Vec<Version>>, Refusal> {
        if view.whole() || versions.is_empty() {
            return Ok(Some(versions));
        }
        let mut shown = Vec::with_capacity(versions.len());
        for version in versions {
            if self.shows_version(view, home, &version).await? {
                shown.push(version);
            }
        }
        Ok((!shown.is_empty()).then_some(shown))
    }

    /// Whether a version that was read is shown: by what it says, and
    /// by what the resource says now, since what is withheld now is withheld in
    /// all its versions.
    pub(crate) async fn shows_version(
        &self,
        view: &View,
        home: &Home,
        version: &Version,
    ) -> Result<bool, Refusal> {
        let at = reference(home, version);
        if let Some(shown) =
            first_sight(view, &Candidate { at: &at, cell: None }, &Asked::default())
        {
            return Ok(shown);
        }
        let mut told = vec![];
        match &version.body {
            Some(_) => told.push(version.clone()),
            None => told.extend(self.bodies_told(&[at]).await?.into_iter().flatten()),
        }
        told.extend(self.told_now(&[reference(home, version)]).await?.into_iter().flatten());
        Ok(!told.is_empty() && told.iter().all(|version| shows_body(view, version)))
    }

    async fn views(
        &self,
        session: &Session,
        interaction: Interaction,
        candidates: &[Candidate<'_>],
    ) -> Result<HashMap<ViewKey, Option<Arc<View>>>, Refusal> {
        let mut persons: Vec<&str> =
            candidates.iter().filter_map(|one| person_of(Some(&one.at.home))).collect();
        persons.sort_unstable();
        persons.dedup();
        self.get_to_know(session, &persons).await?;
        let mut views = HashMap::new();
        for candidate in candidates {
            let key = view_key(candidate.at);
            // A type that is denied says nothing of the others.
            if matches!(views.get(&key), Some(Some(_))) {
                continue;
            }
            let person = person_of(Some(&candidate.at.home));
            let kind = candidate.at.resource_type.as_str();
            match self.view(session, interaction, kind, person).await {
                Ok(view) => views.insert(key, Some(view)),
                Err((_, refusal)) if refusal.status == fhir::outcome::Status::Forbidden => {
                    views.insert(key, None)
                }
                Err((_, unavailable)) => return Err(unavailable),
            };
        }
        Ok(views)
    }

    /// What the resources of these versions say now, where that is another
    /// version: what is withheld now is withheld in all its versions.
    async fn told_now(&self, at: &[CellRef]) -> Result<Vec<Option<Version>>, Refusal> {
        let failed = |error| read_failed(&error);
        let place = |at: &CellRef| Place {
            home: at.home.clone(),
            resource_type: at.resource_type.clone(),
            id: at.id.clone(),
        };
        let places: Vec<Place> = at.iter().map(place).collect();
        let cells = self.record().cells_at(&places).await.map_err(failed)?;
        let other = |(at, cell): (&CellRef, Option<Cell>)| {
            cell.filter(|cell| cell.version != at.version).map(|cell| cell.reference())
        };
        let others: Vec<Option<CellRef>> = at.iter().zip(cells).map(other).collect();
        let wanted: Vec<CellRef> = others.iter().flatten().cloned().collect();
        let mut bodies = self.bodies_told(&wanted).await?.into_iter();
        Ok(others.into_iter().map(|other| other.and_then(|_| bodies.next().flatten())).collect())
    }

    /// What versions say; a deletion, what was deleted.
    async fn bodies_told(&self, at: &[CellRef]) -> Result<Vec<Option<Version>>, Refusal> {
        let failed = |error| read_failed(&error);
        let versions = self.record().fetch(at).await.map_err(failed)?;
        let mut told = Vec::with_capacity(versions.len());
        for (at, version) in at.iter().zip(versions) {
            if !version.deleted {
                told.push(Some(version));
                continue;
            }
            let before = match version.version.checked_sub(1) {
                Some(before @ 1..) => {
                    let (kind, id) = (&at.resource_type, &at.id);
                    self.record().vread_at(&at.home, kind, id, before).await.map_err(failed)?
                }
                _ => None,
            };
            told.push(before.filter(|before| !before.deleted));
        }
        Ok(told)
    }
}

/// Whose chart, and whether of accesses.
type ViewKey = (String, bool);

fn view_key(at: &CellRef) -> ViewKey {
    let person = person_of(Some(&at.home)).unwrap_or_default();
    (person.to_owned(), is_of_accesses(&at.resource_type))
}

/// By what is at hand; `None` when the body must be asked.
fn first_sight(view: &View, candidate: &Candidate<'_>, asked: &Asked) -> Option<bool> {
    if view.whole() {
        return Some(true);
    }
    let by_name = view.shows(&NameFacts(candidate.at));
    let shown = match (by_name, candidate.cell) {
        (Shown::Unsure, Some((tokens, last_updated_ms))) => view.shows(&CellFacts {
            resource_type: &candidate.at.resource_type,
            id: &candidate.at.id,
            last_updated_ms,
            tokens,
            asked,
        }),
        (by_name, _) => by_name,
    };
    match shown {
        Shown::Yes => Some(true),
        Shown::Withheld(_) => Some(false),
        Shown::Unsure => None,
    }
}

fn shows_body(view: &View, version: &Version) -> bool {
    let Some(document) = version.body.as_deref().and_then(parsed) else { return false };
    let facts = BodyFacts::new(document.root(), &version.id, version.last_updated_ms);
    view.shows(&facts) == Shown::Yes
}

fn reference(home: &Home, version: &Version) -> CellRef {
    CellRef {
        home: home.clone(),
        resource_type: version.resource_type.clone(),
        id: version.id.clone(),
        version: version.version,
    }
}
