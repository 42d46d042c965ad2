//! A move in the region's own journal: who moved it, from where to where, what
//! was found and what somebody answered for. From there it comes into the ledger,
//! and is read as an AuditEvent.

use access::entry::Interaction;
use anyhow::{Context, Result};
use regions::Move;
use rest::operation::percent_encode;

use super::checklist::{Finding, State};
use crate::cli::operator::Act;
use crate::record::AnyTable;

/// What is told of a move.
pub struct Told<'a> {
    /// The region.
    pub code: &'a str,
    /// The move.
    pub step: Move,
    /// What was found.
    pub findings: &'a [Finding],
    /// Who moved it.
    pub by: &'a str,
    /// Whether the region file says so; otherwise it could not be written.
    pub done: bool,
}

impl Told<'_> {
    /// Adds it to the journal of this table *access*, durably. The id of the
    /// entry.
    ///
    /// # Errors
    /// The journal did not take it.
    pub async fn journal(&self, access: AnyTable) -> Result<String> {
        let told = self.act().journal(access).await;
        told.context("the move is not in the journal, so the region was not moved")
    }

    fn act(&self) -> Act<'_> {
        Act {
            command: "region",
            code: self.code,
            interaction: Interaction::Phase,
            query: self.query(),
            by: self.by,
            failed: (!self.done).then_some("not-written"),
        }
    }

    /// The move as a query: `phase?region=08&from=rehearsal&to=live&load=holds`.
    fn query(&self) -> String {
        let (from, to) = (self.step.from().word(), self.step.to().word());
        let mut query = format!("phase?region={}&from={from}&to={to}", self.code);
        for finding in self.findings {
            query.push_str(&format!("&{}=", finding.item.word()));
            match &finding.state {
                State::Holds => query.push_str("holds"),
                State::Accepted(reason) => {
                    query.push_str("accepted:");
                    percent_encode(&mut query, reason);
                }
                State::Fails(_) => query.push_str("fails"),
            }
        }
        query
    }
}

#[cfg(test)]
mod tests;
