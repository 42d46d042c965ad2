//! The list, read; and what reviewers add to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chart::table::{Condition, Key, Query, Range, Table, TableError, Write};

use super::rows::{self, conclusion_of, conclusions_pk, list_pk, place, place_of_id, review_of};
use super::{Conclusion, Review, Rule, State};
use crate::entry::Entry;
use crate::journal::JournalError;
use crate::journal::drain::instant_sk;
use crate::journal::stream::registered;
use crate::limits::{REVIEWS_LOOKED_AT_MAX, REVIEWS_PAGE_MAX};

/// Which accesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Of this region; of all when none.
    pub region: Option<&'a str>,
    /// In this state.
    pub state: Option<State>,
    /// Put there by this rule.
    pub rule: Option<Rule>,
    /// By who acted for it.
    pub establishment: Option<&'a str>,
    /// First instant of the access, milliseconds since 1970, included.
    pub from_ms: u64,
    /// Last instant, included.
    pub to_ms: u64,
    /// At most so many; 1 to [`REVIEWS_PAGE_MAX`] count.
    pub limit: usize,
    /// [`Listed::next`] of the page before.
    pub cursor: Option<&'a str>,
}

/// One page of the list, newest access first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The accesses.
    pub reviews: Vec<Review>,
    /// Set when there may be more.
    pub next: Option<String>,
    /// What was accepted before this instant (milliseconds since 1970) has been
    /// judged; 0 when that is not known.
    pub judged_until_ms: u64,
}

/// Accesses on the list, by whether their review ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Its review is open, or somebody follows it up.
    pub open: u64,
    /// Its review has ended.
    pub closed: u64,
}

/// The list of all regions.
pub struct List<T> {
    table: Arc<T>,
    regions: Vec<String>,
}

/// Accesses read, by place; newest last.
type Read = BTreeMap<String, Review>;

impl<T: Table> List<T> {
    /// The lists of these regions, which are all.
    pub fn new(table: Arc<T>, regions: Vec<String>) -> Self {
        Self { table, regions }
    }

    /// One page. Looks at a bounded number of accesses, so that a page may be
    /// short, or empty, and still have a next.
    ///
    /// # Errors
    /// [`JournalError::Cursor`], or what the table says.
    pub async fn page(&self, wanted: &Wanted<'_>) -> Result<Listed, JournalError> {
        let limit = wanted.limit.clamp(1, REVIEWS_PAGE_MAX);
        let regions = self.asked(wanted);
        let mut listed =
            Listed { judged_until_ms: self.judged_until(&regions).await?, ..Listed::default() };
        let mut before = wanted.cursor.map(checked).transpose()?;
        let mut looked = 0;
        loop {
            let (read, more) = self.look(&regions, wanted, before.as_deref()).await?;
            for (place, review) in read.into_iter().rev() {
                looked += 1;
                before = Some(place);
                if fits(&review, wanted) {
                    listed.reviews.push(review);
                }
                if listed.reviews.len() == limit {
                    listed.next = before;
                    return Ok(listed);
                }
            }
            if !more {
                return Ok(listed);
            }
            if looked >= REVIEWS_LOOKED_AT_MAX {
                listed.next = before;
                return Ok(listed);
            }
        }
    }

    /// How many accesses are on the list that fit, without regard to its limit and
    /// cursor: those whose review is closed, and the others. Reads all that was put
    /// there within its instants.
    ///
    /// # Errors
    /// What the table says.
    pub async fn count(&self, wanted: &Wanted<'_>) -> Result<Counted, JournalError> {
        let regions = self.asked(wanted);
        let mut counted = Counted::default();
        let mut before: Option<String> = None;
        loop {
            let (read, more) = self.look(&regions, wanted, before.as_deref()).await?;
            for review in read.values().filter(|review| fits(review, wanted)) {
                match review.state() {
                    State::Closed => counted.closed += 1,
                    State::Open | State::FollowUp => counted.open += 1,
                }
            }
            match read.into_keys().next() {
                Some(first) if more => before = Some(first),
                _ => return Ok(counted),
            }
        }
    }

    /// The review of the entry with this id; `None` when it is not on the list.
    ///
    /// # Errors
    /// What the table says.
    pub async fn find(&self, entry: &str) -> Result<Option<Review>, JournalError> {
        let Some(place) = place_of_id(entry) else { return Ok(None) };
        let keys = self.regions.iter().map(|region| Key::new(list_pk(region), &place));
        let keys: Vec<Key> = keys.collect();
        let found = self.table.get_many(&keys).await?;
        let Some(item) = found.into_iter().flatten().next() else { return Ok(None) };
        let mut review = review_of(&item)?;
        let region = review.entry.region.clone();
        let mut held = self.conclusions(&region, &place, &place).await?;
        review.conclusions = held.remove(&place).unwrap_or_default();
        Ok(Some(review))
    }

    /// What reviewers found of an access, whether it is on the list or not.
    ///
    /// # Errors
    /// What the table says.
    pub async fn of(&self, entry: &Entry) -> Result<Vec<Conclusion>, JournalError> {
        let place = place(entry);
        let mut held = self.conclusions(&entry.region, &place, &place).await?;
        Ok(held.remove(&place).unwrap_or_default())
    }

    /// Adds a conclusion to a review as it was read. Says whether it is there;
    /// if not, somebody else was faster: read again.
    ///
    /// # Errors
    /// What the table says; whether it is there is unknown then.
    pub async fn conclude(
        &self,
        review: &Review,
        conclusion: &Conclusion,
    ) -> Result<bool, JournalError> {
        let sk = rows::conclusion_sk(&place(&review.entry), review.conclusions.len());
        let key = Key::new(conclusions_pk(&review.entry.region), sk);
        let write = Write::put(key, rows::concluded(conclusion)?, Condition::Absent);
        match self.table.write(write).await {
            Ok(()) => Ok(true),
            Err(TableError::Condition(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn asked(&self, wanted: &Wanted<'_>) -> Vec<&String> {
        let asked = |region: &&String| wanted.region.is_none_or(|one| one == *region);
        self.regions.iter().filter(asked).collect()
    }

    /// The next accesses of all regions before a place, each with what was found
    /// of it; and whether there are more.
    async fn look(
        &self,
        regions: &[&String],
        wanted: &Wanted<'_>,
        before: Option<&str>,
    ) -> Result<(Read, bool), JournalError> {
        let last = format!("{}~", instant_sk(wanted.to_ms));
        let upper = before.filter(|before| *before < last.as_str()).unwrap_or(&last);
        let mut read = Read::new();
        // Below this place some region may have accesses that were not read.
        let mut frontier: Option<String> = None;
        for region in regions {
            let query = Query {
                pk: list_pk(region),
                range: Range::Between(instant_sk(wanted.from_ms), upper.to_owned()),
                descending: true,
                limit: u32::try_from(REVIEWS_PAGE_MAX).ok(),
                after: None,
            };
            let page = self.table.query(&query).await?;
            let lowest = page.items.last().map(|(sk, _)| sk.clone());
            if page.after.is_some() {
                frontier = frontier.max(lowest);
            }
            for (sk, item) in page.items {
                if Some(sk.as_str()) != before {
                    read.insert(sk, review_of(&item)?);
                }
            }
        }
        if let Some(frontier) = &frontier {
            read = read.split_off(frontier);
        }
        self.add_conclusions(&mut read).await?;
        Ok((read, frontier.is_some()))
    }

    async fn add_conclusions(&self, read: &mut Read) -> Result<(), JournalError> {
        let mut ranges: BTreeMap<String, (String, String)> = BTreeMap::new();
        for (place, review) in read.iter() {
            let range = ranges.entry(review.entry.region.clone());
            range.or_insert_with(|| (place.clone(), place.clone())).1 = place.clone();
        }
        for (region, (from, to)) in ranges {
            for (place, conclusions) in self.conclusions(&region, &from, &to).await? {
                if let Some(review) = read.get_mut(&place) {
                    review.conclusions = conclusions;
                }
            }
        }
        Ok(())
    }

    /// What was found of the accesses from one place to another, by place.
    async fn conclusions(
        &self,
        region: &str,
        from: &str,
        to: &str,
    ) -> Result<BTreeMap<String, Vec<Conclusion>>, JournalError> {
        let mut query = Query {
            pk: conclusions_pk(region),
            range: Range::Between(from.to_owned(), format!("{to}~")),
            descending: false,
            limit: None,
            after: None,
        };
        let mut held: BTreeMap<String, Vec<Conclusion>> = BTreeMap::new();
        loop {
            let page = self.table.query(&query).await?;
            for (sk, item) in page.items {
                let place = sk.rsplit_once('#').map_or(sk.as_str(), |(place, _)| place);
                held.entry(place.to_owned()).or_default().push(conclusion_of(&item)?);
            }
            match page.after {
                Some(after) => query.after = Some(after),
                None => return Ok(held),
            }
        }
    }

    /// The earliest of the regions' instants; regions without any access are
    /// judged whatever they say.
    async fn judged_until(&self, regions: &[&String]) -> Result<u64, JournalError> {
        let keys: Vec<Key> = regions.iter().map(|region| rows::until_key(region)).collect();
        let mut earliest = u64::MAX;
        for (region, item) in regions.iter().zip(self.table.get_many(&keys).await?) {
            match item {
                Some(item) => earliest = earliest.min(rows::until_of(&item)),
                None if registered(&*self.table, region).await?.is_empty() => {}
                None => earliest = 0,
            }
        }
        Ok(if earliest == u64::MAX { 0 } else { earliest })
    }
}

/// A cursor that a page gave: a place.
fn checked(cursor: &str) -> Result<String, JournalError> {
    let id = cursor.split_once('#').map(|(_, id)| id);
    match id.and_then(place_of_id) {
        Some(place) if place == cursor => Ok(place),
        _ => Err(JournalError::Cursor),
    }
}

fn fits(review: &Review, wanted: &Wanted<'_>) -> bool {
    wanted.state.is_none_or(|state| review.state() == state)
        && wanted.rule.is_none_or(|rule| review.is_by(rule))
        && wanted.establishment.is_none_or(|one| review.entry.establishment == one)
}
