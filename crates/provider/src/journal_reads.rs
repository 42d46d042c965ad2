//! `journal`: reading who looked. That too is an access.

use crate::convert::{self, journal_failed};
use crate::decide::permitted;
use crate::provider::Provider;
use crate::session::{Session, Told};
use access::entry::{Basis, Entry};
use access::journal::{JournalError, Search};
use chart::Environment;
use chart::table::Table;
use contracts::{Intent, JournalFilter, JournalPage, Refusal};

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `journal.read`.
    pub async fn journal_read(
        &self,
        session: &Session,
        intent: Intent,
        filter: JournalFilter,
    ) -> Result<JournalPage, Refusal> {
        let person = filter.person.clone();
        let basis = self.audit_basis(session, &intent, person.as_deref()).await?;
        let search = Search {
            person: person.as_deref(),
            from_ms: u64::try_from(filter.from_ms).unwrap_or_default(),
            to_ms: u64::try_from(filter.to_ms).unwrap_or_default(),
            limit: usize::try_from(filter.count).unwrap_or(usize::MAX),
            cursor: filter.cursor.as_deref(),
        };
        let found = self.inner.reader.search(&search).await;
        let found = found.map_err(|error| match error {
            JournalError::Cursor => {
                Refusal::invalid("_page is no cursor of this search. Follow the link \"next\".")
                    .at("_page")
            }
            other => journal_failed(&other),
        })?;
        self.witness(session, told(&intent, basis, person)).await?;
        let entries = found.entries.iter().filter_map(|entry| entry.to_bytes().ok()).collect();
        Ok(JournalPage { entries, next: found.next })
    }

    /// `journal.entry`.
    pub async fn journal_entry(
        &self,
        session: &Session,
        intent: Intent,
        id: &str,
    ) -> Result<Vec<u8>, Refusal> {
        let absent = || {
            Refusal::missing(
                "There is no such AuditEvent. Search AuditEvent?patient=…&date=… for those there \
                 are.",
            )
        };
        let found = self.inner.reader.find(id).await;
        let found: Option<Entry> = found.map_err(|error| journal_failed(&error))?;
        // Who may see an entry is decided by whose record it speaks of; one
        // that concerns several is for auditors.
        let person = match &found {
            Some(entry) => match entry.persons.as_slice() {
                [person] => Some(person.clone()),
                _ => None,
            },
            None => session.claims.patient.clone(),
        };
        let basis = self.audit_basis(session, &intent, person.as_deref()).await?;
        let mut told = told(&intent, basis, person);
        if found.is_none() {
            told.status = 404;
        }
        self.witness(session, told).await?;
        let entry = found.ok_or_else(absent)?;
        entry.to_bytes().map_err(|_| absent())
    }

    async fn audit_basis(
        &self,
        session: &Session,
        intent: &Intent,
        person: Option<&str>,
    ) -> Result<Basis, Refusal> {
        let interaction = convert::interaction(intent.interaction);
        match permitted(&session.claims, interaction, "AuditEvent", person) {
            Ok(basis) => Ok(basis),
            Err((reason, refusal)) => {
                let mut told = told(intent, Basis::Law, person.map(str::to_owned));
                told.denied = Some(reason.to_owned());
                Err(self.deny(session, told, refusal).await)
            }
        }
    }
}

fn told(intent: &Intent, basis: Basis, person: Option<String>) -> Told {
    Told {
        interaction: convert::interaction(intent.interaction),
        query: intent.query.clone(),
        persons: person.into_iter().collect(),
        seen: Vec::new(),
        basis: Some(basis),
        status: 200,
        denied: None,
    }
}
