//! The one place of the project where Rust is told to trust something it
//! cannot check: mapping a compiled component into memory.

#![allow(unsafe_code)]

use std::path::Path;

use wasmtime::Engine;
use wasmtime::component::Component;

/// Maps the compiled component at `path`.
///
/// The caller has compared the file's hash with the one that this program
/// noted, under a key of its own, when it compiled it (`engine::Cache`).
///
/// # Errors
/// When it was compiled by another version or another configuration.
pub fn map(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize_file` runs the file's machine code as it is, so the
    // file must be what `Engine::precompile_component` of this version wrote,
    // and must not change while it is mapped. The first holds because the seal
    // over its bytes was made with a key that only this user can read, right
    // after compiling; wasmtime itself compares version and settings. The
    // second holds because the cache only ever creates files under new names
    // and renames them, in a folder that only this user can write.
    unsafe { Component::deserialize_file(engine, path) }
}
