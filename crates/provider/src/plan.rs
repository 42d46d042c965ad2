//! From the changes of a request to the changes of a commit: conditional
//! creates are searched, ids are given, references resolved, and each resource
//! is filed in the chart of the person it is about.

use crate::filing::alone;
use crate::provider::Provider;
use crate::references::{Resolved, local, people};
use crate::session::{Seen, Session};
use crate::stop::Stop;
use chart::table::Table;
use chart::{Content, Environment, Guard};
use contracts::{Change, ChangeKind, CommitOptions, Refusal, ResourceKey};
use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What becomes of one change of the request.
#[derive(Clone, Debug)]
pub(crate) enum Slot {
    /// It is this change of the commit.
    Changes(usize),
    /// A conditional create met a resource that is there.
    Existing(chart::Cell),
    /// The same conditional create stands earlier in the request, there.
    Same(usize),
    /// A deletion of what is not there (any more): done already (R4 §3.1.0.7).
    Gone(Gone),
}

/// A resource that is not there.
#[derive(Clone, Debug)]
pub(crate) struct Gone {
    pub key: ResourceKey,
    /// The deletion, with its instant, when there was one.
    pub deleted: Option<(u64, i64)>,
}

/// A request, planned.
#[derive(Default)]
pub(crate) struct Plan {
    pub changes: Vec<chart::Change>,
    pub kinds: Vec<ChangeKind>,
    /// Of each change of the commit.
    pub contents: Vec<Content>,
    pub guards: Vec<Guard>,
    /// One for each change of the request, in their order.
    pub slots: Vec<Slot>,
    /// What conditional references met.
    pub seen: Vec<Seen>,
}

/// A change on its way through planning.
pub(crate) struct Draft {
    pub at: usize,
    pub change: Change,
    pub resource: Option<Resource>,
    pub key: Option<ResourceKey>,
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// Plans a request. Nothing is written yet. `gone` are the deletions, by
    /// their place, that are known to meet nothing.
    pub(crate) async fn plan(
        &self,
        session: &Session,
        changes: &[Change],
        options: &CommitOptions,
        mut gone: BTreeMap<usize, Gone>,
    ) -> Result<Plan, Stop> {
        let met = self.conditional(session, changes, options).await?;
        if options.bundle {
            gone.extend(self.absent_deletions(changes).await?);
        }
        let mut plan = Plan::default();
        let mut drafts = Vec::new();
        let mut resolved = Resolved::default();
        let mut first: HashMap<String, usize> = HashMap::new();
        for (at, (change, met)) in changes.iter().zip(met).enumerate() {
            if let Some((guard, found)) = met {
                if let Some(cell) = found {
                    let key = ResourceKey::new(&*cell.resource_type, &*cell.id);
                    resolve(&mut resolved, change, &key);
                    plan.slots.push(Slot::Existing(cell));
                    continue;
                }
                if let Some(first) = first.get(&guard.key) {
                    plan.slots.push(Slot::Same(*first));
                    continue;
                }
                first.insert(guard.key.clone(), at);
                plan.guards.push(guard);
            }
            if let Some(gone) = gone.remove(&at) {
                self.may_delete(session, &gone.key).await?;
                plan.slots.push(Slot::Gone(gone));
                continue;
            }
            plan.slots.push(Slot::Changes(drafts.len()));
            drafts.push(draft(at, change).map_err(|refusal| placed(refusal, at, options))?);
        }
        plan.seen = self.resolve_searches(session, &drafts, &mut resolved, options).await?;
        self.name(&mut drafts, &mut resolved);
        same_urls(changes, &plan.slots, &drafts, &mut resolved);
        refuse_twice(&drafts, options)?;
        if options.bundle {
            self.refuse_dangling(session, &drafts, &resolved).await?;
        }
        for draft in drafts {
            let at = draft.at;
            let filed = self.filed(session, draft, &resolved).await;
            let (change, kind) =
                filed.map_err(|stop| stop.map(|refusal| placed(refusal, at, options)))?;
            plan.contents.push(change.content.clone());
            plan.changes.push(change);
            plan.kinds.push(kind);
        }
        Ok(plan)
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
}

/// A change, its resource read.
fn draft(at: usize, change: &Change) -> Result<Draft, Refusal> {
    if change.id.as_ref().is_some_and(|id| !fhir::types::is_id(id)) {
        return Err(Refusal::invalid(
            "An id is 1 to 64 letters, digits, hyphens and points. Choose another.",
        ));
    }
    let resource = match change.kind {
        ChangeKind::Delete => None,
        _ => Some(Resource::parse(change.body.clone(), &JsonLimits::default())?),
    };
    if resource.as_ref().is_some_and(|held| held.type_name() != change.resource_type) {
        return Err(Refusal::invalid("The resource is of another type than the request names."));
    }
    Ok(Draft { at, change: change.clone(), resource, key: None })
}

/// Refuses two changes of one resource (R4 §3.1.0.11.2).
fn refuse_twice(drafts: &[Draft], options: &CommitOptions) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    for draft in drafts {
        if let Some(key) = &draft.key
            && !seen.insert(key)
        {
            let refusal = Refusal::unprocessed(format!(
                "{}/{} is changed by two entries. Leave one of them out, or send them in two \
                 Bundles.",
                key.resource_type, key.id
            ));
            return Err(placed(refusal, draft.at, options));
        }
    }
    Ok(())
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
