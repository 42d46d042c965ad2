//! `_include` and `_revinclude` (R4 §3.1.1.5.4): what a page shows beside its
//! matches. What is included may live anywhere; each is shown once, nothing that
//! is deleted, and nothing that the caller may not see.

use super::asked::settings;
use super::plan::Key;
use super::rights::{searches, shows};
use super::run::Run;
use crate::chart_reads::person_of;
use crate::convert::read_failed;
use crate::limits::{INCLUDE_ROUNDS_MAX, INCLUDED_MAX};
use crate::provider::Provider;
use crate::references::local_version;
use crate::session::Session;
use access::entry::Interaction;
use chart::table::Table;
use chart::{CellRef, Environment, Version};
use contracts::Refusal;
use fhir::json::Document;
use fhir::limits::JsonLimits;
use fhir::outcome::IssueType;
use fhir::resource::references;
use fhir::search::{Include, Query, references_of};
use std::collections::{BTreeSet, HashSet};

/// What is shown beside the matches.
#[derive(Default)]
pub(crate) struct Included {
    /// Whence each came.
    pub at: Vec<CellRef>,
    /// The resources, in the order of `at`.
    pub versions: Vec<Version>,
    /// Whether there was more than a page shows.
    pub cut: bool,
}

/// A reference to a resource, perhaps to one version of it.
type Link = (Key, Option<u64>);

/// Includes under way.
struct Includes<'s> {
    session: &'s Session,
    shown: HashSet<Link>,
    included: Included,
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// What the matches of a page include.
    pub(crate) async fn included(
        &self,
        run: &mut Run,
        session: &Session,
        includes: &[Include],
        matches: &[Version],
    ) -> Result<Included, Refusal> {
        if includes.is_empty() || matches.is_empty() {
            return Ok(Included::default());
        }
        let shown = matches.iter().map(|version| (key_of(version), None)).collect();
        let mut state = Includes { session, shown, included: Included::default() };
        let mut round: Vec<Include> = includes.to_vec();
        let mut from = 0;
        for turn in 0..INCLUDE_ROUNDS_MAX {
            let fresh: Vec<Version> = match turn {
                0 => matches.to_vec(),
                _ => state.included.versions.get(from..).unwrap_or_default().to_vec(),
            };
            from = state.included.versions.len();
            for include in &round {
                let links = if include.reverse {
                    self.links_to(run, &mut state, include, &fresh).await?
                } else {
                    links_from(run, include, &fresh)
                };
                self.add(run, &mut state, links).await?;
            }
            round.retain(|include| include.iterate);
            if round.is_empty() || state.included.versions.len() == from {
                return Ok(state.included);
            }
        }
        state.included.cut |= state.included.versions.len() > from;
        Ok(state.included)
    }

    /// Includes what links lead to, as far as there is room.
    pub(crate) async fn linked(
        &self,
        run: &mut Run,
        session: &Session,
        matches: &[Version],
        keys: BTreeSet<Key>,
    ) -> Result<Included, Refusal> {
        let shown = matches.iter().map(|version| (key_of(version), None)).collect();
        let mut state = Includes { session, shown, included: Included::default() };
        self.add(run, &mut state, keys.into_iter().map(|key| (key, None)).collect()).await?;
        Ok(state.included)
    }

    async fn add(
        &self,
        run: &mut Run,
        state: &mut Includes<'_>,
        mut links: BTreeSet<Link>,
    ) -> Result<(), Refusal> {
        links.retain(|link| !state.shown.contains(link));
        if links.is_empty() {
            return Ok(());
        }
        let mut places = self.located(links.iter().map(|(key, _)| key.clone()).collect()).await?;
        let reach = run.reach.clone();
        places.retain(|place| {
            let person = person_of(Some(&place.home));
            reach.holds(&place.home, &place.resource_type)
                && shows(state.session, &place.resource_type, person)
        });
        let cells = self.cells_there(run, &reach, places).await?;
        let mut at = Vec::new();
        let mut numbered = Vec::new();
        for cell in cells.into_iter().filter(|cell| !cell.deleted) {
            let key = (cell.resource_type.clone(), cell.id.clone());
            let versions =
                links.iter().filter(|(linked, _)| *linked == key).map(|(_, version)| *version);
            for version in versions {
                if state.included.versions.len() + at.len() + numbered.len() == INCLUDED_MAX {
                    state.included.cut = true;
                    break;
                }
                let current = version.is_none_or(|version| version == cell.version);
                let shown = (key.clone(), version.filter(|_| !current));
                if !state.shown.insert(shown) {
                    continue;
                }
                match version.filter(|_| !current) {
                    None => at.push(cell.reference()),
                    Some(version) => numbered.push(CellRef { version, ..cell.reference() }),
                }
            }
        }
        let at = self.refs_in_sight(state.session, at).await?;
        let numbered = self.refs_in_sight(state.session, numbered).await?;
        let versions = self.bodies(&at).await?;
        state.included.at.extend(at);
        state.included.versions.extend(versions);
        for one in numbered {
            let found =
                self.record().vread_at(&one.home, &one.resource_type, &one.id, one.version).await;
            let found = found.map_err(|error| read_failed(&error))?;
            if let Some(version) = found.filter(|version| !version.deleted) {
                state.included.at.push(one);
                state.included.versions.push(version);
            }
        }
        Ok(())
    }

    /// Those that the session is shown.
    async fn refs_in_sight(
        &self,
        session: &Session,
        at: Vec<CellRef>,
    ) -> Result<Vec<CellRef>, Refusal> {
        let seen = self.refs_seen_by(session, Interaction::Search, &at).await?;
        Ok(at.into_iter().zip(seen).filter_map(|(at, seen)| seen.then_some(at)).collect())
    }

    /// Who refers to these resources.
    async fn links_to(
        &self,
        run: &mut Run,
        state: &mut Includes<'_>,
        include: &Include,
        fresh: &[Version],
    ) -> Result<BTreeSet<Link>, Refusal> {
        let bases = run.bases.clone();
        let bases: Vec<&str> = bases.iter().map(String::as_str).collect();
        let settings = settings(&bases, self.now_ms());
        let reach = run.reach.clone();
        let sources: Vec<&str> = match &include.source {
            Some(source) => vec![source],
            None => fhir::types::all()
                .map(|kind| kind.name)
                .filter(|name| searches(state.session, name).is_ok())
                .collect(),
        };
        let mut queries: Vec<Query> = Vec::new();
        for source in sources {
            for parameter in include.parameters_of(source) {
                let refs: Vec<Key> = fresh
                    .iter()
                    .map(key_of)
                    .filter(|(kind, _)| include.target.as_ref().is_none_or(|only| only == kind))
                    .filter(|(kind, _)| parameter.may_refer_to(kind))
                    .collect();
                if !refs.is_empty() {
                    queries.push(Query::referring(source, parameter.code, &refs, &settings)?);
                }
            }
        }
        let mut links = BTreeSet::new();
        // What can only be found by looking at all is looked at once; the rest
        // is in the same few charts, which are read once.
        let keys: BTreeSet<Key> = fresh.iter().map(key_of).collect();
        let near =
            queries.len() > 1 && keys.iter().all(|(kind, _)| !fhir::types::is_registry_type(kind));
        if near {
            let mut types: Vec<&str> = queries.iter().map(Query::resource_type).collect();
            types.dedup();
            let types = if types.len() > 8 { Vec::new() } else { types };
            let cells = self.referring(run, &reach, &types, keys).await?;
            for query in &queries {
                let of_type =
                    cells.iter().filter(|cell| cell.resource_type == query.resource_type());
                let of_type = of_type.cloned().collect();
                let found = self.judged(run, &|_| Some(query), of_type, None).await?;
                links
                    .extend(found.into_iter().map(|one| ((one.at.resource_type, one.at.id), None)));
            }
            return Ok(links);
        }
        for query in queries {
            match self.complete(run, &reach, query).await {
                Ok(found) => {
                    let keys = found.into_iter().map(|one| (one.at.resource_type, one.at.id));
                    links.extend(keys.map(|key| (key, None)));
                }
                // The matches are right without what they include.
                Err(refusal) if refusal.code == IssueType::TooCostly => state.included.cut = true,
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(links)
    }
}

fn key_of(version: &Version) -> Key {
    (version.resource_type.clone(), version.id.clone())
}

/// What these resources refer to.
fn links_from(run: &Run, include: &Include, fresh: &[Version]) -> BTreeSet<Link> {
    let bases = run.bases();
    let mut links = BTreeSet::new();
    for version in fresh {
        let parameters = include.parameters_of(&version.resource_type);
        let Some(body) = version.body.as_ref().filter(|_| !parameters.is_empty()) else { continue };
        let Ok(document) = Document::parse(body.clone(), &JsonLimits::default()) else { continue };
        let root = document.root();
        let target = include.target.as_deref();
        let keys: BTreeSet<Key> = parameters
            .iter()
            .flat_map(|parameter| references_of(parameter, target, root, &bases))
            .collect();
        // "If a resource has a reference that is versioned and _include is
        // performed, the specified version should be returned."
        let mut versioned: Vec<Link> = Vec::new();
        if body.contains("/_history/") {
            versioned = references(root)
                .filter_map(|reference| local_version(&reference.text, &bases))
                .map(|(key, version)| ((key.resource_type, key.id), Some(version)))
                .collect();
        }
        for key in keys {
            let mut of_key = versioned.iter().filter(|(named, _)| *named == key).peekable();
            if of_key.peek().is_none() {
                links.insert((key, None));
            } else {
                links.extend(of_key.cloned());
            }
        }
    }
    links
}
