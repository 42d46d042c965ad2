//! The function `transact`: batch and transaction.

mod caller;
mod entry;
pub mod handler;
mod request;

// GET entries are answered by the code of `lookup` and of `search`.
#[allow(dead_code)]
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
