//! Reading the journal, complete at once: what was durable before the search
//! began is found, wherever it is on its way.

use std::collections::BTreeMap;
use std::sync::Arc;

use chart::table::{Query, Range, Table};

use super::drain::{instant_sk, person_pk, region_pk};
use super::outbox::Outbox;
use super::stream::{BATCH, registered, tail};
use super::{JournalError, batch};
use crate::entry::{Entry, id_time_ms};
use crate::limits::{INDEX_PAGE_ITEMS, INDEX_SPAN_MS, PAGE_ENTRIES_MAX};

/// Which entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search<'a> {
    /// Only accesses that concern this person.
    pub person: Option<&'a str>,
    /// Only accesses that this region's gateways served.
    pub region: Option<&'a str>,
    /// First instant, milliseconds since 1970, included.
    pub from_ms: u64,
    /// Last instant, milliseconds since 1970, included.
    pub to_ms: u64,
    /// Entries on the page; 1 to [`PAGE_ENTRIES_MAX`] count.
    pub limit: usize,
    /// [`Page::next`] of the page before.
    pub cursor: Option<&'a str>,
}

/// One page of entries, newest first; entries of one instant by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Set when there are more. Stable while others write: it names the last
    /// entry of this page, not a count.
    pub next: Option<String>,
}

/// Reads the journal of all regions.
pub struct Reader<T, O> {
    table: Arc<T>,
    outbox: Arc<O>,
    regions: Vec<String>,
}

/// The order of entries: by instant, then by id.
type Place = (u64, String);

/// The part of one index partition that is not read yet.
struct Unread {
    query: Query,
    /// Nothing unread is newer than this.
    newest_ms: u64,
}

impl<T: Table, O: Outbox> Reader<T, O> {
    /// A reader over these regions' journals; name every region that writes one.
    pub fn new(table: Arc<T>, outbox: Arc<O>, regions: Vec<String>) -> Self {
        Self { table, outbox, regions }
    }

    /// One page. Reads per region the outbox, the register and every tail, then
    /// as many pages of the index as the page needs.
    ///
    /// # Errors
    /// [`JournalError::Cursor`], or what the table says.
    pub async fn search(&self, search: &Search<'_>) -> Result<Page, JournalError> {
        let limit = search.limit.clamp(1, PAGE_ENTRIES_MAX);
        let before = search.cursor.map(parse_cursor).transpose()?;
        let to_ms = before.as_ref().map_or(search.to_ms, |(at_ms, _)| search.to_ms.min(*at_ms));
        if search.from_ms > to_ms {
            return Ok(Page::default());
        }
        let mut found = BTreeMap::new();
        let mut keep = |entry: Entry| {
            let place = (entry.at_ms, entry.id.clone());
            let concerned =
                search.person.is_none_or(|person| entry.persons.iter().any(|held| held == person));
            let here = search.region.is_none_or(|region| entry.region == region);
            let within = (search.from_ms..=to_ms).contains(&entry.at_ms)
                && before.as_ref().is_none_or(|before| place < *before);
            if concerned && here && within {
                found.insert(place, entry);
            }
        };
        self.undrained(&mut keep).await?;

        let partitions = match search.person {
            Some(person) => vec![person_pk(person)],
            None => {
                let asked = |region: &&String| search.region.is_none_or(|one| one == *region);
                self.regions.iter().filter(asked).map(|region| region_pk(region)).collect()
            }
        };
        // An item is named by its newest entry, which may be later than ours.
        let last = format!("{}~", instant_sk(to_ms.saturating_add(INDEX_SPAN_MS)));
        let unread = partitions.into_iter().map(|pk| Unread {
            query: Query {
                pk,
                range: Range::Between(instant_sk(search.from_ms), last.clone()),
                descending: true,
                limit: Some(INDEX_PAGE_ITEMS),
                after: None,
            },
            newest_ms: u64::MAX,
        });
        let mut unread: Vec<Unread> = unread.collect();
        while let Some(at) = newest(&unread) {
            let frontier_ms = unread.get(at).map_or(0, |part| part.newest_ms);
            // Entries older than the frontier, or as old, may have unread
            // neighbours before them.
            if found.keys().rev().take_while(|(at_ms, _)| *at_ms > frontier_ms).count() > limit {
                break;
            }
            let part = unread.swap_remove(at);
            unread.extend(self.read_index(part, &mut found, search, to_ms, before.as_ref()).await?);
        }
        Ok(page(found, limit))
    }

    /// The entry with this id, whose instant is in the id.
    ///
    /// # Errors
    /// What the table says.
    pub async fn find(&self, id: &str) -> Result<Option<Entry>, JournalError> {
        let Some(at_ms) = id_time_ms(id) else {
            return Ok(None);
        };
        let mut cursor: Option<String> = None;
        loop {
            let page = self
                .search(&Search {
                    person: None,
                    region: None,
                    from_ms: at_ms,
                    to_ms: at_ms,
                    limit: PAGE_ENTRIES_MAX,
                    cursor: cursor.as_deref(),
                })
                .await?;
            if let Some(entry) = page.entries.into_iter().find(|entry| entry.id == id) {
                return Ok(Some(entry));
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(None),
            }
        }
    }

    /// Everything that is not in the index yet: the outboxes first, because
    /// their entries move into streams, then the streams.
    async fn undrained(&self, keep: &mut impl FnMut(Entry)) -> Result<(), JournalError> {
        for region in &self.regions {
            for (_, bytes) in self.outbox.list(region, usize::MAX).await? {
                keep(Entry::from_bytes(&bytes)?);
            }
        }
        for region in &self.regions {
            for stream in registered(&*self.table, region).await? {
                let batches =
                    tail(&*self.table, region, &stream.epoch, stream.drained, None).await?;
                for bytes in &batches {
                    batch::entries(bytes)?.into_iter().for_each(|(entry, _)| keep(entry));
                }
            }
        }
        Ok(())
    }

    /// One page of one partition; what is left of it, if anything.
    async fn read_index(
        &self,
        mut part: Unread,
        found: &mut BTreeMap<Place, Entry>,
        search: &Search<'_>,
        to_ms: u64,
        before: Option<&Place>,
    ) -> Result<Option<Unread>, JournalError> {
        let page = self.table.query(&part.query).await?;
        for (sk, item) in &page.items {
            let instant = sk.get(..15).and_then(|digits| digits.parse().ok());
            part.newest_ms = instant.ok_or(JournalError::Corrupt("an index key has no instant"))?;
            let bytes = item.bytes(BATCH).ok_or(JournalError::Corrupt("an item has no batch"))?;
            for (entry, _) in batch::entries(bytes)? {
                let place = (entry.at_ms, entry.id.clone());
                if (search.from_ms..=to_ms).contains(&entry.at_ms)
                    && search.region.is_none_or(|region| entry.region == region)
                    && before.is_none_or(|before| place < *before)
                {
                    found.insert(place, entry);
                }
            }
        }
        Ok(page.after.map(|after| {
            part.query.after = Some(after);
            part
        }))
    }
}

/// Which unread part may hold the newest entries.
fn newest(unread: &[Unread]) -> Option<usize> {
    let indexed = unread.iter().enumerate();
    indexed.max_by_key(|(_, part)| part.newest_ms).map(|(at, _)| at)
}

fn page(found: BTreeMap<Place, Entry>, limit: usize) -> Page {
    let more = found.len() > limit;
    let entries: Vec<Entry> = found.into_values().rev().take(limit).collect();
    let last = entries.last().filter(|_| more);
    let next = last.map(cursor_after);
    Page { entries, next }
}

/// The cursor that goes on after an entry: for who leaves some of a page out.
pub fn cursor_after(entry: &Entry) -> String {
    format!("{}-{}", entry.at_ms, entry.id)
}

fn parse_cursor(cursor: &str) -> Result<Place, JournalError> {
    let (at_ms, id) = cursor.split_once('-').ok_or(JournalError::Cursor)?;
    match (at_ms.parse(), id_time_ms(id)) {
        (Ok(at_ms), Some(_)) => Ok((at_ms, id.to_owned())),
        _ => Err(JournalError::Cursor),
    }
}
