//! Search: everything between the walls and the pure engine (`fhir::search`).
//!
//! A search is one **pass** over the record ([`run::Run`]): whatever it reads —
//! hint rows, cells of many charts, what its chains and includes lead to — is
//! one consistent sight, or the pass begins again. `docs/search.md` says what
//! is guaranteed.
//!
//! | file | what it knows |
//! |---|---|
//! | `asked` | what was asked: one search for each type, one order over all |
//! | `plan` | which index narrows a search, from its text alone |
//! | `places` | reading the candidates that a plan names |
//! | `judge` | who of the candidates matches |
//! | `chains` | filters on other resources |
//! | `scan` | all of a type, home by home, a bounded part per request |
//! | `page` | cutting a page, and what it includes |
//! | `include` | `_include` and `_revinclude` |
//! | `rights` | which types and whose records the caller may search |
//! | `walls` | `chart.search` and `shelf.search` |
//! | `everything` | Patient `$everything` |
//! | `rows` | hint rows, written with each commit |
//! | `charts` | the list of all charts |

mod asked;
mod chains;
pub(crate) mod charts;
pub(crate) mod everything;
mod include;
mod judge;
mod page;
mod places;
mod plan;
mod rights;
pub(crate) mod rows;
mod run;
mod scan;
mod walls;

pub(crate) use rights::{Denied, inside};
pub(crate) use walls::Match;

use std::future::Future;
use std::pin::Pin;

/// A future of a search that calls itself: chains hold searches.
pub(crate) type Boxed<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, contracts::Refusal>> + Send + 'a>>;
