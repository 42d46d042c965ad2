//! Every entry of a region's journal with its place in the log: for whoever
//! compares log and record.

use std::collections::{BTreeMap, BTreeSet};

use chart::table::Table;
use ledger::leaf::Opening;

use super::rows::{Id, Place, finished_pk, places_of, positions_pk};
use super::whole_partition;
use crate::entry::{Entry, id_time_ms, packed_id};
use crate::journal::stream::{closed_pk, registered, tail};
use crate::journal::{JournalError, batch};

/// Seconds of places kept in memory while entries are walked.
const SECONDS_KEPT: usize = 512;
/// Items of a stream read at once.
const ITEMS_AT_ONCE: u32 = 16;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The entry, read.
    pub entry: Entry,
    /// Its leaf, with what opens it; `None` when it is not sequenced.
    pub place: Option<(u64, Opening)>,
    /// Its stored bytes.
    pub bytes: Vec<u8>,
}

/// Gives every entry of a region's streams to `take`, each once, in the order of
/// the streams.
///
/// # Errors
/// What the table, or `take`, says.
pub async fn export<T: Table, F>(table: &T, region: &str, mut take: F) -> Result<(), JournalError>
where
    F: FnMut(Exported) -> Result<(), JournalError>,
{
    // Registers before the lists that streams leave them for.
    let open = registered(table, region).await?.into_iter().map(|stream| stream.epoch);
    let mut epochs: BTreeSet<String> = open.collect();
    for pk in [positions_pk(region), finished_pk(region), closed_pk(region)] {
        epochs.extend(whole_partition(table, pk).await?.into_iter().map(|(epoch, _)| epoch));
    }
    let mut seen = BTreeSet::new();
    let mut places: BTreeMap<u64, BTreeMap<Id, Place>> = BTreeMap::new();
    for epoch in epochs {
        let mut from = 0;
        loop {
            let batches = tail(table, region, &epoch, from, Some(ITEMS_AT_ONCE)).await?;
            if batches.is_empty() {
                break;
            }
            from += batches.len() as u64;
            for held in &batches {
                for (entry, bytes) in batch::entries(held)? {
                    let id = packed_id(&entry.id);
                    let id = id.ok_or(JournalError::Corrupt("an entry has no id"))?;
                    if seen.insert(id) {
                        let place = placed(table, region, &mut places, (&entry, &id)).await?;
                        let opened = |place: Place| {
                            (place.leaf, Opening { salt: place.salt, entry: bytes.to_vec() })
                        };
                        take(Exported { entry, place: place.map(opened), bytes: bytes.to_vec() })?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// The place of an entry, from what is in memory of its second if it is.
async fn placed<T: Table>(
    table: &T,
    region: &str,
    places: &mut BTreeMap<u64, BTreeMap<Id, Place>>,
    (entry, id): (&Entry, &Id),
) -> Result<Option<Place>, JournalError> {
    let second = id_time_ms(&entry.id).unwrap_or_default() / 1000;
    if !places.contains_key(&second) {
        if places.len() >= SECONDS_KEPT {
            places.pop_first();
        }
        places.insert(second, places_of(table, region, second).await?);
    }
    Ok(places.get(&second).and_then(|places| places.get(id)).copied())
}
