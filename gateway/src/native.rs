//! The functions without their sandbox: the same handlers, straight on the
//! provider. For the bench alone, which tells by them what the sandbox costs.

use contracts::{
    Answer, Change, Charts, Claims, CommitOptions, Commits, Directory, ExportProgress,
    ExportRequest, Exports, Intent, Issuing, Journal, JournalFilter, JournalPage, LedgerProgress,
    Origin, Page, Place, Receipt, Registry, ResourceKey, ReviewFilter, ReviewPage, Sequencing,
    TokenGrant, TokenRejection, TokenRequest, Tokens, Version, Window,
};
use http::{Request, Response};

use crate::host::Call;

/// A function of `functions/`, linked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handler {
    /// `functions/audit`
    Audit,
    /// `functions/capability`
    Capability,
    /// `functions/bulk`
    Bulk,
    /// `functions/lookup`
    Lookup,
    /// `functions/provenance`
    Provenance,
    /// `functions/route`
    Route,
    /// `functions/search`
    Search,
    /// `functions/sequence`
    Sequence,
    /// `functions/token`
    Token,
    /// `functions/transact`
    Transact,
    /// `functions/update`
    Update,
    /// `functions/validate`
    Validate,
}

impl Handler {
    /// The function of a component's id.
    pub fn named(component: &str) -> Option<Self> {
        Some(match component {
            "audit" => Self::Audit,
            "capability" => Self::Capability,
            "bulk" => Self::Bulk,
            "lookup" => Self::Lookup,
            "provenance" => Self::Provenance,
            "route" => Self::Route,
            "search" => Self::Search,
            "sequence" => Self::Sequence,
            "token" => Self::Token,
            "transact" => Self::Transact,
            "update" => Self::Update,
            "validate" => Self::Validate,
            _ => return None,
        })
    }

    /// Answers one request on the caller's thread.
    pub async fn answer(self, call: Call, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        let host = Native(call);
        match self {
            Self::Audit => audit::handler::handle(&host, request).await,
            Self::Capability => capability::handler::handle(&host, request).await,
            Self::Bulk => bulk::handler::handle(&host, request).await,
            Self::Lookup => lookup::handler::handle(&host, request).await,
            Self::Provenance => provenance::handler::handle(&host, request).await,
            Self::Route => route::handler::handle(&host, request).await,
            Self::Search => search::handler::handle(&host, request).await,
            Self::Sequence => sequence::handler::handle(&host, request).await,
            Self::Token => token::handler::handle(&host, request).await,
            Self::Transact => transact::handler::handle(&host, request).await,
            Self::Update => update::handler::handle(&host, request).await,
            Self::Validate => validate::handler::handle(&host, request).await,
        }
    }
}

/// The walls as plain calls. Nothing is checked here that `host` would not
/// check: every rule lives behind the walls.
struct Native(Call);

impl Tokens for Native {
    type Session = provider::Session;

    // Whence it comes is what the door saw, not what the function says.
    async fn verify(&self, authorization: Option<&str>, _: &Origin) -> Answer<Self::Session> {
        let session = self.0.walls.verify(authorization, &self.0.origin).await?;
        crate::observed::caller(session.claims().establishment.as_deref());
        Ok(session)
    }

    fn claims(&self, session: &Self::Session) -> Claims {
        self.0.walls.claims(session)
    }
}

impl Issuing for Native {
    async fn exchange(
        &self,
        asked: TokenRequest,
        _: &Origin,
    ) -> Result<TokenGrant, TokenRejection> {
        self.0.walls.exchange(asked, &self.0.origin).await
    }

    async fn signing_keys(&self) -> String {
        self.0.walls.signing_keys()
    }
}

impl Charts for Native {
    type Chart = provider::Chart;

    async fn open_chart(
        &self,
        session: &Self::Session,
        intent: Intent,
        place: Place,
    ) -> Answer<Self::Chart> {
        self.0.walls.open_chart(session, intent, place).await
    }

    async fn chart_read(&self, chart: &Self::Chart, key: &ResourceKey) -> Answer<Version> {
        self.0.walls.chart_read(chart, key).await
    }

    async fn chart_vread(
        &self,
        chart: &Self::Chart,
        key: &ResourceKey,
        version: u64,
    ) -> Answer<Version> {
        self.0.walls.chart_vread(chart, key, version).await
    }

    async fn chart_history(
        &self,
        chart: &Self::Chart,
        key: &ResourceKey,
        window: Window,
    ) -> Answer<Page> {
        self.0.walls.chart_history(chart, key, window).await
    }

    async fn chart_everything(&self, chart: &Self::Chart, window: Window) -> Answer<Page> {
        self.0.walls.chart_everything(chart, window).await
    }

    async fn chart_search(
        &self,
        chart: &Self::Chart,
        resource_types: &[String],
        query: &str,
    ) -> Answer<Page> {
        self.0.walls.chart_search(chart, resource_types, query).await
    }
}

impl Registry for Native {
    type Shelf = provider::Shelf;

    async fn open_registry(&self, session: &Self::Session, intent: Intent) -> Answer<Self::Shelf> {
        self.0.walls.open_registry(session, intent).await
    }

    async fn registry_read(&self, shelf: &Self::Shelf, key: &ResourceKey) -> Answer<Version> {
        self.0.walls.registry_read(shelf, key).await
    }

    async fn registry_vread(
        &self,
        shelf: &Self::Shelf,
        key: &ResourceKey,
        version: u64,
    ) -> Answer<Version> {
        self.0.walls.registry_vread(shelf, key, version).await
    }

    async fn registry_history(
        &self,
        shelf: &Self::Shelf,
        key: &ResourceKey,
        window: Window,
    ) -> Answer<Page> {
        self.0.walls.registry_history(shelf, key, window).await
    }

    async fn registry_history_of_types(&self, shelf: &Self::Shelf, window: Window) -> Answer<Page> {
        self.0.walls.registry_history_of_types(shelf, window).await
    }

    async fn registry_search(
        &self,
        shelf: &Self::Shelf,
        resource_types: &[String],
        query: &str,
        compartment: Option<&ResourceKey>,
    ) -> Answer<Page> {
        self.0.walls.registry_search(shelf, resource_types, query, compartment).await
    }
}

impl Commits for Native {
    async fn commit(
        &self,
        session: &Self::Session,
        intent: Intent,
        changes: Vec<Change>,
        options: CommitOptions,
    ) -> Answer<Receipt> {
        self.0.walls.commit(session, intent, changes, options).await
    }
}

impl Journal for Native {
    async fn journal_read(
        &self,
        session: &Self::Session,
        intent: Intent,
        filter: JournalFilter,
    ) -> Answer<JournalPage> {
        self.0.walls.journal_read(session, intent, filter).await
    }

    async fn journal_entry(
        &self,
        session: &Self::Session,
        intent: Intent,
        id: &str,
    ) -> Answer<Vec<u8>> {
        self.0.walls.journal_entry(session, intent, id).await
    }

    async fn log_file(&self, region: &str, path: &str) -> Answer<Vec<u8>> {
        self.0.walls.log_file(region, path).await
    }

    async fn journal_proof(
        &self,
        session: &Self::Session,
        intent: Intent,
        id: &str,
    ) -> Answer<Vec<u8>> {
        self.0.walls.journal_proof(session, intent, id).await
    }

    async fn journal_reviews(
        &self,
        session: &Self::Session,
        intent: Intent,
        filter: ReviewFilter,
    ) -> Answer<ReviewPage> {
        self.0.walls.journal_reviews(session, intent, filter).await
    }

    async fn journal_review(
        &self,
        session: &Self::Session,
        intent: Intent,
        id: &str,
        outcome: &str,
        note: &str,
    ) -> Answer<Vec<u8>> {
        self.0.walls.journal_review(session, intent, id, outcome, note).await
    }
}

impl Exports for Native {
    async fn export_begin(
        &self,
        session: &Self::Session,
        intent: Intent,
        request: ExportRequest,
    ) -> Answer<String> {
        self.0.walls.export_begin(session, intent, request).await
    }

    async fn export_advance(
        &self,
        session: &Self::Session,
        intent: Intent,
        id: &str,
    ) -> Answer<ExportProgress> {
        self.0.walls.export_advance(session, intent, id).await
    }

    async fn export_file(
        &self,
        session: &Self::Session,
        intent: Intent,
        id: &str,
        number: u32,
    ) -> Answer<Page> {
        self.0.walls.export_file(session, intent, id, number).await
    }

    async fn export_cancel(&self, session: &Self::Session, intent: Intent, id: &str) -> Answer<()> {
        self.0.walls.export_cancel(session, intent, id).await
    }
}

impl Sequencing for Native {
    async fn ledger_advance(&self, session: &Self::Session) -> Answer<LedgerProgress> {
        self.0.walls.ledger_advance(session).await
    }
}

impl Directory for Native {
    async fn here(&self) -> String {
        self.0.walls.here()
    }

    async fn regions(&self) -> String {
        self.0.walls.regions_text()
    }

    async fn away(&self) -> Vec<String> {
        self.0.walls.away()
    }
}
