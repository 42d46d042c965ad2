//! The answer to a commit: of now, and of the first time.

use crate::commits::{Asked, told};
use crate::convert::read_failed;
use crate::filing::person;
use crate::limits::RETRY_AFTER_S;
use crate::plan::{Plan, Slot};
use crate::provider::Provider;
use crate::receipts;
use crate::session::{Seen, Session};
use crate::stop::Stop;
use access::entry::Interaction;
use chart::table::Table;
use chart::{CellRef, Committed, Content, Done, Environment, Home};
use contracts::{ChangeKind, Effect, Outcome, Receipt, Refusal, ResourceKey};
use fhir::outcome::Status;
use futures::future::try_join_all;
use std::collections::HashMap;
use std::sync::Arc;

/// What the answer needs besides the outcome of the commit, known before it:
/// the bodies of what conditional creates met, by slot.
#[derive(Default)]
pub(crate) struct Answering {
    with_bodies: bool,
    existing: HashMap<usize, String>,
}

impl Answering {
    /// The receipt of what was done.
    pub fn receipt(mut self, plan: &Plan, done: &[Done]) -> Receipt {
        let mut outcomes = outcomes(&plan.slots, &plan.kinds, done);
        if self.with_bodies {
            let made = |at: usize| match (plan.contents.get(at), done.get(at)) {
                (Some(Content::Body(make)), Some(done)) => make(done.version, done.last_updated_ms),
                _ => String::new(),
            };
            for (index, (slot, outcome)) in plan.slots.iter().zip(&mut outcomes).enumerate() {
                outcome.body = match slot {
                    Slot::Changes(at) if plan.unreadable.contains(at) => Vec::new(),
                    Slot::Changes(at) => made(*at).into_bytes(),
                    Slot::Existing(_) => {
                        self.existing.remove(&index).unwrap_or_default().into_bytes()
                    }
                    Slot::Same(first) => match plan.slots.get(*first) {
                        Some(Slot::Changes(at)) => made(*at).into_bytes(),
                        _ => Vec::new(),
                    },
                    Slot::Gone(_) => Vec::new(),
                };
            }
        }
        for (at, outcome) in outcomes.iter_mut().enumerate() {
            outcome.notices = plan.notices.get(&at).cloned().unwrap_or_default();
        }
        Receipt { outcomes, replayed: false }
    }
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// Reads what the answer to this plan will need of the record.
    pub(crate) async fn answering(
        &self,
        asked: &Asked<'_>,
        plan: &Plan,
    ) -> Result<Answering, Refusal> {
        let mut answering =
            Answering { with_bodies: asked.options.return_bodies, ..Answering::default() };
        if !answering.with_bodies {
            return Ok(answering);
        }
        let existing = plan.slots.iter().enumerate().filter_map(|(index, slot)| match slot {
            Slot::Existing(cell) => Some((index, cell.reference())),
            _ => None,
        });
        let (indices, at): (Vec<usize>, Vec<CellRef>) = existing.unzip();
        let bodies = self.bodies(&at).await?.into_iter().filter_map(|version| version.body);
        answering.existing = indices.into_iter().zip(bodies).collect();
        Ok(answering)
    }

    /// The answer to a commit that is made.
    pub(crate) async fn receipt(
        &self,
        committed: Committed,
        plan: &Plan,
        answering: Answering,
    ) -> Receipt {
        if let Some(fold) = committed.fold {
            let record = Arc::clone(&self.inner.record);
            // What is not folded now, a reader or the sweeper folds.
            self.afterwards(Box::pin(async move { drop(record.fold(*fold).await) })).await;
        }
        answering.receipt(plan, &committed.done)
    }

    /// The answer of the first time, from what was kept under the retry key.
    /// The key is the client's; whoever uses it now must be allowed what was
    /// done then.
    pub(crate) async fn again(&self, asked: &Asked<'_>, kept: &[u8]) -> Result<Receipt, Stop> {
        let mut receipt = receipts::from_bytes(kept, true).ok_or_else(|| {
            Refusal::fault("The answer kept for this Idempotency-Key cannot be read.")
        })?;
        let homes = receipt.outcomes.iter().map(|outcome| self.home_of(&outcome.key));
        let homes = try_join_all(homes).await.map_err(stands)?;
        for (outcome, home) in receipt.outcomes.iter().zip(&homes) {
            self.may_replay(asked, outcome, home)?;
        }
        if asked.options.return_bodies {
            self.bodies_again(asked.session, &mut receipt, &homes).await.map_err(stands)?;
        }
        let real = receipt.outcomes.iter().zip(&homes).filter(|(one, _)| !one.key.id.is_empty());
        let seen = real.map(|(outcome, home)| Seen {
            resource_type: outcome.key.resource_type.clone(),
            id: outcome.key.id.clone(),
            version: outcome.version,
            person: person(home),
            change: access::entry::Change::Read,
        });
        let told = told(asked, seen.collect(), 200);
        self.witness(asked.session, told).await.map_err(stands)?;
        Ok(receipt)
    }

    fn may_replay(&self, asked: &Asked<'_>, outcome: &Outcome, home: &Home) -> Result<(), Stop> {
        let may =
            |interaction| self.may(asked.session, interaction, &outcome.key.resource_type, home);
        if outcome.key.id.is_empty() {
            // Criteria that found nothing to delete.
            return self.may_delete_nothing(asked.session, &outcome.key.resource_type);
        }
        match outcome.effect {
            // An update creates as well.
            Effect::Created => may(Interaction::Create).or_else(|_| may(Interaction::Update)),
            Effect::Updated => may(Interaction::Update),
            Effect::Deleted => may(Interaction::Delete),
            Effect::Existing => may(Interaction::Search).or_else(|_| may(Interaction::Create)),
            Effect::Unchanged => may(Interaction::Update),
        }
    }

    /// Puts in the bodies of what was done, as far as whoever asks again is
    /// shown them: the key is the client's, and others may use it.
    async fn bodies_again(
        &self,
        session: &Session,
        receipt: &mut Receipt,
        homes: &[Home],
    ) -> Result<(), Refusal> {
        let held = receipt.outcomes.iter_mut().zip(homes);
        let held = held.filter(|(one, _)| one.effect != Effect::Deleted && one.version > 0);
        let (mut outcomes, at): (Vec<&mut Outcome>, Vec<CellRef>) = held
            .map(|(outcome, home)| {
                let at = CellRef {
                    home: home.clone(),
                    resource_type: outcome.key.resource_type.clone(),
                    id: outcome.key.id.clone(),
                    version: outcome.version,
                };
                (outcome, at)
            })
            .unzip();
        // Whoever may only write is answered with what they wrote.
        let mut seen = vec![false; at.len()];
        for interaction in [Interaction::Create, Interaction::Update, Interaction::Read] {
            let shown = self.refs_seen_by(session, interaction, &at).await?;
            seen.iter_mut().zip(shown).for_each(|(seen, shown)| *seen |= shown);
        }
        let versions = self.record().fetch(&at).await.map_err(|error| read_failed(&error))?;
        for ((outcome, version), seen) in outcomes.iter_mut().zip(versions).zip(seen) {
            let body = version.body.filter(|_| seen);
            outcome.body = body.unwrap_or_default().into_bytes();
        }
        Ok(())
    }
}

/// The same refusal, when it comes after a commit of before: that one stands.
fn stands(refusal: Refusal) -> Refusal {
    if refusal.status != Status::ServiceUnavailable {
        return refusal;
    }
    Refusal::unavailable(
        "This request was carried out before and stands, but its answer cannot be given just now. \
         Send it again with the same Idempotency-Key.",
        RETRY_AFTER_S,
    )
}

/// One outcome for each slot, without bodies.
pub(crate) fn outcomes(slots: &[Slot], kinds: &[ChangeKind], done: &[Done]) -> Vec<Outcome> {
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
                notices: Vec::new(),
            },
            Slot::Same(first) => match outcomes.get(*first) {
                Some(first) => Outcome { effect: Effect::Existing, ..first.clone() },
                None => continue,
            },
            Slot::Gone(gone) => {
                let (version, last_updated_ms) = gone.deleted.unwrap_or_default();
                let (key, body) = (gone.key.clone(), Vec::new());
                let notices = Vec::new();
                Outcome { key, version, last_updated_ms, effect: Effect::Deleted, body, notices }
            }
        };
        outcomes.push(outcome);
    }
    outcomes
}

fn changed(done: &Done, kind: ChangeKind) -> Outcome {
    let effect = match kind {
        _ if done.unchanged => Effect::Unchanged,
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
        notices: Vec::new(),
    }
}
