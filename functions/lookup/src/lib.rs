//! The function `lookup`: read, vread, history, and operations that only read.

pub mod handler;
mod history;
mod operations;
mod reading;

/// The component. Its world is `lookup` in `wit/functions/worlds.wit`.
#[cfg(target_arch = "wasm32")]
mod component {
    use guest::serve::{Answered, with};

    #[spin_sdk::http_service]
    async fn handle(request: spin_sdk::http::Request) -> Answered {
        with(request, async |asked| super::handler::handle(&guest::Host, asked).await).await
    }
}
