//! `registry`: resources that belong to nobody, and search across people.

use crate::chart_reads::{absent, searched, seen};
use crate::convert::{self, read_failed};
use crate::decide::permitted;
use crate::provider::Provider;
use crate::session::{Seen, Session, Told};
use access::decision::View;
use access::entry::Interaction;
use chart::table::Table;
use chart::{Environment, Home, Version};
use contracts::{Intent, Page, Refusal, ResourceKey, Window};
use std::sync::Arc;

/// The registries opened for one intended access.
#[derive(Clone, Debug)]
pub struct Shelf {
    pub(crate) session: Session,
    pub(crate) intent: Intent,
}

/// One permitted read of the registries, and what its entry will say.
struct Taken<'s> {
    shelf: &'s Shelf,
    told: Told,
    view: Arc<View>,
}

/// Whether a token that is confined to one person reaches a type in the
/// registries: what else lies there may tell of others.
fn in_reach(resource_type: &str) -> bool {
    fhir::types::is_registry_type(resource_type)
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `registry.open`. What the session may is decided at each read, since the
    /// type is known only then; of a search it is known already.
    pub async fn open_registry(&self, session: &Session, intent: Intent) -> Result<Shelf, Refusal> {
        let shelf = Shelf { session: session.clone(), intent };
        if shelf.intent.interaction == contracts::Interaction::Search
            && let Some(resource_type) = searched(&shelf.intent)
        {
            let query = shelf.intent.query.clone();
            let person = shelf.session.confined_to();
            let view = self.view(&shelf.session, Interaction::Search, &resource_type, person).await;
            if let Err((reason, refusal)) = view {
                let told = Told {
                    interaction: Interaction::Search,
                    query,
                    persons: Vec::new(),
                    seen: Vec::new(),
                    basis: None,
                    status: 200,
                    denied: Some(reason.to_owned()),
                };
                return Err(self.deny(&shelf.session, told, refusal).await);
            }
        }
        Ok(shelf)
    }

    /// By what right this is read, or the refusal, journaled.
    async fn taken<'s>(
        &self,
        shelf: &'s Shelf,
        interaction: Interaction,
        resource_type: &str,
        query: Option<String>,
    ) -> Result<Taken<'s>, Refusal> {
        let mut told = Told {
            interaction,
            query,
            persons: Vec::new(),
            seen: Vec::new(),
            basis: None,
            status: 200,
            denied: None,
        };
        let person = shelf.session.confined_to().filter(|_| in_reach(resource_type));
        let permitted = permitted(&shelf.session.claims, interaction, resource_type, person);
        let view = match permitted {
            Ok(_) => self.view(&shelf.session, interaction, resource_type, person).await,
            Err(denied) => Err(denied),
        };
        match view {
            Ok(view) => {
                told.basis = Some(view.basis());
                Ok(Taken { shelf, told, view })
            }
            Err((reason, refusal)) => {
                told.denied = Some(reason.to_owned());
                Err(self.deny(&shelf.session, told, refusal).await)
            }
        }
    }

    async fn taken_by<'s>(
        &self,
        shelf: &'s Shelf,
        interaction: Interaction,
        key: &ResourceKey,
    ) -> Result<Taken<'s>, Refusal> {
        self.taken(shelf, interaction, &key.resource_type, shelf.intent.query.clone()).await
    }

    /// `shelf.read`.
    pub async fn registry_read(
        &self,
        shelf: &Shelf,
        key: &ResourceKey,
    ) -> Result<contracts::Version, Refusal> {
        let taken = self.taken_by(shelf, Interaction::Read, key).await?;
        let home = Home::registry(&key.resource_type, &key.id);
        let found = self.record().read_at(&home, &key.resource_type, &key.id).await;
        self.shelved(taken, key, found.map_err(|error| read_failed(&error))?).await
    }

    /// `shelf.vread`.
    pub async fn registry_vread(
        &self,
        shelf: &Shelf,
        key: &ResourceKey,
        number: u64,
    ) -> Result<contracts::Version, Refusal> {
        let taken = self.taken_by(shelf, Interaction::Vread, key).await?;
        let home = Home::registry(&key.resource_type, &key.id);
        let found = self.record().vread_at(&home, &key.resource_type, &key.id, number).await;
        self.shelved(taken, key, found.map_err(|error| read_failed(&error))?).await
    }

    async fn shelved(
        &self,
        taken: Taken<'_>,
        key: &ResourceKey,
        found: Option<Version>,
    ) -> Result<contracts::Version, Refusal> {
        let home = Home::registry(&key.resource_type, &key.id);
        let found = match found {
            Some(version) if self.shows_version(&taken.view, &home, &version).await? => {
                Some(version)
            }
            _ => None,
        };
        let Some(version) = found else {
            return Err(self.missing(taken, key).await);
        };
        let status = if version.deleted { 410 } else { 200 };
        self.shown(taken, vec![seen(&version, None)], status).await?;
        Ok(convert::version(version))
    }

    /// Journals what was seen, before it leaves.
    async fn shown(&self, taken: Taken<'_>, seen: Vec<Seen>, status: u16) -> Result<(), Refusal> {
        self.witness(&taken.shelf.session, Told { seen, status, ..taken.told }).await
    }

    /// 404, once it is journaled that nothing was found.
    async fn missing(&self, taken: Taken<'_>, key: &ResourceKey) -> Refusal {
        let refusal = absent(key);
        match self.shown(taken, Vec::new(), refusal.status.code()).await {
            Ok(()) => refusal,
            Err(unavailable) => unavailable,
        }
    }

    /// `shelf.history`.
    pub async fn registry_history(
        &self,
        shelf: &Shelf,
        key: &ResourceKey,
        window: Window,
    ) -> Result<Page, Refusal> {
        let taken = self.taken_by(shelf, Interaction::HistoryInstance, key).await?;
        let home = Home::registry(&key.resource_type, &key.id);
        let page = match self.versions(&home, key, &window).await? {
            Some((versions, next)) => {
                let shown = self.versions_in_sight(&taken.view, &home, versions).await?;
                shown.map(|versions| (versions, next))
            }
            None => None,
        };
        let Some((versions, next)) = page else {
            return Err(self.missing(taken, key).await);
        };
        let all = versions.iter().map(|version| seen(version, None)).collect();
        self.shown(taken, all, 200).await?;
        Ok(convert::page(versions, None, next))
    }
}
