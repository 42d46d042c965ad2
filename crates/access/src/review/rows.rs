//! Keys and items of reviews in the table.

use chart::table::{Condition, Item, Key, Table, TableError, Value, Write};

use super::{Conclusion, LAYOUT, Review};
use crate::entry::{Entry, id_time_ms};
use crate::journal::JournalError;
use crate::journal::drain::instant_sk;

/// Attribute of items on the list and of conclusions: their encoding.
pub(super) const BYTES: &str = "b";
/// Attribute of a position: the stream's next counter.
const NEXT: &str = "next";
/// Attribute of [`until_key`]: milliseconds since 1970.
const UNTIL: &str = "until";

/// Partition of a region's list.
pub(super) fn list_pk(region: &str) -> String {
    format!("Q#{region}")
}

/// Partition of what reviewers found.
pub(super) fn conclusions_pk(region: &str) -> String {
    format!("QC#{region}")
}

/// Partition of how far the rules are in the streams.
pub(super) fn positions_pk(region: &str) -> String {
    format!("QP#{region}")
}

pub(super) fn until_key(region: &str) -> Key {
    Key::new(format!("QU#{region}"), UNTIL)
}

pub(super) fn day_key(region: &str, user: &str, day: u64) -> Key {
    Key::new(format!("QV#{region}#{user}"), format!("{day:06}"))
}

/// Where an access is on its region's list.
pub(super) fn place(entry: &Entry) -> String {
    place_at(entry.at_ms, &entry.id)
}

fn place_at(at_ms: u64, id: &str) -> String {
    format!("{}#{id}", instant_sk(at_ms))
}

/// The place of the entry with this id; `None` when it is no id.
pub(super) fn place_of_id(id: &str) -> Option<String> {
    Some(place_at(id_time_ms(id)?, id))
}

/// Sort key of the n-th conclusion, from 0.
pub(super) fn conclusion_sk(place: &str, number: usize) -> String {
    format!("{place}#{number:04}")
}

/// Puts an access on the list, unless it is there.
pub(super) fn listed(review: &Review) -> Result<Write, JournalError> {
    let key = Key::new(list_pk(&review.entry.region), place(&review.entry));
    let item = Item::default().with(BYTES, Value::B(review.to_bytes()?));
    Ok(Write::put(key, item, Condition::Absent))
}

pub(super) fn review_of(item: &Item) -> Result<Review, JournalError> {
    let bytes = item.bytes(BYTES).ok_or(JournalError::Corrupt("a review has no bytes"))?;
    Ok(Review::from_bytes(bytes)?)
}

pub(super) fn concluded(conclusion: &Conclusion) -> Result<Item, JournalError> {
    let bytes = postcard::to_extend(conclusion, vec![LAYOUT]);
    let bytes = bytes.map_err(|_| JournalError::Corrupt("a conclusion cannot be written"))?;
    Ok(Item::default().with(BYTES, Value::B(bytes)))
}

pub(super) fn conclusion_of(item: &Item) -> Result<Conclusion, JournalError> {
    let read = match item.bytes(BYTES).and_then(<[u8]>::split_first) {
        Some((&LAYOUT, rest)) => postcard::from_bytes(rest).ok(),
        _ => None,
    };
    read.ok_or(JournalError::Corrupt("a conclusion cannot be read"))
}

/// A position, and the condition that it is still as it was read.
pub(super) fn position(next: u64) -> Item {
    Item::default().with(NEXT, Value::N(i64::try_from(next).unwrap_or(i64::MAX)))
}

pub(super) fn position_of(item: &Item) -> Result<u64, JournalError> {
    let next = item.num(NEXT).and_then(|next| u64::try_from(next).ok());
    next.ok_or(JournalError::Corrupt("a position of the rules lacks its number"))
}

pub(super) fn unmoved(next: Option<u64>) -> Condition {
    match next {
        None => Condition::Absent,
        Some(next) => {
            let next = Value::N(i64::try_from(next).unwrap_or(i64::MAX));
            Condition::Equals(NEXT.to_owned(), next)
        }
    }
}

pub(super) fn until(region: &str, ms: u64) -> Write {
    let item = Item::default().with(UNTIL, Value::N(i64::try_from(ms).unwrap_or(i64::MAX)));
    Write::put(until_key(region), item, Condition::Always)
}

pub(super) fn until_of(item: &Item) -> u64 {
    item.num(UNTIL).and_then(|ms| u64::try_from(ms).ok()).unwrap_or_default()
}

/// Makes the rules know a stream before it leaves the register, where they find
/// streams. They forget one only when it has left, and is judged to its end.
///
/// # Errors
/// What the table says.
pub async fn keep_for_judging<T: Table>(
    table: &T,
    region: &str,
    epoch: &str,
) -> Result<(), JournalError> {
    let key = Key::new(positions_pk(region), epoch);
    match table.write(Write::put(key, position(0), Condition::Absent)).await {
        Ok(()) | Err(TableError::Condition(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
