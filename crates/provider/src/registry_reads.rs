//! `registry`: resources that belong to nobody, and search across people.

use crate::chart_reads::{absent, searched, seen};
use crate::convert::{self, read_failed};
use crate::decide::permitted;
use crate::limits::PERSONS_PER_ENTRY_MAX;
use crate::provider::Provider;
use crate::session::{Seen, Session, Told};
use access::entry::Basis;
use chart::table::Table;
use chart::{Environment, Home, Version};
use contracts::{Intent, Page, Refusal, ResourceKey, Window};

/// The registries opened for one intended access.
#[derive(Clone, Debug)]
pub struct Shelf {
    session: Session,
    intent: Intent,
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `registry.open`. What the session may is decided at each read, since the
    /// type is known only then.
    pub async fn open_registry(&self, session: &Session, intent: Intent) -> Result<Shelf, Refusal> {
        if intent.interaction == contracts::Interaction::Search
            && let Some(resource_type) = searched(&intent)
        {
            let shelf = Shelf { session: session.clone(), intent };
            self.basis(&shelf, &resource_type, None).await?;
            return Ok(shelf);
        }
        Ok(Shelf { session: session.clone(), intent })
    }

    /// By what right this is done, or the refusal, journaled.
    async fn basis(
        &self,
        shelf: &Shelf,
        resource_type: &str,
        person: Option<&str>,
    ) -> Result<Basis, Refusal> {
        let interaction = convert::interaction(shelf.intent.interaction);
        match permitted(&shelf.session.claims, interaction, resource_type, person) {
            Ok(basis) => Ok(basis),
            Err((reason, refusal)) => {
                let mut told = told(shelf, Basis::Law, Vec::new(), refusal.status.code());
                told.denied = Some(reason.to_owned());
                Err(self.deny(&shelf.session, told, refusal).await)
            }
        }
    }

    /// `shelf.read`.
    pub async fn registry_read(
        &self,
        shelf: &Shelf,
        key: &ResourceKey,
    ) -> Result<contracts::Version, Refusal> {
        let basis = self.basis(shelf, &key.resource_type, None).await?;
        let home = Home::registry(&key.resource_type, &key.id);
        let found = self.record().read_at(&home, &key.resource_type, &key.id).await;
        self.shelved(shelf, basis, key, found.map_err(|error| read_failed(&error))?).await
    }

    /// `shelf.vread`.
    pub async fn registry_vread(
        &self,
        shelf: &Shelf,
        key: &ResourceKey,
        number: u64,
    ) -> Result<contracts::Version, Refusal> {
        let basis = self.basis(shelf, &key.resource_type, None).await?;
        let home = Home::registry(&key.resource_type, &key.id);
        let found = self.record().vread_at(&home, &key.resource_type, &key.id, number).await;
        self.shelved(shelf, basis, key, found.map_err(|error| read_failed(&error))?).await
    }

    async fn shelved(
        &self,
        shelf: &Shelf,
        basis: Basis,
        key: &ResourceKey,
        found: Option<Version>,
    ) -> Result<contracts::Version, Refusal> {
        let Some(version) = found else {
            let refusal = absent(key);
            let told = told(shelf, basis, Vec::new(), refusal.status.code());
            self.witness(&shelf.session, told).await?;
            return Err(refusal);
        };
        let status = if version.deleted { 410 } else { 200 };
        let told = told(shelf, basis, vec![seen(&version, None)], status);
        self.witness(&shelf.session, told).await?;
        Ok(convert::version(version))
    }

    /// `shelf.history`.
    pub async fn registry_history(
        &self,
        shelf: &Shelf,
        key: &ResourceKey,
        window: Window,
    ) -> Result<Page, Refusal> {
        let basis = self.basis(shelf, &key.resource_type, None).await?;
        let home = Home::registry(&key.resource_type, &key.id);
        let Some((versions, next)) = self.versions(&home, key, &window).await? else {
            let refusal = absent(key);
            let told = told(shelf, basis, Vec::new(), refusal.status.code());
            self.witness(&shelf.session, told).await?;
            return Err(refusal);
        };
        let all = versions.iter().map(|version| seen(version, None)).collect();
        self.witness(&shelf.session, told(shelf, basis, all, 200)).await?;
        let versions = versions.into_iter().map(convert::version).collect();
        Ok(Page { versions, total: None, next })
    }

    /// `shelf.search`.
    pub async fn registry_search(
        &self,
        shelf: &Shelf,
        resource_type: &str,
        query: &str,
    ) -> Result<Page, Refusal> {
        let basis = self.basis(shelf, resource_type, None).await?;
        let query = self.understood(resource_type, query)?;
        let cells = self.candidates(&query).await?;
        let homes: Vec<(String, String)> = cells
            .iter()
            .filter_map(|cell| match &cell.home {
                Home::Person(person) => Some((cell.id.clone(), person.clone())),
                Home::Registry { .. } => None,
            })
            .collect();
        let found = self.judged(&query, cells).await?;
        let (page, versions) = self.page(&query, found).await?;
        let person =
            |id: &str| homes.iter().find(|(held, _)| held == id).map(|(_, person)| person.as_str());
        let all: Vec<Seen> =
            versions.iter().map(|version| seen(version, person(&version.id))).collect();
        let mut parts = all.chunks(PERSONS_PER_ENTRY_MAX).map(<[Seen]>::to_vec).collect::<Vec<_>>();
        if parts.is_empty() {
            parts.push(Vec::new());
        }
        for part in parts {
            self.witness(&shelf.session, told(shelf, basis, part, 200)).await?;
        }
        Ok(page.with(versions))
    }
}

fn told(shelf: &Shelf, basis: Basis, seen: Vec<Seen>, status: u16) -> Told {
    Told {
        interaction: convert::interaction(shelf.intent.interaction),
        query: shelf.intent.query.clone(),
        persons: Vec::new(),
        seen,
        basis: Some(basis),
        status,
        denied: None,
    }
}
