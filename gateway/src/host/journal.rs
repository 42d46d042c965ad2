//! `dossier:record/journal`.

use wasmtime::component::{Accessor, Resource};

use super::bindings::dossier::record::journal::{self, Filter, Page, ReviewFilter, ReviewPage};
use super::bindings::dossier::record::types::{Intent, Refusal};
use super::{Host, Session, convert};
use crate::sandbox::Cell;

impl journal::Host for Cell {}

impl<T> journal::HostWithStore<T> for Host {
    async fn read(
        store: &Accessor<T, Self>,
        session: Resource<Session>,
        intent: Intent,
        filter: Filter,
    ) -> wasmtime::Result<Result<Page, Refusal>> {
        let (walls, session) = store.with(|mut access| access.get().held(&session))?;
        let (intent, filter) = (convert::intent(intent), convert::filter(filter));
        let read = walls.journal_read(&session, intent, filter).await;
        Ok(read.map(convert::entries).map_err(convert::refused))
    }

    async fn entry(
        store: &Accessor<T, Self>,
        session: Resource<Session>,
        intent: Intent,
        id: String,
    ) -> wasmtime::Result<Result<Vec<u8>, Refusal>> {
        let (walls, session) = store.with(|mut access| access.get().held(&session))?;
        let found = walls.journal_entry(&session, convert::intent(intent), &id).await;
        Ok(found.map_err(convert::refused))
    }

    async fn log_file(
        store: &Accessor<T, Self>,
        region: String,
        path: String,
    ) -> wasmtime::Result<Result<Vec<u8>, Refusal>> {
        let walls = store.with(|mut access| access.get().call.walls.clone());
        Ok(walls.log_file(&region, &path).await.map_err(convert::refused))
    }

    async fn proof(
        store: &Accessor<T, Self>,
        session: Resource<Session>,
        intent: Intent,
        id: String,
    ) -> wasmtime::Result<Result<Vec<u8>, Refusal>> {
        let (walls, session) = store.with(|mut access| access.get().held(&session))?;
        let found = walls.journal_proof(&session, convert::intent(intent), &id).await;
        Ok(found.map_err(convert::refused))
    }

    async fn reviews(
        store: &Accessor<T, Self>,
        session: Resource<Session>,
        intent: Intent,
        filter: ReviewFilter,
    ) -> wasmtime::Result<Result<ReviewPage, Refusal>> {
        let (walls, session) = store.with(|mut access| access.get().held(&session))?;
        let (intent, filter) = (convert::intent(intent), convert::review_filter(filter));
        let read = walls.journal_reviews(&session, intent, filter).await;
        Ok(read.map(convert::reviews).map_err(convert::refused))
    }

    async fn review(
        store: &Accessor<T, Self>,
        session: Resource<Session>,
        intent: Intent,
        id: String,
        outcome: String,
        note: String,
    ) -> wasmtime::Result<Result<Vec<u8>, Refusal>> {
        let (walls, session) = store.with(|mut access| access.get().held(&session))?;
        let intent = convert::intent(intent);
        let done = walls.journal_review(&session, intent, &id, &outcome, &note).await;
        Ok(done.map_err(convert::refused))
    }
}
