//! `commits`: changing the record, each change its own access entry.

use crate::answers::{Answering, outcomes};
use crate::conditional::{expects_what_was_read, is_there_already, met};
use crate::convert::{self, commit_failed};
use crate::decide::{permitted, sentence};
use crate::filing::person;
use crate::limits::{PAUSED_RETRY_AFTER_S, PLANS_MAX, REPLAN_MS_MAX};
use crate::outbox;
use crate::plan::{Gone, Learned, Plan, Slot, placed};
use crate::provider::Provider;
use crate::receipts;
use crate::session::{Seen, Session, Told, entries, entries_needed};
use crate::stop::Stop;
use access::decision::Reason;
use access::entry::{Basis, Interaction};
use chart::table::Table;
use chart::{Commit, CommitError, Done, Environment, Retry};
use contracts::{Change, ChangeKind, CommitOptions, Intent, Receipt, Refusal, ResourceKey};
use fhir::outcome::{IssueType, Status};
use regions::{Action, Phase};
use std::sync::Arc;

/// A request to change the record.
pub(crate) struct Asked<'a> {
    pub session: &'a Session,
    pub intent: &'a Intent,
    pub changes: &'a [Change],
    pub options: &'a CommitOptions,
    pub retry: Option<Retry>,
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `commits.commit`.
    pub async fn commit(
        &self,
        session: &Session,
        intent: Intent,
        changes: Vec<Change>,
        options: CommitOptions,
    ) -> Result<Receipt, Refusal> {
        let retry = options.retry_key.clone().map(|key| Retry {
            caller: format!("{}|{}", session.claims.issuer, session.claims.client_id),
            key,
            request_hash: options.request_hash.clone(),
        });
        let (intent, changes, options) = (&intent, changes.as_slice(), &options);
        let asked = Asked { session, intent, changes, options, retry };
        let done = match self.writable(session) {
            Ok(()) => self.once(&asked).await,
            Err(refusal) => Err(refusal.into()),
        };
        match done {
            Ok(receipt) => Ok(receipt),
            Err(stop) => {
                let status = stop.refusal.status.code();
                let mut told = told(&asked, Vec::new(), status);
                told.persons = stop.persons;
                told.denied = stop.reason.map(str::to_owned);
                Err(self.deny(session, told, *stop.refusal).await)
            }
        }
    }

    /// The answer given before under the retry key, or the request carried out.
    async fn once(&self, asked: &Asked<'_>) -> Result<Receipt, Stop> {
        if let Some(receipt) = self.before(asked).await? {
            return Ok(receipt);
        }
        match self.attempts(asked).await {
            // The same request may have been carried out meanwhile: then what
            // stands in the way is its own doing.
            Err(stop) if stop.refusal.status != Status::ServiceUnavailable => {
                match self.before(asked).await? {
                    Some(receipt) => Ok(receipt),
                    None => Err(stop),
                }
            }
            other => other,
        }
    }

    /// The answer given before under the retry key.
    async fn before(&self, asked: &Asked<'_>) -> Result<Option<Receipt>, Stop> {
        let Some(retry) = &asked.retry else { return Ok(None) };
        let found = self.record().replayed(retry).await;
        match found.map_err(|error| commit_failed(error, true, |_| None))? {
            Some(before) => self.again(asked, &before.result).await.map(Some),
            None => Ok(None),
        }
    }

    async fn attempts(&self, asked: &Asked<'_>) -> Result<Receipt, Stop> {
        let Asked { session, changes, options, .. } = asked;
        let keyed = asked.retry.is_some();
        let mut learned = Learned::default();
        for attempt in 0..PLANS_MAX {
            self.pause(attempt).await;
            let mut plan = self.plan(session, changes, options, &learned).await?;
            // Read before the commit, so that nothing can fail after it.
            let answering = self.answering(asked, &plan).await?;
            if plan.changes.is_empty() {
                return match self.before(asked).await? {
                    Some(receipt) => Ok(receipt),
                    None => self.unchanged(asked, &plan, answering).await,
                };
            }
            let persons: Vec<Option<String>> =
                plan.changes.iter().map(|change| person(&change.home)).collect();
            let commit = self.commit_of(asked, &mut plan)?;
            match self.record().commit(commit).await {
                Ok(done) if done.replayed => return self.again(asked, &done.result).await,
                Ok(done) => {
                    if !done.journaled {
                        // All was so already: it was only read.
                        let held = done.done.iter().zip(persons);
                        let held = held.map(|(done, person)| seen(done, person));
                        let all = held.chain(read(&plan)).collect();
                        self.witness(session, told(asked, all, 200)).await?;
                    }
                    return Ok(self.receipt(done, &plan, answering).await);
                }
                Err(CommitError::LostRace { .. }) => {}
                Err(error) => {
                    if learned.from(&error, &plan, changes) {
                        continue;
                    }
                    let stop = stopped(error, &plan, asked, keyed);
                    return Err(stop.concerning(persons.into_iter().flatten()));
                }
            }
        }
        Err(commit_failed(CommitError::Contended, keyed, |_| None).into())
    }

    /// Waits before a request is planned again: others are changing the same.
    async fn pause(&self, attempt: usize) {
        if attempt < 2 {
            return;
        }
        let most = REPLAN_MS_MAX.min(1 << attempt.min(16));
        let mut random = [0_u8; 2];
        self.inner.environment.fill_random(&mut random);
        let chance = u64::from(u16::from_le_bytes(random)) % (most / 2 + 1);
        self.inner.environment.sleep(most / 2 + chance).await;
    }

    /// A region that is paused only reads.
    fn writable(&self, session: &Session) -> Result<(), Refusal> {
        let atlas = self.atlas();
        let directory = &atlas.directory;
        let Some(establishment) = &session.claims.establishment else {
            return match directory.region(&self.inner.region).map(|region| region.phase) {
                Some(Phase::Paused | Phase::Planned) => Err(paused(
                    "This region is paused: reads are served, changes are not. Keep the change \
                     and send it again when the region is live.",
                )),
                _ => Ok(()),
            };
        };
        let decision = directory.route(&self.aimed(
            establishment,
            session.origin.stands_in_for.is_some(),
            true,
        ));
        match (decision.action, decision.reason) {
            (Action::Serve, _) => Ok(()),
            (_, regions::Reason::Paused) => Err(paused(decision.text)),
            _ => Err(Refusal::forbidden(decision.text)),
        }
    }

    fn commit_of(&self, asked: &Asked<'_>, plan: &mut Plan) -> Result<Commit, Refusal> {
        let now_ms = self.now_ms();
        let homes: Vec<Option<String>> =
            plan.changes.iter().map(|change| person(&change.home)).collect();
        let read = read(plan);
        let told = told(asked, Vec::new(), 200);
        let (session, region) = (asked.session.clone(), self.inner.region.clone());
        let ids = self.entry_ids(entries_needed(homes.len() + read.len()), now_ms);
        let written = move |done: &[Done]| {
            let changed = done.iter().zip(&homes).map(|(done, person)| seen(done, person.clone()));
            let seen = changed.chain(read.iter().cloned()).collect();
            let told = Told { seen, ..told.clone() };
            let entries = entries(&session, &region, &ids, now_ms, told);
            let bytes = entries.iter().map(access::entry::Entry::to_bytes);
            bytes.collect::<Result<Vec<_>, _>>().map(outbox::pack)
        };
        // A commit without its entry must not be: whether the entry can be
        // written at all is known before.
        if written(&foreseen(plan)).is_err() {
            return Err(Refusal::too_large(
                "The access entry of this request would be too long. Send fewer changes at once.",
            ));
        }
        let (slots, kinds) = (plan.slots.clone(), plan.kinds.clone());
        Ok(Commit {
            changes: std::mem::take(&mut plan.changes),
            guards: std::mem::take(&mut plan.guards),
            region: self.inner.region.clone(),
            retry: asked.retry.clone(),
            entry: Arc::new(move |done, _| written(done).unwrap_or_default()),
            result: Arc::new(move |done| receipts::to_bytes(&outcomes(&slots, &kinds, done))),
        })
    }

    /// Nothing had to be changed: a read, journaled so.
    async fn unchanged(
        &self,
        asked: &Asked<'_>,
        plan: &Plan,
        answering: Answering,
    ) -> Result<Receipt, Stop> {
        let status = match plan.slots.as_slice() {
            [Slot::Gone(_)] => 204,
            _ => 200,
        };
        let mut told = told(asked, read(plan), status);
        told.persons = self.persons_of_gone(plan).await?;
        self.witness(asked.session, told).await?;
        Ok(answering.receipt(plan, &[]))
    }

    /// Whose charts were to lose what is not there.
    async fn persons_of_gone(&self, plan: &Plan) -> Result<Vec<String>, Refusal> {
        let mut persons = Vec::new();
        for slot in &plan.slots {
            if let Slot::Gone(gone) = slot
                && !gone.key.id.is_empty()
            {
                persons.extend(person(&self.home_of(&gone.key).await?));
            }
        }
        Ok(persons)
    }
}

/// What the entry of a request says.
pub(crate) fn told(asked: &Asked<'_>, seen: Vec<Seen>, status: u16) -> Told {
    Told {
        interaction: convert::interaction(asked.intent.interaction),
        query: asked.intent.query.clone(),
        persons: Vec::new(),
        seen,
        basis: basis(asked.session),
        status,
        denied: None,
    }
}

fn basis(session: &Session) -> Option<Basis> {
    permitted(&session.claims, Interaction::Transaction, "Bundle", None).ok()
}

/// Everything that a plan only read.
fn read(plan: &Plan) -> Vec<Seen> {
    let existing = plan.slots.iter().filter_map(|slot| match slot {
        Slot::Existing(cell) => Some(met(cell)),
        _ => None,
    });
    existing.chain(plan.seen.iter().cloned()).collect()
}

/// The place in the request of a change of the commit.
fn position(plan: &Plan, index: usize) -> Option<usize> {
    plan.slots.iter().position(|slot| matches!(slot, Slot::Changes(at) if *at == index))
}

impl Learned {
    /// Whether planning again, with what this failure tells, may succeed.
    fn from(&mut self, error: &CommitError, plan: &Plan, changes: &[Change]) -> bool {
        let CommitError::PreconditionFailed { index, current } = error else { return false };
        let Some(at) = position(plan, *index) else { return false };
        let Some(change) = changes.get(at) else { return false };
        if expects_what_was_read(change) {
            if plan.named.contains(&at) {
                self.taken.insert(at);
            }
            return true;
        }
        let plain = change.kind == ChangeKind::Delete && change.if_match.is_none();
        match &change.id {
            Some(id) if plain && current.is_none_or(|current| current.deleted) => {
                let key = ResourceKey::new(&*change.resource_type, &**id);
                self.gone.insert(at, Gone { key, deleted: None });
                true
            }
            _ => false,
        }
    }
}

/// Why the commit was not made.
fn stopped(error: CommitError, plan: &Plan, asked: &Asked<'_>, keyed: bool) -> Stop {
    if let CommitError::PreconditionFailed { index, .. } = &error
        && let Some(at) = position(plan, *index)
        && let Some(change) = asked.changes.get(at)
    {
        let place = |refusal| placed(refusal, at, asked.options);
        if change.if_absent {
            return place(is_there_already()).into();
        }
        if change.resource_type == "AuditEvent" && change.if_match.is_none() {
            let reason = Reason::AuditIsWrittenByTheRecord;
            let refusal = place(Refusal::forbidden(sentence(reason.text())));
            return (reason.word(), refusal).into();
        }
    }
    let at = |index| {
        let at = position(plan, index).filter(|_| asked.options.bundle);
        at.map(|at| format!("Bundle.entry[{at}]"))
    };
    commit_failed(error, keyed, at).into()
}

/// A pause ends, and the same change will be taken then: 503 with `Retry-After`
/// (RFC 9110 §15.6.4), so that a queue keeps it, where 403 would have it dropped.
fn paused(text: impl Into<String>) -> Refusal {
    Refusal::new(Status::ServiceUnavailable, IssueType::Transient, text).after(PAUSED_RETRY_AFTER_S)
}

fn seen(done: &Done, person: Option<String>) -> Seen {
    use access::entry::Change;
    let change = match (done.deleted, done.was_live) {
        _ if done.unchanged => Change::Read,
        (true, _) => Change::Deleted,
        (false, false) => Change::Created,
        (false, true) => Change::Updated,
    };
    let (resource_type, id) = (done.resource_type.clone(), done.id.clone());
    Seen { resource_type, id, version: done.version, person, change }
}

/// What a plan will have done, written as long as it can get.
fn foreseen(plan: &Plan) -> Vec<Done> {
    let done = plan.changes.iter().map(|change| Done {
        resource_type: change.resource_type.clone(),
        id: change.id.clone(),
        version: u64::MAX,
        last_updated_ms: i64::MAX,
        deleted: false,
        unchanged: false,
        previous: None,
        was_live: true,
    });
    done.collect()
}
