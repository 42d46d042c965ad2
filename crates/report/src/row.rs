//! Rows of the series: one for each door, process and minute, and one for each
//! hour, so that a report of months reads thousands of rows and not millions.
//!
//! Both are kept in the table *access*: `PM#06#2026-11-26` holds the minutes of a
//! day and `PH#06#2026-11` the hours of a month, each under its instant and the
//! process that counted. A row replaces only its own process's row of the same
//! minute or hour, so gateways share a table without asking one another.

use fhir::resource::instant;

use crate::limits::{HOURS_KEPT_S, MINUTES_KEPT_S, ROW_BYTES_MAX};
use crate::slice::Slice;

/// Version of the encoding.
const LAYOUT: u8 = 1;

/// How much time a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
}

impl Span {
    /// In milliseconds.
    pub fn ms(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
        }
    }

    /// When the minute or hour began that an instant is in.
    pub fn start_ms(self, at_ms: i64) -> i64 {
        at_ms - at_ms.rem_euclid(self.ms())
    }

    /// When a row of this instant expires, in seconds since 1970.
    pub fn expires_s(self, at_ms: i64) -> i64 {
        let kept = match self {
            Self::Minute => MINUTES_KEPT_S,
            Self::Hour => HOURS_KEPT_S,
        };
        at_ms.div_euclid(1_000) + kept
    }

    /// Partition of the rows of a region at an instant.
    pub fn partition(self, region: &str, at_ms: i64) -> String {
        let text = instant(at_ms);
        match self {
            Self::Minute => format!("PM#{region}#{}", text.get(..10).unwrap_or_default()),
            Self::Hour => format!("PH#{region}#{}", text.get(..7).unwrap_or_default()),
        }
    }

    /// Every partition of a period, in its order.
    pub fn partitions(self, region: &str, from_ms: i64, to_ms: i64) -> Vec<String> {
        let mut partitions: Vec<String> = Vec::new();
        let mut at_ms = from_ms;
        while at_ms < to_ms {
            let partition = self.partition(region, at_ms);
            if partitions.last() != Some(&partition) {
                partitions.push(partition);
            }
            at_ms += 86_400_000;
        }
        let last = self.partition(region, to_ms.max(from_ms));
        if partitions.last() != Some(&last) {
            partitions.push(last);
        }
        partitions
    }
}

/// Sort key of a process's row that begins at an instant.
pub fn sort_key(at_ms: i64, process: &str) -> String {
    format!("{at_ms:013}#{process}")
}

/// When the row of a sort key begins.
pub fn start_of(sort_key: &str) -> Option<i64> {
    sort_key.split_once('#')?.0.parse().ok()
}

/// A row that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// When its minute or hour began, milliseconds since 1970.
    pub at_ms: i64,
    /// What was counted in it.
    pub slice: Slice,
}

impl Row {
    /// Its stored encoding. Over [`ROW_BYTES_MAX`] it loses how long each
    /// function took, then the establishments' own figures, and stays true in sum.
    pub fn to_bytes(slice: &Slice) -> Vec<u8> {
        let encode = |slice: &Slice| postcard::to_extend(slice, vec![LAYOUT]).unwrap_or_default();
        let whole = encode(slice);
        if whole.len() <= ROW_BYTES_MAX {
            return whole;
        }
        let mut less = slice.clone();
        less.functions.clear();
        let bytes = encode(&less);
        if bytes.len() <= ROW_BYTES_MAX {
            return bytes;
        }
        let total = less.total();
        less.establishments.clear();
        less.establishments.insert(crate::slice::NO_ESTABLISHMENT.to_owned(), total);
        encode(&less)
    }

    /// Reads what [`Row::to_bytes`] wrote; `None` when it is something else, or
    /// of a later version of this program.
    pub fn from_bytes(at_ms: i64, bytes: &[u8]) -> Option<Self> {
        let (&LAYOUT, rest) = bytes.split_first()? else { return None };
        let slice = postcard::from_bytes(rest).ok()?;
        Some(Self { at_ms, slice })
    }
}
