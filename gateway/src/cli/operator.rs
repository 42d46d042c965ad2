//! What an operator does past the doors (a phase, a backup, a restore, an export
//! of the ledgers), told in the journals of the regions that it concerns. From
//! there it comes into their ledgers, and is read as an AuditEvent.

use std::sync::Arc;

use access::claims::{Function, Purpose};
use access::entry::{Agent, Basis, Decided, Entry, Interaction, Outcome};
use access::journal::{Environment, Journal};
use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;
use provider::Clock;
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
        let (journal, _flusher) =
            Journal::new(Arc::new(access), Arc::new(Clock(System)), self.code);
        journal.append_alone(&entry).await.map_err(|error| anyhow!("{error}"))?;
        Ok(entry.id)
    }

    /// The entry of it, made now.
    pub fn entry(&self) -> Entry {
        let clock = Clock(System);
        let at_ms = clock.now_ms();
        let (mut random, mut request) = ([0; 10], [0; 16]);
        clock.fill_random(&mut random);
        clock.fill_random(&mut request);
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

/// The regions in whose journals it stands who read or filled the tables of a
/// ground: those that are open, or the one that rehearses there. Where none is
/// open the record is still read: then it stands with all.
pub fn regions_on(ground: &Ground, directory: &Directory) -> Vec<String> {
    if let Some(code) = ground.code() {
        return vec![code.to_owned()];
    }
    let all = directory.regions().iter();
    let (open, closed): (Vec<_>, Vec<_>) =
        all.partition(|region| matches!(region.phase, Phase::Live | Phase::Paused));
    let told = if open.is_empty() { closed } else { open };
    told.into_iter().map(|region| region.code.clone()).collect()
}

/// Tells the same of several regions, in their journals in this table *access*.
///
/// # Errors
/// A journal did not take it, or there is none.
pub async fn tell(
    access: &AnyTable,
    codes: &[String],
    (command, by): (&str, &By),
    (interaction, query): (Interaction, &str),
) -> Result<()> {
    ensure!(!codes.is_empty(), "the region files name no region in whose journal it could stand");
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
