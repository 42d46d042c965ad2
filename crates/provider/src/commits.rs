//! `commits`: changing the record, each change its own access entry.

use crate::convert::{self, commit_failed, random_id};
use crate::decide::permitted;
use crate::limits::PLANS_MAX;
use crate::plan::{Plan, Slot};
use crate::provider::Provider;
use crate::receipts;
use crate::session::{Seen, Session, Told, entry};
use access::entry::{Basis, Interaction};
use chart::table::Table;
use chart::{Commit, CommitError, Committed, Done, Environment, Home, Retry};
use contracts::{
    Change, ChangeKind, CommitOptions, Effect, Intent, Outcome, Receipt, Refusal, ResourceKey,
};
use regions::{Action, Request};
use std::sync::Arc;

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `commits.commit`.
    pub async fn commit(
        &self,
        session: &Session,
        intent: Intent,
        changes: Vec<Change>,
        options: CommitOptions,
    ) -> Result<Receipt, Refusal> {
        if let Err(refusal) = self.writable(session) {
            return Err(self.refused(session, &intent, refusal).await);
        }
        let retry = options.retry_key.clone().map(|key| Retry {
            caller: format!("{}|{}", session.claims.issuer, session.claims.client_id),
            key,
            request_hash: options.request_hash.clone(),
        });
        let attempt = self.attempts(session, &intent, &changes, &options, retry).await;
        match attempt {
            Ok(receipt) => Ok(receipt),
            Err(refusal) => Err(self.refused(session, &intent, refusal).await),
        }
    }

    async fn attempts(
        &self,
        session: &Session,
        intent: &Intent,
        changes: &[Change],
        options: &CommitOptions,
        retry: Option<Retry>,
    ) -> Result<Receipt, Refusal> {
        if let Some(retry) = &retry {
            let replayed = self.record().replayed(retry).await;
            if let Some(before) = replayed.map_err(|error| commit_failed(error, |_| None))? {
                return self.again(session, intent, before, options).await;
            }
        }
        for _ in 0..PLANS_MAX {
            let mut plan = self.plan(session, changes, options).await?;
            if plan.changes.is_empty() {
                return self.unchanged(session, intent, &plan, options).await;
            }
            let commit = self.commit_of(session, intent, &mut plan, retry.clone());
            match self.record().commit(commit).await {
                Ok(done) if done.replayed => {
                    return self.again(session, intent, done, options).await;
                }
                Ok(done) => return self.receipt(done, &plan, options).await,
                Err(CommitError::LostRace { .. }) => {}
                Err(CommitError::PreconditionFailed { index, current })
                    if current.is_none_or(|current| current.deleted)
                        && changes.len() == 1
                        && is_plain_deletion(changes, index) =>
                {
                    return self.nothing_to_delete(session, intent, changes, current).await;
                }
                Err(error) => {
                    let at = |index: usize| {
                        let at = plan.slots.iter().position(
                            |slot| matches!(slot, Slot::Changes(change) if *change == index),
                        );
                        at.filter(|_| options.bundle).map(|at| format!("Bundle.entry[{at}]"))
                    };
                    return Err(commit_failed(error, at));
                }
            }
        }
        Err(commit_failed(CommitError::Contended, |_| None))
    }

    /// A region that is paused only reads.
    fn writable(&self, session: &Session) -> Result<(), Refusal> {
        let directory = &self.inner.directory;
        let Some(establishment) = &session.claims.establishment else { return Ok(()) };
        let decision = directory.route(&Request {
            establishment,
            door: &self.inner.region,
            writes: true,
            region: None,
        });
        match decision.action {
            Action::Serve => Ok(()),
            _ => Err(Refusal::forbidden(decision.text)),
        }
    }

    /// Whether the session may change this, in this chart.
    pub(crate) async fn may_change(
        &self,
        session: &Session,
        kind: ChangeKind,
        resource_type: &str,
        home: &Home,
    ) -> Result<Basis, Refusal> {
        let person = match home {
            Home::Person(person) => Some(person.as_str()),
            Home::Registry { .. } => None,
        };
        let interaction = match kind {
            ChangeKind::Create => Interaction::Create,
            ChangeKind::Update => Interaction::Update,
            ChangeKind::Delete => Interaction::Delete,
        };
        permitted(&session.claims, interaction, resource_type, person)
            .map_err(|(_, refusal)| refusal)
    }

    fn commit_of(
        &self,
        session: &Session,
        intent: &Intent,
        plan: &mut Plan,
        retry: Option<Retry>,
    ) -> Commit {
        let now_ms = self.now_ms();
        let homes: Vec<Option<String>> =
            plan.changes.iter().map(|change| person(&change.home)).collect();
        let existing: Vec<Seen> = plan.slots.iter().filter_map(existing).collect();
        let told = Told {
            interaction: convert::interaction(intent.interaction),
            query: intent.query.clone(),
            persons: Vec::new(),
            seen: Vec::new(),
            basis: basis(session),
            status: 200,
            denied: None,
        };
        let (session, region) = (session.clone(), self.inner.region.clone());
        let entry_id = random_id(&self.inner.environment, now_ms);
        let make_entry = move |done: &[Done], _commit: &str| {
            let changed = done.iter().zip(&homes).map(|(done, person)| seen(done, person.clone()));
            let told =
                Told { seen: changed.chain(existing.iter().cloned()).collect(), ..told.clone() };
            let entry = entry(&session, &region, entry_id.clone(), now_ms, told);
            // The bundle's size is bounded so that its entry fits.
            entry.to_bytes().unwrap_or_default()
        };
        let (slots, kinds) = (plan.slots.clone(), plan.kinds.clone());
        let make_result = move |done: &[Done]| receipts::to_bytes(&outcomes(&slots, &kinds, done));
        Commit {
            changes: std::mem::take(&mut plan.changes),
            guards: std::mem::take(&mut plan.guards),
            region: self.inner.region.clone(),
            retry,
            entry: Arc::new(make_entry),
            result: Arc::new(make_result),
        }
    }

    async fn receipt(
        &self,
        committed: Committed,
        plan: &Plan,
        options: &CommitOptions,
    ) -> Result<Receipt, Refusal> {
        if let Some(fold) = committed.fold {
            let record = Arc::clone(&self.inner.record);
            // What is not folded now, a reader or the sweeper folds.
            self.afterwards(Box::pin(async move { drop(record.fold(*fold).await) })).await;
        }
        let outcomes = outcomes(&plan.slots, &plan.kinds, &committed.done);
        let mut receipt = Receipt { outcomes, replayed: false };
        self.with_bodies(&mut receipt, options).await?;
        Ok(receipt)
    }

    /// The answer of the first time.
    async fn again(
        &self,
        session: &Session,
        intent: &Intent,
        committed: Committed,
        options: &CommitOptions,
    ) -> Result<Receipt, Refusal> {
        let mut receipt = receipts::from_bytes(&committed.result, true).ok_or_else(|| {
            Refusal::fault("The answer kept for this Idempotency-Key cannot be read.")
        })?;
        self.with_bodies(&mut receipt, options).await?;
        let told = self.told(session, intent, Vec::new(), 200);
        self.witness(session, told).await?;
        Ok(receipt)
    }

    /// Conditional creates that all met what is there: a read, journaled so.
    async fn unchanged(
        &self,
        session: &Session,
        intent: &Intent,
        plan: &Plan,
        options: &CommitOptions,
    ) -> Result<Receipt, Refusal> {
        let outcomes = outcomes(&plan.slots, &plan.kinds, &[]);
        let mut receipt = Receipt { outcomes, replayed: false };
        self.with_bodies(&mut receipt, options).await?;
        let seen = plan.slots.iter().filter_map(existing).collect();
        self.witness(session, self.told(session, intent, seen, 200)).await?;
        Ok(receipt)
    }

    /// Deleting what is not there is done already (R4 §3.1.0.7).
    async fn nothing_to_delete(
        &self,
        session: &Session,
        intent: &Intent,
        changes: &[Change],
        current: Option<chart::Current>,
    ) -> Result<Receipt, Refusal> {
        self.witness(session, self.told(session, intent, Vec::new(), 204)).await?;
        let outcomes = changes.iter().map(|change| Outcome {
            key: ResourceKey::new(&*change.resource_type, change.id.clone().unwrap_or_default()),
            version: current.map_or(0, |current| current.version),
            last_updated_ms: 0,
            effect: Effect::Deleted,
            body: Vec::new(),
        });
        Ok(Receipt { outcomes: outcomes.collect(), replayed: false })
    }

    async fn with_bodies(
        &self,
        receipt: &mut Receipt,
        options: &CommitOptions,
    ) -> Result<(), Refusal> {
        if !options.return_bodies {
            return Ok(());
        }
        for outcome in &mut receipt.outcomes {
            if outcome.effect == Effect::Deleted || outcome.version == 0 {
                continue;
            }
            let key = &outcome.key;
            let held = self.record().vread(&key.resource_type, &key.id, outcome.version).await;
            let held = held.map_err(|error| convert::read_failed(&error))?;
            outcome.body = held.and_then(|held| held.body).unwrap_or_default().into_bytes();
        }
        Ok(())
    }

    fn told(&self, session: &Session, intent: &Intent, seen: Vec<Seen>, status: u16) -> Told {
        Told {
            interaction: convert::interaction(intent.interaction),
            query: intent.query.clone(),
            persons: Vec::new(),
            seen,
            basis: basis(session),
            status,
            denied: None,
        }
    }

    async fn refused(&self, session: &Session, intent: &Intent, refusal: Refusal) -> Refusal {
        let told = self.told(session, intent, Vec::new(), refusal.status.code());
        self.deny(session, told, refusal).await
    }
}

fn is_plain_deletion(changes: &[Change], index: usize) -> bool {
    changes
        .get(index)
        .is_some_and(|change| change.kind == ChangeKind::Delete && change.if_match.is_none())
}

fn basis(session: &Session) -> Option<Basis> {
    permitted(&session.claims, Interaction::Transaction, "Bundle", None).ok()
}

fn person(home: &Home) -> Option<String> {
    match home {
        Home::Person(person) => Some(person.clone()),
        Home::Registry { .. } => None,
    }
}

fn seen(done: &Done, person: Option<String>) -> Seen {
    use access::entry::Change;
    let change = match (done.deleted, done.was_live) {
        (true, _) => Change::Deleted,
        (false, false) => Change::Created,
        (false, true) => Change::Updated,
    };
    let (resource_type, id) = (done.resource_type.clone(), done.id.clone());
    Seen { resource_type, id, version: done.version, person, change }
}

/// A conditional create that met a resource has seen it.
fn existing(slot: &Slot) -> Option<Seen> {
    let Slot::Existing(cell) = slot else { return None };
    Some(Seen {
        resource_type: cell.resource_type.clone(),
        id: cell.id.clone(),
        version: cell.version,
        person: person(&cell.home),
        change: access::entry::Change::Read,
    })
}

fn outcomes(slots: &[Slot], kinds: &[ChangeKind], done: &[Done]) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(slots.len());
    for slot in slots {
        let outcome = match slot {
            Slot::Changes(at) => match (done.get(*at), kinds.get(*at)) {
                (Some(done), Some(kind)) => changed(done, *kind),
                _ => continue,
            },
            Slot::Existing(cell) => Outcome {
                key: ResourceKey::new(&*cell.resource_type, &*cell.id),
                version: cell.version,
                last_updated_ms: cell.last_updated_ms,
                effect: Effect::Existing,
                body: Vec::new(),
            },
            Slot::Same(first) => match outcomes.get(*first) {
                Some(first) => Outcome { effect: Effect::Existing, ..first.clone() },
                None => continue,
            },
        };
        outcomes.push(outcome);
    }
    outcomes
}

fn changed(done: &Done, kind: ChangeKind) -> Outcome {
    let effect = match kind {
        ChangeKind::Delete => Effect::Deleted,
        _ if done.was_live => Effect::Updated,
        _ => Effect::Created,
    };
    Outcome {
        key: ResourceKey::new(&*done.resource_type, &*done.id),
        version: done.version,
        last_updated_ms: done.last_updated_ms,
        effect,
        body: Vec::new(),
    }
}
