//! `dossier:record/registry`.

use std::sync::Arc;

use wasmtime::component::{Accessor, Resource};

use super::bindings::dossier::record::registry;
use super::bindings::dossier::record::types::{Intent, Key, Page, Refusal, Version, Window};
use super::{Host, Session, Shelf, convert};
use crate::sandbox::Cell;

type Answer<T> = wasmtime::Result<Result<T, Refusal>>;

impl registry::Host for Cell {}

impl registry::HostShelf for Cell {
    async fn drop(&mut self, shelf: Resource<Shelf>) -> wasmtime::Result<()> {
        self.resources().delete(shelf)?;
        Ok(())
    }
}

impl<T> registry::HostWithStore<T> for Host {
    async fn open(
        store: &Accessor<T, Self>,
        session: Resource<Session>,
        intent: Intent,
    ) -> Answer<Resource<Shelf>> {
        let (walls, session) = store.with(|mut access| access.get().held(&session))?;
        let intent = convert::intent(intent);
        match walls.open_registry(&session, intent).await {
            Ok(opened) => {
                let opened = Arc::new(opened);
                let handle = store.with(|mut access| access.get().resources().push(opened))?;
                Ok(Ok(handle))
            }
            Err(refusal) => Ok(Err(convert::refused(refusal))),
        }
    }
}

impl<T> registry::HostShelfWithStore<T> for Host {
    async fn read(store: &Accessor<T, Self>, shelf: Resource<Shelf>, key: Key) -> Answer<Version> {
        let (walls, shelf) = store.with(|mut access| access.get().held(&shelf))?;
        let read = walls.registry_read(&shelf, &convert::key(key)).await;
        Ok(read.map(convert::version).map_err(convert::refused))
    }

    async fn vread(
        store: &Accessor<T, Self>,
        shelf: Resource<Shelf>,
        key: Key,
        version: u64,
    ) -> Answer<Version> {
        let (walls, shelf) = store.with(|mut access| access.get().held(&shelf))?;
        let read = walls.registry_vread(&shelf, &convert::key(key), version).await;
        Ok(read.map(convert::version).map_err(convert::refused))
    }

    async fn history(
        store: &Accessor<T, Self>,
        shelf: Resource<Shelf>,
        key: Key,
        window: Window,
    ) -> Answer<Page> {
        let (walls, shelf) = store.with(|mut access| access.get().held(&shelf))?;
        let (key, window) = (convert::key(key), convert::window(window));
        let read = walls.registry_history(&shelf, &key, window).await;
        Ok(read.map(convert::page).map_err(convert::refused))
    }

    async fn history_of_types(
        store: &Accessor<T, Self>,
        shelf: Resource<Shelf>,
        window: Window,
    ) -> Answer<Page> {
        let (walls, shelf) = store.with(|mut access| access.get().held(&shelf))?;
        let read = walls.registry_history_of_types(&shelf, convert::window(window)).await;
        Ok(read.map(convert::page).map_err(convert::refused))
    }

    async fn search(
        store: &Accessor<T, Self>,
        shelf: Resource<Shelf>,
        resource_types: Vec<String>,
        query: String,
        compartment: Option<Key>,
    ) -> Answer<Page> {
        let (walls, shelf) = store.with(|mut access| access.get().held(&shelf))?;
        let compartment = compartment.map(convert::key);
        let found =
            walls.registry_search(&shelf, &resource_types, &query, compartment.as_ref()).await;
        Ok(found.map(convert::page).map_err(convert::refused))
    }
}
