//! Filters on other resources (R4 §3.1.1.4.5, §3.1.1.4.6): the searches inside a
//! search.
//!
//! There are two ways, and the cheaper one is taken. **Ahead**: the inner search
//! is run first, when an index answers it or its type belongs to nobody; what it
//! finds then narrows the outer one. **Among**: the candidates of the outer
//! search are there already; what they refer to, or who refers to them, is
//! looked up and judged. A search over a population whose inner searches have no
//! index goes home by home, each time among what is there.

use super::Boxed;
use super::judge::Found;
use super::plan::{Key, is_cheap};
use super::run::{Run, Within, too_costly};
use crate::limits::CANDIDATES_MAX;
use crate::provider::Provider;
use chart::table::Table;
use chart::{Cell, CellRef, Environment};
use contracts::Refusal;
use fhir::json::Document;
use fhir::limits::JsonLimits;
use fhir::search::parameters::Parameter;
use fhir::search::{ChainLink, Query, Tokens, Verdict, references_kept, references_of};
use std::collections::{BTreeSet, HashSet};

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// Runs those inner searches that an index answers, and gives their chains
    /// what they found.
    pub(crate) fn settled_ahead<'a>(
        &'a self,
        run: &'a mut Run,
        query: &'a mut Query,
    ) -> Boxed<'a, ()> {
        Box::pin(async move {
            let of_registry = fhir::types::is_registry_type(query.resource_type());
            for at in 0..query.chains().len() {
                let Some(chain) = query.chains().get(at).filter(|chain| !chain.is_settled()) else {
                    continue;
                };
                let reach = run.reach.clone();
                match chain.link().clone() {
                    ChainLink::Forward { targets, .. } if targets.iter().all(is_cheap) => {
                        let mut ids = HashSet::new();
                        for target in targets {
                            let found = self.complete(run, &reach, target).await?;
                            ids.extend(found.into_iter().map(key_of));
                        }
                        settle(query, at, ids)?;
                    }
                    // Nobody knows who refers to a resource of a registry, so
                    // this is the only way.
                    ChainLink::Reverse { parameter, source }
                        if of_registry || is_cheap(&source) =>
                    {
                        let found = self.complete(run, &reach, *source).await?;
                        let kind = query.resource_type().to_owned();
                        let ids = self.referred_by(run, &parameter, Some(&kind), found).await?;
                        settle(query, at, ids)?;
                    }
                    _ => {}
                }
            }
            Ok(())
        })
    }

    /// The matches of a search among given cells, its chains judged by what
    /// those refer to and who refers to them.
    pub(crate) fn among<'a>(
        &'a self,
        run: &'a mut Run,
        mut query: Query,
        mut cells: Vec<Cell>,
        snapshot_ms: Option<i64>,
    ) -> Boxed<'a, Vec<Found>> {
        Box::pin(async move {
            if query.chains().iter().any(|chain| !chain.is_settled()) {
                if snapshot_ms.is_none() {
                    cells.retain(|cell| !cell.deleted && may_match(&query, cell));
                }
                for at in 0..query.chains().len() {
                    self.settle_among(run, &mut query, at, &cells).await?;
                }
            }
            if query.matches_nothing() {
                return Ok(Vec::new());
            }
            self.judged(run, &|_| Some(&query), cells, snapshot_ms).await
        })
    }

    async fn settle_among(
        &self,
        run: &mut Run,
        query: &mut Query,
        at: usize,
        cells: &[Cell],
    ) -> Result<(), Refusal> {
        let Some(chain) = query.chains().get(at).filter(|chain| !chain.is_settled()) else {
            return Ok(());
        };
        let reach = run.reach.clone();
        let mut ids = HashSet::new();
        match chain.link().clone() {
            ChainLink::Forward { parameter, targets } => {
                let candidates = cells.iter().map(candidate).collect();
                let referred = self.referred_by(run, &parameter, None, candidates).await?;
                for target in targets {
                    let kind = target.resource_type().to_owned();
                    let keys: BTreeSet<Key> =
                        referred.iter().filter(|(of, _)| *of == kind).cloned().collect();
                    let places = self.located(keys).await?;
                    let inner = self.cells_there(run, &reach, places).await?;
                    ids.extend(self.among(run, target, inner, None).await?.into_iter().map(key_of));
                }
            }
            ChainLink::Reverse { parameter, source } => {
                let keys: BTreeSet<Key> = cells
                    .iter()
                    .map(|cell| (cell.resource_type.clone(), cell.id.clone()))
                    .collect();
                let kind = query.resource_type().to_owned();
                let inner = if fhir::types::is_registry_type(&kind) {
                    return self.settle_from_all(run, query, at, &parameter, *source).await;
                } else {
                    self.referring(run, &reach, &[source.resource_type()], keys).await?
                };
                let found = self.among(run, *source, inner, None).await?;
                ids = self.referred_by(run, &parameter, Some(&kind), found).await?;
            }
        }
        settle(query, at, ids)
    }

    async fn settle_from_all(
        &self,
        run: &mut Run,
        query: &mut Query,
        at: usize,
        parameter: &Parameter,
        source: Query,
    ) -> Result<(), Refusal> {
        let reach = run.reach.clone();
        let found = self.complete(run, &reach, source).await?;
        let kind = query.resource_type().to_owned();
        let ids = self.referred_by(run, parameter, Some(&kind), found).await?;
        settle(query, at, ids)
    }

    /// Everything that matches a search, wherever it lies within bounds.
    ///
    /// # Errors
    /// 403 too-costly when one request may not look at so much.
    pub(crate) fn complete<'a>(
        &'a self,
        run: &'a mut Run,
        within: &'a Within,
        mut query: Query,
    ) -> Boxed<'a, Vec<Found>> {
        Box::pin(async move {
            if let Some(cells) = self.candidates(run, within, &mut query).await? {
                return self.among(run, query, cells, None).await;
            }
            self.scanned_whole(run, within, query).await
        })
    }

    /// The candidates of a search that is narrowed by itself or by what its
    /// inner searches find; `None` when all must be looked at.
    pub(crate) async fn candidates(
        &self,
        run: &mut Run,
        within: &Within,
        query: &mut Query,
    ) -> Result<Option<Vec<Cell>>, Refusal> {
        if let Some(cells) = self.narrowed(run, within, query).await? {
            return Ok(Some(cells));
        }
        if query.chains().is_empty() {
            return Ok(None);
        }
        self.settled_ahead(run, query).await?;
        self.narrowed(run, within, query).await
    }

    /// What resources refer to by a parameter; only of a type when it is given.
    async fn referred_by(
        &self,
        run: &Run,
        parameter: &Parameter,
        target_type: Option<&str>,
        found: Vec<Found>,
    ) -> Result<HashSet<Key>, Refusal> {
        let bases = run.bases();
        let mut ids = HashSet::new();
        let mut unsure: Vec<CellRef> = Vec::new();
        for one in found {
            let kept = one.tokens.as_ref().and_then(|tokens| {
                references_kept(&one.at.resource_type, parameter, target_type, tokens, &bases)
            });
            match kept {
                Some(kept) => ids.extend(kept),
                None => unsure.push(one.at),
            }
        }
        self.each_body(&unsure, |_, version| {
            let document =
                version.body.and_then(|body| Document::parse(body, &JsonLimits::default()).ok());
            if let Some(document) = document {
                ids.extend(references_of(parameter, target_type, document.root(), &bases));
            }
        })
        .await?;
        Ok(ids)
    }
}

fn settle(query: &mut Query, at: usize, ids: HashSet<Key>) -> Result<(), Refusal> {
    if ids.len() > CANDIDATES_MAX {
        let name = query.chains().get(at).map(|chain| chain.name().to_owned());
        return Err(too_costly().at(name.unwrap_or_default()));
    }
    query.settle_chain(at, ids);
    Ok(())
}

/// Whether the other filters leave a chance.
fn may_match(query: &Query, cell: &Cell) -> bool {
    match Tokens::from_bytes(cell.tokens.clone()) {
        Ok(tokens) => query.matches(&tokens, &cell.id, cell.last_updated_ms) != Verdict::No,
        Err(_) => true,
    }
}

/// A cell, as if it had been found.
fn candidate(cell: &Cell) -> Found {
    Found {
        at: cell.reference(),
        position: fhir::search::Position {
            keys: Vec::new(),
            resource_type: "".into(),
            id: String::new(),
        },
        tokens: Tokens::from_bytes(cell.tokens.clone()).ok(),
        last_updated_ms: cell.last_updated_ms,
    }
}

fn key_of(found: Found) -> Key {
    (found.at.resource_type, found.at.id)
}
