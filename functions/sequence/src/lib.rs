//! The function `sequence`: carries the ledger forward when a timer asks for it.

pub mod handler;

/// The component. Its world is `sequence` in `wit/functions/worlds.wit`.
#[cfg(target_arch = "wasm32")]
mod component {
    use guest::serve::{Answered, with};

    #[spin_sdk::http_service]
    async fn handle(request: spin_sdk::http::Request) -> Answered {
        with(request, async |asked| super::handler::handle(&guest::Host, asked).await).await
    }
}
