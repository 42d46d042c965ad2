//! The adapter component: every wall of `wit/` for stock Spin, over the record
//! in DynamoDB. It carries the same provider that the gateway links natively,
//! and inherits nothing but outbound hosts and variables.
//!
//! `spin.toml` binds it under `[component.<function>.dependencies]`.
#![cfg(target_arch = "wasm32")]

// The very file that the gateway's host uses: the records are the same.
#[allow(missing_docs)]
#[path = "../../../gateway/src/host/convert.rs"]
mod convert;
mod environment;
mod exports;
mod http;
mod setup;

#[allow(missing_docs, clippy::all, clippy::unwrap_used, clippy::expect_used)]
mod walls {
    // The runtime must be spin-sdk's own: a component whose async bindings come
    // from another wit-bindgen hangs.
    spin_sdk::wit_bindgen::generate!({
        path: ["../../wit/record", "../../wit/functions"],
        world: "dossier:functions/provider",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}

/// The bindings by the names that the host's have, whether exported or not.
mod bindings {
    pub mod dossier {
        pub use crate::walls::exports::dossier::record;
    }
}

/// What the walls are exported from.
pub struct Adapter;

walls::export!(Adapter with_types_in walls);
