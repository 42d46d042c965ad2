//! The function `capability`: the CapabilityStatement, the OpenAPI document and
//! the SMART configuration.

mod claims;
pub mod handler;
mod openapi;
mod routes;
mod smart;
mod statement;

/// The component. Its world is `capability` in `wit/functions/worlds.wit`.
#[cfg(target_arch = "wasm32")]
mod component {
    use guest::serve::{Answered, with};

    #[spin_sdk::http_service]
    async fn handle(request: spin_sdk::http::Request) -> Answered {
        with(request, async |asked| super::handler::handle(&guest::Host, asked).await).await
    }
}
