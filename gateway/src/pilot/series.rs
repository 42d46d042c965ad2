//! What one door counts: the minute that runs, the hour that it is in, and
//! everything since the process began.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use report::row::sort_key;
use report::slice::{Answered, Event, Ledger, NO_ESTABLISHMENT};
use report::{Record, Row, Slice, Span};

use crate::limits::{RECORDS_KNOWN_MAX, SERIES_ROWS_WAITING_MAX};

/// The figures of one door.
pub struct Series {
    region: String,
    process: String,
    establishments: Vec<String>,
    kept: Mutex<Kept>,
    records: Mutex<Vec<Record>>,
}

struct Kept {
    minute_ms: i64,
    minute: Slice,
    hour_ms: i64,
    hour: Slice,
    since_start: Slice,
    serial: u32,
    waiting: VecDeque<Waiting>,
    lost: u64,
}

/// A row on its way to the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
    /// When it expires, seconds since 1970.
    pub expires_s: i64,
    /// The row.
    pub bytes: Vec<u8>,
}

impl Series {
    /// Nothing counted yet. `establishments`: ids of the directory that are told
    /// apart, so that their number is bounded by it and not by callers.
    pub fn new(region: &str, process: String, establishments: Vec<String>, now_ms: i64) -> Self {
        let kept = Kept {
            minute_ms: now_ms,
            minute: Slice::default(),
            hour_ms: Span::Hour.start_ms(now_ms),
            hour: Slice::default(),
            since_start: Slice::default(),
            serial: 0,
            waiting: VecDeque::new(),
            lost: 0,
        };
        Self {
            region: region.to_owned(),
            process,
            establishments,
            kept: Mutex::new(kept),
            records: Mutex::default(),
        }
    }

    /// Two-digit code.
    pub fn region(&self) -> &str {
        &self.region
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an answer. An establishment that the directory does not have counts
    /// with none.
    pub fn request(&self, answered: &Answered<'_>) {
        let known = self.establishments.iter().any(|held| held == answered.establishment);
        let establishment = if known { answered.establishment } else { NO_ESTABLISHMENT };
        self.kept().minute.request(&Answered { establishment, ..*answered });
    }

    /// Counts an event.
    pub fn event(&self, event: Event) {
        self.kept().minute.event(event);
    }

    /// Counts how the ledger fares now.
    pub fn ledger(&self, now: Ledger) {
        self.kept().minute.ledger(now);
    }

    /// Everything since the process began.
    pub fn since_start(&self) -> Slice {
        let kept = self.kept();
        let mut all = kept.since_start.clone();
        all.merge(&kept.minute);
        all
    }

    /// What is in no row yet.
    pub fn current(&self) -> Option<Row> {
        let kept = self.kept();
        let row = Row { at_ms: kept.minute_ms, slice: kept.minute.clone() };
        (!row.slice.is_quiet()).then_some(row)
    }

    /// Ends the minute: its row and its hour's wait to be written.
    pub fn turn(&self, now_ms: i64) {
        let mut kept = self.kept();
        let began_ms = std::mem::replace(&mut kept.minute_ms, now_ms);
        let minute = std::mem::take(&mut kept.minute);
        if minute.is_quiet() {
            return;
        }
        let hour_ms = Span::Hour.start_ms(began_ms);
        if kept.hour_ms != hour_ms {
            kept.hour_ms = hour_ms;
            kept.hour = Slice::default();
        }
        kept.hour.merge(&minute);
        kept.since_start.merge(&minute);
        // A clock that goes back must not make one minute take another's place.
        kept.serial = kept.serial.wrapping_add(1);
        let minute_ms = Span::Minute.start_ms(began_ms);
        let name = format!("{}.{:x}", self.process, kept.serial);
        let hour = kept.hour.clone();
        for (span, at_ms, name, slice) in
            [(Span::Minute, minute_ms, &name, &minute), (Span::Hour, hour_ms, &self.process, &hour)]
        {
            let row = Waiting {
                pk: span.partition(&self.region, at_ms),
                sk: sort_key(at_ms, name),
                expires_s: span.expires_s(at_ms),
                bytes: Row::to_bytes(slice),
            };
            kept.waiting.retain(|held| (&held.pk, &held.sk) != (&row.pk, &row.sk));
            kept.waiting.push_back(row);
        }
        while kept.waiting.len() > SERIES_ROWS_WAITING_MAX {
            kept.waiting.pop_front();
            kept.lost += 1;
        }
    }

    /// The rows that wait.
    pub fn waiting(&self) -> Vec<Waiting> {
        self.kept().waiting.iter().cloned().collect()
    }

    /// These are durable.
    pub fn written(&self, rows: &[Waiting]) {
        self.kept().waiting.retain(|held| !rows.contains(held));
    }

    /// Rows that wait, and rows that were given up since the process began.
    pub fn backlog(&self) -> (u64, u64) {
        let kept = self.kept();
        (u64::try_from(kept.waiting.len()).unwrap_or(u64::MAX), kept.lost)
    }

    /// Takes note of what commands on this machine left, for the metrics.
    pub fn know(&self, records: &[Record]) {
        let mut own: Vec<Record> =
            records.iter().filter(|record| record.region() == self.region).cloned().collect();
        own.sort_by_key(Record::at_ms);
        let many = own.len().saturating_sub(RECORDS_KNOWN_MAX);
        *self.records.lock().unwrap_or_else(PoisonError::into_inner) = own.split_off(many);
    }

    /// The newest that `of` takes.
    pub fn newest<R>(&self, of: impl Fn(&Record) -> Option<R>) -> Option<R> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.iter().rev().find_map(of)
    }
}

#[cfg(test)]
mod tests;
