//! The figures in the table *access*: rows and records, written and read.
//!
//! A minute costs two writes for each door with requests, of about a kilobyte
//! each. Nothing that is kept is about a person, and nothing here is asked by a
//! function.

use std::sync::Arc;

use access::journal::JournalError;
use access::review::{Counted, List, Rule, Wanted};
use chart::table::{Condition, Item, Key, Query, Range, Table, TableError, Value, Write};
use regions::{Directory, Region};
use report::limits::{EMERGENCIES_COUNTED_MS, HOURS_KEPT_S, MINUTES_SPAN_MS, RECORDS_MAX};
use report::record::Reviews;
use report::row::{sort_key, start_of};
use report::{Record, Row, Span};
use sha2::{Digest, Sha256};
use store::definition::EXPIRY;

use super::series::Series;
use crate::engine::hexadecimal;
use crate::record::AnyTable;

/// Attribute of the row or the record.
const BYTES: &str = "b";

fn item(bytes: Vec<u8>, expires_s: i64) -> Item {
    Item::default().with(BYTES, Value::B(bytes)).with(EXPIRY, Value::N(expires_s))
}

/// Which rows a period is told from.
pub fn span(from_ms: i64, to_ms: i64) -> Span {
    if to_ms - from_ms <= MINUTES_SPAN_MS { Span::Minute } else { Span::Hour }
}

/// Ends a door's minute and writes what waits. Whether all is durable.
pub async fn flush(access: &AnyTable, series: &Series, now_ms: i64) -> bool {
    series.turn(now_ms);
    let rows = series.waiting();
    let writes = rows.iter().map(|row| {
        let key = Key::new(row.pk.clone(), row.sk.clone());
        Write::put(key, item(row.bytes.clone(), row.expires_s), Condition::Always)
    });
    let done = access.write_each(writes.collect()).await;
    let written: Vec<_> = rows.into_iter().zip(&done).filter(|(_, done)| done.is_ok()).collect();
    let written: Vec<_> = written.into_iter().map(|(row, _)| row).collect();
    series.written(&written);
    done.iter().all(Result::is_ok)
}

/// The rows of a period by region, in the order of the directory.
///
/// # Errors
/// When the store cannot be read.
pub async fn rows<'d>(
    access: &AnyTable,
    directory: &'d Directory,
    span: Span,
    (from_ms, to_ms): (i64, i64),
) -> Result<Vec<(&'d Region, Vec<Row>)>, TableError> {
    let mut found = Vec::new();
    for region in directory.regions() {
        let mut rows = Vec::new();
        let range = Range::Between(
            sort_key(span.start_ms(from_ms), ""),
            // After every process of the last instant.
            sort_key(to_ms, "~"),
        );
        for pk in span.partitions(&region.code, from_ms, to_ms) {
            for (sk, item) in all(access, pk, range.clone()).await? {
                let row = start_of(&sk).zip(item.bytes(BYTES));
                rows.extend(row.and_then(|(at_ms, bytes)| Row::from_bytes(at_ms, bytes)));
            }
        }
        found.push((region, rows));
    }
    Ok(found)
}

async fn all(
    access: &AnyTable,
    pk: String,
    range: Range,
) -> Result<Vec<(String, Item)>, TableError> {
    let mut query = Query { pk, range, descending: false, limit: None, after: None };
    let mut items = Vec::new();
    loop {
        let page = access.query(&query).await?;
        items.extend(page.items);
        if page.after.is_none() {
            return Ok(items);
        }
        query.after = page.after;
    }
}

fn records_pk(region: &str) -> String {
    format!("PR#{region}")
}

fn kept(record: &Record) -> Item {
    let expires_s = record.at_ms().div_euclid(1_000) + HOURS_KEPT_S;
    item(record.to_line().into_bytes(), expires_s)
}

/// Puts records where every gateway finds them. One that is there already is
/// put again as it is. Whether all are durable.
pub async fn take_in(access: &AnyTable, records: &[Record]) -> bool {
    let writes = records.iter().map(|record| {
        let line = record.to_line();
        let mut hash = hexadecimal(&Sha256::digest(line.as_bytes()));
        hash.truncate(12);
        let key = Key::new(records_pk(record.region()), sort_key(record.at_ms(), &hash));
        Write::put(key, kept(record), Condition::Absent)
    });
    let done = access.write_each(writes.collect()).await;
    done.iter().all(|done| matches!(done, Ok(()) | Err(TableError::Condition(_))))
}

fn reviews_pk(region: &str) -> String {
    format!("PQ#{region}")
}

/// Counts the emergencies of a region that wait for a review, and puts the count
/// in the place of the day's earlier one: whichever gateway counts says the same.
///
/// # Errors
/// What the table says.
pub async fn count_reviews(
    access: &AnyTable,
    region: &str,
    now_ms: i64,
) -> Result<(), JournalError> {
    let list = List::new(Arc::new(access.clone()), vec![region.to_owned()]);
    let wanted = Wanted {
        region: None,
        state: None,
        rule: Some(Rule::BreakGlass),
        establishment: None,
        from_ms: u64::try_from(now_ms - EMERGENCIES_COUNTED_MS).unwrap_or_default(),
        to_ms: u64::try_from(now_ms).unwrap_or_default(),
        limit: 0,
        cursor: None,
    };
    let Counted { open, closed } = list.count(&wanted).await?;
    let record =
        Record::Reviews(Reviews { at_ms: now_ms, region: region.to_owned(), open, closed });
    let day_ms = now_ms - now_ms.rem_euclid(86_400_000);
    let key = Key::new(reviews_pk(region), sort_key(day_ms, ""));
    Ok(access.write(Write::put(key, kept(&record), Condition::Always)).await?)
}

/// The newest records of a region, and its counts of reviews by day.
///
/// # Errors
/// When the store cannot be read.
pub async fn records(access: &AnyTable, region: &str) -> Result<Vec<Record>, TableError> {
    let mut records = newest(access, records_pk(region)).await?;
    records.extend(newest(access, reviews_pk(region)).await?);
    Ok(records)
}

async fn newest(access: &AnyTable, pk: String) -> Result<Vec<Record>, TableError> {
    let limit = u32::try_from(RECORDS_MAX).ok();
    let mut query = Query { pk, range: Range::All, descending: true, limit, after: None };
    let mut records = Vec::new();
    loop {
        let page = access.query(&query).await?;
        let lines = page.items.iter().filter_map(|(_, item)| item.bytes(BYTES));
        let lines = lines.filter_map(|bytes| std::str::from_utf8(bytes).ok());
        records.extend(lines.filter_map(Record::from_line));
        if page.after.is_none() || records.len() >= RECORDS_MAX {
            return Ok(records);
        }
        query.after = page.after;
    }
}
