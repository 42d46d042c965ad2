//! Synthetic people of Quebec, for demonstration and load.
//!
//! Everything follows from a seed: [`family`] makes bundle `index` of a seed,
//! always the same bytes, whatever came before; [`People`] walks through them.
//! [`registry`] is loaded first: it holds the establishments, installations and
//! practitioners that charts refer to by conditional references. Nobody in it
//! exists: names are combined at random, telephone numbers are in the range
//! kept for fiction, charts end on 30 June 2026.
//!
//! Each family's bundle is a FHIR R4 *transaction*. No NAM repeats within a
//! family; between families it may by chance, as nothing is known of other
//! families: not once in 10,000 people of seed 42, 16 times in 100,000.

mod catalogue;
mod chart;
mod date;
mod dice;
mod document;
mod family;
mod json;
mod laboratory;
pub mod nam;
mod names;
mod patient;
mod places;
mod prevention;
mod problem;
mod registry;
mod systems;
mod visit;

use dice::Dice;

/// One bundle ready to be posted to the base address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// A FHIR R4 `Bundle` of type `transaction`, as JSON.
    pub text: String,
    /// How many of its entries are a `Patient`.
    pub patients: usize,
    /// How many entries it has.
    pub entries: usize,
}

/// Organizations, Locations, Practitioners and PractitionerRoles of both pilot
/// regions. Each entry is a conditional create by its identifier, so loading it
/// again changes nothing. The same for every seed.
///
/// A transaction, not a batch: its entries refer to each other, which R4
/// (http.html#transaction, batch processing rules) does not allow in a batch.
pub fn registry() -> Bundle {
    registry::bundle()
}

/// Family `index` of a seed: one to seven people with their charts.
pub fn family(seed: u64, index: u64) -> Bundle {
    let mut dice = Dice::new(seed, index);
    let people = family::people(seed, index, &mut dice);
    let mut writer = json::Writer::transaction();
    for person in &people {
        let mut dice = dice.split();
        patient::write(&mut writer, person);
        chart::write(&mut writer, person, &mut dice);
    }
    writer.finish(people.len())
}

/// How many people family `index` of a seed has; a thousand times faster than
/// [`family`].
pub fn family_size(seed: u64, index: u64) -> usize {
    family::people(seed, index, &mut Dice::new(seed, index)).len()
}

/// The families of a seed, in order, until they are at least `count` people.
/// A family is never split, so the last one may exceed `count` by a few.
#[derive(Clone, Debug)]
pub struct People {
    seed: u64,
    count: u64,
    index: u64,
    made: u64,
}

impl People {
    /// At least `count` people of a seed.
    pub fn new(seed: u64, count: u64) -> Self {
        Self { seed, count, index: 0, made: 0 }
    }

    /// Passes over bundles that an earlier run loaded, without making them.
    pub fn skip_bundles(&mut self, bundles: u64) {
        let end = self.index.saturating_add(bundles);
        while self.index < end && self.made < self.count {
            self.made += family_size(self.seed, self.index) as u64;
            self.index += 1;
        }
    }

    /// Bundles passed so far; what [`People::skip_bundles`] wants to resume.
    pub fn bundles(&self) -> u64 {
        self.index
    }

    /// People passed so far.
    pub fn people(&self) -> u64 {
        self.made
    }
}

impl Iterator for People {
    type Item = Bundle;

    fn next(&mut self) -> Option<Bundle> {
        if self.made >= self.count {
            return None;
        }
        let bundle = family(self.seed, self.index);
        self.index += 1;
        self.made += bundle.patients as u64;
        Some(bundle)
    }
}
