//! The ledger behind the walls: its public files, the proof of one entry, and
//! what a gateway needs to keep it.

use std::sync::Arc;

use access::entry::Entry;
use access::journal::JournalError;
use access::ledger::{Log, ProofState, Sequenced};
use chart::Environment;
use chart::table::Table;
use contracts::{Intent, Refusal};
use fhir::outcome::{IssueType, Status};
use ledger::tiles::File;

use crate::limits::RETRY_AFTER_S;
use crate::provider::Provider;
use crate::session::Session;

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// The log of a region.
    pub fn log(&self, region: &str) -> Log<T> {
        Log::new(Arc::clone(&self.inner.access), region)
    }

    /// One pass of this region's sequencer.
    ///
    /// # Errors
    /// As [`access::ledger::Sequencer::run`].
    pub async fn sequence(&self) -> Result<Sequenced, JournalError> {
        self.inner.sequencer.run().await
    }

    /// `journal.log-file`: hashes and signatures, which anybody may have.
    pub async fn log_file(&self, region: &str, path: &str) -> Result<Vec<u8>, Refusal> {
        let absent = || {
            Refusal::missing(
                "The ledger has no such file. Read checkpoint, then the files that a log of its \
                 size has (C2SP tlog-tiles).",
            )
        };
        let file = File::parse(path).ok_or_else(absent)?;
        if self.atlas().directory.region(region).is_none() {
            return Err(absent());
        }
        let found = self.log(region).file(&file).await.map_err(|error| failed(&error))?;
        found.ok_or_else(absent)
    }

    /// `journal.proof`: for whoever may read the entry, and journaled as that.
    pub async fn journal_proof(
        &self,
        session: &Session,
        intent: Intent,
        id: &str,
    ) -> Result<Vec<u8>, Refusal> {
        let bytes = self.journal_entry(session, intent, id).await?;
        let entry = Entry::from_bytes(&bytes).map_err(|_| damaged())?;
        match self.log(&entry.region).proof(&entry).await.map_err(|error| failed(&error))? {
            ProofState::Proven(proof) => Ok(proof.to_text().into_bytes()),
            ProofState::NotYet => Err(Refusal::unavailable(
                "The entry is accepted and not yet in a published checkpoint of the ledger.",
                RETRY_AFTER_S,
            )),
        }
    }
}

fn failed(error: &JournalError) -> Refusal {
    match error {
        JournalError::Corrupt(_) => damaged(),
        _ => Refusal::unavailable("The ledger cannot be read just now.", RETRY_AFTER_S),
    }
}

fn damaged() -> Refusal {
    Refusal::new(
        Status::InternalServerError,
        IssueType::Exception,
        "The ledger and the journal do not agree on this entry. Report this with the request id.",
    )
}
