//! Whether log, journal and record agree: every leaf opens to an entry, every
//! entry is a leaf, every version of the record has its entry, and every change
//! that an entry tells of its version. Pure: from what was exported.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Hash;
use ledger::check::Faults;
use ledger::leaf::Opening;

use crate::entry::{Change, Entry};

#[cfg(test)]
mod tests;

/// A version of the record: type, id, number.
pub type Version = (String, String, u64);

/// Compares the logs of all regions, one after another, with one record: a
/// change is told of in the region through whose door it came.
#[derive(Debug, Default)]
pub struct Agreement {
    /// Hashes of the log's leaves; `None` once an entry opened it.
    leaves: Vec<Option<Hash>>,
    versions: BTreeSet<Version>,
    /// Versions that entries told of, and which entry.
    told: BTreeMap<Version, String>,
    faults: Faults,
}

impl Agreement {
    /// With a record that holds these versions.
    pub fn new(versions: BTreeSet<Version>) -> Self {
        Self { versions, ..Self::default() }
    }

    /// Begins the next log, of these leaves. Ends the one before.
    pub fn log(&mut self, leaves: Vec<Hash>) {
        let unopened = std::mem::replace(&mut self.leaves, leaves.into_iter().map(Some).collect());
        for (at, _) in unopened.iter().enumerate().filter(|(_, held)| held.is_some()) {
            self.faults.add(format!("leaf {at} has no entry in the journal"));
        }
    }

    /// Takes the next entry, with the leaf that it should be.
    pub fn entry(&mut self, leaf: Option<u64>, opening: &Opening) {
        let Ok(entry) = Entry::from_bytes(&opening.entry) else {
            self.faults.add("an exported entry cannot be read");
            return;
        };
        let id = entry.id;
        let slot = leaf.and_then(|leaf| self.leaves.get_mut(usize::try_from(leaf).ok()?));
        match (leaf, slot) {
            (None, _) => self.faults.add(format!("entry {id} is not in the log")),
            (Some(leaf), None) => {
                self.faults.add(format!("entry {id} should be leaf {leaf}, which the log has not"));
            }
            (Some(leaf), Some(held)) => match held {
                Some(hash) if *hash == opening.hash() => *held = None,
                Some(_) => {
                    self.faults
                        .add(format!("entry {id} is not the one that leaf {leaf} was made of"));
                }
                None => self.faults.add(format!("leaf {leaf} has two entries; one is {id}")),
            },
        }
        // What was refused changed nothing.
        if entry.outcome.status >= 400 {
            return;
        }
        for item in entry.items.into_iter().filter(|item| item.change != Change::Read) {
            let version = (item.resource_type, item.id, item.version);
            self.told.entry(version).or_insert_with(|| id.clone());
        }
    }

    /// What does not agree. Entries that were accepted after the checkpoint are
    /// told of by the first kind of fault: export again when it is newer.
    pub fn faults(mut self) -> Faults {
        self.log(Vec::new());
        for (resource_type, id, version) in &self.versions {
            let key = (resource_type.clone(), id.clone(), *version);
            if !self.told.contains_key(&key) {
                let what = format!("{resource_type}/{id}/_history/{version}");
                self.faults.add(format!("{what} is in the record, and no entry tells of it"));
            }
        }
        for ((resource_type, id, version), entry) in &self.told {
            let key = (resource_type.clone(), id.clone(), *version);
            if !self.versions.contains(&key) {
                let what = format!("{resource_type}/{id}/_history/{version}");
                self.faults.add(format!("entry {entry} tells of {what}, which the record has not"));
            }
        }
        self.faults
    }
}
