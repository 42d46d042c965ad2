//! The trace that people read: an access in plain words, in French and in
//! English ([`sentence`], [`log`]), the register of accesses ([`register`]) and
//! its counts over a year ([`yearly`]).
//!
//! Pure: everything is made from entries of the journal and from the directory
//! of regions.

pub mod csv;
pub mod log;
pub mod register;
pub mod sentence;
pub mod yearly;
pub mod zone;
