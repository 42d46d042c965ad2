//! Changes under the decision: what a caller may not see is absent to them, but
//! their change must not run over it.

use super::keep::Candidate;
use super::refused;
use crate::chart_reads::absent;
use crate::convert::{no_such_version, read_failed};
use crate::decide::permitted;
use crate::filing::interaction;
use crate::plan::Gone;
use crate::provider::Provider;
use crate::search::Denied;
use crate::session::Session;
use crate::stop::Stop;
use access::decision::{Reason, Shown};
use access::entry::Interaction;
use access::facts::BodyFacts;
use chart::table::Table;
use chart::{CellRef, Environment, Home, Place};
use contracts::{BodyForm, Change, ChangeKind, Refusal, ResourceKey};
use fhir::json::Value;
use fhir::search::Tokens;
use std::collections::BTreeSet;

/// The word in the journal for a change that met what its caller may not see:
/// somebody reviews it.
const COLLISION: &str = "collision";

/// 409 for a change that cannot be made, without a word of why: the one thing
/// that is told of what is withheld (R4 §3.1.0.7.1 allows it).
pub(crate) fn collision() -> (&'static str, Refusal) {
    let refusal = Refusal::conflict(
        "The change is in conflict with the record and was not made. It has been noted for review; \
         ask the establishment that keeps the record, or send a new resource under another id.",
    );
    (COLLISION, refusal)
}

/// What becomes of a change that names by id what is withheld from its caller:
/// as if nothing were there, but for a change that would run over it.
pub(crate) fn as_absent(change: &Change) -> Result<Gone, Stop> {
    let key = ResourceKey::new(&*change.resource_type, change.id.clone().unwrap_or_default());
    match (change.kind, change.form, change.if_match) {
        (ChangeKind::Delete, _, None) => Ok(Gone { key, deleted: None }),
        (_, BodyForm::Resource, Some(_)) => Err(no_such_version().into()),
        (_, BodyForm::Resource, None) => Err(collision().into()),
        _ => Err(absent(&key).into()),
    }
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// The changes, by place in the request, that name by id what is there and
    /// is withheld from the session.
    pub(crate) async fn hidden(
        &self,
        session: &Session,
        changes: &[Change],
    ) -> Result<BTreeSet<usize>, Refusal> {
        let named = changes.iter().enumerate().filter_map(|(at, change)| {
            let id = change.id.clone().filter(|id| fhir::types::is_id(id))?;
            // A creation names what its body says, and the server gives another.
            (change.kind != ChangeKind::Create)
                .then(|| (at, ResourceKey::new(&*change.resource_type, id)))
        });
        let named: Vec<(usize, ResourceKey)> = named.collect();
        let (mut updated, mut deleted) = (Vec::new(), Vec::new());
        for (at, key) in named {
            let home = self.home_of(&key).await?;
            let place = (at, Place { home, resource_type: key.resource_type, id: key.id });
            let kind = changes.get(at).map(|change| change.kind);
            let of_kind =
                if kind == Some(ChangeKind::Delete) { &mut deleted } else { &mut updated };
            of_kind.push(place);
        }
        let mut hidden = self.withheld_at(session, Interaction::Update, updated).await?;
        hidden.extend(self.withheld_at(session, Interaction::Delete, deleted).await?);
        Ok(hidden)
    }

    /// Of resources at these places, those that are there and withheld. Where
    /// the session may not do this at all, that is for the caller to refuse.
    pub(crate) async fn withheld_at<K: Ord + Clone>(
        &self,
        session: &Session,
        interaction: Interaction,
        mut places: Vec<(K, Place)>,
    ) -> Result<BTreeSet<K>, Refusal> {
        places.retain(|(_, place)| {
            let (kind, person) = (&place.resource_type, person(&place.home));
            permitted(&session.claims, interaction, kind, person).is_ok()
        });
        let persons: BTreeSet<&str> =
            places.iter().filter_map(|(_, place)| person(&place.home)).collect();
        let persons: Vec<&str> = persons.into_iter().collect();
        self.get_to_know(session, &persons).await?;
        if Self::is_plain(session) {
            // Nothing but a Consent withholds anything from such a caller.
            let veiled = |place: &Place| {
                person(&place.home).is_some_and(|person| session.sights.withholds(person))
            };
            places.retain(|(_, place)| veiled(place));
        }
        if places.is_empty() {
            return Ok(BTreeSet::new());
        }
        let only: Vec<Place> = places.iter().map(|(_, place)| place.clone()).collect();
        let cells = self.record().cells_at(&only).await.map_err(|error| read_failed(&error))?;
        let live = places.into_iter().zip(cells).filter_map(|((key, _), cell)| {
            let cell = cell.filter(|cell| !cell.deleted)?;
            let at = cell.reference();
            let tokens = Tokens::from_bytes(cell.tokens).ok();
            Some((key, at, tokens, cell.last_updated_ms))
        });
        let live: Vec<(K, CellRef, Option<Tokens>, i64)> = live.collect();
        let candidates: Vec<Candidate<'_>> = live
            .iter()
            .map(|(_, at, tokens, at_ms)| Candidate {
                at,
                cell: tokens.as_ref().map(|tokens| (tokens, *at_ms)),
            })
            .collect();
        let seen = self.seen_by(session, interaction, &candidates).await?;
        let hidden = live.iter().zip(seen).filter(|(_, seen)| !seen);
        Ok(hidden.map(|((key, ..), _)| key.clone()).collect())
    }

    /// Whether the session may write this content there.
    pub(crate) async fn accepts(
        &self,
        session: &Session,
        change: &Change,
        home: &Home,
        id: &str,
        root: Value<'_>,
    ) -> Result<(), Denied> {
        if Self::is_plain(session) && session.origin.emergency.is_none() {
            return Ok(());
        }
        let kind = change.resource_type.as_str();
        let view = self.view(session, interaction(change), kind, person(home)).await?;
        match view.accepts(&BodyFacts::new(root, id, self.now_ms())) {
            Shown::Yes => Ok(()),
            _ => Err(refused(Reason::Scope)),
        }
    }
}

fn person(home: &Home) -> Option<&str> {
    crate::chart_reads::person_of(Some(home))
}
