//! `dossier:record/commits`.

use wasmtime::component::{Accessor, Resource};

use super::bindings::dossier::record::commits;
use super::bindings::dossier::record::commits::{Change, Options, Receipt};
use super::bindings::dossier::record::types::{Intent, Refusal};
use super::{Host, Session, convert};
use crate::sandbox::Cell;

impl commits::Host for Cell {}

impl<T> commits::HostWithStore<T> for Host {
    async fn commit(
        store: &Accessor<T, Self>,
        session: Resource<Session>,
        intent: Intent,
        changes: Vec<Change>,
        options: Options,
    ) -> wasmtime::Result<Result<Receipt, Refusal>> {
        let (walls, session) = store.with(|mut access| access.get().held(&session))?;
        let changes = changes.into_iter().map(convert::change).collect();
        let (intent, options) = (convert::intent(intent), convert::options(options));
        let done = walls.commit(&session, intent, changes, options).await;
        Ok(done.map(convert::receipt).map_err(convert::refused))
    }
}
