//! The function `token`: access tokens for machines (SMART Backend Services),
//! and the public keys by which others verify them.

pub mod handler;

/// The component. Its world is `token` in `wit/functions/worlds.wit`.
#[cfg(target_arch = "wasm32")]
mod component {
    use guest::serve::{Answered, with};

    #[spin_sdk::http_service]
    async fn handle(request: spin_sdk::http::Request) -> Answered {
        with(request, async |asked| super::handler::handle(&guest::Host, asked).await).await
    }
}
