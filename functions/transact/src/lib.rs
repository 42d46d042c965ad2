//! The function `transact`: batch and transaction.

mod entry;
pub mod handler;

// GET entries are answered by the very code of `lookup` and `search`. Their
// crates cannot be linked in: each exports a component's entry of its own.
#[allow(dead_code)]
#[path = "../../lookup/src/handler.rs"]
mod lookup;
#[allow(dead_code)]
#[path = "../../search/src/handler.rs"]
mod search;

/// The component. Its world is `transact` in `wit/functions/worlds.wit`.
#[cfg(target_arch = "wasm32")]
mod component {
    use guest::serve::{Answered, with};

    #[spin_sdk::http_service]
    async fn handle(request: spin_sdk::http::Request) -> Answered {
        with(request, async |asked| super::handler::handle(&guest::Host, asked).await).await
    }
}
