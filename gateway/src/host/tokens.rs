//! `dossier:record/tokens`.

use std::sync::Arc;

use wasmtime::component::{Accessor, Resource};

use super::bindings::dossier::record::{tokens, types};
use super::{Host, Session, convert};
use crate::sandbox::Cell;

impl types::Host for Cell {}
impl tokens::Host for Cell {}

impl tokens::HostSession for Cell {
    async fn claims(&mut self, session: Resource<Session>) -> wasmtime::Result<types::Claims> {
        let (walls, session) = self.held(&session)?;
        Ok(convert::claims(walls.claims(&session)))
    }

    async fn drop(&mut self, session: Resource<Session>) -> wasmtime::Result<()> {
        self.resources().delete(session)?;
        Ok(())
    }
}

impl<T> tokens::HostWithStore<T> for Host {
    async fn verify(
        store: &Accessor<T, Self>,
        authorization: Option<String>,
        _claimed: types::Origin,
    ) -> wasmtime::Result<Result<Resource<Session>, types::Refusal>> {
        // The door's own knowledge of the socket, not what the function says.
        let (walls, origin) = store.with(|mut access| {
            let call = &access.get().call;
            (call.walls.clone(), call.origin.clone())
        });
        match walls.verify(authorization.as_deref(), &origin).await {
            Ok(session) => {
                crate::observed::caller(session.claims().establishment.as_deref());
                let session = Arc::new(session);
                let handle = store.with(|mut access| access.get().resources().push(session))?;
                Ok(Ok(handle))
            }
            Err(refusal) => Ok(Err(convert::refused(refusal))),
        }
    }
}
