//! `dossier:record/charts`.

use std::sync::Arc;

use wasmtime::component::{Accessor, Resource};

use super::bindings::dossier::record::charts;
use super::bindings::dossier::record::types::{Intent, Key, Page, Refusal, Version, Window};
use super::{Chart, Host, Session, convert};
use crate::sandbox::Cell;

type Answer<T> = wasmtime::Result<Result<T, Refusal>>;

impl charts::Host for Cell {}

impl charts::HostChart for Cell {
    async fn drop(&mut self, chart: Resource<Chart>) -> wasmtime::Result<()> {
        self.resources().delete(chart)?;
        Ok(())
    }
}

impl<T> charts::HostWithStore<T> for Host {
    async fn open(
        store: &Accessor<T, Self>,
        session: Resource<Session>,
        intent: Intent,
        place: charts::Place,
    ) -> Answer<Resource<Chart>> {
        let (walls, session) = store.with(|mut access| access.get().held(&session))?;
        let intent = convert::intent(intent);
        match walls.open_chart(&session, intent, convert::place(place)).await {
            Ok(opened) => {
                let opened = Arc::new(opened);
                let handle = store.with(|mut access| access.get().resources().push(opened))?;
                Ok(Ok(handle))
            }
            Err(refusal) => Ok(Err(convert::refused(refusal))),
        }
    }
}

impl<T> charts::HostChartWithStore<T> for Host {
    async fn read(store: &Accessor<T, Self>, chart: Resource<Chart>, key: Key) -> Answer<Version> {
        let (walls, chart) = store.with(|mut access| access.get().held(&chart))?;
        let read = walls.chart_read(&chart, &convert::key(key)).await;
        Ok(read.map(convert::version).map_err(convert::refused))
    }

    async fn vread(
        store: &Accessor<T, Self>,
        chart: Resource<Chart>,
        key: Key,
        version: u64,
    ) -> Answer<Version> {
        let (walls, chart) = store.with(|mut access| access.get().held(&chart))?;
        let read = walls.chart_vread(&chart, &convert::key(key), version).await;
        Ok(read.map(convert::version).map_err(convert::refused))
    }

    async fn history(
        store: &Accessor<T, Self>,
        chart: Resource<Chart>,
        key: Key,
        window: Window,
    ) -> Answer<Page> {
        let (walls, chart) = store.with(|mut access| access.get().held(&chart))?;
        let (key, window) = (convert::key(key), convert::window(window));
        let read = walls.chart_history(&chart, &key, window).await;
        Ok(read.map(convert::page).map_err(convert::refused))
    }

    async fn everything(
        store: &Accessor<T, Self>,
        chart: Resource<Chart>,
        window: Window,
    ) -> Answer<Page> {
        let (walls, chart) = store.with(|mut access| access.get().held(&chart))?;
        let read = walls.chart_everything(&chart, convert::window(window)).await;
        Ok(read.map(convert::page).map_err(convert::refused))
    }

    async fn search(
        store: &Accessor<T, Self>,
        chart: Resource<Chart>,
        resource_types: Vec<String>,
        query: String,
    ) -> Answer<Page> {
        let (walls, chart) = store.with(|mut access| access.get().held(&chart))?;
        let found = walls.chart_search(&chart, &resource_types, &query).await;
        Ok(found.map(convert::page).map_err(convert::refused))
    }
}
