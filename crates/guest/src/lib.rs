//! The function's side of the walls: bindings of `wit/`, and the traits of
//! `contracts` upon them.
//!
//! Bindings are made for a world that imports every interface; the linker keeps
//! only what a function calls, and `tests/component` compares the imports of
//! each built component with its own world in `wit/functions/worlds.wit`.

mod convert;
mod host;
pub mod serve;

pub use host::Host;
pub use spin_sdk;

#[allow(missing_docs, clippy::all)]
mod bindings {
    // The runtime must be spin-sdk's own: a component whose async bindings come
    // from another wit-bindgen hangs.
    spin_sdk::wit_bindgen::generate!({
        path: ["../../wit/record", "../../wit/functions"],
        world: "dossier:functions/guest",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}
