//! The rules over a table in memory that loses requests and replies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chart::table::TableError;
use futures::executor::block_on;

use super::*;
use crate::claims::Function;
use crate::entry::{Basis, Decided, Interaction, Outcome as Ended};
use crate::journal::tests::entry;
use crate::journal::tests::table::{Memory, Waiting, World};
use crate::journal::{Drain, Journal, JournalError};
use crate::limits::{CHARTS_PER_HOUR_MAX, STREAM_IDLE_MS};

/// What the record knows: people of an even number have no care relation, those
/// of a multiple of five the user's family name. Away every so many questions.
#[derive(Default)]
struct Known {
    asked: AtomicU64,
    away_every: AtomicU64,
}

fn number(person: &str) -> u64 {
    person.trim_start_matches('p').parse().unwrap()
}

fn meeting(person: &str) -> Meeting {
    let number = number(person);
    Meeting {
        same_family_name: number.is_multiple_of(5),
        care_relation: !number.is_multiple_of(2),
        ..Meeting::default()
    }
}

impl Record for Known {
    async fn meetings(
        &self,
        _: &Agent,
        _: &str,
        persons: &[&str],
    ) -> Result<Vec<Meeting>, JournalError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let every = self.away_every.load(Ordering::SeqCst);
        if every > 0 && asked.is_multiple_of(every) {
            return Err(TableError::Unavailable("away".to_owned()).into());
        }
        Ok(persons.iter().map(|person| meeting(person)).collect())
    }
}

#[derive(Default)]
struct House {
    table: Arc<Memory>,
    world: Arc<World>,
    known: Known,
}

impl House {
    fn judge(&self) -> Judge<Memory, World> {
        Judge::new(Arc::clone(&self.table), Arc::clone(&self.world), "06")
    }

    fn drain(&self) -> Drain<Memory, World, Waiting> {
        let (table, world) = (Arc::clone(&self.table), Arc::clone(&self.world));
        Drain::new(table, world, Arc::default(), "06")
    }

    fn journal(&self) -> Journal<Memory, World> {
        Journal::new(Arc::clone(&self.table), Arc::clone(&self.world), "06").0
    }

    fn list(&self) -> List<Memory> {
        List::new(Arc::clone(&self.table), vec!["04".to_owned(), "06".to_owned()])
    }

    /// The whole list, page by page, newest first.
    fn listed(&self, wanted: &Wanted<'_>) -> Vec<Review> {
        let mut reviews = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let wanted = Wanted { cursor: cursor.as_deref(), ..*wanted };
            let page = block_on(self.list().page(&wanted)).unwrap();
            reviews.extend(page.reviews);
            match page.next {
                Some(next) => cursor = Some(next),
                None => return reviews,
            }
        }
    }

    /// Judges until nothing is left.
    fn judged(&self) {
        while block_on(self.judge().run(&self.known, true)).unwrap().more {}
    }
}

const ALL: Wanted<'static> = Wanted {
    region: None,
    state: None,
    rule: None,
    establishment: None,
    from_ms: 0,
    to_ms: u64::MAX,
    limit: 3,
    cursor: None,
};
/// Eight in the morning of a day.
const MORNING_MS: u64 = 1_790_006_400_000;

#[test]
fn whatever_fails_each_access_is_judged_and_listed_once() {
    for seed in 1..40_u64 {
        let house = House::default();
        house.known.away_every.store(seed % 5 * 3, Ordering::SeqCst);
        house.table.lose_reply_every.store(seed % 4 * 7, Ordering::SeqCst);
        house.table.lose_request_every.store(seed % 3 * 5, Ordering::SeqCst);
        house.table.page_items.store(seed % 2 * 2, Ordering::SeqCst);
        let (judge, rival) = (house.judge(), house.judge());
        let mut journal = house.journal();
        let mut expected: BTreeMap<String, BTreeSet<Rule>> = BTreeMap::new();
        let mut met = BTreeSet::new();
        for at in 0..60_u32 {
            let person = format!("p{}", (u64::from(at) * seed) % 23);
            let mut access = entry(MORNING_MS + u64::from(at) * 1_000, at, &[&person]);
            access.items.clear();
            if at.is_multiple_of(9) {
                access.decided =
                    Decided { emergency: Some("why".to_owned()), ..Decided::default() };
                access.basis = Some(Basis::BreakGlass);
            }
            let mut rules = BTreeSet::new();
            if access.decided.emergency.is_some() {
                rules.insert(Rule::BreakGlass);
            }
            // The first access of the day to this person's chart tells the rest.
            if met.insert(person.clone()) {
                let meeting = meeting(&person);
                let care = access.basis == Some(Basis::CareRelationship);
                rules.extend(meeting.same_family_name.then_some(Rule::SameFamilyName));
                rules.extend((care && !meeting.care_relation).then_some(Rule::NoCareRelation));
            }
            if !rules.is_empty() {
                expected.insert(access.id.clone(), rules);
            }
            // A write whose reply is lost may be there: it is the same entry.
            while block_on(journal.append_alone(&access)).is_err() {
                journal = house.journal();
            }
            if at % 7 == 3 {
                drop(block_on(judge.run(&house.known, true)));
            }
            if at % 11 == 5 {
                drop(block_on(rival.run(&house.known, false)));
                drop(block_on(house.drain().run()));
            }
            if at == 30 {
                // Its stream falls silent, and is closed and drained.
                journal = house.journal();
                house.world.now_ms.fetch_add(STREAM_IDLE_MS + 1, Ordering::SeqCst);
            }
        }
        house.known.away_every.store(0, Ordering::SeqCst);
        house.table.lose_reply_every.store(0, Ordering::SeqCst);
        house.table.lose_request_every.store(0, Ordering::SeqCst);
        // A drain of short pages takes many passes, and closes what is silent.
        for _ in 0..80 {
            house.world.now_ms.fetch_add(STREAM_IDLE_MS + 1, Ordering::SeqCst);
            block_on(house.drain().run()).unwrap();
            house.judged();
        }
        let listed = house.listed(&ALL);
        let found = listed.iter().map(|review| {
            let rules = review.findings.iter().map(|finding| finding.rule).collect();
            (review.entry.id.clone(), rules)
        });
        assert_eq!(found.collect::<BTreeMap<_, BTreeSet<_>>>(), expected, "seed {seed}");
        assert_eq!(listed.len(), expected.len(), "seed {seed}: one is there twice");
        // Streams that are closed and judged are forgotten.
        assert!(house.table.keys("QP#").is_empty(), "seed {seed}");
        let page = block_on(house.list().page(&ALL)).unwrap();
        assert!(page.judged_until_ms > MORNING_MS, "seed {seed}");
    }
}

#[test]
fn many_charts_are_told_once_with_their_number() {
    let house = House::default();
    let journal = house.journal();
    let many = u32::try_from(CHARTS_PER_HOUR_MAX).unwrap() + 10;
    for at in 0..many {
        // Odd numbers: nothing else puts them on the list.
        let person = format!("p{}", at * 10 + 1);
        for again in 0..2 {
            let access = entry(MORNING_MS + u64::from(at), at * 2 + again, &[&person]);
            block_on(journal.append_alone(&access)).unwrap();
        }
    }
    house.judged();
    let listed = house.listed(&ALL);
    assert_eq!(listed.len(), 1);
    let charts = u32::try_from(CHARTS_PER_HOUR_MAX).unwrap() + 1;
    assert_eq!(listed[0].findings, [Finding { rule: Rule::Volume, charts, person: None }]);
    assert_eq!(
        listed[0].entry.id,
        entry(MORNING_MS + u64::from(charts - 1), (charts - 1) * 2, &[]).id
    );
}

#[test]
fn what_opens_no_chart_is_not_judged_as_one() {
    let house = House::default();
    let journal = house.journal();
    let base = entry(MORNING_MS, 1, &["p10"]);
    let with = |change: fn(&mut Entry)| {
        let mut access = base.clone();
        change(&mut access);
        access
    };
    let accesses = [
        with(|access| access.agent.function = Function::Patient),
        with(|access| access.agent.function = Function::Proxy),
        with(|access| access.agent.function = Function::System),
        with(|access| access.agent.function = Function::Auditor),
        with(|access| access.outcome = Ended { status: 403, denied: Some("scope".into()) }),
        with(|access| access.interaction = Interaction::ReadAudit),
        with(|access| access.interaction = Interaction::Review),
        with(|access| {
            access.interaction = Interaction::Search;
            access.items[0].resource_type = "Patient".into();
        }),
        with(|access| {
            access.interaction = Interaction::Create;
            access.items[0].resource_type = "Patient".into();
            access.items[0].change = crate::entry::Change::Created;
        }),
    ];
    for (at, access) in accesses.into_iter().enumerate() {
        let id = entry(MORNING_MS, u32::try_from(at).unwrap(), &[]).id;
        block_on(journal.append_alone(&Entry { id, ..access })).unwrap();
    }
    house.judged();
    assert!(house.listed(&ALL).is_empty());
    assert_eq!(house.known.asked.load(Ordering::SeqCst), 0);
    // The same person, by a search that shows more than who they are.
    let mut access = entry(MORNING_MS, 99, &["p10"]);
    access.interaction = Interaction::Search;
    block_on(journal.append_alone(&access)).unwrap();
    house.judged();
    assert_eq!(house.listed(&ALL).len(), 1);
}

fn conclusion(outcome: Outcome, at_ms: u64) -> Conclusion {
    Conclusion {
        outcome,
        reviewer: Agent { subject: "reviewer".to_owned(), ..Agent::unknown() },
        note: "Seen with the head of service.".to_owned(),
        at_ms,
        entry: entry(at_ms, 7, &[]).id,
    }
}

#[test]
fn conclusions_are_added_and_never_replaced() {
    let house = House::default();
    let journal = house.journal();
    for at in 0..5 {
        block_on(journal.append_alone(&entry(MORNING_MS + at, 1, &["p10"]))).unwrap();
        let tomorrow = entry(MORNING_MS + at * 86_400_000, 2, &["p10"]);
        block_on(journal.append_alone(&tomorrow)).unwrap();
    }
    house.judged();
    let before = house.listed(&ALL);
    assert_eq!(before.len(), 5, "one for each day");
    let review = before[2].clone();
    let list = house.list();
    assert!(block_on(list.conclude(&review, &conclusion(Outcome::FollowUp, 1))).unwrap());
    // Whoever read it before is told that it moved.
    assert!(!block_on(list.conclude(&review, &conclusion(Outcome::Justified, 2))).unwrap());
    let read = block_on(list.find(&review.entry.id)).unwrap().unwrap();
    assert_eq!((read.state(), read.conclusions.len()), (State::FollowUp, 1));
    assert!(block_on(list.conclude(&read, &conclusion(Outcome::NotJustified, 3))).unwrap());
    let states = |state| {
        let wanted = Wanted { state: Some(state), limit: 1, ..ALL };
        house.listed(&wanted).into_iter().map(|review| review.entry.id).collect::<Vec<_>>()
    };
    assert_eq!(states(State::Closed), std::slice::from_ref(&review.entry.id));
    assert_eq!(states(State::Open).len(), 4);
    assert!(states(State::FollowUp).is_empty());
    let counted = |rule| block_on(list.count(&Wanted { rule, ..ALL })).unwrap();
    assert_eq!(counted(None), Counted { open: 4, closed: 1 });
    house.table.page_items.store(2, Ordering::SeqCst);
    assert_eq!(counted(None), Counted { open: 4, closed: 1 }, "page by page");
    assert_eq!(counted(Some(Rule::BreakGlass)), Counted::default());
    let held = block_on(list.of(&review.entry)).unwrap();
    assert_eq!(held.iter().map(|one| one.at_ms).collect::<Vec<_>>(), [1, 3]);
    // What is on the list is as it was.
    let after = house.listed(&ALL);
    assert!(before.iter().zip(&after).all(|(one, other)| one.entry == other.entry));
    assert_eq!(block_on(list.find("01k6hvn2vb0000000000000001")).unwrap(), None);
    assert!(matches!(
        block_on(list.page(&Wanted { cursor: Some("x#y"), ..ALL })),
        Err(JournalError::Cursor)
    ));
}

#[test]
fn a_review_reads_as_it_was_written() {
    let review = Review {
        entry: Entry { items: Vec::new(), ..entry(MORNING_MS, 1, &["p1"]) },
        findings: vec![Finding { rule: Rule::Volume, charts: 61, person: None }],
        conclusions: vec![conclusion(Outcome::FollowUp, 5)],
    };
    let bytes = review.to_bytes().unwrap();
    assert_eq!(Review::from_bytes(&bytes), Ok(review));
    assert_eq!(Review::from_bytes(&[]), Err(EntryError::Malformed));
    assert_eq!(Review::from_bytes(&[9]), Err(EntryError::Layout(9)));
    assert_eq!(Review::from_bytes(&bytes[..bytes.len() - 1]), Err(EntryError::Malformed));
}

#[test]
fn one_person_is_known_by_subject_and_by_licence() {
    let agent = |subject: &str, issuer: &str, licence: Option<&str>| Agent {
        subject: subject.to_owned(),
        issuer: issuer.to_owned(),
        licence: licence.map(str::to_owned),
        ..Agent::unknown()
    };
    let one = agent("a", "i", Some("1"));
    assert!(same_person(&one, &agent("a", "i", None)));
    assert!(same_person(&one, &agent("b", "j", Some("1"))));
    assert!(!same_person(&one, &agent("a", "j", Some("2"))));
    assert!(!same_person(&agent("", "i", None), &agent("", "i", None)));
}
