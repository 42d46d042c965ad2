//! What goes wrong next, from the seed.

use std::collections::{HashMap, HashSet};

use chart::table::{Key, Write};

use super::Faults;

/// What all clients share.
pub(super) struct Shared {
    pub state: u64,
    pub requests: u64,
    pub busy: HashSet<Key>,
    pub tokens: HashMap<String, (i64, Vec<Write>)>,
    pub late: Vec<(u64, Vec<Write>)>,
}

/// What becomes of one write request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Fine,
    Lost,
    Duplicated,
    Delayed,
    Throttled,
    Conflict,
}

impl Shared {
    /// A number below `most` (SplitMix64).
    pub fn chance(&mut self, most: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most.max(1)
    }

    pub fn fate(&mut self, faults: &Faults, transaction: bool) -> Fate {
        let mut roll = self.chance(1000);
        let conflicts = if transaction { faults.conflicts } else { 0 };
        for (share, fate) in [
            (faults.lost, Fate::Lost),
            (faults.duplicated, Fate::Duplicated),
            (faults.delayed, Fate::Delayed),
            (faults.throttled, Fate::Throttled),
            (conflicts, Fate::Conflict),
        ] {
            if roll < share {
                return fate;
            }
            roll -= share;
        }
        Fate::Fine
    }

    pub fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            let other = self.chance(last as u64 + 1);
            order.swap(last, usize::try_from(other).unwrap_or(0));
        }
        order
    }
}
