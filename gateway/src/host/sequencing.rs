//! `dossier:record/sequencing`.

use wasmtime::component::{Accessor, Resource};

use super::bindings::dossier::record::sequencing::{self, Progress};
use super::bindings::dossier::record::types::Refusal;
use super::{Host, Session, convert};
use crate::sandbox::Cell;

impl sequencing::Host for Cell {}

impl<T> sequencing::HostWithStore<T> for Host {
    async fn advance(
        store: &Accessor<T, Self>,
        session: Resource<Session>,
    ) -> wasmtime::Result<Result<Progress, Refusal>> {
        let (walls, session) = store.with(|mut access| access.get().held(&session))?;
        let done = walls.ledger_advance(&session).await;
        Ok(done.map(convert::ledger_progress).map_err(convert::refused))
    }
}
