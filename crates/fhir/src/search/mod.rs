//! FHIR search (R4 §3.1.1): parameters, queries, the tokens that cells keep, and
//! who matches.
//!
//! A caller parses a [`Query`], settles its [`Query::chains`], supplies its
//! [`Query::value_sets_wanted`], judges each candidate's cell with
//! [`Query::matches`], settles every [`Verdict::Maybe`] on the body with
//! [`Query::matches_body`], orders by [`Query::position`] and hands out a
//! [`Cursor`] for the page after.
//!
//! Judged from the table of [`parameters`]; what is not in it is refused, never
//! ignored.

mod amount;
mod atom;
pub mod compartments;
mod cursor;
mod date;
mod dictionary;
mod error;
mod fold;
mod held;
mod indexed;
mod judging;
pub mod limits;
mod matching;
mod number;
mod order;
pub mod parameters;
mod people;
mod query;
mod reference;
mod sought;
mod sound;
mod tokens;
mod words;
mod zone;

pub use cursor::Cursor;
pub use date::{DateRange, Prefix};
pub use error::{SearchError, SearchFault};
pub use fold::{fold, squash};
pub use matching::Verdict;
pub use number::WantedNumber;
pub use order::{OrderKey, Position};
pub use people::{birthdate, gender, identifier_tokens, name_keys};
pub use query::{
    Chain, ChainLink, ELSEWHERE, Filter, Include, Modifier, Query, RESULT_PARAMETERS, Settings,
    SortKey, Summary, Total, Wanted, WantedSystem,
};
pub use reference::{references_kept, references_of};
pub use tokens::{Tokens, TokensError};
