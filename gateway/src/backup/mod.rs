//! Copies of the record: both tables, whole, at one point in time, in files of a
//! folder that anybody can check (`docs/operations.md` has the format).
//!
//! - [`item`]: an item as bytes. - [`sum`]: what a table's items add up to, in
//!   any order. - [`segment`]: some items in a file, packed, by its hash. -
//!   [`manifest`]: what the folder holds. - [`source`]: the tables read whole.
//! - [`take`] writes a copy, [`give`] puts one back. - [`outcome`]: what a
//!   rehearsed restore leaves.

pub mod give;
pub mod item;
pub mod manifest;
pub mod outcome;
pub mod segment;
pub mod source;
pub mod sum;
pub mod take;

use chart::table::Key;

/// The item of each table that says that it is being put back: there, the region
/// is not ready and no door opens. It is where readiness looks, since that is the
/// one place that every gateway may read whatever its roles are.
pub fn marker() -> Key {
    Key::new("readiness", "readiness")
}

/// What the marker holds: the digest of the copy's manifest.
pub const MARKER_BACKUP: &str = "backup";
