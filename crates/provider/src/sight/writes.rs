//! Changes under the decision: what a caller may not see is absent to them, but
//! their change must not run over it.

use super::{gives_rights, refused};
use crate::chart_reads::absent;
use crate::convert::{no_such_version, read_failed};
use crate::decide::permitted;
use crate::plan::Gone;
use crate::provider::Provider;
use crate::search::Denied;
use crate::session::Session;
use crate::stop::Stop;
use access::decision::{Reason, Shown, Why, Withheld};
use access::entry::Interaction;
use access::facts::BodyFacts;
use chart::table::Table;
use chart::{Cell, Environment, Home, Place};
use contracts::{BodyForm, Change, ChangeKind, Refusal, ResourceKey};
use fhir::json::Value;
use futures::future::try_join_all;
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
        // Whose record it is in, when the id says: the entry is in it too.
        (_, BodyForm::Resource, None) => {
            let person = chart::ids::person_of(&key.id).map(str::to_owned);
            Err(Stop::from(collision()).concerning(person))
        }
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
        let places = named.map(async |(at, key)| {
            let home = self.home_of(&key).await?;
            Ok::<_, Refusal>((at, Place { home, resource_type: key.resource_type, id: key.id }))
        });
        let places = try_join_all(places).await?;
        let deletes = |at: usize| changes.get(at).is_some_and(|one| one.kind == ChangeKind::Delete);
        let (deleted, updated): (Vec<_>, Vec<_>) =
            places.into_iter().partition(|(at, _)| deletes(*at));
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
            cell.filter(|cell| !cell.deleted).map(|cell| (key, cell))
        });
        let (keys, cells): (Vec<K>, Vec<Cell>) = live.unzip();
        let seen = self.cells_seen_by(session, interaction, &cells).await?;
        let hidden = keys.into_iter().zip(seen).filter(|(_, seen)| !seen);
        Ok(hidden.map(|(key, _)| key).collect())
    }

    /// Whether the session may write this content there, or delete it.
    pub(crate) async fn accepts(
        &self,
        session: &Session,
        interaction: Interaction,
        home: &Home,
        key: &ResourceKey,
        root: Value<'_>,
    ) -> Result<(), Denied> {
        let kind = key.resource_type.as_str();
        // Of such a caller only what they write of their own rights is in doubt.
        let plain = Self::is_plain(session) && session.origin.emergency.is_none();
        if plain && !gives_rights(kind) {
            return Ok(());
        }
        let view = self.view(session, interaction, kind, person(home)).await?;
        match view.accepts(&BodyFacts::new(root, &key.id, self.now_ms())) {
            Shown::Yes => Ok(()),
            Shown::Withheld(Withheld { why: Why::SelfGrant, .. }) => {
                Err(refused(Reason::SelfGrant))
            }
            _ => Err(refused(Reason::Scope)),
        }
    }
}

fn person(home: &Home) -> Option<&str> {
    crate::chart_reads::person_of(Some(home))
}
