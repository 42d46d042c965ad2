//! The traits of `contracts`, upon the imports.

use crate::bindings::dossier::record::{
    charts, commits, directory, exports, issuing, journal, registry, sequencing, tokens,
};
use crate::convert::{
    change, claims, export, intent, key, options, origin, page, place, progress, receipt, refused,
    token_grant, token_rejected, token_request, version, window,
};
use contracts::{
    Answer, Change, Charts, Claims, CommitOptions, Commits, Directory, ExportProgress,
    ExportRequest, Exports, Intent, Issuing, Journal, JournalFilter, JournalPage, LedgerProgress,
    Origin, Page, Place, Receipt, Registry, ResourceKey, ReviewFilter, ReviewPage, Reviewed,
    Sequencing, TokenGrant, TokenRejection, TokenRequest, Tokens, Version, Window,
};

/// The host of this component.
#[derive(Clone, Copy, Debug, Default)]
pub struct Host;

impl Tokens for Host {
    type Session = tokens::Session;

    async fn verify(&self, authorization: Option<&str>, from: &Origin) -> Answer<Self::Session> {
        tokens::verify(authorization.map(str::to_owned), origin(from)).await.map_err(refused)
    }

    fn claims(&self, session: &Self::Session) -> Claims {
        claims(session.claims())
    }
}

impl Issuing for Host {
    async fn exchange(
        &self,
        asked: TokenRequest,
        from: &Origin,
    ) -> Result<TokenGrant, TokenRejection> {
        let done = issuing::exchange(token_request(asked), origin(from)).await;
        done.map(token_grant).map_err(token_rejected)
    }

    async fn signing_keys(&self) -> String {
        issuing::keys().await
    }
}

impl Charts for Host {
    type Chart = charts::Chart;

    async fn open_chart(
        &self,
        session: &Self::Session,
        intended: Intent,
        at: Place,
    ) -> Answer<Self::Chart> {
        charts::open(session, intent(intended), place(at)).await.map_err(refused)
    }

    async fn chart_read(&self, chart: &Self::Chart, of: &ResourceKey) -> Answer<Version> {
        chart.read(key(of)).await.map(version).map_err(refused)
    }

    async fn chart_vread(
        &self,
        chart: &Self::Chart,
        of: &ResourceKey,
        number: u64,
    ) -> Answer<Version> {
        chart.vread(key(of), number).await.map(version).map_err(refused)
    }

    async fn chart_history(
        &self,
        chart: &Self::Chart,
        of: &ResourceKey,
        part: Window,
    ) -> Answer<Page> {
        chart.history(key(of), window(part)).await.map(page).map_err(refused)
    }

    async fn chart_everything(&self, chart: &Self::Chart, part: Window) -> Answer<Page> {
        chart.everything(window(part)).await.map(page).map_err(refused)
    }

    async fn chart_search(
        &self,
        chart: &Self::Chart,
        resource_types: &[String],
        query: &str,
    ) -> Answer<Page> {
        let found = chart.search(resource_types.to_vec(), query.to_owned()).await;
        found.map(page).map_err(refused)
    }
}

impl Registry for Host {
    type Shelf = registry::Shelf;

    async fn open_registry(
        &self,
        session: &Self::Session,
        intended: Intent,
    ) -> Answer<Self::Shelf> {
        registry::open(session, intent(intended)).await.map_err(refused)
    }

    async fn registry_read(&self, shelf: &Self::Shelf, of: &ResourceKey) -> Answer<Version> {
        shelf.read(key(of)).await.map(version).map_err(refused)
    }

    async fn registry_vread(
        &self,
        shelf: &Self::Shelf,
        of: &ResourceKey,
        number: u64,
    ) -> Answer<Version> {
        shelf.vread(key(of), number).await.map(version).map_err(refused)
    }

    async fn registry_history(
        &self,
        shelf: &Self::Shelf,
        of: &ResourceKey,
        part: Window,
    ) -> Answer<Page> {
        shelf.history(key(of), window(part)).await.map(page).map_err(refused)
    }

    async fn registry_history_of_types(&self, shelf: &Self::Shelf, part: Window) -> Answer<Page> {
        shelf.history_of_types(window(part)).await.map(page).map_err(refused)
    }

    async fn registry_search(
        &self,
        shelf: &Self::Shelf,
        resource_types: &[String],
        query: &str,
        compartment: Option<&ResourceKey>,
    ) -> Answer<Page> {
        let compartment = compartment.map(key);
        let found = shelf.search(resource_types.to_vec(), query.to_owned(), compartment).await;
        found.map(page).map_err(refused)
    }
}

impl Commits for Host {
    async fn commit(
        &self,
        session: &Self::Session,
        intended: Intent,
        changes: Vec<Change>,
        how: CommitOptions,
    ) -> Answer<Receipt> {
        let changes: Vec<_> = changes.into_iter().map(change).collect();
        let done = commits::commit(session, intent(intended), changes, options(how)).await;
        done.map(receipt).map_err(refused)
    }
}

impl Journal for Host {
    async fn journal_read(
        &self,
        session: &Self::Session,
        intended: Intent,
        filter: JournalFilter,
    ) -> Answer<JournalPage> {
        let filter = journal::Filter {
            person: filter.person,
            from_ms: filter.from_ms,
            to_ms: filter.to_ms,
            count: filter.count,
            cursor: filter.cursor,
            changes: filter.changes,
            target: filter.target.as_ref().map(key),
            region: filter.region,
        };
        let read = journal::read(session, intent(intended), filter).await.map_err(refused)?;
        let reviews = read.reviews.into_iter().map(|held| Reviewed {
            entry: held.entry,
            outcome: held.outcome,
            at_ms: held.at_ms,
        });
        Ok(JournalPage { entries: read.entries, next: read.next, reviews: reviews.collect() })
    }

    async fn journal_entry(
        &self,
        session: &Self::Session,
        intended: Intent,
        id: &str,
    ) -> Answer<Vec<u8>> {
        journal::entry(session, intent(intended), id.to_owned()).await.map_err(refused)
    }

    async fn log_file(&self, region: &str, path: &str) -> Answer<Vec<u8>> {
        journal::log_file(region.to_owned(), path.to_owned()).await.map_err(refused)
    }

    async fn journal_proof(
        &self,
        session: &Self::Session,
        intended: Intent,
        id: &str,
    ) -> Answer<Vec<u8>> {
        journal::proof(session, intent(intended), id.to_owned()).await.map_err(refused)
    }

    async fn journal_reviews(
        &self,
        session: &Self::Session,
        intended: Intent,
        filter: ReviewFilter,
    ) -> Answer<ReviewPage> {
        let filter = journal::ReviewFilter {
            region: filter.region,
            state: filter.state,
            rule: filter.rule,
            establishment: filter.establishment,
            from_ms: filter.from_ms,
            to_ms: filter.to_ms,
            count: filter.count,
            cursor: filter.cursor,
        };
        let read = journal::reviews(session, intent(intended), filter).await.map_err(refused)?;
        let judged_until_ms = read.judged_until_ms;
        Ok(ReviewPage { items: read.items, next: read.next, judged_until_ms })
    }

    async fn journal_review(
        &self,
        session: &Self::Session,
        intended: Intent,
        id: &str,
        outcome: &str,
        note: &str,
    ) -> Answer<Vec<u8>> {
        let (id, outcome, note) = (id.to_owned(), outcome.to_owned(), note.to_owned());
        journal::review(session, intent(intended), id, outcome, note).await.map_err(refused)
    }
}

impl Exports for Host {
    async fn export_begin(
        &self,
        session: &Self::Session,
        intended: Intent,
        request: ExportRequest,
    ) -> Answer<String> {
        exports::begin(session, intent(intended), export(request)).await.map_err(refused)
    }

    async fn export_advance(
        &self,
        session: &Self::Session,
        intended: Intent,
        id: &str,
    ) -> Answer<ExportProgress> {
        let told = exports::advance(session, intent(intended), id.to_owned()).await;
        told.map(progress).map_err(refused)
    }

    async fn export_file(
        &self,
        session: &Self::Session,
        intended: Intent,
        id: &str,
        number: u32,
    ) -> Answer<Page> {
        let read = exports::file(session, intent(intended), id.to_owned(), number).await;
        read.map(page).map_err(refused)
    }

    async fn export_cancel(
        &self,
        session: &Self::Session,
        intended: Intent,
        id: &str,
    ) -> Answer<()> {
        exports::cancel(session, intent(intended), id.to_owned()).await.map_err(refused)
    }
}

impl Sequencing for Host {
    async fn ledger_advance(&self, session: &Self::Session) -> Answer<LedgerProgress> {
        let done = sequencing::advance(session).await.map_err(refused)?;
        let sequencing::Progress { appended, size, published, more } = done;
        Ok(LedgerProgress { appended, size, published, more })
    }
}

impl Directory for Host {
    async fn here(&self) -> String {
        directory::here().await
    }

    async fn regions(&self) -> String {
        directory::regions().await
    }

    async fn away(&self) -> Vec<String> {
        directory::away().await
    }
}
