//! Which streams there are to sequence: those with a position, and those that
//! are registered and have none yet.

use std::collections::BTreeMap;

use chart::table::{Condition, Item, Key, Table, TableError, Write};

use super::rows::{Head, Position, finished_pk, head_key, positions_pk};
use super::whole_partition;
use crate::journal::JournalError;
use crate::journal::stream::{closed_pk, registered};

/// A stream to sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub epoch: String,
    pub position: Position,
    /// It has no position in the table yet.
    pub new: bool,
}

/// The streams of a region that are not all sequenced, oldest first.
pub async fn open_streams<T: Table>(table: &T, region: &str) -> Result<Vec<Open>, JournalError> {
    // Registers first: a stream that leaves them has a position by then.
    let registered = registered(table, region).await?;
    let mut open = BTreeMap::new();
    for (epoch, item) in whole_partition(table, positions_pk(region)).await? {
        let position = Position::from_item(&item)?;
        open.insert(epoch.clone(), Open { epoch, position, new: false });
    }
    let new = registered.into_iter().map(|stream| stream.epoch);
    let new: Vec<String> = new.filter(|epoch| !open.contains_key(epoch)).collect();
    let keys: Vec<Key> = new.iter().map(|epoch| Key::new(finished_pk(region), epoch)).collect();
    let finished = if keys.is_empty() { Vec::new() } else { table.get_many(&keys).await? };
    for (epoch, _) in new.into_iter().zip(finished).filter(|(_, finished)| finished.is_none()) {
        let position = Position::default();
        open.insert(epoch.clone(), Open { epoch, position, new: true });
    }
    Ok(open.into_values().collect())
}

/// Gives a stream that is about to leave the register a position, unless it has
/// one or is finished: the sequencer must not miss it.
///
/// # Errors
/// What the table says; the stream must stay registered then.
pub async fn keep_closed<T: Table>(
    table: &T,
    region: &str,
    epoch: &str,
    token: &str,
) -> Result<(), JournalError> {
    let writes = vec![
        Write::put(
            Key::new(positions_pk(region), epoch),
            Position::default().to_item(),
            Condition::Absent,
        ),
        Write::check(Key::new(finished_pk(region), epoch), Condition::Absent),
    ];
    match table.transact(token, writes).await {
        Ok(()) | Err(TableError::Condition(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Begins a log: streams that were closed before there was one are taken in,
/// then the head is made.
pub async fn begin<T: Table>(
    table: &T,
    region: &str,
    mut token: impl FnMut() -> String,
) -> Result<(), JournalError> {
    for (epoch, _) in whole_partition(table, closed_pk(region)).await? {
        let writes = vec![
            Write::put(
                Key::new(positions_pk(region), &epoch),
                Position::default().to_item(),
                Condition::Absent,
            ),
            Write::check(Key::new(finished_pk(region), &epoch), Condition::Absent),
            Write::check(head_key(region), Condition::Absent),
        ];
        match table.transact(&token(), writes).await {
            Ok(()) | Err(TableError::Condition(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let item: Item = Head::default().to_item();
    match table.write(Write::put(head_key(region), item, Condition::Absent)).await {
        Ok(()) | Err(TableError::Condition(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
