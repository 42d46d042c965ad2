//! `dossier:record/directory`.

use wasmtime::component::Accessor;

use super::Host;
use super::bindings::dossier::record::directory;
use crate::sandbox::Cell;

impl directory::Host for Cell {}

impl<T> directory::HostWithStore<T> for Host {
    async fn here(store: &Accessor<T, Self>) -> wasmtime::Result<String> {
        Ok(store.with(|mut access| access.get().call.walls.here()))
    }

    async fn regions(store: &Accessor<T, Self>) -> wasmtime::Result<String> {
        Ok(store.with(|mut access| access.get().call.walls.regions_text()))
    }

    async fn away(store: &Accessor<T, Self>) -> wasmtime::Result<Vec<String>> {
        Ok(store.with(|mut access| access.get().call.walls.away()))
    }
}
