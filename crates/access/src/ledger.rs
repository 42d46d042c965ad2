//! The region's ledger: every entry of its journal as a leaf of one Merkle log
//! (crate `ledger`), kept in the table *access*.
//!
//! A [`Sequencer`] takes the items of the region's streams in their order,
//! appends a leaf for each entry, and moves the *head*. One transaction holds
//! the head, the streams' new positions, the tiles and bundles of the right
//! edge, and the *places* (which entry is which leaf): all or nothing of a pass
//! happens, on condition that the head and the positions are as they were read.
//! So any number of sequencers may run; whoever was overtaken has changed
//! nothing. The [`Log`] reads the files of the log, proofs of entries, and
//! publishes checkpoints.
//!
//! | key | item |
//! |---|---|
//! | `LH#region` `head` | size, right edge, turn, ids appended last |
//! | `LH#region` `checkpoint` | the signed checkpoint that is published |
//! | `LT#region#level#part` index | a tile; grows until it is full |
//! | `LE#region#part` index | the entries of a tile of leaves, likewise |
//! | `LP#region#second` leaf | entries made in that second: id, leaf, salt |
//! | `LS#region` epoch | how far an open stream is sequenced |
//! | `LZ#region` epoch | a stream that is closed and all sequenced |
//!
//! What a death leaves: a pass happened or it did not; the next one reads where
//! the log is. A checkpoint is signed only after its head is durable.

use chart::table::Table;
use futures::future::join_all;

use crate::journal::JournalError;

mod adopt;
pub mod agreement;
mod export;
mod gather;
mod log;
mod publish;
mod rows;
mod sequence;
#[cfg(test)]
mod tests;

pub use adopt::keep_closed;
pub use export::{Exported, export};
pub use log::{Log, ProofState};
pub use publish::Due;
pub use rows::Head;
pub use sequence::{Sequenced, Sequencer};

/// Runs futures side by side, a few at a time, and gives their results in order.
async fn side_by_side<F, O>(futures: Vec<F>, at_once: usize) -> Result<Vec<O>, JournalError>
where
    F: Future<Output = Result<O, JournalError>>,
{
    let mut futures = futures.into_iter();
    let mut results = Vec::new();
    loop {
        let some: Vec<F> = futures.by_ref().take(at_once).collect();
        if some.is_empty() {
            return Ok(results);
        }
        for result in join_all(some).await {
            results.push(result?);
        }
    }
}

/// Every item of a partition.
async fn whole_partition<T: Table>(
    table: &T,
    pk: String,
) -> Result<Vec<(String, chart::table::Item)>, JournalError> {
    let mut query = chart::table::Query {
        pk,
        range: chart::table::Range::All,
        descending: false,
        limit: None,
        after: None,
    };
    let mut items = Vec::new();
    loop {
        let page = table.query(&query).await?;
        items.extend(page.items);
        match page.after {
            Some(after) => query.after = Some(after),
            None => return Ok(items),
        }
    }
}
