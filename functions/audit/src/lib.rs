//! The function `audit`: AuditEvent: who looked.

mod access_log;
pub mod handler;
mod public;
mod queue;
mod register;
mod when;

/// The component. Its world is `audit` in `wit/functions/worlds.wit`.
#[cfg(target_arch = "wasm32")]
mod component {
    use guest::serve::{Answered, with};

    #[spin_sdk::http_service]
    async fn handle(request: spin_sdk::http::Request) -> Answered {
        with(request, async |asked| super::handler::handle(&guest::Host, asked).await).await
    }
}
