//! `journal`: reading who looked, and who changed what. That too is an access.

use crate::convert::{self, journal_failed};
use crate::decide::permitted;
use crate::limits::{CHANGES_LOOKED_AT_MAX, CHANGES_LOOKED_AT_ONCE};
use crate::provider::Provider;
use crate::session::{Session, Told};
use access::entry::{Basis, Change, Entry, Interaction, ItemSeen};
use access::journal::{JournalError, Page, Search, cursor_after};
use chart::Environment;
use chart::table::Table;
use chart::{CellRef, Home};
use contracts::{Intent, JournalFilter, JournalPage, Refusal, ResourceKey};

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `journal.read`.
    pub async fn journal_read(
        &self,
        session: &Session,
        intent: Intent,
        filter: JournalFilter,
    ) -> Result<JournalPage, Refusal> {
        let person = filter.person.clone();
        let about = if filter.changes { About::Changes } else { About::Accesses };
        let basis = self.journal_basis(session, &intent, about, person.as_deref()).await?;
        let mut found = self.page_of(&filter).await?;
        if about == About::Changes {
            self.drop_withheld(session, &mut found.entries, filter.target.as_ref()).await?;
        }
        let reviews = match (about, &person) {
            (About::Accesses, Some(_)) => self.reviewed(&found.entries).await?,
            _ => Vec::new(),
        };
        self.witness(session, told(&intent, about, basis, person)).await?;
        let entries = found.entries.iter().filter_map(|entry| entry.to_bytes().ok()).collect();
        Ok(JournalPage { entries, next: found.next, reviews })
    }

    /// The entries of one page; of changes, as many as a bounded look finds.
    async fn page_of(&self, filter: &JournalFilter) -> Result<Page, Refusal> {
        let wanted = usize::try_from(filter.count).unwrap_or(usize::MAX);
        let mut page = Page { entries: Vec::new(), next: filter.cursor.clone() };
        let mut looked = 0;
        loop {
            let search = Search {
                person: filter.person.as_deref(),
                region: filter.region.as_deref(),
                from_ms: u64::try_from(filter.from_ms).unwrap_or_default(),
                to_ms: u64::try_from(filter.to_ms).unwrap_or_default(),
                limit: if filter.changes { CHANGES_LOOKED_AT_ONCE } else { wanted },
                cursor: page.next.as_deref(),
            };
            let found = self.atlas().reader.search(&search).await.map_err(failed)?;
            looked += found.entries.len();
            page.next = found.next;
            if !filter.changes {
                page.entries = found.entries;
                return Ok(page);
            }
            let kept = found.entries.into_iter().filter(|entry| wants(filter, entry));
            page.entries.extend(kept);
            if page.entries.len() > wanted {
                page.entries.truncate(wanted);
                page.next = page.entries.last().map(cursor_after);
            }
            let enough = page.entries.len() == wanted || looked >= CHANGES_LOOKED_AT_MAX;
            if enough || page.next.is_none() {
                return Ok(page);
            }
        }
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
        let found = self.atlas().reader.find(id).await;
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
        let about = About::of(&intent);
        let basis = self.journal_basis(session, &intent, about, person.as_deref()).await?;
        let mut told = told(&intent, about, basis, person);
        let found = found.filter(|entry| about == About::Accesses || changed(entry));
        let mut found: Vec<Entry> = found.into_iter().collect();
        if about == About::Changes {
            self.drop_withheld(session, &mut found, None).await?;
        }
        let found = found.pop();
        if found.is_none() {
            told.status = 404;
        }
        self.witness(session, told).await?;
        let entry = found.ok_or_else(absent)?;
        entry.to_bytes().map_err(|_| absent())
    }

    /// Takes out of entries the resources that the session is not shown, and
    /// the entries that tell of no change then: what was done to a resource
    /// tells that it is there.
    async fn drop_withheld(
        &self,
        session: &Session,
        entries: &mut Vec<Entry>,
        target: Option<&ResourceKey>,
    ) -> Result<(), Refusal> {
        let named = entries.iter().flat_map(|entry| {
            entry.items.iter().map(|item| {
                let person = item.person.and_then(|at| entry.persons.get(usize::from(at)));
                let home = match person {
                    Some(person) => Home::Person(person.clone()),
                    None => Home::registry(&item.resource_type, &item.id),
                };
                CellRef {
                    home,
                    resource_type: item.resource_type.clone(),
                    id: item.id.clone(),
                    version: item.version,
                }
            })
        });
        let named: Vec<CellRef> = named.collect();
        let seen = self.refs_seen_by(session, Interaction::Search, &named).await?;
        let mut seen = seen.into_iter();
        for entry in entries.iter_mut() {
            entry.items.retain(|_| seen.next().unwrap_or(false));
        }
        entries.retain(|entry| {
            let of_target = |target: &ResourceKey| {
                let is = |item: &ItemSeen| {
                    item.id == target.id && item.resource_type == target.resource_type
                };
                entry.items.iter().any(is)
            };
            changed(entry) && target.is_none_or(of_target)
        });
        Ok(())
    }

    async fn journal_basis(
        &self,
        session: &Session,
        intent: &Intent,
        about: About,
        person: Option<&str>,
    ) -> Result<Basis, Refusal> {
        let (interaction, name) = match about {
            About::Accesses => (convert::interaction(intent.interaction), "AuditEvent"),
            About::Changes => (about.interaction(intent), "Provenance"),
        };
        // What confines the journal to one person decides as that person's chart.
        let view = match permitted(&session.claims, interaction, name, person) {
            Ok(_) => self.view(session, interaction, name, person).await,
            Err(denied) => Err(denied),
        };
        match view {
            Ok(view) => Ok(view.basis()),
            Err((reason, refusal)) => {
                let mut told = told(intent, about, Basis::Law, person.map(str::to_owned));
                told.denied = Some(reason.to_owned());
                Err(self.deny(session, told, refusal).await)
            }
        }
    }
}

/// What is asked of the journal: who looked (AuditEvent), or who changed what
/// (Provenance).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Accesses,
    Changes,
}

impl About {
    /// Of one entry: whoever intends a read asks for a change.
    fn of(intent: &Intent) -> Self {
        match intent.interaction {
            contracts::Interaction::Read => Self::Changes,
            _ => Self::Accesses,
        }
    }

    /// What a request is, whatever it says: nobody reads changes as an audit.
    fn interaction(self, intent: &Intent) -> Interaction {
        match (self, intent.interaction) {
            (Self::Accesses, other) => convert::interaction(other),
            (Self::Changes, contracts::Interaction::Read) => Interaction::Read,
            (Self::Changes, _) => Interaction::Search,
        }
    }
}

/// Whether an entry tells of a change that was made.
fn changed(entry: &Entry) -> bool {
    entry.outcome.status < 400 && entry.items.iter().any(|item| item.change != Change::Read)
}

fn wants(filter: &JournalFilter, entry: &Entry) -> bool {
    let of_target = filter.target.as_ref().is_none_or(|target| {
        entry.items.iter().any(|item| {
            item.change != Change::Read
                && item.id == target.id
                && item.resource_type == target.resource_type
        })
    });
    changed(entry) && of_target
}

fn failed(error: JournalError) -> Refusal {
    match error {
        JournalError::Cursor => {
            Refusal::invalid("_page is no cursor of this search. Follow the link \"next\".")
                .at("_page")
        }
        other => journal_failed(&other),
    }
}

fn told(intent: &Intent, about: About, basis: Basis, person: Option<String>) -> Told {
    Told {
        interaction: about.interaction(intent),
        query: intent.query.clone(),
        persons: person.into_iter().collect(),
        seen: Vec::new(),
        basis: Some(basis),
        status: 200,
        denied: None,
    }
}
