//! The report: what is told of each region and establishment in a period.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::histogram::Histogram;
use crate::limits::{POINTS_MAX, RECORDS_MAX, SMALL_NUMBER};
use crate::objectives::Objectives;
use crate::questions::{self, Answer, Verdict};
use crate::record::{Load, Record, Reviews, Verification};
use crate::row::{Row, Span};
use crate::slice::{Event, Ledger, NO_ESTABLISHMENT, Slice, Tally};

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Whoever keeps the doors: exact numbers.
    Operators,
    /// Anybody: whole days only, and no small numbers of emergencies.
    Public,
}

/// A name in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Name {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

/// A region as the directory has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Two-digit code.
    pub code: String,
    /// What it is called.
    pub name: Name,
    /// The word of its phase.
    pub phase: String,
    /// Its establishments, id and name.
    #[serde(skip)]
    pub establishments: Vec<(String, Name)>,
}

/// What a report is made from.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// First instant, milliseconds since 1970.
    pub from_ms: i64,
    /// Instant after the last.
    pub to_ms: i64,
    /// When it is made.
    pub made_ms: i64,
    /// How much time a row is about.
    pub minutes: bool,
    /// The regions to tell of, with their rows of the period.
    pub regions: Vec<(Place, Vec<Row>)>,
    /// What loads, verifications and reviews left until the end of the period.
    pub records: Vec<Record>,
}

/// A number, or that it is small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Number {
    /// As counted.
    Exact(u64),
    /// Above 0 and below this.
    Below {
        /// The bound.
        below: u64,
    },
}

impl Number {
    /// A number of emergencies as it is told: to the public in fives, since one
    /// more or less would tell that it happened just now.
    pub fn told(number: u64, audience: Audience) -> Self {
        match (audience, number) {
            (Audience::Public, 1..SMALL_NUMBER) => Self::Below { below: SMALL_NUMBER },
            (Audience::Public, exact) => Self::Exact(exact - exact % SMALL_NUMBER),
            (Audience::Operators, exact) => Self::Exact(exact),
        }
    }
}

/// Figures of one establishment, or of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Requests.
    pub requests: u64,
    /// Of these, failed by our fault.
    pub failed: u64,
    /// Half, 95 and 99 of 100 were answered within, in microseconds; within
    /// [`crate::histogram::RELATIVE_ERROR`].
    pub latency_us: Option<[u64; 3]>,
    /// Refusals by reason.
    pub refusals: BTreeMap<String, u64>,
    /// Changes.
    pub changes: u64,
    /// Of these, met another's.
    pub conflicts: u64,
    /// Permitted under a declared emergency.
    pub emergencies: Number,
}

/// One part of the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// When it begins, milliseconds since 1970.
    pub at_ms: i64,
    /// Requests.
    pub requests: u64,
    /// Of these, failed by our fault.
    pub failed: u64,
    /// As [`Figures::latency_us`].
    pub latency_us: Option<[u64; 3]>,
}

/// What is left of what may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Budget {
    /// Requests that may fail.
    pub allowed: f64,
    /// That did.
    pub spent: u64,
    /// The second as a share of the first; over 1 it is overdrawn. `None` while
    /// nothing was asked.
    pub burned: Option<f64>,
}

impl Budget {
    fn of(requests: u64, least_good: f64, spent: u64) -> Self {
        let allowed = requests as f64 * (1.0 - least_good);
        let burned = (allowed > 0.0).then(|| spent as f64 / allowed);
        Self { allowed, spent, burned }
    }
}

/// One region.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Region {
    /// Which.
    pub place: Place,
    /// All its establishments.
    pub total: Figures,
    /// By establishment, in the order of the directory; those that it does not
    /// have come last, under their ids.
    pub establishments: Vec<(String, Name, Figures)>,
    /// How long each function took, and how often it was asked.
    pub functions: Vec<(String, u64, Option<[u64; 3]>)>,
    /// Over time.
    pub points: Vec<Point>,
    /// Days (UTC) on which anything was asked.
    pub days: u64,
    /// By their words.
    pub events: BTreeMap<String, u64>,
    /// How its ledger fared.
    pub ledger: Option<Ledger>,
    /// Loads, newest first.
    pub loads: Vec<Load>,
    /// Verifications, newest first.
    pub verifications: Vec<Verification>,
    /// The newest count of reviews.
    pub reviews: Option<Reviews>,
    /// Of failures.
    pub availability: Budget,
    /// Of slow answers.
    pub latency: Budget,
    /// The questions that decide on expansion.
    pub answers: Vec<Answer>,
}

impl Region {
    /// All questions together: no as soon as one is no, yes when all are.
    pub fn verdict(&self) -> Verdict {
        let of = |verdict| self.answers.iter().any(|answer| answer.verdict == verdict);
        match (of(Verdict::No), of(Verdict::NotEnough)) {
            (true, _) => Verdict::No,
            (false, true) => Verdict::NotEnough,
            (false, false) => Verdict::Yes,
        }
    }
}

/// The report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// First instant, milliseconds since 1970.
    pub from_ms: i64,
    /// Instant after the last.
    pub to_ms: i64,
    /// When it was made.
    pub made_ms: i64,
    /// For whom.
    pub audience: Audience,
    /// What the figures are held against.
    pub objectives: Objectives,
    /// How much time a point of the plots is about, in milliseconds.
    pub point_ms: i64,
    /// The regions.
    pub regions: Vec<Region>,
}

impl Report {
    /// Makes it.
    pub fn of(input: Input, objectives: &Objectives, audience: Audience) -> Self {
        let span = if input.minutes { Span::Minute } else { Span::Hour };
        let points = i64::try_from(POINTS_MAX).unwrap_or(i64::MAX);
        let whole = (input.to_ms - input.from_ms).max(1);
        let point_ms = (whole.div_euclid(points) / span.ms() + 1) * span.ms();
        let period = Period { point_ms, span, audience, objectives, input: &input };
        let regions = input.regions.iter().map(|(place, rows)| period.region(place, rows));
        Self {
            from_ms: input.from_ms,
            to_ms: input.to_ms,
            made_ms: input.made_ms,
            audience,
            objectives: objectives.clone(),
            point_ms,
            regions: regions.collect(),
        }
    }
}

struct Period<'a> {
    point_ms: i64,
    span: Span,
    audience: Audience,
    objectives: &'a Objectives,
    input: &'a Input,
}

impl Period<'_> {
    fn region(&self, place: &Place, rows: &[Row]) -> Region {
        let (from_ms, to_ms) = (self.input.from_ms, self.input.to_ms);
        let inside = |row: &&Row| row.at_ms >= self.span.start_ms(from_ms) && row.at_ms < to_ms;
        let mut all = Slice::default();
        let mut days = BTreeSet::new();
        let mut parts: BTreeMap<i64, Tally> = BTreeMap::new();
        for row in rows.iter().filter(inside) {
            all.merge(&row.slice);
            let total = row.slice.total();
            if total.requests() > 0 {
                days.insert(row.at_ms.div_euclid(86_400_000));
            }
            let at = (row.at_ms - from_ms).div_euclid(self.point_ms).max(0);
            parts.entry(at).or_default().merge(&total);
        }
        let points = parts.into_iter().map(|(at, tally)| Point {
            at_ms: from_ms + at * self.point_ms,
            requests: tally.requests(),
            failed: tally.failed(),
            latency_us: quantiles(&tally.latency),
        });
        let total = all.total();
        let slow = total
            .requests()
            .saturating_sub(total.latency.within(self.objectives.latency_ms.saturating_mul(1_000)));
        let mut region = Region {
            total: self.figures(&total),
            establishments: self.establishments(place, &all),
            functions: functions(&all),
            points: points.collect(),
            days: u64::try_from(days.len()).unwrap_or(u64::MAX),
            events: all.events.clone(),
            ledger: all.ledger,
            loads: self.records(place, |record| match record {
                Record::Load(load) if load.at_ms >= from_ms => Some(load.clone()),
                _ => None,
            }),
            // One from before the period still tells how long ago it was.
            verifications: self.records(place, |record| match record {
                Record::Verification(verification) => Some(verification.clone()),
                _ => None,
            }),
            reviews: self
                .records(place, |record| match record {
                    Record::Reviews(reviews) if reviews.at_ms >= from_ms => Some(reviews.clone()),
                    _ => None,
                })
                .into_iter()
                .next(),
            availability: Budget::of(
                total.requests(),
                self.objectives.availability,
                total.failed(),
            ),
            latency: Budget::of(total.requests(), self.objectives.latency_share, slow),
            answers: Vec::new(),
            place: place.clone(),
        };
        region.answers =
            questions::answer(&region, &total, (self.objectives, self.audience), to_ms);
        region
    }

    fn records<R>(&self, place: &Place, of: impl Fn(&Record) -> Option<R>) -> Vec<R> {
        let mut held: Vec<&Record> = self.input.records.iter().collect();
        held.retain(|record| record.region() == place.code && record.at_ms() < self.input.to_ms);
        held.sort_by_key(|record| std::cmp::Reverse(record.at_ms()));
        held.into_iter().filter_map(of).take(RECORDS_MAX).collect()
    }

    fn figures(&self, tally: &Tally) -> Figures {
        Figures {
            requests: tally.requests(),
            failed: tally.failed(),
            latency_us: quantiles(&tally.latency),
            refusals: tally.refusals.clone(),
            changes: tally.changes,
            conflicts: tally.conflicts,
            emergencies: Number::told(tally.emergencies, self.audience),
        }
    }

    fn establishments(&self, place: &Place, all: &Slice) -> Vec<(String, Name, Figures)> {
        let mut left = all.establishments.clone();
        let mut told = Vec::new();
        for (id, name) in &place.establishments {
            let tally = left.remove(id).unwrap_or_default();
            told.push((id.clone(), name.clone(), self.figures(&tally)));
        }
        // Tokens without an establishment first, then those of other regions,
        // served in the place of their own door.
        for (id, tally) in left {
            let name = if id == NO_ESTABLISHMENT {
                Name { fr: "aucun établissement".into(), en: "no establishment".into() }
            } else {
                Name { fr: id.clone(), en: id.clone() }
            };
            told.push((id, name, self.figures(&tally)));
        }
        told
    }
}

fn functions(all: &Slice) -> Vec<(String, u64, Option<[u64; 3]>)> {
    let of = |(name, latency): (&String, &Histogram)| {
        (name.clone(), latency.count(), quantiles(latency))
    };
    all.functions.iter().map(of).collect()
}

fn quantiles(latency: &Histogram) -> Option<[u64; 3]> {
    Some([latency.quantile(0.5)?, latency.quantile(0.95)?, latency.quantile(0.99)?])
}

/// How often this happened in a region.
pub fn count(region: &Region, event: Event) -> u64 {
    region.events.get(event.word()).copied().unwrap_or_default()
}
