//! Health regions, their establishments and phases, and where a request
//! belongs.
//!
//! A region is data: one file of `infra/regions`, read by [`Directory::read`],
//! which refuses what is wrong with the file, the line and the remedy.
//! [`Directory::to_text`] hands the whole directory to a component.
//! [`Directory::route`] decides; it never acts.

mod check;
mod compact;
mod directory;
mod draft;
mod file;
mod model;
mod numbering;
mod phase;
mod route;

pub use compact::CompactError;
pub use directory::{Directory, Fault};
pub use draft::{Draft, DraftEstablishment, neighbours_of};
pub use model::{Establishment, Link, Name, Phase, Region, ReleaseDelay};
pub use phase::{Item, Move, MoveError, rehearsal_prefix, with_phase};
pub use route::{Action, Decision, Endpoint, Reason, Request, any_door};
