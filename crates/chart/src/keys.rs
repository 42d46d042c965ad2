//! The keys of every item of the record, in one place.

use sha2::{Digest, Sha256};

use crate::feed::FeedPlace;
use crate::ids::{Home, stable_hash};
use crate::limits::{FEED_SHARDS, OUTBOX_SHARDS, UNFINISHED_SHARDS};
use crate::table::Key;

/// Sort key of items that are alone in their partition.
pub(crate) const ALONE: &str = "-";
/// What follows the id in the sort key of a pointer to another home.
pub(crate) const POINTER: &str = "#>";

/// X: the cell of a resource.
pub fn cell(home: &Home, resource_type: &str, id: &str) -> Key {
    Key::new(home.partition(), format!("X#{resource_type}#{id}"))
}

/// A pointer, in the compartment `at`, to a resource that lives elsewhere.
pub fn pointer(at: &Home, resource_type: &str, id: &str) -> Key {
    Key::new(at.partition(), format!("X#{resource_type}#{id}{POINTER}"))
}

/// Prefix of the sort keys of a home's cells: of one type, or of all.
pub fn cells_prefix(resource_type: Option<&str>) -> String {
    resource_type.map_or_else(|| "X#".to_owned(), |name| format!("X#{name}#"))
}

/// Prefix of the sort keys of a resource's versions.
pub fn versions_prefix(resource_type: &str, id: &str) -> String {
    format!("V#{resource_type}#{id}#")
}

/// V: one version of a resource.
pub fn version(body_partition: &str, resource_type: &str, id: &str, version: u64) -> Key {
    Key::new(body_partition, format!("{}{version:010}", versions_prefix(resource_type, id)))
}

/// Prefix of the sort keys of the pieces that a commit put in a partition.
pub(crate) fn pieces_prefix(commit: &str) -> String {
    format!("Y#{commit}#")
}

/// Y: one piece of a body.
pub(crate) fn piece(partition: &str, commit: &str, resource: &str, index: usize) -> Key {
    Key::new(partition, format!("{}{resource}#{index:04}", pieces_prefix(commit)))
}

/// Key of the claim on an identifier: also the [`crate::Guard::key`] of a
/// conditional create by that identifier, so that any claim on it is noticed.
/// A hash, because identifiers are personal and keys show up in metrics.
pub fn claim_key(system: &str, value: &str) -> String {
    hashed(&["claim", system, value])
}

/// [`crate::Guard::key`] of a conditional create by other criteria, which the
/// caller has brought into one order and spelling.
pub fn criteria_key(criteria: &str) -> String {
    hashed(&["criteria", criteria])
}

/// U: a uniqueness cell.
pub(crate) fn uniqueness(key: &str) -> Key {
    Key::new(format!("U#{key}"), ALONE)
}

/// L: the locator of a resource.
pub(crate) fn locator(resource_type: &str, id: &str) -> Key {
    Key::new(format!("L#{resource_type}#{id}"), ALONE)
}

/// T: the record of a commit.
pub(crate) fn commit_record(commit: &str) -> Key {
    Key::new(format!("T#{commit}"), ALONE)
}

/// Partition of M, the manifest of a commit.
pub(crate) fn manifest_partition(commit: &str) -> String {
    format!("M#{commit}")
}

/// N: a commit that may need a sweeper.
pub(crate) fn unfinished(commit: &str) -> Key {
    Key::new(unfinished_partition(stable_hash(commit) % UNFINISHED_SHARDS), commit)
}

/// Partition of one shard of N.
pub(crate) fn unfinished_partition(shard: u64) -> String {
    format!("N#{shard}")
}

/// O: the access entry of a commit on its way to the journal.
pub(crate) fn outbox(region: &str, commit: &str) -> Key {
    Key::new(outbox_partition(region, outbox_shard(commit)), commit)
}

/// Partition of one shard of a region's O.
pub(crate) fn outbox_partition(region: &str, shard: u64) -> String {
    format!("O#{region}#{shard}")
}

/// The outbox shard of a commit.
pub fn outbox_shard(commit: &str) -> u64 {
    stable_hash(commit) % OUTBOX_SHARDS
}

/// F: what a commit changed.
pub(crate) fn feed(place: &FeedPlace) -> Key {
    Key::new(feed_partition(stable_hash(&place.commit) % FEED_SHARDS), feed_place(place))
}

/// Partition of one shard of F.
pub(crate) fn feed_partition(shard: u64) -> String {
    format!("F#{shard}")
}

/// Sort key of F: sorts like the place, whose instant is not before 1970.
pub(crate) fn feed_place(place: &FeedPlace) -> String {
    format!("{:016x}#{}", place.at_ms.max(0), place.commit)
}

/// The place of which [`feed_place`] is `text`.
pub(crate) fn place_of_feed(text: &str) -> Option<FeedPlace> {
    let (at, commit) = text.split_once('#')?;
    Some(FeedPlace { at_ms: i64::from_str_radix(at, 16).ok()?, commit: commit.to_owned() })
}

/// Partition of the pieces of a commit's entry or result too long for one item.
pub(crate) fn blob_partition(commit: &str, what: &str) -> String {
    format!("B#{commit}#{what}")
}

/// K: the retry key of a caller.
pub(crate) fn retry(caller: &str, key: &str) -> Key {
    Key::new(format!("K#{}", hashed(&["retry", caller, key])), ALONE)
}

/// 128 bits of SHA-256 over the parts, each after its length, in hexadecimal.
fn hashed(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
