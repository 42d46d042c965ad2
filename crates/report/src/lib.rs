//! The pilot report: what the doors counted, over time, and what it says about
//! expansion. Pure: no clock, no files, no network, and nothing about a person.
//!
//! A door counts into a [`slice::Slice`]; slices merge, whoever made them and in
//! any order. The gateway keeps one row for each minute and each hour
//! ([`row`]); a [`model::Report`] is made from rows, from what loads and
//! verifications left ([`record::Record`]) and from the objectives, and is
//! written as a page, as Markdown or as JSON ([`write`](mod@write)).

pub mod histogram;
pub mod limits;
pub mod model;
pub mod objectives;
pub mod questions;
pub mod reason;
pub mod record;
pub mod row;
pub mod slice;
pub mod write;

pub use histogram::Histogram;
pub use model::{Audience, Input, Place, Report};
pub use objectives::Objectives;
pub use record::Record;
pub use row::{Row, Span};
pub use slice::Slice;
