//! GET entries are answered by the very code of `lookup`. Its crate cannot be
//! linked in, because it exports a component's entry of its own.

#[path = "../../lookup/src/handler.rs"]
pub mod handler;
#[path = "../../lookup/src/history.rs"]
mod history;
#[path = "../../lookup/src/operations.rs"]
mod operations;
#[path = "../../lookup/src/reading.rs"]
mod reading;
