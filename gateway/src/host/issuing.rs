//! `dossier:record/issuing`.

use wasmtime::component::Accessor;

use super::bindings::dossier::record::{issuing, types};
use super::{Host, convert};
use crate::sandbox::Cell;

impl issuing::Host for Cell {}

impl<T> issuing::HostWithStore<T> for Host {
    async fn exchange(
        store: &Accessor<T, Self>,
        asked: issuing::Request,
        _claimed: types::Origin,
    ) -> wasmtime::Result<Result<issuing::Grant, issuing::Rejection>> {
        // The door's own knowledge of the socket, not what the function says.
        let (walls, origin) = store.with(|mut access| {
            let call = &access.get().call;
            (call.walls.clone(), call.origin.clone())
        });
        let done = walls.exchange(convert::token_request(asked), &origin).await;
        Ok(done.map(convert::token_grant).map_err(convert::token_rejected))
    }

    async fn keys(store: &Accessor<T, Self>) -> wasmtime::Result<String> {
        Ok(store.with(|mut access| access.get().call.walls.signing_keys()))
    }
}
