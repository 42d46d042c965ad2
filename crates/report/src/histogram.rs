//! Exact counts in log-linear buckets: histograms of any gateways and times merge
//! into the histogram of all, and a quantile is within [`RELATIVE_ERROR`].
//!
//! Each doubling of time is divided into [`PARTS`] buckets of one width; below
//! the first doubling each microsecond has its own. Nothing is sampled or
//! decayed, so merging adds and is associative and commutative.

use serde::{Deserialize, Serialize};

use crate::limits::LATENCY_US_MAX;

/// Buckets of one doubling.
const PARTS: u64 = 32;
/// Binary logarithm of [`PARTS`].
const PART_BITS: u32 = PARTS.trailing_zeros();
/// All buckets: one per microsecond below 32, then 32 for each doubling.
const BUCKETS: usize = bucket(LATENCY_US_MAX) + 1;

/// What a quantile may differ from the time it stands for, as a share of it: a
/// bucket is 1/32 of its lower bound wide and its middle is told.
pub const RELATIVE_ERROR: f64 = 1.0 / 64.0;

/// How long things took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Sparse", try_from = "Sparse")]
pub struct Histogram {
    /// By bucket, as far as the highest that was ever used.
    counts: Vec<u64>,
    sum_us: u64,
}

/// As it is stored: buckets that are not empty, each by its distance from the
/// one before.
#[derive(Serialize, Deserialize)]
struct Sparse {
    buckets: Vec<(u16, u64)>,
    sum_us: u64,
}

const fn bucket(us: u64) -> usize {
    if us < PARTS {
        return us as usize;
    }
    let doubling = us.ilog2() - PART_BITS;
    ((doubling as u64 + 1) * PARTS + (us >> doubling) - PARTS) as usize
}

/// First and last microsecond of a bucket.
fn bounds(bucket: usize) -> (u64, u64) {
    let bucket = bucket as u64;
    if bucket < PARTS {
        return (bucket, bucket);
    }
    let doubling = bucket / PARTS - 1;
    let first = (bucket % PARTS + PARTS) << doubling;
    (first, first + (1 << doubling) - 1)
}

impl Histogram {
    /// Counts one.
    pub fn add(&mut self, us: u64) {
        let at = bucket(us.min(LATENCY_US_MAX));
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(at) {
            *count = count.saturating_add(1);
        }
        self.sum_us = self.sum_us.saturating_add(us.min(LATENCY_US_MAX));
    }

    /// Counts all that another counted.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// All times together, in microseconds.
    pub fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// The time within which this share (0 to 1) was done, in microseconds,
    /// within [`RELATIVE_ERROR`]; `None` when there is nothing.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let count = self.count();
        let rank = ((count as f64 * share).ceil() as u64).clamp(1, count.max(1));
        let mut passed: u64 = 0;
        for (at, held) in self.counts.iter().enumerate() {
            passed = passed.saturating_add(*held);
            if *held > 0 && passed >= rank {
                let (first, last) = bounds(at);
                return Some(first.midpoint(last));
            }
        }
        None
    }

    /// How many took no longer than this; a bucket that the limit cuts counts
    /// with it when its first microsecond is within.
    pub fn within(&self, us: u64) -> u64 {
        let counted = self.counts.iter().enumerate();
        let held = counted.take_while(|(at, _)| bounds(*at).0 <= us).map(|(_, count)| *count);
        held.fold(0, u64::saturating_add)
    }
}

impl From<Histogram> for Sparse {
    fn from(histogram: Histogram) -> Self {
        let mut before = 0;
        let mut buckets = Vec::new();
        for (at, count) in histogram.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            buckets.push((u16::try_from(at - before).unwrap_or(u16::MAX), *count));
            before = at;
        }
        Self { buckets, sum_us: histogram.sum_us }
    }
}

impl TryFrom<Sparse> for Histogram {
    type Error = &'static str;

    fn try_from(sparse: Sparse) -> Result<Self, Self::Error> {
        let mut counts = Vec::new();
        let mut at = 0;
        for (place, (distance, count)) in sparse.buckets.into_iter().enumerate() {
            at += usize::from(distance);
            if at >= BUCKETS || (distance == 0 && place > 0) || count == 0 {
                return Err("the histogram's buckets are not in order");
            }
            counts.resize(at + 1, 0);
            if let Some(held) = counts.get_mut(at) {
                *held = count;
            }
        }
        Ok(Self { counts, sum_us: sparse.sum_us })
    }
}
