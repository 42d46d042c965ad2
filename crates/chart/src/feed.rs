//! The feed (F): what each commit changed, newest first, for the history of a
//! type and of everything.
//!
//! A commit's item is put in the transaction that makes the commit visible, so
//! that it is there exactly when the commit is: no version is ever looked for by
//! scanning, and none can be missed. Items are spread over
//! [`FEED_SHARDS`] partitions by commit and sort by the instant of their
//! versions; a reader merges them.

use crate::codec;
use crate::environment::Environment;
use crate::error::ReadError;
use crate::ids::{Home, Where, home_of};
use crate::keys;
use crate::limits::{FEED_ITEMS_AT_ONCE, FEED_SHARDS};
use crate::outbox::hold;
use crate::plan::Plan;
use crate::reading::CellRef;
use crate::record::Record;
use crate::table::{Condition, Item, Query, Range, Table, Write};

/// What a commit did to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// It was not there before.
    Created,
    /// It has a further version.
    Updated,
    /// It is deleted.
    Deleted,
}

impl Did {
    const ALL: [(Self, char); 3] =
        [(Self::Created, 'c'), (Self::Updated, 'u'), (Self::Deleted, 'd')];

    fn letter(self) -> char {
        Self::ALL.iter().find(|(did, _)| *did == self).map_or('u', |(_, letter)| *letter)
    }

    fn of(text: &str) -> Option<Self> {
        let known = Self::ALL.iter().find(|(_, letter)| text.chars().eq([*letter]));
        known.map(|(did, _)| *did)
    }
}

/// One line of a feed item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedChange {
    /// The version made, for [`Record::fetch`].
    pub at: CellRef,
    /// What was done.
    pub did: Did,
}

/// What one commit changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedItem {
    /// Where it stands.
    pub place: FeedPlace,
    /// In the order of the commit.
    pub changes: Vec<FeedChange>,
}

/// A place in the feed; the later a commit, the greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedPlace {
    /// Instant of the commit's versions, in milliseconds since 1970.
    pub at_ms: i64,
    /// The commit.
    pub commit: String,
}

/// Some of the feed, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedPage {
    /// The items.
    pub items: Vec<FeedItem>,
    /// Whether there are older ones in the range asked for.
    pub more: bool,
}

/// F of a commit, with pieces that must be written before.
pub(crate) fn item(plan: &Plan, pieces: &mut Vec<Write>) -> Option<Write> {
    let mut lines = String::new();
    for (home, done) in plan.homes.iter().zip(plan.done.iter().filter(|done| !done.unchanged)) {
        let did = match (done.deleted, done.was_live) {
            (true, _) => Did::Deleted,
            (false, false) => Did::Created,
            (false, true) => Did::Updated,
        };
        lines.push_str(&line(home, did, &done.resource_type, &done.id, done.version));
    }
    let at_ms = plan.done.iter().find(|done| !done.unchanged)?.last_updated_ms;
    let mut item = Item::default();
    let blob = keys::blob_partition(&plan.commit, "f");
    hold(&mut item, codec::pack(lines.as_bytes()), &blob, pieces);
    let key = keys::feed(&FeedPlace { at_ms, commit: plan.commit.clone() });
    Some(Write::put(key, item, Condition::Absent))
}

/// A home that the id tells is not written. (What is never in a chart is told
/// apart by its home alone, so that the stored form needs no table of types.)
fn line(home: &Home, did: Did, resource_type: &str, id: &str, version: u64) -> String {
    let letter = did.letter();
    let told = match told(resource_type, id) {
        Some(told) if told == *home => String::new(),
        _ => format!("\t{}", home.partition()),
    };
    format!("{letter}\t{resource_type}\t{id}\t{version}{told}\n")
}

fn told(resource_type: &str, id: &str) -> Option<Home> {
    match home_of(resource_type, id, |_| false) {
        Where::Home(home) => Some(home),
        Where::Locator => Some(Home::registry(resource_type, id)),
    }
}

fn parse(line: &str) -> Option<FeedChange> {
    let parts: Vec<&str> = line.split('\t').collect();
    let (did, resource_type, id, version, home) = match parts.as_slice() {
        [did, resource_type, id, version] => {
            (did, resource_type, id, version, told(resource_type, id)?)
        }
        [did, resource_type, id, version, home] => {
            (did, resource_type, id, version, Home::parse(home)?)
        }
        _ => return None,
    };
    let (resource_type, id) = ((*resource_type).to_owned(), (*id).to_owned());
    let at = CellRef { home, resource_type, id, version: version.parse().ok()? };
    Some(FeedChange { at, did: Did::of(did)? })
}

impl<T: Table, E: Environment> Record<T, E> {
    /// What was committed from `since_ms` on and not after `upto` (included),
    /// newest first: about `wanted` items, up to what one round of reading the
    /// shards gives; never with a gap.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn feed(
        &self,
        upto: Option<&FeedPlace>,
        since_ms: i64,
        wanted: u32,
    ) -> Result<FeedPage, ReadError> {
        let last = upto.cloned().unwrap_or(FeedPlace { at_ms: i64::MAX, commit: String::new() });
        let from = keys::feed_place(&FeedPlace { at_ms: since_ms, commit: String::new() });
        let upto = keys::feed_place(&last);
        // The store refuses a range whose end comes before its beginning.
        if upto < from {
            return Ok(FeedPage::default());
        }
        let range = Range::Between(from, upto);
        // Commits fall on the shards by chance: a little more than each one's
        // share makes it likely that one round is enough.
        let share = u64::from(wanted).div_ceil(FEED_SHARDS);
        let limit = u32::try_from(share + share / 2 + 4).unwrap_or(u32::MAX);
        let limit = limit.min(FEED_ITEMS_AT_ONCE);
        let shards = (0..FEED_SHARDS).map(|shard| {
            let query = Query {
                pk: keys::feed_partition(shard),
                range: range.clone(),
                descending: true,
                limit: Some(limit),
                after: None,
            };
            async move { self.query(&query).await }
        });
        let mut found: Vec<(FeedPlace, Item)> = Vec::new();
        // What is older than the last item of a shard that has more is not
        // known yet.
        let mut known_from: Option<FeedPlace> = None;
        for page in futures::future::try_join_all(shards).await? {
            let mut oldest = None;
            for (sk, item) in page.items {
                let place = keys::place_of_feed(&sk).ok_or_else(corrupt)?;
                oldest = Some(place.clone());
                found.push((place, item));
            }
            if page.after.is_some() {
                known_from = known_from.max(oldest);
            }
        }
        let more = known_from.is_some();
        found.retain(|(place, _)| known_from.as_ref().is_none_or(|from| place >= from));
        found.sort_by(|(left, _), (right, _)| right.cmp(left));
        let mut items = Vec::with_capacity(found.len());
        for (place, item) in found {
            let packed = self.held(&item, &keys::blob_partition(&place.commit, "f")).await?;
            let text = String::from_utf8(packed).map_err(|_| corrupt())?;
            let changes = text.lines().map(parse).collect::<Option<_>>().ok_or_else(corrupt)?;
            items.push(FeedItem { place, changes });
        }
        Ok(FeedPage { items, more })
    }
}

fn corrupt() -> ReadError {
    ReadError::Corrupt("feed item".into())
}

#[cfg(test)]
mod tests;
