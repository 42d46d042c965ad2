//! One trait per WIT interface. The futures need not be `Send`: a function runs
//! on one thread, in the sandbox and in the bench alike.
#![allow(async_fn_in_trait)]

use crate::{
    Change, Claims, CommitOptions, ExportProgress, ExportRequest, Intent, JournalFilter,
    JournalPage, LedgerProgress, Origin, Page, Place, Receipt, Refusal, ResourceKey, ReviewFilter,
    ReviewPage, TokenGrant, TokenRejection, TokenRequest, Version, Window,
};

/// What every wall answers.
pub type Answer<T> = Result<T, Refusal>;

/// `dossier:record/tokens`.
pub trait Tokens {
    /// A verified caller, sealed in the provider.
    type Session;
    /// Verifies an `Authorization` header.
    async fn verify(&self, authorization: Option<&str>, origin: &Origin) -> Answer<Self::Session>;
    /// What the token says.
    fn claims(&self, session: &Self::Session) -> Claims;
}

/// `dossier:record/issuing`.
pub trait Issuing {
    /// Verifies a client's assertion and signs a token.
    async fn exchange(
        &self,
        asked: TokenRequest,
        origin: &Origin,
    ) -> Result<TokenGrant, TokenRejection>;
    /// The public keys of the tokens that are signed here, as a JWK Set.
    async fn signing_keys(&self) -> String;
}

/// `dossier:record/charts`.
pub trait Charts: Tokens {
    /// An open chart.
    type Chart;
    /// Opens a chart for one intended access.
    async fn open_chart(
        &self,
        session: &Self::Session,
        intent: Intent,
        place: Place,
    ) -> Answer<Self::Chart>;
    /// The current version.
    async fn chart_read(&self, chart: &Self::Chart, key: &ResourceKey) -> Answer<Version>;
    /// One version.
    async fn chart_vread(
        &self,
        chart: &Self::Chart,
        key: &ResourceKey,
        version: u64,
    ) -> Answer<Version>;
    /// Versions of one resource, newest first.
    async fn chart_history(
        &self,
        chart: &Self::Chart,
        key: &ResourceKey,
        window: Window,
    ) -> Answer<Page>;
    /// Everything in the chart.
    async fn chart_everything(&self, chart: &Self::Chart, window: Window) -> Answer<Page>;
    /// A search of these types, of all when empty, confined to the chart.
    async fn chart_search(
        &self,
        chart: &Self::Chart,
        resource_types: &[String],
        query: &str,
    ) -> Answer<Page>;
}

/// `dossier:record/registry`.
pub trait Registry: Tokens {
    /// The registries, open.
    type Shelf;
    /// Opens the registries for one intended access.
    async fn open_registry(&self, session: &Self::Session, intent: Intent) -> Answer<Self::Shelf>;
    /// The current version.
    async fn registry_read(&self, shelf: &Self::Shelf, key: &ResourceKey) -> Answer<Version>;
    /// One version.
    async fn registry_vread(
        &self,
        shelf: &Self::Shelf,
        key: &ResourceKey,
        version: u64,
    ) -> Answer<Version>;
    /// Versions of one resource, newest first.
    async fn registry_history(
        &self,
        shelf: &Self::Shelf,
        key: &ResourceKey,
        window: Window,
    ) -> Answer<Page>;
    /// Versions of all resources of the window's types, newest first.
    async fn registry_history_of_types(&self, shelf: &Self::Shelf, window: Window) -> Answer<Page>;
    /// A search across people and registries, perhaps within a compartment.
    async fn registry_search(
        &self,
        shelf: &Self::Shelf,
        resource_types: &[String],
        query: &str,
        compartment: Option<&ResourceKey>,
    ) -> Answer<Page>;
}

/// `dossier:record/commits`.
pub trait Commits: Tokens {
    /// Commits all changes or none.
    async fn commit(
        &self,
        session: &Self::Session,
        intent: Intent,
        changes: Vec<Change>,
        options: CommitOptions,
    ) -> Answer<Receipt>;
}

/// `dossier:record/journal`.
pub trait Journal: Tokens {
    /// Reads the journal, newest first.
    async fn journal_read(
        &self,
        session: &Self::Session,
        intent: Intent,
        filter: JournalFilter,
    ) -> Answer<JournalPage>;
    /// One entry by its id.
    async fn journal_entry(
        &self,
        session: &Self::Session,
        intent: Intent,
        id: &str,
    ) -> Answer<Vec<u8>>;
    /// A public file of a region's ledger, by its path.
    async fn log_file(&self, region: &str, path: &str) -> Answer<Vec<u8>>;
    /// The proof of one entry, as a C2SP `tlog-proof` file.
    async fn journal_proof(
        &self,
        session: &Self::Session,
        intent: Intent,
        id: &str,
    ) -> Answer<Vec<u8>>;
    /// The list of accesses to be reviewed.
    async fn journal_reviews(
        &self,
        session: &Self::Session,
        intent: Intent,
        filter: ReviewFilter,
    ) -> Answer<ReviewPage>;
    /// Adds a finding to the review of an entry, which is given back.
    async fn journal_review(
        &self,
        session: &Self::Session,
        intent: Intent,
        id: &str,
        outcome: &str,
        note: &str,
    ) -> Answer<Vec<u8>>;
}

/// `dossier:record/exports`.
pub trait Exports: Tokens {
    /// Records a job and gives its id.
    async fn export_begin(
        &self,
        session: &Self::Session,
        intent: Intent,
        request: ExportRequest,
    ) -> Answer<String>;
    /// Carries the job a piece further and tells how far it is.
    async fn export_advance(
        &self,
        session: &Self::Session,
        intent: Intent,
        id: &str,
    ) -> Answer<ExportProgress>;
    /// One file of a finished job.
    async fn export_file(
        &self,
        session: &Self::Session,
        intent: Intent,
        id: &str,
        number: u32,
    ) -> Answer<Page>;
    /// Forgets the job.
    async fn export_cancel(&self, session: &Self::Session, intent: Intent, id: &str) -> Answer<()>;
}

/// `dossier:record/sequencing`.
pub trait Sequencing: Tokens {
    /// Carries this region's ledger forward, for its operator.
    async fn ledger_advance(&self, session: &Self::Session) -> Answer<LedgerProgress>;
}

/// `dossier:record/directory`.
pub trait Directory {
    /// The region whose door this is.
    async fn here(&self) -> String;
    /// The directory in its text form.
    async fn regions(&self) -> String;
    /// Codes of the regions that this door cannot reach now.
    async fn away(&self) -> Vec<String>;
}
