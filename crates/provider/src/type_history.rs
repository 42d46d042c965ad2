//! The history of a type and of everything (R4 §3.1.0.9): the feed of commits,
//! and of it what the session may read.

use crate::convert::{self, read_failed};
use crate::cursor;
use crate::decide::permitted;
use crate::limits::{HISTORY_COMMITS_MAX, HISTORY_COUNT_MAX, HISTORY_ROUNDS_MAX};
use crate::provider::Provider;
use crate::registry_reads::Shelf;
use crate::session::{Seen, Told};
use access::entry::Interaction;
use chart::table::Table;
use chart::{CellRef, Did, Environment, FeedChange, FeedPlace};
use contracts::{ChangeKind, Page, Refusal, Window};

/// What is asked for.
struct Wanted<'w> {
    shelf: &'w Shelf,
    interaction: Interaction,
    window: &'w Window,
}

impl Wanted<'_> {
    fn covers(&self, resource_type: &str) -> bool {
        let types = &self.window.resource_types;
        types.is_empty() || types.iter().any(|wanted| wanted == resource_type)
    }

    /// Whether the session may read it; what it may not is absent. Decided for
    /// each type and person.
    fn may(&self, change: &FeedChange) -> bool {
        let claims = &self.shelf.session.claims;
        let person = crate::chart_reads::person_of(Some(&change.at.home));
        permitted(claims, self.interaction, &change.at.resource_type, person).is_ok()
    }
}

/// A place within the feed: after so many changes of this commit.
pub(crate) type FeedCursor = (FeedPlace, usize);

/// What a page found.
#[derive(Default)]
struct Found {
    changes: Vec<FeedChange>,
    next: Option<FeedCursor>,
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `shelf.history-of-types`: newest first, deletions included. A page may be
    /// short, even empty, and have a next one: the work of one request is bounded.
    pub async fn registry_history_of_types(
        &self,
        shelf: &Shelf,
        window: Window,
    ) -> Result<Page, Refusal> {
        let interaction = match window.resource_types.as_slice() {
            [_] => Interaction::HistoryType,
            _ => Interaction::HistorySystem,
        };
        let wanted = Wanted { shelf, interaction, window: &window };
        let mut told = self.history_opened(&wanted).await?;
        let from = window.cursor.as_deref().map(cursor::feed).transpose()?;
        let Found { changes, next } = self.found_in_feed(&wanted, from).await?;
        let at: Vec<CellRef> = changes.iter().map(|change| change.at.clone()).collect();
        let seen_by = self.refs_seen_by(&shelf.session, interaction, &at).await?;
        let changes = changes.into_iter().zip(seen_by).filter(|(_, seen)| *seen);
        let changes: Vec<FeedChange> = changes.map(|(change, _)| change).collect();
        let at: Vec<CellRef> = changes.iter().map(|change| change.at.clone()).collect();
        let versions = self.bodies(&at).await?;
        told.seen = changes.iter().map(seen).collect();
        self.witness(&shelf.session, told).await?;
        let mut page = convert::page(versions, None, next.as_ref().map(cursor::of_feed));
        for (version, change) in page.versions.iter_mut().zip(&changes) {
            version.kind = match change.did {
                Did::Created => ChangeKind::Create,
                Did::Updated => ChangeKind::Update,
                Did::Deleted => ChangeKind::Delete,
            };
        }
        Ok(page)
    }

    /// By what right this is read, when anything that is asked for may be; or
    /// the refusal, journaled.
    async fn history_opened(&self, wanted: &Wanted<'_>) -> Result<Told, Refusal> {
        let session = &wanted.shelf.session;
        let person = session.confined_to();
        let mut told = Told {
            interaction: wanted.interaction,
            query: wanted.shelf.intent.query.clone(),
            persons: person.map(str::to_owned).into_iter().collect(),
            seen: Vec::new(),
            basis: None,
            status: 200,
            denied: None,
        };
        let types = fhir::types::all().map(|kind| kind.name).filter(|name| wanted.covers(name));
        let mut denied = None;
        for name in types {
            match self.view(session, wanted.interaction, name, person).await {
                Ok(view) => {
                    told.basis = Some(view.basis());
                    return Ok(told);
                }
                Err(refusal) => {
                    denied.get_or_insert(refusal);
                }
            }
        }
        let Some((reason, refusal)) = denied else {
            let text = "No such resource type is known. Name types of R4, as in Patient.";
            return Err(Refusal::invalid(text).at("_type"));
        };
        told.denied = Some(reason.to_owned());
        Err(self.deny(session, told, refusal).await)
    }

    async fn found_in_feed(
        &self,
        wanted: &Wanted<'_>,
        from: Option<FeedCursor>,
    ) -> Result<Found, Refusal> {
        let count = usize::try_from(wanted.window.count).unwrap_or(usize::MAX);
        let count = count.clamp(1, HISTORY_COUNT_MAX);
        let since_ms = wanted.window.since_ms.unwrap_or(0);
        let mut commits = u32::try_from(count).unwrap_or(u32::MAX).min(HISTORY_COMMITS_MAX);
        let mut found = Found { changes: Vec::new(), next: from };
        for _ in 0..HISTORY_ROUNDS_MAX {
            let upto = found.next.as_ref().map(|(place, _)| place);
            let page = self.record().feed(upto, since_ms, commits).await;
            let page = page.map_err(|error| read_failed(&error))?;
            for item in page.items {
                let done = match &found.next {
                    Some((place, done)) if *place == item.place => *done,
                    _ => 0,
                };
                let all = item.changes.len();
                for (at, change) in item.changes.into_iter().enumerate().skip(done) {
                    if !wanted.covers(&change.at.resource_type) || !wanted.may(&change) {
                        continue;
                    }
                    if found.changes.len() == count {
                        found.next = Some((item.place, at));
                        return Ok(found);
                    }
                    found.changes.push(change);
                }
                found.next = Some((item.place, all));
            }
            if !page.more {
                found.next = None;
                return Ok(found);
            }
            commits = commits.saturating_mul(4).min(HISTORY_COMMITS_MAX);
        }
        Ok(found)
    }
}

fn seen(change: &FeedChange) -> Seen {
    Seen {
        resource_type: change.at.resource_type.clone(),
        id: change.at.id.clone(),
        version: change.at.version,
        person: crate::chart_reads::person_of(Some(&change.at.home)).map(str::to_owned),
        change: access::entry::Change::Read,
    }
}
