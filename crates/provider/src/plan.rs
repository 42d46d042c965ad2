//! From the changes of a request to the changes of a commit: criteria are
//! searched, patches applied, ids given, references resolved, and each resource
//! is filed in the chart of the person it is about.

use crate::conditional::{Aim, aim, expected};
use crate::drafts::{Draft, draft, refuse_twice};
use crate::filing::alone;
use crate::provider::Provider;
use crate::references::{Resolved, people};
use crate::session::{Seen, Session};
use crate::sight::as_absent;
use crate::stop::Stop;
use access::entry::Interaction;
use chart::table::Table;
use chart::{Content, Environment, Guard};
use contracts::{BodyForm, Change, ChangeKind, CommitOptions, Notice, Refusal, ResourceKey};
use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    /// Which; its id is empty when criteria found none.
    pub key: ResourceKey,
    /// The deletion, with its instant, when there was one.
    pub deleted: Option<(u64, i64)>,
}

/// What attempts before have found out, by place in the request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Learned {
    /// Deletions that meet nothing.
    pub gone: BTreeMap<usize, Gone>,
    /// Conditional updates whose body names an id that is not free.
    pub taken: BTreeSet<usize>,
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
    /// Conditional updates that create under the id in their body.
    pub named: BTreeSet<usize>,
    /// Changes of the commit whose body the session may not read.
    pub unreadable: BTreeSet<usize>,
    /// What the caller should know, by place in the request.
    pub notices: BTreeMap<usize, Vec<Notice>>,
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// Plans a request. Nothing is written yet.
    pub(crate) async fn plan(
        &self,
        session: &Session,
        changes: &[Change],
        options: &CommitOptions,
        learned: &Learned,
    ) -> Result<Plan, Stop> {
        let mut plan = Plan::default();
        let mut resolved = Resolved { bases: self.own_bases(), ..Resolved::default() };
        let mut drafts = self.drafts(session, changes, options, learned, &mut plan).await?;
        for (change, slot) in changes.iter().zip(&plan.slots) {
            if let Slot::Existing(cell) = slot {
                let key = ResourceKey::new(&*cell.resource_type, &*cell.id);
                resolve(&mut resolved, change, &key);
            }
        }
        self.amend(session, &mut drafts, options).await?;
        plan.seen = self.resolve_searches(session, &drafts, &mut resolved, options).await?;
        self.name(&mut drafts, &mut resolved);
        same_urls(changes, &plan.slots, &drafts, &mut resolved);
        refuse_twice(&drafts, options)?;
        if options.bundle {
            self.refuse_dangling(session, &drafts, &resolved).await?;
        }
        for draft in drafts {
            let at = draft.at;
            let place = |stop: Stop| stop.map(|refusal| placed(refusal, at, options));
            if options.notices && !options.bundle {
                let notices = self.notices(session, &draft, &resolved).await?;
                plan.notices.insert(at, notices);
            }
            let amends = draft.change.form != BodyForm::Resource;
            let filed = self.filed(session, draft, &resolved).await;
            let (change, kind) = filed.map_err(place)?;
            let reads =
                || self.may(session, Interaction::Read, &change.resource_type, &change.home);
            if amends && reads().is_err() {
                plan.unreadable.insert(plan.changes.len());
            }
            plan.contents.push(change.content.clone());
            plan.changes.push(change);
            plan.kinds.push(kind);
        }
        Ok(plan)
    }

    /// The changes that are to be made, the slots of all, and the guards.
    async fn drafts(
        &self,
        session: &Session,
        changes: &[Change],
        options: &CommitOptions,
        learned: &Learned,
        plan: &mut Plan,
    ) -> Result<Vec<Draft>, Stop> {
        let met = self.conditional(session, changes, options).await?;
        let hidden = self.hidden(session, changes).await?;
        let mut gone = learned.gone.clone();
        if options.bundle {
            gone.extend(self.absent_deletions(changes).await?);
        }
        let mut drafts = Vec::new();
        // Who creates when its criteria find nothing: one for each guard.
        let mut creating: HashMap<String, usize> = HashMap::new();
        for (at, (change, met)) in changes.iter().zip(met).enumerate() {
            let place = |refusal| placed(refusal, at, options);
            let mut aimed = None;
            if let Some((guard, found)) = met {
                let aim = aim(change, found).map_err(|stop| stop.map(place))?;
                if let Aim::Creates = aim {
                    if let Some(first) = creating.get(&guard.key) {
                        both_create(changes, *first, change).map_err(place)?;
                        plan.slots.push(Slot::Same(*first));
                        continue;
                    }
                    creating.insert(guard.key.clone(), at);
                    plan.guards.push(guard);
                }
                aimed = Some(aim);
            }
            if let Some(Aim::Settled(slot)) = aimed {
                if let Slot::Gone(gone) = &slot {
                    self.may_delete_nothing(session, &gone.key.resource_type)
                        .map_err(|stop| stop.map(place))?;
                }
                plan.slots.push(slot);
                continue;
            }
            if hidden.contains(&at) {
                let absent = as_absent(change).map_err(|stop| stop.map(place))?;
                gone.insert(at, absent);
            }
            if let Some(gone) = gone.remove(&at) {
                self.may_delete(session, &gone.key).await?;
                plan.slots.push(Slot::Gone(gone));
                continue;
            }
            let expect = expected(change, aimed.as_ref());
            let taken = learned.taken.contains(&at);
            let draft = draft(at, change, aimed.as_ref(), expect, taken).map_err(place)?;
            let creates = matches!((change.kind, &aimed), (ChangeKind::Update, Some(Aim::Creates)));
            if creates && draft.change.id.is_some() {
                plan.named.insert(at);
            }
            plan.slots.push(Slot::Changes(drafts.len()));
            drafts.push(draft);
        }
        Ok(drafts)
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
            let full_url = draft.change.full_url.as_deref();
            let person = match &draft.resource {
                Some(resource) => people(resource, resolved, full_url).into_iter().next(),
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

/// The same criteria twice: two creates are one, anything else is a change of
/// one resource by two entries (R4 §3.1.0.11.2).
fn both_create(changes: &[Change], first: usize, change: &Change) -> Result<(), Refusal> {
    let create = |change: &Change| change.kind == ChangeKind::Create;
    if create(change) && changes.get(first).is_some_and(create) {
        return Ok(());
    }
    Err(Refusal::unprocessed(
        "Another entry has the same criteria, so that two entries would change one resource. Leave \
         one of them out, or send them in two Bundles.",
    ))
}

/// Remembers what the entry's fullUrl stands for.
fn resolve(resolved: &mut Resolved, change: &Change, key: &ResourceKey) {
    if let Some(full_url) = &change.full_url {
        resolved.entry(full_url, key);
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
