//! From the changes of a request to the changes of a commit: conditional
//! creates are searched, ids are given, references resolved, and each resource
//! is filed in the chart of the person it is about.

use crate::convert::read_failed;
use crate::index;
use crate::provider::Provider;
use crate::references::{Reference, Resolved, dangling, local, people};
use crate::session::Session;
use chart::table::{Key, Table};
use chart::{Claim, Content, Environment, Expect, Guard, Home, Period, Place, keys};
use contracts::{Change, ChangeKind, CommitOptions, Refusal, ResourceKey};
use fhir::json::Value;
use fhir::limits::JsonLimits;
use fhir::resource::{Resource, references, rewrite_references};
use fhir::search::{DateRange, Tokens};
use futures::future::try_join_all;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What becomes of one change of the request.
#[derive(Clone, Debug)]
pub(crate) enum Slot {
    /// It is this change of the commit.
    Changes(usize),
    /// A conditional create met a resource that is there.
    Existing(chart::Cell),
    /// The same conditional create stands earlier in the request.
    Same(usize),
}

/// A request, planned.
pub(crate) struct Plan {
    pub changes: Vec<chart::Change>,
    pub kinds: Vec<ChangeKind>,
    pub guards: Vec<Guard>,
    pub slots: Vec<Slot>,
}

/// A change on its way through planning.
struct Draft {
    at: usize,
    change: Change,
    resource: Option<Resource>,
    key: Option<ResourceKey>,
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// Plans a request. Nothing is written yet.
    pub(crate) async fn plan(
        &self,
        session: &Session,
        changes: &[Change],
        options: &CommitOptions,
    ) -> Result<Plan, Refusal> {
        let mut guards = Vec::new();
        let mut slots = Vec::with_capacity(changes.len());
        let mut drafts = Vec::new();
        let mut resolved = Resolved::default();
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (at, change) in changes.iter().enumerate() {
            if let Some(criteria) = &change.if_none_exist {
                let found = self.unless(&change.resource_type, criteria).await;
                let (guard, found) = found.map_err(|refusal| placed(refusal, at, options))?;
                if let Some(cell) = found {
                    let key = ResourceKey::new(&*cell.resource_type, &*cell.id);
                    resolve(&mut resolved, change, &key);
                    slots.push(Slot::Existing(cell));
                    continue;
                }
                if let Some(first) = seen.get(&guard.key) {
                    slots.push(Slot::Same(*first));
                    continue;
                }
                seen.insert(guard.key.clone(), at);
                guards.push(guard);
            }
            slots.push(Slot::Changes(drafts.len()));
            let resource = match change.kind {
                ChangeKind::Delete => None,
                _ => Some(
                    Resource::parse(change.body.clone(), &JsonLimits::default())
                        .map_err(|refusal| placed(refusal, at, options))?,
                ),
            };
            drafts.push(Draft { at, change: change.clone(), resource, key: None });
        }
        self.resolve_searches(&drafts, &mut resolved).await?;
        self.name(&mut drafts, &mut resolved);
        same_urls(changes, &slots, &drafts, &mut resolved);
        if options.bundle {
            self.refuse_dangling(&drafts, &resolved).await?;
        }
        let mut plan = Plan { changes: Vec::new(), kinds: Vec::new(), guards, slots };
        for draft in drafts {
            let at = draft.at;
            let filed = self.filed(session, draft, &resolved).await;
            let (change, kind) = filed.map_err(|refusal| placed(refusal, at, options))?;
            plan.changes.push(change);
            plan.kinds.push(kind);
        }
        Ok(plan)
    }

    /// The guard of a conditional create, and the one resource that is there
    /// already. The generation is read before the search: a creation in
    /// between changes it, and the commit is refused.
    async fn unless(
        &self,
        resource_type: &str,
        criteria: &str,
    ) -> Result<(Guard, Option<chart::Cell>), Refusal> {
        let query = self.understood(resource_type, criteria.trim_start_matches('?'))?;
        if query.filters().is_empty() {
            return Err(Refusal::precondition_failed(
                "If-None-Exist has no criteria: name at least one search parameter.",
            ));
        }
        let key = keys::criteria_key(&query.link(None));
        let generation = self.record().generation(&key).await;
        let generation = generation.map_err(|error| read_failed(&error))?;
        let cells = self.candidates(&query).await?;
        let found = self.judged(&query, cells.clone()).await?;
        match found.as_slice() {
            [] => Ok((Guard { key, generation }, None)),
            [one] => {
                let cell = cells.into_iter().find(|cell| cell.reference() == one.at);
                Ok((Guard { key, generation }, cell))
            }
            _ => Err(Refusal::multiple_matches()),
        }
    }

    /// Finds what `Type?criteria` references mean; each is searched once.
    async fn resolve_searches(
        &self,
        drafts: &[Draft],
        resolved: &mut Resolved,
    ) -> Result<(), Refusal> {
        let mut wanted = BTreeSet::new();
        for resource in drafts.iter().filter_map(|draft| draft.resource.as_ref()) {
            for reference in references(resource.root()) {
                if let Reference::Conditional { resource_type, query } =
                    Reference::parse(&reference.text)
                {
                    wanted.insert((reference.text.into_owned(), resource_type, query));
                }
            }
        }
        let searched = wanted.into_iter().map(async |(text, resource_type, query)| {
            let query = self.understood(&resource_type, &query)?;
            let cells = self.candidates(&query).await?;
            let found = self.judged(&query, cells).await?;
            match found.as_slice() {
                [one] => Ok((text, format!("{}/{}", one.at.resource_type, one.at.id))),
                [] => Err(dangling(&text)),
                _ => Err(Refusal::multiple_matches()),
            }
        });
        resolved.texts.extend(try_join_all(searched).await?);
        Ok(())
    }

    /// Gives ids: first to people and to what belongs to nobody, then to what
    /// is about those people, since its id carries theirs.
    fn name(&self, drafts: &mut [Draft], resolved: &mut Resolved) {
        for draft in drafts.iter_mut() {
            let change = &draft.change;
            let key = match &change.id {
                Some(id) => ResourceKey::new(&*change.resource_type, &**id),
                None if alone(&change.resource_type) => {
                    ResourceKey::new(&*change.resource_type, self.plain_id())
                }
                None => continue,
            };
            resolve(resolved, change, &key);
            draft.key = Some(key);
        }
        for draft in drafts.iter_mut().filter(|draft| draft.key.is_none()) {
            let person = match &draft.resource {
                Some(resource) => people(resource, resolved).into_iter().next(),
                None => None,
            };
            let mut random = [0_u8; 9];
            self.inner.environment.fill_random(&mut random);
            let carrying = person.and_then(|person| chart::ids::chart_id(&person, random));
            let id = carrying.unwrap_or_else(|| self.plain_id());
            let key = ResourceKey::new(&*draft.change.resource_type, id);
            resolve(resolved, &draft.change, &key);
            draft.key = Some(key);
        }
    }

    fn plain_id(&self) -> String {
        let mut random = [0_u8; 10];
        self.inner.environment.fill_random(&mut random);
        chart::ids::plain_id(random)
    }

    /// Refuses references within a transaction that lead nowhere.
    async fn refuse_dangling(&self, drafts: &[Draft], resolved: &Resolved) -> Result<(), Refusal> {
        let own: BTreeSet<&ResourceKey> =
            drafts.iter().filter_map(|draft| draft.key.as_ref()).collect();
        let mut asked: BTreeSet<ResourceKey> = BTreeSet::new();
        for draft in drafts {
            let Some(resource) = &draft.resource else { continue };
            for reference in references(resource.root()) {
                let text = reference.text.as_ref();
                match Reference::parse(text) {
                    Reference::Urn(_) if resolved.of(text).is_none() => {
                        return Err(dangling(text).at(format!("Bundle.entry[{}]", draft.at)));
                    }
                    Reference::Local(key) if !own.contains(&key) => {
                        asked.insert(key);
                    }
                    _ => {}
                }
            }
        }
        let located = asked.into_iter().map(async |key| {
            let home = self.record().locate(&key.resource_type, &key.id).await;
            home.map(|home| (key, home))
        });
        let located = try_join_all(located).await.map_err(|error| read_failed(&error))?;
        let mut places = Vec::new();
        for (key, home) in &located {
            let Some(home) = home.clone() else {
                return Err(dangling(&format!("{}/{}", key.resource_type, key.id)));
            };
            let (resource_type, id) = (key.resource_type.clone(), key.id.clone());
            places.push(Place { home, resource_type, id });
        }
        let cells = self.record().cells_at(&places).await.map_err(|error| read_failed(&error))?;
        for (cell, (key, _)) in cells.iter().zip(&located) {
            if cell.as_ref().is_none_or(|cell| cell.deleted) {
                return Err(dangling(&format!("{}/{}", key.resource_type, key.id)));
            }
        }
        Ok(())
    }

    /// One change, with everything that the record keeps beside the body.
    async fn filed(
        &self,
        session: &Session,
        draft: Draft,
        resolved: &Resolved,
    ) -> Result<(chart::Change, ChangeKind), Refusal> {
        let Draft { change, resource, key, .. } = draft;
        let key = key.ok_or_else(|| Refusal::fault("A resource was left without an id."))?;
        let Some(resource) = resource else {
            return self.deletion(session, change, key).await;
        };
        let text = rewrite_references(&resource, &|text| resolved.of(text));
        let resource = Resource::parse(text.into_bytes(), &JsonLimits::default())?;
        let subjects = people(&resource, resolved);
        let home = home(&key, subjects.first());
        self.may_change(session, change.kind, &key.resource_type, &home).await?;
        if change.kind == ChangeKind::Update {
            self.refuse_move(&key, &home).await?;
        }
        let rows = index::rows(&key.resource_type, &key.id, &home, resource.root());
        let drop_rows = match change.kind {
            ChangeKind::Update if alone(&key.resource_type) => {
                self.rows_before(&key, &home, &rows).await?
            }
            _ => Vec::new(),
        };
        let expect = match (change.kind, change.if_match) {
            (ChangeKind::Create, _) => Expect::Absent,
            (_, Some(version)) => Expect::Version(version),
            (_, None) => Expect::Any,
        };
        let tokens = Tokens::extract(&key.resource_type, resource.root()).to_bytes().to_vec();
        let claims = self.claims_of(&key, resource.root());
        let pointers = match key.resource_type.as_str() {
            "Patient" => Vec::new(),
            _ => subjects.into_iter().skip(1).map(Home::Person).collect(),
        };
        let locator = needs_locator(&key);
        let (id, resource) = (key.id.clone(), Arc::new(resource));
        let content = Content::Body(Arc::new(move |version, last_updated_ms| {
            resource.stamped(&id, version, last_updated_ms)
        }));
        let filed = chart::Change {
            home,
            resource_type: key.resource_type,
            id: key.id,
            expect,
            content,
            tokens,
            rows,
            drop_rows,
            claims,
            pointers,
            locator,
        };
        Ok((filed, change.kind))
    }

    async fn deletion(
        &self,
        session: &Session,
        change: Change,
        key: ResourceKey,
    ) -> Result<(chart::Change, ChangeKind), Refusal> {
        let home = self.record().locate(&key.resource_type, &key.id).await;
        let home = home.map_err(|error| read_failed(&error))?;
        let home = home.unwrap_or_else(|| Home::registry(&key.resource_type, &key.id));
        self.may_change(session, ChangeKind::Delete, &key.resource_type, &home).await?;
        let drop_rows = match alone(&key.resource_type) {
            true => self.rows_before(&key, &home, &[]).await?,
            false => Vec::new(),
        };
        let deleted = chart::Change {
            home,
            resource_type: key.resource_type,
            id: key.id,
            expect: change.if_match.map_or(Expect::Exists, Expect::Version),
            content: Content::Deleted,
            tokens: Vec::new(),
            rows: Vec::new(),
            drop_rows,
            claims: Vec::new(),
            pointers: Vec::new(),
            locator: false,
        };
        Ok((deleted, ChangeKind::Delete))
    }

    /// Refuses an update that would move a resource to another chart: its
    /// versions and its trace would be torn apart.
    async fn refuse_move(&self, key: &ResourceKey, home: &Home) -> Result<(), Refusal> {
        let held = self.record().locate(&key.resource_type, &key.id).await;
        match held.map_err(|error| read_failed(&error))? {
            Some(held) if held != *home => Err(Refusal::unprocessed(format!(
                "{}/{} belongs to another chart than the one its subject names. A resource never \
                 moves: delete it there, and create it here under another id.",
                key.resource_type, key.id
            ))),
            _ => Ok(()),
        }
    }

    /// Index rows of the current version that the next one does not want.
    async fn rows_before(
        &self,
        key: &ResourceKey,
        home: &Home,
        wanted: &[chart::Row],
    ) -> Result<Vec<Key>, Refusal> {
        let held = self.record().read(&key.resource_type, &key.id).await;
        let Some(body) = held.map_err(|error| read_failed(&error))?.and_then(|held| held.body)
        else {
            return Ok(Vec::new());
        };
        let Ok(resource) = Resource::parse(body.into_bytes(), &JsonLimits::default()) else {
            return Ok(Vec::new());
        };
        let before = index::rows(&key.resource_type, &key.id, home, resource.root());
        let stale = before.into_iter().map(|row| row.key);
        Ok(stale.filter(|stale| wanted.iter().all(|row| row.key != *stale)).collect())
    }

    /// Claims on identifiers that one person holds at a time. A card that is
    /// old or borrowed (`use` old, temp) claims nothing.
    fn claims_of(&self, key: &ResourceKey, root: Value<'_>) -> Vec<Claim> {
        if key.resource_type != "Patient" {
            return Vec::new();
        }
        fn text(value: Option<Value<'_>>) -> Option<Cow<'_, str>> {
            value.and_then(Value::as_str)
        }
        let claims = root.each("identifier").filter_map(|identifier| {
            let system = text(identifier.get("system"))?;
            let value = text(identifier.get("value"))?;
            let told = text(identifier.get("use"));
            let claiming = self.inner.unique_systems.iter().any(|held| *held == system)
                && !matches!(told.as_deref(), Some("old" | "temp"));
            let period = identifier.get("period");
            let instant = |name: &str| {
                text(period.and_then(|period| period.get(name)))
                    .and_then(|text| DateRange::parse(&text))
            };
            claiming.then(|| Claim {
                key: keys::claim_key(&system, &value),
                period: Period {
                    from_ms: instant("start").map(|range| range.lower_ms),
                    to_ms: instant("end").map(|range| range.upper_ms),
                },
            })
        });
        let mut claims: Vec<Claim> = claims.collect();
        claims.dedup();
        claims
    }
}

/// Whether an id of this type stands by itself, without a person's in it.
fn alone(resource_type: &str) -> bool {
    resource_type == "Patient" || fhir::types::is_registry_type(resource_type)
}

fn home(key: &ResourceKey, person: Option<&String>) -> Home {
    match person {
        _ if key.resource_type == "Patient" => Home::Person(key.id.clone()),
        Some(person) if !fhir::types::is_registry_type(&key.resource_type) => {
            Home::Person(person.clone())
        }
        _ => Home::registry(&key.resource_type, &key.id),
    }
}

fn needs_locator(key: &ResourceKey) -> bool {
    let told = chart::ids::home_of(&key.resource_type, &key.id, fhir::types::is_registry_type);
    told == chart::Where::Locator
}

/// Remembers what the entry's fullUrl stands for.
fn resolve(resolved: &mut Resolved, change: &Change, key: &ResourceKey) {
    if let Some(full_url) = &change.full_url
        && local(full_url).is_none()
    {
        resolved.texts.insert(full_url.clone(), format!("{}/{}", key.resource_type, key.id));
    }
}

/// Entries that repeat a conditional create stand for the first one.
fn same_urls(changes: &[Change], slots: &[Slot], drafts: &[Draft], resolved: &mut Resolved) {
    for (change, slot) in changes.iter().zip(slots) {
        if let Slot::Same(first) = slot
            && let Some(key) =
                drafts.iter().find(|draft| draft.at == *first).and_then(|draft| draft.key.as_ref())
        {
            resolve(resolved, change, key);
        }
    }
}

/// The refusal with its place in the Bundle.
pub(crate) fn placed(refusal: Refusal, at: usize, options: &CommitOptions) -> Refusal {
    if options.bundle { refusal.within(&format!("Bundle.entry[{at}]")) } else { refusal }
}
