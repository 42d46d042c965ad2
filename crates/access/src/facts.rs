//! What a decision may ask of one resource, whoever knows it: its body, or the
//! cell that keeps its search tokens.

use fhir::search::{DateRange, Query};

mod body;
mod dates;

#[cfg(test)]
mod tests;

pub use body::BodyFacts;
pub(crate) use dates::period;

/// A code in its system; both are compared as they stand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Code {
    /// URI of the code system.
    pub system: String,
    /// The code.
    pub code: String,
}

impl Code {
    /// The code of a system.
    pub fn new(system: &str, code: &str) -> Self {
        Self { system: system.to_owned(), code: code.to_owned() }
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub enum Condition<'a> {
    /// Some `category` of the resource has this code. A category that is a
    /// plain code (AllergyIntolerance) is in the system it is bound to.
    Category(&'a Code),
    /// The code stands in some Coding of the resource outside `meta` (R4
    /// Consent.provision.code: "if this code is found in an instance"). A cell
    /// that holds it may answer yes; no cell holds enough to answer no.
    Code(&'a Code),
    /// `meta.security` has this label.
    Label(&'a Code),
    /// The clinical time of the resource (when it was found, done, or written
    /// down) lies in the range: with `whole` entirely, otherwise in part.
    DataPeriod {
        /// From when to when.
        range: DateRange,
        /// Whether all of it must lie inside.
        whole: bool,
    },
    /// The resource is a result of this search, one of its own type.
    Search(&'a Query),
    /// The result was issued at or before this instant (Unix, milliseconds).
    ReleasedBy(i64),
}

/// One resource, as far as it is known.
pub trait Facts {
    /// Its type.
    fn resource_type(&self) -> &str;

    /// Its logical id.
    fn id(&self) -> &str;

    /// Whether the condition holds; `None` when it cannot be told from what is
    /// at hand. *Yes* and *no* are certain.
    fn holds(&self, condition: &Condition<'_>) -> Option<bool>;

    /// Whether there is nothing more to look at. What such facts cannot tell is
    /// decided against showing; others are asked again with the body.
    fn complete(&self) -> bool {
        false
    }
}
