//! What a request means by criteria instead of ids: conditional creates and
//! conditional references; and references that lead nowhere.
//!
//! Each is a search, and the session must be allowed to make it: otherwise it
//! would learn who is there by creating.

use crate::convert::read_failed;
use crate::decide::permitted;
use crate::filing::person;
use crate::limits::SEARCHES_AT_ONCE;
use crate::plan::{Draft, placed};
use crate::provider::Provider;
use crate::references::{Reference, Resolved, dangling};
use crate::search::inside;
use crate::session::{Seen, Session};
use crate::stop::Stop;
use access::entry::Interaction;
use chart::table::Table;
use chart::{Cell, Environment, Guard, Home, Place, keys};
use contracts::{Change, CommitOptions, Refusal, ResourceKey};
use fhir::resource::references;
use fhir::search::{Modifier, Query, Wanted, WantedSystem};
use futures::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The guard of a conditional create, and what is there already.
pub(crate) type Met = (Guard, Option<Cell>);

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// What each conditional create of the request meets; each search once.
    pub(crate) async fn conditional(
        &self,
        session: &Session,
        changes: &[Change],
        options: &CommitOptions,
    ) -> Result<Vec<Option<Met>>, Stop> {
        let mut keys: Vec<Option<String>> = Vec::with_capacity(changes.len());
        let mut asked: BTreeMap<String, (usize, Query)> = BTreeMap::new();
        for (at, change) in changes.iter().enumerate() {
            let Some(criteria) = &change.if_none_exist else {
                keys.push(None);
                continue;
            };
            let place = |refusal| placed(refusal, at, options);
            let query = self.criteria(&change.resource_type, criteria).map_err(place)?;
            self.may_search(session, &query).map_err(|stop| stop.map(place))?;
            let key = self.guard_key(&query);
            keys.push(Some(key.clone()));
            asked.entry(key).or_insert((at, query));
        }
        let asked: Vec<(String, (usize, Query))> = asked.into_iter().collect();
        let mut met: HashMap<String, Met> = HashMap::new();
        for some in asked.chunks(SEARCHES_AT_ONCE) {
            let found = some.iter().map(async |(key, (at, query))| {
                let place = |refusal| placed(refusal, *at, options);
                let found = self.unless(key, query).await.map_err(place)?;
                if let (_, Some(cell)) = &found {
                    self.may(session, Interaction::Create, &cell.resource_type, &cell.home)
                        .map_err(|stop| stop.map(place))?;
                }
                Ok::<_, Stop>((key.clone(), found))
            });
            met.extend(try_join_all(found).await?);
        }
        Ok(keys.into_iter().map(|key| met.get(&key?).cloned()).collect())
    }

    /// The criteria of a conditional create.
    fn criteria(&self, resource_type: &str, criteria: &str) -> Result<Query, Refusal> {
        let query = self.understood(resource_type, criteria.trim_start_matches('?'))?;
        if query.filters().is_empty() {
            return Err(Refusal::precondition_failed(
                "If-None-Exist has no criteria: name at least one search parameter.",
            ));
        }
        if query.cursor().is_some() {
            return Err(Refusal::invalid("If-None-Exist asks for a page. Leave _page out."));
        }
        Ok(query)
    }

    /// Whether the session may see what a search of this range finds.
    fn may_search(&self, session: &Session, query: &Query) -> Result<(), Stop> {
        inside(session, query)?;
        let resource_type = query.resource_type();
        let people = query.person();
        if people.is_empty() {
            let denied = permitted(&session.claims, Interaction::Search, resource_type, None);
            return denied.map(drop).map_err(Stop::from);
        }
        people.into_iter().try_for_each(|person| {
            let home = Home::Person(person.to_owned());
            self.may(session, Interaction::Search, resource_type, &home)
        })
    }

    /// One key for the same criteria, in whatever order they are written. For an
    /// identifier that belongs to one person at a time it is the key of that
    /// claim, so that every way to take it is noticed.
    fn guard_key(&self, query: &Query) -> String {
        if let ("Patient", [filter]) = (query.resource_type(), query.filters())
            && let ("identifier", Modifier::Plain) = (filter.parameter.code, &filter.modifier)
            && let [Wanted::Token { system: WantedSystem::Is(system), code: Some(value) }] =
                filter.wanted.as_slice()
            && self.inner.unique_systems.contains(system)
        {
            return keys::claim_key(system, value);
        }
        let link = query.link(None);
        let (resource_type, criteria) = link.split_once('?').unwrap_or((&link, ""));
        let of_result = ["_sort=", "_count=", "_total=", "_summary="];
        let mut criteria: Vec<&str> = criteria
            .split('&')
            .filter(|pair| !of_result.iter().any(|name| pair.starts_with(name)))
            .collect();
        criteria.sort_unstable();
        keys::criteria_key(&format!("{resource_type}?{}", criteria.join("&")))
    }

    /// The guard of a conditional create, and the one resource that is there
    /// already. The generation is read before the search: a creation in
    /// between changes it, and the commit is refused.
    async fn unless(&self, key: &str, query: &Query) -> Result<Met, Refusal> {
        let generation = self.record().generation(key).await;
        let generation = generation.map_err(|error| read_failed(&error))?;
        let found = self.matching(query).await?;
        Ok((Guard { key: key.to_owned(), generation }, found))
    }

    /// The one resource that matches, if any does.
    async fn matching(&self, query: &Query) -> Result<Option<Cell>, Refusal> {
        self.only_match(query).await
    }

    /// Finds what `Type?criteria` references mean; each is searched once. Gives
    /// what was met.
    pub(crate) async fn resolve_searches(
        &self,
        session: &Session,
        drafts: &[Draft],
        resolved: &mut Resolved,
        options: &CommitOptions,
    ) -> Result<Vec<Seen>, Stop> {
        let mut wanted: BTreeMap<String, (usize, String, String)> = BTreeMap::new();
        for draft in drafts {
            let Some(resource) = &draft.resource else { continue };
            for reference in references(resource.root()) {
                if let Reference::Conditional { resource_type, query } =
                    Reference::parse(&reference.text)
                {
                    wanted.entry(reference.text.into_owned()).or_insert((
                        draft.at,
                        resource_type,
                        query,
                    ));
                }
            }
        }
        let wanted: Vec<(String, (usize, String, String))> = wanted.into_iter().collect();
        let mut seen = Vec::new();
        for some in wanted.chunks(SEARCHES_AT_ONCE) {
            let searched = some.iter().map(async |(text, (at, resource_type, query))| {
                let place = |refusal| placed(refusal, *at, options);
                let query = self.understood(resource_type, query).map_err(place)?;
                self.may_search(session, &query).map_err(|stop| stop.map(place))?;
                let found = self.matching(&query).await.map_err(place)?;
                let found = found.ok_or_else(|| place(dangling(text)))?;
                Ok::<_, Stop>((text.clone(), found))
            });
            for (text, cell) in try_join_all(searched).await? {
                resolved.texts.insert(text, format!("{}/{}", cell.resource_type, cell.id));
                seen.push(met(&cell));
            }
        }
        Ok(seen)
    }

    /// Refuses references within a transaction that lead nowhere, or, for a
    /// session confined to one person, into the chart of another: it must not
    /// learn which.
    pub(crate) async fn refuse_dangling(
        &self,
        session: &Session,
        drafts: &[Draft],
        resolved: &Resolved,
    ) -> Result<(), Refusal> {
        let keys = |deleted: bool| {
            let drafts = drafts.iter().filter(move |draft| draft.resource.is_none() == deleted);
            drafts.filter_map(|draft| draft.key.as_ref()).collect::<BTreeSet<&ResourceKey>>()
        };
        let (own, deleted) = (keys(false), keys(true));
        let mut asked: BTreeMap<ResourceKey, usize> = BTreeMap::new();
        let nowhere = |text: &str, at: usize| dangling(text).at(format!("Bundle.entry[{at}]"));
        for draft in drafts {
            let Some(resource) = &draft.resource else { continue };
            for reference in references(resource.root()) {
                let text = reference.text.as_ref();
                match Reference::parse(text) {
                    Reference::Urn(_) if resolved.of(text).is_none() => {
                        return Err(nowhere(text, draft.at));
                    }
                    Reference::Local(key) if deleted.contains(&key) => {
                        return Err(nowhere(text, draft.at));
                    }
                    Reference::Local(key) if !own.contains(&key) => {
                        asked.entry(key).or_insert(draft.at);
                    }
                    _ => {}
                }
            }
        }
        let located = asked.into_iter().map(async |(key, at)| {
            let home = self.record().locate(&key.resource_type, &key.id).await;
            home.map(|home| (key, at, home))
        });
        let located = try_join_all(located).await.map_err(|error| read_failed(&error))?;
        let mut places = Vec::new();
        for (key, at, home) in &located {
            let home = home.clone().filter(|home| {
                let open = matches!(home, Home::Registry { .. }) || !session.is_confined();
                open || self.may(session, Interaction::Read, &key.resource_type, home).is_ok()
            });
            let Some(home) = home else {
                return Err(nowhere(&format!("{}/{}", key.resource_type, key.id), *at));
            };
            let (resource_type, id) = (key.resource_type.clone(), key.id.clone());
            places.push(Place { home, resource_type, id });
        }
        let cells = self.record().cells_at(&places).await.map_err(|error| read_failed(&error))?;
        for (cell, (key, at, _)) in cells.iter().zip(&located) {
            if cell.as_ref().is_none_or(|cell| cell.deleted) {
                return Err(nowhere(&format!("{}/{}", key.resource_type, key.id), *at));
            }
        }
        Ok(())
    }
}

/// A resource met by its criteria has been seen.
pub(crate) fn met(cell: &Cell) -> Seen {
    Seen {
        resource_type: cell.resource_type.clone(),
        id: cell.id.clone(),
        version: cell.version,
        person: person(&cell.home),
        change: access::entry::Change::Read,
    }
}
