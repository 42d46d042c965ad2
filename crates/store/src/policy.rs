//! Access policies: who may ask a table for what, decided as IAM decides it
//! (AWS, "Policy evaluation logic"): a statement that denies wins, one that
//! allows is needed, and what nothing speaks of is denied.
//!
//! The documents are those of `infra/policies`, which in production are the
//! policies of the roles that the gateway assumes. [`Enforced`] keeps them in
//! front of any table, so that what a role lacks shows here and not there.
//!
//! Understood are the elements that these documents use; a document with
//! anything else is refused rather than half obeyed.

use std::collections::BTreeSet;

mod document;
mod enforced;
#[cfg(test)]
mod tests;

pub use document::PolicyError;
pub use enforced::{Acting, Enforced};

use document::Statement;

/// What is asked of a table, as IAM sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The action, such as `dynamodb:GetItem`. A transaction asks for the action
    /// of each of its writes.
    pub action: &'static str,
    /// The table's ARN.
    pub resource: &'a str,
    /// The partition keys named (`dynamodb:LeadingKeys`).
    pub leading_keys: Vec<&'a str>,
}

/// What a policy says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<'p> {
    /// A statement allows it and none denies it; the statement's `Sid`.
    Allowed(&'p str),
    /// This statement denies it, whatever others say.
    Denied(&'p str),
    /// No statement speaks of it.
    Unmentioned,
}

/// One policy document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    statements: Vec<Statement>,
}

impl Policy {
    /// Reads a policy document (IAM, version 2012-10-17).
    ///
    /// # Errors
    /// When it is no such document, or has an element that is not understood.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        Ok(Self { statements: document::statements(text)? })
    }

    /// Whether it may be done.
    pub fn decide(&self, asked: &Asked<'_>) -> Decision<'_> {
        let mut allowed = Decision::Unmentioned;
        for statement in self.statements.iter().filter(|statement| statement.applies(asked)) {
            if !statement.allows {
                return Decision::Denied(&statement.sid);
            }
            if allowed == Decision::Unmentioned {
                allowed = Decision::Allowed(&statement.sid);
            }
        }
        allowed
    }

    /// The `Sid`s of the statements that allow something.
    pub fn grants(&self) -> BTreeSet<&str> {
        let allowing = self.statements.iter().filter(|statement| statement.allows);
        allowing.map(|statement| statement.sid.as_str()).collect()
    }
}
