use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::executor::block_on;
use proptest::prelude::*;

use super::table::{Memory, Waiting, World};
use super::*;
use crate::limits::STREAM_IDLE_MS;

const PERSONS: [&str; 3] = ["p1", "p2", "p3"];

struct House {
    table: Arc<Memory>,
    world: Arc<World>,
    outbox: Arc<Waiting>,
}

impl House {
    fn new() -> Self {
        Self { table: Arc::default(), world: Arc::default(), outbox: Arc::default() }
    }

    fn journal(&self, region: &str) -> Journal<Memory, World> {
        Journal::new(Arc::clone(&self.table), Arc::clone(&self.world), region).0
    }

    fn drain(&self, region: &str) -> Drain<Memory, World, Waiting> {
        let (table, world) = (Arc::clone(&self.table), Arc::clone(&self.world));
        Drain::new(table, world, Arc::clone(&self.outbox), region)
    }

    fn reader(&self) -> Reader<Memory, Waiting> {
        let regions = vec!["04".to_owned(), "06".to_owned()];
        Reader::new(Arc::clone(&self.table), Arc::clone(&self.outbox), regions)
    }

    /// Every entry, page by page.
    fn all(&self, person: Option<&str>, from_ms: u64, to_ms: u64, limit: usize) -> Vec<String> {
        let reader = self.reader();
        let mut ids = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let after = cursor.as_deref();
            let search = Search { person, region: None, from_ms, to_ms, limit, cursor: after };
            let page = block_on(reader.search(&search)).unwrap();
            assert!(page.entries.len() <= limit);
            ids.extend(page.entries.into_iter().map(|entry| entry.id));
            match page.next {
                Some(next) => cursor = Some(next),
                None => return ids,
            }
        }
    }
}

fn expected(entries: &[Entry], person: Option<&str>, from_ms: u64, to_ms: u64) -> Vec<String> {
    let mut within: Vec<&Entry> = entries
        .iter()
        .filter(|entry| (from_ms..=to_ms).contains(&entry.at_ms))
        .filter(|entry| person.is_none_or(|person| entry.persons.iter().any(|p| p == person)))
        .collect();
    within.sort_by(|one, other| (other.at_ms, &other.id).cmp(&(one.at_ms, &one.id)));
    within.into_iter().map(|entry| entry.id.clone()).collect()
}

#[derive(Clone, Debug)]
enum Step {
    /// Region, instant in seconds, persons as bits.
    Append(bool, u64, u8),
    Commit(u64, u8),
    Drain(bool),
    Deaf(bool),
    Later,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<bool>(), 0..200_u64, 0..8_u8).prop_map(|(a, b, c)| Step::Append(a, b, c)),
        2 => (0..200_u64, 0..8_u8).prop_map(|(a, b)| Step::Commit(a, b)),
        2 => any::<bool>().prop_map(Step::Drain),
        1 => any::<bool>().prop_map(Step::Deaf),
        1 => Just(Step::Later),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever was journaled is found at once, whole, in order, wherever it is.
    #[test]
    fn searches_equal_brute_force(
        steps in proptest::collection::vec(step(), 1..60),
        limit in 1..7_usize,
        page_items in 0..4_u64,
        lose_reply_every in 0..4_u64,
        window in (0..200_u64, 0..200_u64),
    ) {
        let house = House::new();
        house.table.page_items.store(page_items, Ordering::SeqCst);
        house.table.lose_reply_every.store(if lose_reply_every == 1 { 0 } else { lose_reply_every }, Ordering::SeqCst);
        let (first, second) = (house.journal("06"), house.journal("04"));
        let drains = [house.drain("06"), house.drain("04")];
        let mut entries = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            let number = number as u32;
            let make = |at_s: u64, bits: u8| {
                let named = PERSONS.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
                let named: Vec<&str> = named.map(|(_, person)| *person).collect();
                entry(1_790_000_000_000 + at_s * 1000, number, &named)
            };
            match step {
                Step::Append(here, at_s, bits) => {
                    let made = make(at_s, bits);
                    let journal = if here { &first } else { &second };
                    block_on(journal.append_alone(&made)).unwrap();
                    entries.push(made);
                }
                Step::Commit(at_s, bits) => {
                    let made = make(at_s, bits);
                    house.outbox.waiting.lock().unwrap().insert(number, made.to_bytes().unwrap());
                    entries.push(made);
                }
                // A failing acknowledgement or a lost reply may stop a pass.
                Step::Drain(here) => drop(block_on(drains[usize::from(here)].run())),
                Step::Deaf(deaf) => house.outbox.deaf.store(deaf, Ordering::SeqCst),
                Step::Later => drop(house.world.now_ms.fetch_add(STREAM_IDLE_MS, Ordering::SeqCst)),
            }
        }
        let (from, to) = (window.0.min(window.1), window.0.max(window.1));
        let base = 1_790_000_000_000;
        for (from_ms, to_ms) in [(0, u64::MAX), (base + from * 1000, base + to * 1000)] {
            for person in [None, Some("p1"), Some("p2"), Some("p3"), Some("p4")] {
                prop_assert_eq!(
                    house.all(person, from_ms, to_ms, limit),
                    expected(&entries, person, from_ms, to_ms)
                );
            }
        }
    }
}

#[test]
fn nothing_falls_between_while_two_drains_run() {
    let house = House::new();
    house.table.page_items.store(3, Ordering::SeqCst);
    let journal = house.journal("06");
    let done = AtomicBool::new(false);
    let mut missed = None;
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let drain = house.drain("06");
            let done = &done;
            scope.spawn(move || {
                while !done.load(Ordering::SeqCst) {
                    block_on(drain.run()).unwrap();
                }
            });
        }
        for number in 0..150_u32 {
            let made = entry(1_790_000_000_000 + u64::from(number % 7), number, &["p1"]);
            if number.is_multiple_of(4) {
                let bytes = made.to_bytes().unwrap();
                house.outbox.waiting.lock().unwrap().insert(number, bytes);
            } else {
                block_on(journal.append_alone(&made)).unwrap();
            }
            let person = (number % 2 == 0).then_some("p1");
            let found = house.all(person, 0, u64::MAX, 1000).len();
            missed = missed.or((found != number as usize + 1).then_some((number, found)));
        }
        done.store(true, Ordering::SeqCst);
    });
    assert_eq!(missed, None, "number of the entry, entries found");
}

#[test]
fn a_pass_moves_the_watermark_and_an_idle_stream_is_closed() {
    let house = House::new();
    let (journal, drain) = (house.journal("06"), house.drain("06"));
    for number in 0..10 {
        block_on(journal.append_alone(&entry(5, number, &["p1", "p2"]))).unwrap();
    }
    house.outbox.waiting.lock().unwrap().insert(1, vec![1, 2, 3]);
    let first = block_on(drain.run()).unwrap();
    assert_eq!(first, Drained { moved: 0, indexed: 10, damaged: 1, more: false });
    house.outbox.waiting.lock().unwrap().clear();
    assert_eq!(block_on(drain.run()).unwrap(), Drained::default());
    // Ten entries, one index item for each person and one for the region.
    assert_eq!(table_keys(&house, "A#"), 3);

    house.world.now_ms.fetch_add(STREAM_IDLE_MS, Ordering::SeqCst);
    for _ in 0..2 {
        block_on(drain.run()).unwrap();
    }
    assert_eq!((table_keys(&house, "JS#06"), table_keys(&house, "JZ#06")), (0, 1));
    // The writer lives after all: it opens another stream.
    block_on(journal.append_alone(&entry(6, 11, &["p1"]))).unwrap();
    assert_eq!(table_keys(&house, "JS#06"), 1);
    assert_eq!(house.all(Some("p1"), 0, u64::MAX, 4).len(), 11);
}

fn table_keys(house: &House, prefix: &str) -> usize {
    house.table.keys(prefix).len()
}

#[test]
fn one_entry_is_found_by_its_id() {
    let house = House::new();
    let journal = house.journal("04");
    for number in 0..5 {
        block_on(journal.append_alone(&entry(7, number, &["p1"]))).unwrap();
    }
    let wanted = entry(7, 3, &["p1"]);
    let reader = house.reader();
    assert_eq!(block_on(reader.find(&wanted.id)).unwrap(), Some(wanted.clone()));
    block_on(house.drain("04").run()).unwrap();
    assert_eq!(block_on(reader.find(&wanted.id)).unwrap(), Some(wanted));
    assert_eq!(block_on(reader.find(&entry(7, 99, &[]).id)).unwrap(), None);
    assert_eq!(block_on(reader.find("nothing")).unwrap(), None);
    let wrong =
        Search { person: None, region: None, from_ms: 0, to_ms: 9, limit: 1, cursor: Some("x") };
    assert_eq!(block_on(reader.search(&wrong)), Err(JournalError::Cursor));
}
