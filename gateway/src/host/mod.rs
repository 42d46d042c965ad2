//! The walls' native side: each WIT interface, carried to the provider of the
//! region whose door the request came to. One file per interface.

mod charts;
mod commits;
mod convert;
mod directory;
mod exports;
mod issuing;
mod journal;
mod registry;
mod sequencing;
mod tokens;

use std::sync::Arc;

use contracts::Origin;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};

use crate::record::Walls;
use crate::sandbox::Cell;

#[allow(missing_docs, clippy::all, clippy::unwrap_used)]
mod bindings {
    wasmtime::component::bindgen!({
        path: ["../wit/record", "../wit/functions"],
        world: "dossier:functions/guest",
        imports: { default: async | trappable },
        with: {
            "dossier:record/tokens.session": super::Session,
            "dossier:record/charts.chart": super::Chart,
            "dossier:record/registry.shelf": super::Shelf,
        },
    });
}

/// Handles are shared, so that a call need not hold the store while it waits.
pub type Session = Arc<provider::Session>;
/// See [`Session`].
pub type Chart = Arc<provider::Chart>;
/// See [`Session`].
pub type Shelf = Arc<provider::Shelf>;

/// The request that an instance is answering.
pub struct Call {
    /// Where it comes from, as the door saw it.
    pub origin: Origin,
    /// Who answers behind the walls.
    pub walls: Walls,
}

/// What a call on a wall works with.
pub struct Host;

impl HasData for Host {
    type Data<'a> = &'a mut Cell;
}

impl Cell {
    fn held<T: Clone + Send + Sync + 'static>(
        &mut self,
        handle: &Resource<T>,
    ) -> wasmtime::Result<(Walls, T)> {
        let held = self.resources().get(handle)?.clone();
        Ok((self.call.walls.clone(), held))
    }

    fn resources(&mut self) -> &mut ResourceTable {
        self.table()
    }
}

/// Adds every wall to the linker; a function gets those that it imports.
///
/// # Errors
/// When two definitions collide.
pub fn link(linker: &mut Linker<Cell>) -> wasmtime::Result<()> {
    bindings::Guest::add_to_linker::<Cell, Host>(linker, |cell| cell)
}
