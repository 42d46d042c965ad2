//! Stock Spin 4.1, as far as this project depends on it: the rules of its
//! manifest, the way it composes a component with its dependencies, and a host
//! that gives a composition what Spin would and nothing else.

pub mod compose;
pub mod host;
pub mod manifest;
pub mod names;
pub mod rules;
