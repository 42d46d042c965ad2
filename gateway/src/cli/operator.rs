//! What an operator does past the doors (a phase, a backup, a restore, an export
//! of the ledgers), told in the journals of the regions that it concerns. From
//! there it comes into their ledgers, and is read as an AuditEvent.

use std::sync::Arc;

use access::claims::{Function, Purpose};
use access::entry::{Agent, Basis, Decided, Entry, Interaction, Outcome};
use access::journal::{Environment, Journal};
use anyhow::{Context, Result, anyhow};
use chart::Environment as _;
use clap::Args;
use regions::{Directory, Phase};

use crate::engine::hexadecimal;
use crate::record::{AnyTable, Ground, System};

/// Who does it.
#[derive(Args)]
pub struct By {
    /// Who does this, for the record [default: the user of this command]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl By {
    /// The name that was given, or who runs this command.
    pub fn name(&self) -> String {
        let told = |name| std::env::var(name).ok().filter(|name| !name.is_empty());
        let user = || ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(told);
        self.by.clone().or_else(user).unwrap_or_else(|| "operator".to_owned())
    }
}

/// One of them, in one region.
pub struct Act<'a> {
    /// The subcommand that does it.
    pub command: &'a str,
    /// The region.
    pub code: &'a str,
    /// What is done.
    pub interaction: Interaction,
    /// The same in the form of a query, with what it was done with.
    pub query: String,
    /// Who does it.
    pub by: &'a str,
    /// Why it was not done, in a word.
    pub failed: Option<&'a str>,
}

impl Act<'_> {
    /// Adds it to the journal of this table *access*, durably. The id of the
    /// entry.
    ///
    /// # Errors
    /// The journal did not take it.
    pub async fn journal(&self, access: AnyTable) -> Result<String> {
        let entry = self.entry();
        // Alone: the gateway's own flusher has a stream of its own.
        let (journal, _flusher) = Journal::new(Arc::new(access), Arc::new(Clock), self.code);
        journal.append_alone(&entry).await.map_err(|error| anyhow!("{error}"))?;
        Ok(entry.id)
    }

    /// The entry of it, made now.
    pub fn entry(&self) -> Entry {
        let at_ms = Environment::now_ms(&Clock);
        let (mut random, mut request) = ([0; 10], [0; 16]);
        Environment::fill_random(&Clock, &mut random);
        Environment::fill_random(&Clock, &mut request);
        Entry {
            id: access::entry::id(at_ms, random),
            at_ms,
            region: self.code.to_owned(),
            establishment: String::new(),
            agent: Agent {
                subject: self.by.to_owned(),
                name: Some(self.by.to_owned()),
                function: Function::Other("operator".to_owned()),
                licence: None,
                client_id: format!("dossier-{}", self.command),
                token_id: None,
                issuer: String::new(),
            },
            persons: Vec::new(),
            interaction: self.interaction,
            items: Vec::new(),
            query: Some(self.query.clone()),
            purpose: Purpose::Administration,
            basis: Some(Basis::Authorization),
            request_id: hexadecimal(&request),
            // The command runs beside the files that it works on.
            network_address: "127.0.0.1".to_owned(),
            outcome: Outcome {
                status: if self.failed.is_some() { 500 } else { 200 },
                denied: self.failed.map(str::to_owned),
            },
            decided: Decided::default(),
        }
    }
}

/// The regions whose accesses the tables of a ground hold: those that are open,
/// or the one that rehearses there.
pub fn regions_on(ground: &Ground, directory: &Directory) -> Vec<String> {
    if let Some(code) = ground.code() {
        return vec![code.to_owned()];
    }
    let open = |phase| matches!(phase, Phase::Live | Phase::Paused);
    let open = directory.regions().iter().filter(|region| open(region.phase));
    open.map(|region| region.code.clone()).collect()
}

/// Tells the same of several regions, in their journals in this table *access*.
///
/// # Errors
/// A journal did not take it.
pub async fn tell(
    access: &AnyTable,
    codes: &[String],
    (command, by): (&str, &By),
    (interaction, query): (Interaction, &str),
) -> Result<()> {
    let by = by.name();
    for code in codes {
        let query = query.to_owned();
        let act = Act { command, code, interaction, query, by: &by, failed: None };
        let told = act.journal(access.clone()).await;
        told.with_context(|| {
            format!("it is not in the journal of region {code}, so it is not done")
        })?;
    }
    Ok(())
}

/// Percent-encoded, but for what a query may hold as it is (RFC 3986 §2.3).
pub fn encoded(text: &str) -> String {
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
