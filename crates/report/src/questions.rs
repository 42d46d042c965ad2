//! The questions that decide on expansion, each answered by one figure held
//! against one threshold.

use serde::Serialize;

use crate::model::{Audience, Number, Region, count};
use crate::objectives::Objectives;
use crate::slice::{Event, Tally};

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Was it used enough to judge?
    Used,
    /// Is it there when it is needed?
    Available,
    /// Is it fast enough?
    Fast,
    /// Is there room for those who come?
    Room,
    /// Is every access in the ledger at once?
    Traced,
    /// Has somebody checked the ledger?
    Verified,
    /// Are loads complete?
    Loaded,
    /// Are emergencies rare?
    EmergenciesRare,
    /// Are they reviewed?
    EmergenciesReviewed,
    /// Do people seldom overwrite one another?
    ConflictsRare,
    /// Do requests reach the regions they belong to?
    Forwarded,
}

/// The answer to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The figure meets its threshold.
    Yes,
    /// It does not.
    No,
    /// There is too little to say.
    NotEnough,
}

/// A figure, or what it is held against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Figure {
    /// So many of so many.
    Share {
        /// Part.
        part: u64,
        /// Of how many.
        whole: u64,
    },
    /// A part that is small, of so many.
    SmallShare {
        /// The part is below this.
        below: u64,
        /// Of how many.
        whole: u64,
    },
    /// At least this share.
    AtLeast(f64),
    /// At most this share.
    AtMost(f64),
    /// So many milliseconds.
    Milliseconds(u64),
    /// Requests on so many days.
    Use {
        /// Requests.
        requests: u64,
        /// Days.
        days: u64,
    },
    /// A ledger was verified.
    Checked {
        /// When, milliseconds since 1970.
        at_ms: i64,
        /// Entries.
        size: u64,
    },
    /// Within so many days.
    Days(u64),
    /// Loads that balance, of all, and the share of their items that was refused.
    Loads {
        /// Loads that balance.
        balanced: u64,
        /// All.
        all: u64,
        /// Refused of what was read.
        refused: f64,
    },
    /// Nothing was counted.
    Nothing,
}

/// A question with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// Which.
    pub question: Question,
    /// Its answer.
    pub verdict: Verdict,
    /// What was counted.
    pub figure: Figure,
    /// What it is held against.
    pub threshold: Figure,
}

fn verdict(enough: bool, good: bool) -> Verdict {
    match (enough, good) {
        (false, _) => Verdict::NotEnough,
        (true, true) => Verdict::Yes,
        (true, false) => Verdict::No,
    }
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// All questions, in their order, for whom they are told. `to_ms` is the end of
/// the period.
pub fn answer(
    region: &Region,
    total: &Tally,
    (objectives, audience): (&Objectives, Audience),
    to_ms: i64,
) -> Vec<Answer> {
    let about = About { region, total, objectives, audience, requests: total.requests(), to_ms };
    vec![
        about.used(),
        about.available(),
        about.fast(),
        about.room(),
        about.traced(),
        about.verified(),
        about.loaded(),
        about.emergencies_rare(),
        about.emergencies_reviewed(),
        about.conflicts_rare(),
        about.forwarded(),
    ]
}

struct About<'a> {
    region: &'a Region,
    total: &'a Tally,
    objectives: &'a Objectives,
    audience: Audience,
    requests: u64,
    to_ms: i64,
}

impl About<'_> {
    fn enough(&self) -> bool {
        self.requests >= self.objectives.requests_min
    }

    /// At most this share of so many, when these are enough.
    fn at_most(&self, question: Question, (part, whole): (u64, u64), most: f64) -> Answer {
        Answer {
            question,
            verdict: verdict(self.enough() && whole > 0, share(part, whole) <= most),
            figure: Figure::Share { part, whole },
            threshold: Figure::AtMost(most),
        }
    }

    fn at_least(&self, question: Question, (part, whole): (u64, u64), least: f64) -> Answer {
        Answer {
            question,
            verdict: verdict(self.enough() && whole > 0, share(part, whole) >= least),
            figure: Figure::Share { part, whole },
            threshold: Figure::AtLeast(least),
        }
    }

    fn used(&self) -> Answer {
        let (requests, days) = (self.objectives.requests_min, self.objectives.days_min);
        Answer {
            question: Question::Used,
            // Too little use is no verdict on the record.
            verdict: verdict(self.enough() && self.region.days >= days, true),
            figure: Figure::Use { requests: self.requests, days: self.region.days },
            threshold: Figure::Use { requests, days },
        }
    }

    fn available(&self) -> Answer {
        let good = self.requests.saturating_sub(self.total.failed());
        self.at_least(Question::Available, (good, self.requests), self.objectives.availability)
    }

    fn fast(&self) -> Answer {
        let within_us = self.objectives.latency_ms.saturating_mul(1_000);
        let good = self.total.latency.within(within_us);
        self.at_least(Question::Fast, (good, self.requests), self.objectives.latency_share)
    }

    fn room(&self) -> Answer {
        let shed = [Event::ShedEmergency, Event::ShedWrite, Event::ShedRead, Event::ShedBulk];
        let shed = shed.into_iter().map(|event| count(self.region, event)).sum();
        self.at_most(Question::Room, (shed, self.requests), self.objectives.shed_share)
    }

    fn traced(&self) -> Answer {
        let most = self.objectives.ledger_lag_ms;
        let lag = self.region.ledger.map(|ledger| ledger.lag_ms_max);
        Answer {
            question: Question::Traced,
            verdict: verdict(lag.is_some(), lag.is_some_and(|lag| lag <= most)),
            figure: lag.map_or(Figure::Nothing, Figure::Milliseconds),
            threshold: Figure::Milliseconds(most),
        }
    }

    fn verified(&self) -> Answer {
        let days = self.objectives.verified_days;
        let whole = |what: &str| matches!(what, "log" | "record");
        let last = self.region.verifications.iter().find(|one| whole(&one.what));
        let recent = last.is_some_and(|last| self.to_ms - last.at_ms <= days * 86_400_000);
        Answer {
            question: Question::Verified,
            verdict: verdict(last.is_some(), recent && last.is_some_and(|last| last.whole)),
            figure: last.map_or(Figure::Nothing, |last| Figure::Checked {
                at_ms: last.at_ms,
                size: last.size,
            }),
            threshold: Figure::Days(u64::try_from(days).unwrap_or_default()),
        }
    }

    fn loaded(&self) -> Answer {
        let loads = &self.region.loads;
        let sum = |of: fn(&crate::record::Load) -> u64| loads.iter().map(of).sum::<u64>();
        let refused = share(sum(|load| load.refused), sum(|load| load.read));
        let all = u64::try_from(loads.len()).unwrap_or(u64::MAX);
        // The newest load of the same files makes good an earlier one that was
        // cut off, but nobody can tell here which files they were.
        let balanced = sum(|load| u64::from(load.balanced));
        let most = self.objectives.load_refused_share;
        Answer {
            question: Question::Loaded,
            verdict: verdict(all > 0, balanced == all && refused <= most),
            figure: match all {
                0 => Figure::Nothing,
                _ => Figure::Loads { balanced, all, refused },
            },
            threshold: Figure::AtMost(most),
        }
    }

    fn emergencies_rare(&self) -> Answer {
        let counted = (self.total.emergencies, self.requests);
        let most = self.objectives.emergency_share;
        let mut answer = self.at_most(Question::EmergenciesRare, counted, most);
        let whole = self.requests;
        answer.figure = match self.region.total.emergencies {
            Number::Below { below } => Figure::SmallShare { below, whole },
            Number::Exact(part) => Figure::Share { part, whole },
        };
        answer
    }

    fn emergencies_reviewed(&self) -> Answer {
        let least = self.objectives.reviewed_share;
        let reviews = self.region.reviews.as_ref();
        let counted = reviews.map(|held| (held.closed, held.closed.saturating_add(held.open)));
        let counted = counted.filter(|(_, all)| *all > 0);
        Answer {
            question: Question::EmergenciesReviewed,
            verdict: verdict(
                counted.is_some(),
                counted.is_some_and(|(closed, all)| share(closed, all) >= least),
            ),
            figure: counted.map_or(Figure::Nothing, |(part, whole)| {
                let told = |number| Number::told(number, self.audience);
                match (told(part), told(whole)) {
                    (Number::Exact(part), Number::Exact(whole)) => Figure::Share { part, whole },
                    (Number::Below { below }, Number::Exact(whole)) => {
                        Figure::SmallShare { below, whole }
                    }
                    (_, Number::Below { below }) => Figure::SmallShare { below, whole: below },
                }
            }),
            threshold: Figure::AtLeast(least),
        }
    }

    fn conflicts_rare(&self) -> Answer {
        let counted = (self.total.conflicts, self.total.changes);
        self.at_most(Question::ConflictsRare, counted, self.objectives.conflict_share)
    }

    fn forwarded(&self) -> Answer {
        let failed = count(self.region, Event::ForwardFailed);
        let all = count(self.region, Event::Forwarded).saturating_add(failed);
        let good = all.saturating_sub(failed);
        self.at_least(Question::Forwarded, (good, all), self.objectives.availability)
    }
}
