//! The walls' native side: each WIT interface, carried to the provider.

use contracts::Origin;
use wasmtime::component::Linker;

use crate::sandbox::Cell;

/// The request that an instance is answering.
pub struct Call {
    /// Where it comes from, as the door saw it.
    pub origin: Origin,
    /// Who answers behind the walls.
    pub walls: Walls,
}

/// The provider behind one region's walls.
#[derive(Clone)]
pub struct Walls {}
impl Walls {
    pub fn journal_waiting(&self) -> usize {
        0
    }
}

/// Adds every wall to the linker.
///
/// # Errors
/// When two definitions collide.
pub fn link(_linker: &mut Linker<Cell>) -> wasmtime::Result<()> {
    Ok(())
}
