//! `registry`: resources that belong to nobody, and search across people.

use crate::chart_reads::{absent, one_type, searched, seen, seen_in};
use crate::convert::{self, read_failed};
use crate::decide::permitted;
use crate::provider::Provider;
use crate::session::{Seen, Session, Told};
use access::entry::Interaction;
use chart::table::Table;
use chart::{Environment, Home, Version};
use contracts::{Intent, Page, Refusal, ResourceKey, Window};

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
            self.taken(&shelf, Interaction::Search, &resource_type, query).await?;
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
        match permitted(&shelf.session.claims, interaction, resource_type, None) {
            Ok(basis) => {
                told.basis = Some(basis);
                Ok(Taken { shelf, told })
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
        let Some((versions, next)) = self.versions(&home, key, &window).await? else {
            return Err(self.missing(taken, key).await);
        };
        let all = versions.iter().map(|version| seen(version, None)).collect();
        self.shown(taken, all, 200).await?;
        Ok(convert::page(versions, None, next))
    }

    /// `shelf.search`.
    pub async fn registry_search(
        &self,
        shelf: &Shelf,
        resource_types: &[String],
        query: &str,
        compartment: Option<&ResourceKey>,
    ) -> Result<Page, Refusal> {
        let ([resource_type], None) = (resource_types, compartment) else {
            return Err(one_type());
        };
        let text = format!("{resource_type}?{query}");
        let mut taken = self.taken(shelf, Interaction::Search, resource_type, Some(text)).await?;
        let query = self.understood(resource_type, query)?;
        if resource_type != "Patient" {
            // Their charts are searched, whatever is found there.
            taken.told.persons = query.person().into_iter().map(str::to_owned).collect();
        }
        let cells = self.candidates(&query).await?;
        let found = self.judged(&query, cells).await?;
        let (page, at, versions) = self.page(&query, found).await?;
        self.shown(taken, seen_in(&at, &versions), 200).await?;
        Ok(page.with(versions))
    }
}
