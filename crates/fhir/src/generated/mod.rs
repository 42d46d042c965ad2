//! Tables made by scripts from the standard's own definitions; never by hand.

#[rustfmt::skip]
pub mod tables;
