//! What a request means by criteria instead of ids: conditional create, update,
//! patch and delete (R4 §3.1.0.8.1, §3.1.0.4.3, §3.1.0.6.1, §3.1.0.7.1).
//!
//! Each is a search, and the session must be allowed to make it: otherwise it
//! would learn who is there by changing.

use crate::convert::read_failed;
use crate::decide::permitted;
use crate::filing::person;
use crate::limits::SEARCHES_AT_ONCE;
use crate::plan::{Gone, Slot, placed};
use crate::provider::Provider;
use crate::search::{Match, inside};
use crate::sight::collision;
use crate::session::{Seen, Session};
use crate::stop::Stop;
use access::entry::Interaction;
use chart::table::Table;
use chart::{Cell, Environment, Expect, Guard, Home, keys};
use contracts::{BodyForm, Change, ChangeKind, CommitOptions, Refusal, ResourceKey};
use fhir::search::{Modifier, Query, Wanted, WantedSystem};
use futures::future::try_join_all;
use std::collections::{BTreeMap, HashMap};

/// The guard of a conditional change, and what is there already.
pub(crate) type Met = (Guard, Match);

/// What criteria make of a change.
pub(crate) enum Aim {
    /// It is settled without a change.
    Settled(Slot),
    /// It is about the resource that was found, as it was found.
    At(Cell),
    /// Nothing was found: it creates.
    Creates,
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// What the criteria of each change meet; each search once.
    pub(crate) async fn conditional(
        &self,
        session: &Session,
        changes: &[Change],
        options: &CommitOptions,
    ) -> Result<Vec<Option<Met>>, Stop> {
        let mut keys: Vec<Option<String>> = Vec::with_capacity(changes.len());
        let mut asked: BTreeMap<String, (usize, Query)> = BTreeMap::new();
        for (at, change) in changes.iter().enumerate() {
            let Some(criteria) = change.if_none_exist.as_ref().or(change.criteria.as_ref()) else {
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
                let found = self.unless(session, key, query).await.map_err(place)?;
                Ok::<_, Stop>((key.clone(), found))
            });
            met.extend(try_join_all(found).await?);
        }
        let met: Vec<Option<Met>> = keys.into_iter().map(|key| met.get(&key?).cloned()).collect();
        for (at, (change, met)) in changes.iter().zip(&met).enumerate() {
            if let (ChangeKind::Create, Some((_, Match::One(cell)))) = (change.kind, met) {
                self.may(session, Interaction::Create, &cell.resource_type, &cell.home)
                    .map_err(|stop| stop.map(|refusal| placed(refusal, at, options)))?;
            }
        }
        Ok(met)
    }

    /// The criteria of a conditional change.
    fn criteria(&self, resource_type: &str, criteria: &str) -> Result<Query, Refusal> {
        let query = self.understood(resource_type, criteria.trim_start_matches('?'))?;
        if query.filters().is_empty() {
            return Err(Refusal::precondition_failed(
                "There are no criteria to choose a resource by: name at least one search parameter.",
            ));
        }
        if query.cursor().is_some() {
            return Err(Refusal::invalid("The criteria ask for a page. Leave _page out."));
        }
        Ok(query)
    }

    /// Whether the session may see what a search of this range finds.
    pub(crate) fn may_search(&self, session: &Session, query: &Query) -> Result<(), Stop> {
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

    /// The guard of a conditional change, and the one resource that is there
    /// already. The generation is read before the search: a creation in
    /// between changes it, and the commit is refused.
    async fn unless(&self, session: &Session, key: &str, query: &Query) -> Result<Met, Refusal> {
        let generation = self.record().generation(key).await;
        let generation = generation.map_err(|error| read_failed(&error))?;
        let found = self.only_match(session, query).await?;
        Ok((Guard { key: key.to_owned(), generation }, found))
    }
}

/// What becomes of a conditional change that met this. What the caller may not
/// see is not there to be patched or deleted; but nothing is created beside it.
pub(crate) fn aim(change: &Change, found: Match) -> Result<Aim, Stop> {
    let found = match found {
        Match::Withheld if creates(change) => return Err(collision().into()),
        Match::One(cell) => Some(*cell),
        Match::None | Match::Withheld => None,
    };
    Ok(aim_at(change, found)?)
}

/// Whether criteria that find nothing create.
fn creates(change: &Change) -> bool {
    let updates = change.kind == ChangeKind::Update && change.form == BodyForm::Resource;
    change.kind == ChangeKind::Create || updates
}

fn aim_at(change: &Change, found: Option<Cell>) -> Result<Aim, Refusal> {
    match (change.kind, change.form, found) {
        (ChangeKind::Create, _, Some(cell)) => Ok(Aim::Settled(Slot::Existing(cell))),
        (ChangeKind::Update, BodyForm::Resource, Some(_)) if change.if_absent => {
            Err(is_there_already())
        }
        (_, _, Some(cell)) => Ok(Aim::At(cell)),
        (_, BodyForm::Resource, None) if change.if_match.is_some() => {
            Err(Refusal::precondition_failed(
                "If-Match names a version, but nothing matches the criteria. Leave If-Match out to \
                 create the resource, or correct the criteria.",
            ))
        }
        (ChangeKind::Delete, _, None) => {
            // Which one it would have been, nobody knows.
            let key = ResourceKey::new(&*change.resource_type, "");
            Ok(Aim::Settled(Slot::Gone(Gone { key, deleted: None })))
        }
        (_, BodyForm::Resource, None) => Ok(Aim::Creates),
        (_, _, None) => Err(Refusal::missing(format!(
            "No {} matches the criteria, so there is nothing to change. Create it first, or correct \
             the criteria.",
            change.resource_type
        ))),
    }
}

/// 412 for `If-None-Match: *`.
pub(crate) fn is_there_already() -> Refusal {
    Refusal::precondition_failed(
        "If-None-Match: * asks for nothing to be there, but the resource is. Read it, and send \
         your change with its version in If-Match.",
    )
}

/// What must hold of the resource when the change is made.
pub(crate) fn expected(change: &Change, aim: Option<&Aim>) -> Expect {
    match (change.kind, change.if_match, aim) {
        (ChangeKind::Create, _, _) => Expect::Absent,
        (_, Some(version), _) => Expect::Version(version),
        // It is the one that matched only as long as it is as it was then.
        (_, None, Some(Aim::At(cell))) => Expect::Version(cell.version),
        (ChangeKind::Delete, None, _) => Expect::Exists,
        (_, None, Some(_)) => Expect::Absent,
        (_, None, None) if change.if_absent => Expect::Absent,
        (_, None, None) => Expect::Any,
    }
}

/// Whether what a change expects was read by the provider, and not told by the
/// caller: then a change that meets something else is planned again.
pub(crate) fn expects_what_was_read(change: &Change) -> bool {
    let reads = change.criteria.is_some() || change.form != BodyForm::Resource;
    reads && change.if_match.is_none() && !change.if_absent
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
