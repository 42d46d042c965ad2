//! The pass in which the rules go through what the journal holds.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chart::table::{Key, Query, Range, Table, TableError, Write};

use super::Review;
use super::day::{Day, day_of, user_of};
use super::rows::{self, positions_pk};
use super::rule::{Finding, Rule, by_itself, charts_opened};
use crate::entry::{Agent, Basis, Entry};
use crate::journal::stream::{registered, written};
use crate::journal::{Environment, JournalError, batch};
use crate::limits::{JUDGE_ITEMS_MAX, JUDGE_MEETINGS_MAX, JUDGED_TOLD_MS, WRITE_ATTEMPTS_MAX};

/// What the record knows of a user and a person whose chart they opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meeting {
    /// The user is this person, as far as the record tells.
    pub own_record: bool,
    /// Their family names have a part in common.
    pub same_family_name: bool,
    /// They live at one address.
    pub same_address: bool,
    /// The chart tells of care by the user or their establishment.
    pub care_relation: bool,
}

/// What the rules ask of the record.
pub trait Record: Send + Sync {
    /// What it knows of a user, who acts for an establishment, and each of these
    /// people; in their order.
    fn meetings(
        &self,
        user: &Agent,
        establishment: &str,
        persons: &[&str],
    ) -> impl Future<Output = Result<Vec<Meeting>, JournalError>> + Send;
}

/// What one pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Entries that were judged.
    pub entries: usize,
    /// Of them, how many are on the list.
    pub listed: usize,
    /// There is more to judge: run again.
    pub more: bool,
}

/// Judges the entries of one region. Several may run at once, in one process or
/// many.
pub struct Judge<T, E> {
    table: Arc<T>,
    environment: Arc<E>,
    region: String,
    told_ms: AtomicU64,
}

/// What a pass found, before it is written.
#[derive(Default)]
struct Pass {
    judged: Judged,
    meetings: usize,
    lists: Vec<Write>,
    days: BTreeMap<(String, u64), Day>,
    positions: Vec<Write>,
}

impl<T: Table, E: Environment> Judge<T, E> {
    /// The rules of a region.
    pub fn new(table: Arc<T>, environment: Arc<E>, region: impl Into<String>) -> Self {
        Self { table, environment, region: region.into(), told_ms: AtomicU64::new(0) }
    }

    /// One bounded pass. Run it after the drain; `whole` says that the drain had
    /// nothing left, so that what this pass does not meet was not accepted yet.
    ///
    /// # Errors
    /// Nothing is lost by one: the next pass takes up where this one stopped.
    pub async fn run<R: Record>(&self, record: &R, whole: bool) -> Result<Judged, JournalError> {
        let began_ms = self.environment.now_ms();
        let open = registered(&*self.table, &self.region).await?;
        let open: BTreeSet<String> = open.into_iter().map(|stream| stream.epoch).collect();
        let held = self.positions().await?;
        let mut pass = Pass::default();
        let epochs: BTreeSet<&String> = open.iter().chain(held.keys()).collect();
        for epoch in epochs {
            let position = held.get(epoch).copied();
            self.stream(record, epoch, position, open.contains(epoch), &mut pass).await?;
        }
        if !self.write(&mut pass).await? {
            // Somebody else judges the same: they go on.
            return Ok(Judged { more: false, ..pass.judged });
        }
        let told_ms = self.told_ms.load(Ordering::Relaxed);
        let due = pass.judged.entries > 0 || began_ms.saturating_sub(told_ms) >= JUDGED_TOLD_MS;
        if whole && !pass.judged.more && due {
            self.table.write(rows::until(&self.region, began_ms)).await?;
            self.told_ms.store(began_ms, Ordering::Relaxed);
        }
        Ok(pass.judged)
    }

    async fn positions(&self) -> Result<BTreeMap<String, u64>, JournalError> {
        let pk = positions_pk(&self.region);
        let mut query =
            Query { pk, range: Range::All, descending: false, limit: None, after: None };
        let mut held = BTreeMap::new();
        loop {
            let page = self.table.query(&query).await?;
            for (epoch, item) in page.items {
                held.insert(epoch, rows::position_of(&item)?);
            }
            match page.after {
                Some(after) => query.after = Some(after),
                None => return Ok(held),
            }
        }
    }

    async fn stream<R: Record>(
        &self,
        record: &R,
        epoch: &str,
        position: Option<u64>,
        open: bool,
        pass: &mut Pass,
    ) -> Result<(), JournalError> {
        let from = position.unwrap_or_default();
        let most = from.saturating_add(u64::from(JUDGE_ITEMS_MAX));
        let mut next = from;
        // A page of the table may be short: only an empty one is the end.
        'stream: loop {
            let items =
                written(&*self.table, &self.region, epoch, next, Some(JUDGE_ITEMS_MAX)).await?;
            if items.is_empty() {
                break;
            }
            for item in items {
                // Every stream moves, however much the others ask.
                if next >= most || (next > from && pass.meetings >= JUDGE_MEETINGS_MAX) {
                    pass.judged.more = true;
                    break 'stream;
                }
                for (entry, _) in batch::entries(&item.batch)? {
                    self.entry(record, entry, pass).await?;
                }
                next += 1;
            }
        }
        let key = Key::new(positions_pk(&self.region), epoch);
        if next > from {
            let moved = Write::put(key, rows::position(next), rows::unmoved(position));
            pass.positions.push(moved);
        } else if position.is_some() && !open && !pass.judged.more {
            pass.positions.push(Write::delete(key, rows::unmoved(position)));
        }
        Ok(())
    }

    async fn entry<R: Record>(
        &self,
        record: &R,
        mut entry: Entry,
        pass: &mut Pass,
    ) -> Result<(), JournalError> {
        pass.judged.entries += 1;
        let mut findings = by_itself(&entry);
        let mut first: Vec<usize> = Vec::new();
        let opened = charts_opened(&entry);
        if !opened.is_empty() {
            let day = self.day(&entry, pass).await?;
            let mut many = None;
            for at in opened {
                let Some(person) = entry.persons.get(at) else { continue };
                let added = day.add(person, entry.at_ms);
                many = many.or(added.many);
                if added.first {
                    first.push(at);
                }
            }
            let volume = |charts| Finding { rule: Rule::Volume, charts, person: None };
            findings.extend(many.map(volume));
        }
        if !first.is_empty() {
            pass.meetings += first.len();
            let persons: Vec<&str> =
                first.iter().filter_map(|at| entry.persons.get(*at)).map(String::as_str).collect();
            let met = record.meetings(&entry.agent, &entry.establishment, &persons).await?;
            for (at, meeting) in first.into_iter().zip(met) {
                findings.extend(rules_of(&entry, meeting).map(|rule| Finding::of(rule, Some(at))));
            }
        }
        if !findings.is_empty() {
            entry.items.clear();
            pass.judged.listed += 1;
            pass.lists.push(rows::listed(&Review { entry, findings, conclusions: Vec::new() })?);
        }
        Ok(())
    }

    async fn day<'p>(
        &self,
        entry: &Entry,
        pass: &'p mut Pass,
    ) -> Result<&'p mut Day, JournalError> {
        let (user, day) = (user_of(&entry.agent), day_of(entry.at_ms));
        let known = pass.days.contains_key(&(user.clone(), day));
        let read = match known {
            true => None,
            false => self.table.get(&rows::day_key(&self.region, &user, day)).await?,
        };
        let read = read.as_ref().map(Day::from_item).transpose()?.unwrap_or_default();
        Ok(pass.days.entry((user, day)).or_insert(read))
    }

    /// Writes what was found; then, if nobody else judged the same meanwhile,
    /// moves on. Says whether it moved.
    async fn write(&self, pass: &mut Pass) -> Result<bool, JournalError> {
        self.each(std::mem::take(&mut pass.lists)).await?;
        let days = pass.days.iter().filter_map(|((user, day), held)| {
            let (item, as_read) = held.to_write()?;
            Some(Write::put(rows::day_key(&self.region, user, *day), item, as_read))
        });
        let alone = self.each(days.collect()).await?;
        if !alone {
            return Ok(false);
        }
        self.each(std::mem::take(&mut pass.positions)).await
    }

    /// Writes each; says whether every condition held.
    async fn each(&self, mut writes: Vec<Write>) -> Result<bool, JournalError> {
        let mut held = true;
        let mut attempt = 1;
        while !writes.is_empty() {
            let results = self.table.write_each(writes.clone()).await;
            if results.len() != writes.len() {
                return Err(JournalError::Corrupt("the table answered fewer writes than asked"));
            }
            let mut again = Vec::new();
            for (write, result) in writes.into_iter().zip(results) {
                match result {
                    Ok(()) => {}
                    Err(TableError::Condition(_)) => held = false,
                    Err(error) if attempt >= WRITE_ATTEMPTS_MAX => return Err(error.into()),
                    Err(_) => again.push(write),
                }
            }
            if !again.is_empty() {
                self.environment.pause(crate::limits::RETRY_PAUSE_MS << attempt.min(10)).await;
            }
            writes = again;
            attempt += 1;
        }
        Ok(held)
    }
}

/// What a meeting adds to the list. That a chart tells of no care says something
/// only of who opened it for care, as usual.
fn rules_of(entry: &Entry, meeting: Meeting) -> impl Iterator<Item = Rule> {
    let for_care =
        entry.agent.function.is_clinician() && entry.basis == Some(Basis::CareRelationship);
    let rules = [
        (meeting.own_record, Rule::OwnRecord),
        (meeting.same_family_name && !meeting.own_record, Rule::SameFamilyName),
        (meeting.same_address && !meeting.own_record, Rule::SameAddress),
        (for_care && !meeting.care_relation, Rule::NoCareRelation),
    ];
    rules.into_iter().filter_map(|(holds, rule)| holds.then_some(rule))
}
