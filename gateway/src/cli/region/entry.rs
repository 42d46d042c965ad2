//! A move in the region's own journal: who moved it, from where to where, what
//! was found and what somebody answered for. From there it comes into the ledger,
//! and is read as an AuditEvent.

use std::sync::Arc;

use access::claims::{Function, Purpose};
use access::entry::{Agent, Basis, Decided, Entry, Interaction, Outcome};
use access::journal::{Environment, Journal};
use anyhow::{Context, Result, anyhow};
use chart::Environment as _;
use regions::Move;

use super::checklist::{Finding, State};
use crate::engine::hexadecimal;
use crate::record::{AnyTable, System};

/// The process's own clock, chance and timer, as the journal wants them.
struct Clock;

impl Environment for Clock {
    fn now_ms(&self) -> u64 {
        u64::try_from(System.now_ms()).unwrap_or_default()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        System.fill_random(bytes);
    }

    async fn pause(&self, ms: u64) {
        System.sleep(ms).await;
    }
}

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
        let entry = self.entry()?;
        // Alone: the gateway's own flusher has a stream of its own.
        let (journal, _flusher) = Journal::new(Arc::new(access), Arc::new(Clock), self.code);
        journal
            .append_alone(&entry)
            .await
            .map_err(|error| anyhow!("{error}"))
            .context("the move is not in the journal, so the region was not moved")?;
        Ok(entry.id)
    }

    fn entry(&self) -> Result<Entry> {
        let at_ms = Environment::now_ms(&Clock);
        let (mut random, mut request) = ([0; 10], [0; 16]);
        Environment::fill_random(&Clock, &mut random);
        Environment::fill_random(&Clock, &mut request);
        Ok(Entry {
            id: access::entry::id(at_ms, random),
            at_ms,
            region: self.code.to_owned(),
            establishment: String::new(),
            agent: Agent {
                subject: self.by.to_owned(),
                name: Some(self.by.to_owned()),
                function: Function::Other("operator".to_owned()),
                licence: None,
                client_id: "dossier-region".to_owned(),
                token_id: None,
                issuer: String::new(),
            },
            persons: Vec::new(),
            interaction: Interaction::Phase,
            items: Vec::new(),
            query: Some(self.query()),
            purpose: Purpose::Administration,
            basis: Some(Basis::Authorization),
            request_id: hexadecimal(&request),
            // The command runs beside the files that it changes.
            network_address: "127.0.0.1".to_owned(),
            outcome: Outcome {
                status: if self.done { 200 } else { 500 },
                denied: (!self.done).then(|| "not-written".to_owned()),
            },
            decided: Decided::default(),
        })
    }

    /// The move as a query: `phase?region=08&from=rehearsal&to=live&load=holds`.
    fn query(&self) -> String {
        let (from, to) = (self.step.from().word(), self.step.to().word());
        let mut query = format!("phase?region={}&from={from}&to={to}", self.code);
        for finding in self.findings {
            let state = match &finding.state {
                State::Holds => "holds".to_owned(),
                State::Accepted(reason) => format!("accepted:{}", encoded(reason)),
                State::Fails(_) => "fails".to_owned(),
            };
            query.push_str(&format!("&{}={state}", finding.item.word()));
        }
        query
    }
}

/// Percent-encoded, but for what a query may hold as it is (RFC 3986 §2.3).
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
