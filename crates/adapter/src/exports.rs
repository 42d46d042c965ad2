//! The exports: each call goes to the provider.

use crate::Adapter;
use crate::bindings::dossier::record::types::{
    Claims, Intent, Key, Origin, Page, Refusal, Version, Window,
};
use crate::bindings::dossier::record::{
    charts, commits, directory, exports, issuing, journal, registry, sequencing, tokens,
};
use crate::convert::{
    self, change, entries, export, filter, intent, key, ledger_progress, options, page, place,
    progress, receipt, refused, review_filter, reviews, token_grant, token_rejected, token_request,
    version, window,
};
use crate::setup::provider;

/// A verified caller.
pub struct Session(provider::Session);

impl tokens::GuestSession for Session {
    fn claims(&self) -> Claims {
        // A session only exists once the provider does.
        let claims = self.0.claims();
        convert::claims(claims)
    }
}

impl tokens::Guest for Adapter {
    type Session = Session;

    async fn verify(
        authorization: Option<String>,
        origin: Origin,
    ) -> Result<tokens::Session, Refusal> {
        let origin = plain(origin);
        let provider = provider().await.map_err(refused)?;
        let session = provider.verify(authorization.as_deref(), &origin).await;
        session.map(|session| tokens::Session::new(Session(session))).map_err(refused)
    }
}

fn plain(origin: Origin) -> contracts::Origin {
    contracts::Origin {
        request_id: origin.request_id,
        client_address: origin.client_address,
        emergency: origin.emergency,
        stands_in_for: None,
        any_door: false,
    }
}

impl issuing::Guest for Adapter {
    async fn exchange(
        asked: issuing::Request,
        origin: Origin,
    ) -> Result<issuing::Grant, issuing::Rejection> {
        let provider = match provider().await {
            Ok(provider) => provider,
            Err(why) => {
                let error = "server_error".to_owned();
                return Err(issuing::Rejection { error, why: refused(why) });
            }
        };
        let done = provider.exchange(token_request(asked), &plain(origin)).await;
        done.map(token_grant).map_err(token_rejected)
    }

    async fn keys() -> String {
        provider().await.map(|provider| provider.signing_keys()).unwrap_or_default()
    }
}

impl journal::Guest for Adapter {
    async fn read(
        session: tokens::SessionBorrow<'_>,
        intended: Intent,
        wanted: journal::Filter,
    ) -> Result<journal::Page, Refusal> {
        let caller = session.get::<Session>().0.clone();
        let provider = provider().await.map_err(refused)?;
        let read = provider.journal_read(&caller, intent(intended), filter(wanted)).await;
        read.map(entries).map_err(refused)
    }

    async fn entry(
        session: tokens::SessionBorrow<'_>,
        intended: Intent,
        id: String,
    ) -> Result<Vec<u8>, Refusal> {
        let caller = session.get::<Session>().0.clone();
        let provider = provider().await.map_err(refused)?;
        provider.journal_entry(&caller, intent(intended), &id).await.map_err(refused)
    }

    async fn log_file(region: String, path: String) -> Result<Vec<u8>, Refusal> {
        let provider = provider().await.map_err(refused)?;
        provider.log_file(&region, &path).await.map_err(refused)
    }

    async fn proof(
        session: tokens::SessionBorrow<'_>,
        intended: Intent,
        id: String,
    ) -> Result<Vec<u8>, Refusal> {
        let caller = session.get::<Session>().0.clone();
        let provider = provider().await.map_err(refused)?;
        provider.journal_proof(&caller, intent(intended), &id).await.map_err(refused)
    }

    async fn reviews(
        session: tokens::SessionBorrow<'_>,
        intended: Intent,
        wanted: journal::ReviewFilter,
    ) -> Result<journal::ReviewPage, Refusal> {
        let caller = session.get::<Session>().0.clone();
        let provider = provider().await.map_err(refused)?;
        let read = provider.journal_reviews(&caller, intent(intended), review_filter(wanted)).await;
        read.map(reviews).map_err(refused)
    }

    async fn review(
        session: tokens::SessionBorrow<'_>,
        intended: Intent,
        id: String,
        outcome: String,
        note: String,
    ) -> Result<Vec<u8>, Refusal> {
        let caller = session.get::<Session>().0.clone();
        let provider = provider().await.map_err(refused)?;
        let done = provider.journal_review(&caller, intent(intended), &id, &outcome, &note).await;
        done.map_err(refused)
    }
}

/// An open chart.
pub struct Chart(provider::Chart);

impl charts::Guest for Adapter {
    type Chart = Chart;

    async fn open(
        session: tokens::SessionBorrow<'_>,
        intended: Intent,
        at: charts::Place,
    ) -> Result<charts::Chart, Refusal> {
        let caller = session.get::<Session>().0.clone();
        let provider = provider().await.map_err(refused)?;
        let chart = provider.open_chart(&caller, intent(intended), place(at)).await;
        chart.map(|chart| charts::Chart::new(Chart(chart))).map_err(refused)
    }
}

impl charts::GuestChart for Chart {
    async fn read(&self, of: Key) -> Result<Version, Refusal> {
        let provider = provider().await.map_err(refused)?;
        provider.chart_read(&self.0, &key(of)).await.map(version).map_err(refused)
    }

    async fn vread(&self, of: Key, number: u64) -> Result<Version, Refusal> {
        let provider = provider().await.map_err(refused)?;
        provider.chart_vread(&self.0, &key(of), number).await.map(version).map_err(refused)
    }

    async fn history(&self, of: Key, part: Window) -> Result<Page, Refusal> {
        let provider = provider().await.map_err(refused)?;
        let found = provider.chart_history(&self.0, &key(of), window(part)).await;
        found.map(page).map_err(refused)
    }

    async fn everything(&self, part: Window) -> Result<Page, Refusal> {
        let provider = provider().await.map_err(refused)?;
        provider.chart_everything(&self.0, window(part)).await.map(page).map_err(refused)
    }

    async fn search(&self, resource_types: Vec<String>, query: String) -> Result<Page, Refusal> {
        let provider = provider().await.map_err(refused)?;
        let found = provider.chart_search(&self.0, &resource_types, &query).await;
        found.map(page).map_err(refused)
    }
}

/// The registries, open.
pub struct Shelf(provider::Shelf);

impl registry::Guest for Adapter {
    type Shelf = Shelf;

    async fn open(
        session: tokens::SessionBorrow<'_>,
        intended: Intent,
    ) -> Result<registry::Shelf, Refusal> {
        let caller = session.get::<Session>().0.clone();
        let provider = provider().await.map_err(refused)?;
        let shelf = provider.open_registry(&caller, intent(intended)).await;
        shelf.map(|shelf| registry::Shelf::new(Shelf(shelf))).map_err(refused)
    }
}

impl registry::GuestShelf for Shelf {
    async fn read(&self, of: Key) -> Result<Version, Refusal> {
        let provider = provider().await.map_err(refused)?;
        provider.registry_read(&self.0, &key(of)).await.map(version).map_err(refused)
    }

    async fn vread(&self, of: Key, number: u64) -> Result<Version, Refusal> {
        let provider = provider().await.map_err(refused)?;
        provider.registry_vread(&self.0, &key(of), number).await.map(version).map_err(refused)
    }

    async fn history(&self, of: Key, part: Window) -> Result<Page, Refusal> {
        let provider = provider().await.map_err(refused)?;
        let found = provider.registry_history(&self.0, &key(of), window(part)).await;
        found.map(page).map_err(refused)
    }

    async fn history_of_types(&self, part: Window) -> Result<Page, Refusal> {
        let provider = provider().await.map_err(refused)?;
        let found = provider.registry_history_of_types(&self.0, window(part)).await;
        found.map(page).map_err(refused)
    }

    async fn search(
        &self,
        resource_types: Vec<String>,
        query: String,
        compartment: Option<Key>,
    ) -> Result<Page, Refusal> {
        let provider = provider().await.map_err(refused)?;
        let compartment = compartment.map(key);
        let found =
            provider.registry_search(&self.0, &resource_types, &query, compartment.as_ref()).await;
        found.map(page).map_err(refused)
    }
}

impl commits::Guest for Adapter {
    async fn commit(
        session: tokens::SessionBorrow<'_>,
        intended: Intent,
        changes: Vec<commits::Change>,
        how: commits::Options,
    ) -> Result<commits::Receipt, Refusal> {
        let caller = session.get::<Session>().0.clone();
        let provider = provider().await.map_err(refused)?;
        let changes = changes.into_iter().map(change).collect();
        let done = provider.commit(&caller, intent(intended), changes, options(how)).await;
        done.map(receipt).map_err(refused)
    }
}

impl exports::Guest for Adapter {
    async fn begin(
        session: tokens::SessionBorrow<'_>,
        intended: Intent,
        request: exports::Request,
    ) -> Result<String, Refusal> {
        let caller = session.get::<Session>().0.clone();
        let provider = provider().await.map_err(refused)?;
        provider.export_begin(&caller, intent(intended), export(request)).await.map_err(refused)
    }

    async fn advance(
        session: tokens::SessionBorrow<'_>,
        intended: Intent,
        id: String,
    ) -> Result<exports::Progress, Refusal> {
        let caller = session.get::<Session>().0.clone();
        let provider = provider().await.map_err(refused)?;
        let told = provider.export_advance(&caller, intent(intended), &id).await;
        told.map(progress).map_err(refused)
    }

    async fn file(
        session: tokens::SessionBorrow<'_>,
        intended: Intent,
        id: String,
        number: u32,
    ) -> Result<Page, Refusal> {
        let caller = session.get::<Session>().0.clone();
        let provider = provider().await.map_err(refused)?;
        let read = provider.export_file(&caller, intent(intended), &id, number).await;
        read.map(page).map_err(refused)
    }

    async fn cancel(
        session: tokens::SessionBorrow<'_>,
        intended: Intent,
        id: String,
    ) -> Result<(), Refusal> {
        let caller = session.get::<Session>().0.clone();
        let provider = provider().await.map_err(refused)?;
        provider.export_cancel(&caller, intent(intended), &id).await.map_err(refused)
    }
}

impl sequencing::Guest for Adapter {
    async fn advance(session: tokens::SessionBorrow<'_>) -> Result<sequencing::Progress, Refusal> {
        let caller = session.get::<Session>().0.clone();
        let provider = provider().await.map_err(refused)?;
        provider.ledger_advance(&caller).await.map(ledger_progress).map_err(refused)
    }
}

impl directory::Guest for Adapter {
    async fn here() -> String {
        provider().await.map(|provider| provider.here()).unwrap_or_default()
    }

    async fn regions() -> String {
        provider().await.map(|provider| provider.regions_text()).unwrap_or_default()
    }

    async fn away() -> Vec<String> {
        provider().await.map(|provider| provider.away()).unwrap_or_default()
    }
}
