//! `sequencing`: the ledger, carried forward when somebody asks for it.

use access::entry::Interaction;
use access::journal::JournalError;
use access::ledger::Sequenced;
use chart::Environment;
use chart::table::Table;
use contracts::{LedgerProgress, Refusal};
use fhir::outcome::{IssueType, Status};
use ledger::checkpoint::Checkpoint;

use crate::decide::sentence;
use crate::limits::{RETRY_AFTER_S, SEQUENCE_PASSES_MAX};
use crate::provider::Provider;
use crate::session::{Session, Told};

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `sequencing.advance`. It tells of no person and changes nothing of the
    /// record, so it is not an access: an entry for each turn would make the next
    /// turn's work. Who is refused is journaled.
    pub async fn ledger_advance(&self, session: &Session) -> Result<LedgerProgress, Refusal> {
        if let Err(reason) = access::decision::operates(&session.claims) {
            let told = Told {
                interaction: Interaction::ReadAudit,
                query: Some("$sequence".to_owned()),
                persons: Vec::new(),
                seen: Vec::new(),
                basis: None,
                status: 403,
                denied: Some(reason.word().to_owned()),
            };
            let refusal = Refusal::forbidden(sentence(reason.text()));
            return Err(self.deny(session, told, refusal).await);
        }
        // What a commit left in the outbox is in no stream yet.
        let waiting = self.drain().await.map_err(|_| failed(&JournalError::Stopped))?;
        let mut done = Sequenced::default();
        let mut appended = 0;
        for _ in 0..SEQUENCE_PASSES_MAX {
            done = self.sequence().await.map_err(|error| failed(&error))?;
            appended += done.appended;
            if !done.more && !done.overtaken {
                break;
            }
        }
        let more = waiting || done.more || done.overtaken;
        if !more {
            self.publish().await.map_err(|error| failed(&error))?;
        }
        let published = self.published_size().await.map_err(|error| failed(&error))?;
        Ok(LedgerProgress { appended, size: done.size, published, more })
    }

    /// Signs and publishes what is due, where there is a key. Witnesses are the
    /// gateway's to ask: a component reaches nobody.
    async fn publish(&self) -> Result<(), JournalError> {
        let Some(key) = self.inner.log_key.get() else { return Ok(()) };
        let log = self.log(&self.inner.region);
        match log.due(key, &[]).await? {
            Some(due) => log.publish(due).await,
            None => Ok(()),
        }
    }

    async fn published_size(&self) -> Result<u64, JournalError> {
        let Some(note) = self.log(&self.inner.region).published().await? else { return Ok(0) };
        let checkpoint = Checkpoint::parse(&note.text);
        checkpoint
            .map(|checkpoint| checkpoint.size)
            .map_err(|_| JournalError::Corrupt("the ledger's checkpoint is damaged"))
    }
}

fn failed(error: &JournalError) -> Refusal {
    match error {
        JournalError::Corrupt(_) => Refusal::new(
            Status::InternalServerError,
            IssueType::Exception,
            "The ledger is damaged, and nothing was signed. Compare it with a witness's checkpoint \
             (docs/ledger.md).",
        ),
        _ => Refusal::unavailable("The ledger cannot be reached just now.", RETRY_AFTER_S),
    }
}
