//! What references mean that are no ids, and references that lead nowhere.

use crate::conditional::met;
use crate::convert::read_failed;
use crate::drafts::Draft;
use crate::limits::SEARCHES_AT_ONCE;
use crate::plan::placed;
use crate::provider::Provider;
use crate::references::{Reference, Resolved, dangling, nowhere, placed_references};
use crate::search::Match;
use crate::session::{Seen, Session};
use crate::stop::Stop;
use access::entry::Interaction;
use chart::table::Table;
use chart::{Environment, Home, Place};
use contracts::{CommitOptions, Notice, Refusal, ResourceKey};
use fhir::resource::references;
use futures::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// Bases under which this server answers, without a slash at the end.
    pub(crate) fn own_bases(&self) -> Vec<String> {
        self.atlas().decisions.own_bases.clone()
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
                match self.only_match(session, &query).await.map_err(place)? {
                    Match::One(found) => Ok((text.clone(), *found)),
                    Match::None | Match::Withheld => Err(Stop::from(place(dangling(text)))),
                }
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
                let told = resolved.of(text, draft.change.full_url.as_deref());
                match resolved.read(told.as_deref().unwrap_or(text)) {
                    Reference::Urn(_) => return Err(nowhere(text, draft.at)),
                    Reference::Local(key) if deleted.contains(&key) => {
                        return Err(nowhere(text, draft.at));
                    }
                    // What stands for an entry or was searched has been met.
                    Reference::Local(key) if told.is_none() && !own.contains(&key) => {
                        asked.entry(key).or_insert(draft.at);
                    }
                    _ => {}
                }
            }
        }
        let absent = self.not_there(session, asked.keys().cloned().collect()).await?;
        // The first in the order of the entries.
        let first = absent.iter().filter_map(|key| Some((asked.get(key)?, key))).min();
        match first {
            Some((at, key)) => Err(nowhere(&format!("{}/{}", key.resource_type, key.id), *at)),
            None => Ok(()),
        }
    }

    /// What a change that is stored although its references lead nowhere should
    /// tell its caller.
    pub(crate) async fn notices(
        &self,
        session: &Session,
        draft: &Draft,
        resolved: &Resolved,
    ) -> Result<Vec<Notice>, Refusal> {
        let Some(resource) = &draft.resource else { return Ok(Vec::new()) };
        let placed = placed_references(resource);
        let read = |text: &str| match resolved.of(text, draft.change.full_url.as_deref()) {
            // What stands for an entry or was searched has been met.
            Some(_) => Reference::Elsewhere,
            None => resolved.read(text),
        };
        let asked = placed.iter().filter_map(|(_, text)| match read(text) {
            Reference::Local(key) if draft.key.as_ref() != Some(&key) => Some(key),
            _ => None,
        });
        let asked: BTreeSet<ResourceKey> = asked.collect();
        let absent = self.not_there(session, asked.into_iter().collect()).await?;
        let lost = placed.iter().filter(|(_, text)| match read(text) {
            Reference::Urn(_) => true,
            Reference::Local(key) => absent.contains(&key),
            _ => false,
        });
        Ok(lost.map(|(path, text)| nowhere(text, path)).collect())
    }

    /// Which of these are not there, or, for a session confined to one person,
    /// not in its sight: in one wave, two when locators must be read.
    async fn not_there(
        &self,
        session: &Session,
        asked: Vec<ResourceKey>,
    ) -> Result<BTreeSet<ResourceKey>, Refusal> {
        if asked.is_empty() {
            return Ok(BTreeSet::new());
        }
        let located = asked.into_iter().map(async |key| {
            let home = self.record().locate(&key.resource_type, &key.id).await;
            home.map(|home| (key, home))
        });
        let located = try_join_all(located).await.map_err(|error| read_failed(&error))?;
        let mut absent = BTreeSet::new();
        let (mut keys, mut places) = (Vec::new(), Vec::new());
        for (key, home) in located {
            let home = home.filter(|home| {
                let open = matches!(home, Home::Registry { .. }) || !session.is_confined();
                open || self.may(session, Interaction::Read, &key.resource_type, home).is_ok()
            });
            let Some(home) = home else {
                absent.insert(key);
                continue;
            };
            let (resource_type, id) = (key.resource_type.clone(), key.id.clone());
            places.push(Place { home, resource_type, id });
            keys.push(key);
        }
        let cells = self.record().cells_at(&places).await.map_err(|error| read_failed(&error))?;
        let gone = keys.into_iter().zip(cells);
        let there: Vec<(ResourceKey, Place)> = gone
            .zip(places)
            .filter_map(|((key, cell), place)| {
                let lost = cell.is_none_or(|cell| cell.deleted);
                if lost {
                    absent.insert(key.clone());
                }
                (!lost).then_some((key, place))
            })
            .collect();
        absent.extend(self.withheld_at(session, Interaction::Read, there).await?);
        Ok(absent)
    }
}
