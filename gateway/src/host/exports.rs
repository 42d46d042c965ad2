//! `dossier:record/exports`.

use wasmtime::component::{Accessor, Resource};

use super::bindings::dossier::record::exports;
use super::bindings::dossier::record::exports::{Progress, Request};
use super::bindings::dossier::record::types::{Intent, Page, Refusal};
use super::{Host, Session, convert};
use crate::sandbox::Cell;

type Answer<T> = wasmtime::Result<Result<T, Refusal>>;

impl exports::Host for Cell {}

impl<T> exports::HostWithStore<T> for Host {
    async fn begin(
        store: &Accessor<T, Self>,
        session: Resource<Session>,
        intent: Intent,
        request: Request,
    ) -> Answer<String> {
        let (walls, session) = store.with(|mut access| access.get().held(&session))?;
        let (intent, request) = (convert::intent(intent), convert::export(request));
        Ok(walls.export_begin(&session, intent, request).await.map_err(convert::refused))
    }

    async fn advance(
        store: &Accessor<T, Self>,
        session: Resource<Session>,
        intent: Intent,
        id: String,
    ) -> Answer<Progress> {
        let (walls, session) = store.with(|mut access| access.get().held(&session))?;
        let told = walls.export_advance(&session, convert::intent(intent), &id).await;
        Ok(told.map(convert::progress).map_err(convert::refused))
    }

    async fn file(
        store: &Accessor<T, Self>,
        session: Resource<Session>,
        intent: Intent,
        id: String,
        number: u32,
    ) -> Answer<Page> {
        let (walls, session) = store.with(|mut access| access.get().held(&session))?;
        let read = walls.export_file(&session, convert::intent(intent), &id, number).await;
        Ok(read.map(convert::page).map_err(convert::refused))
    }

    async fn cancel(
        store: &Accessor<T, Self>,
        session: Resource<Session>,
        intent: Intent,
        id: String,
    ) -> Answer<()> {
        let (walls, session) = store.with(|mut access| access.get().held(&session))?;
        let done = walls.export_cancel(&session, convert::intent(intent), &id).await;
        Ok(done.map_err(convert::refused))
    }
}
