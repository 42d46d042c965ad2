//! Round trips are part of the contract.

use chart::{Expect, Home, Record};
use store::faults::{Counting, Counts};
use store::memory::MemoryTable;

use crate::people::{change, commit, patient, record, retry};
use crate::world::{World, block};

type Counted = Record<Counting<MemoryTable>, World>;

fn fresh() -> (World, Counted) {
    let world = World::new(11);
    let table = Counting::new(MemoryTable::with_clock(world.clock()));
    (world.clone(), record(table, world))
}

fn trips(record: &Counted) -> u64 {
    record.table().take().trips
}

#[test]
fn creating_takes_one_reading_one_updating_two() {
    let (world, record) = fresh();
    block(&world, async {
        let mut create = commit(vec![patient("p", Expect::Absent, "a")]);
        create.retry = retry("k", "h");
        record.commit(create).await.unwrap();
        // X, V, O, K, F in one transaction.
        assert_eq!(record.table().take(), Counts { trips: 1, items_read: 0, items_written: 5 });
        record.read("Patient", "p").await.unwrap().unwrap();
        assert_eq!(record.table().take(), Counts { trips: 1, items_read: 1, items_written: 0 });
        record.commit(commit(vec![patient("p", Expect::Version(1), "b")])).await.unwrap();
        assert_eq!(record.table().take(), Counts { trips: 2, items_read: 1, items_written: 4 });
        let held = || chart::Change { digest: Some([7; 16]), ..patient("p", Expect::Any, "c") };
        record.commit(commit(vec![held()])).await.unwrap();
        record.table().take();
        // What is there already costs the reading of its cell.
        let done = record.commit(commit(vec![held()])).await.unwrap().done;
        assert!(done[0].unchanged);
        assert_eq!(record.table().take(), Counts { trips: 1, items_read: 1, items_written: 0 });
        record.vread("Patient", "p", 1).await.unwrap().unwrap();
        assert_eq!(trips(&record), 1);
        record.history("Patient", "p", None, 50).await.unwrap();
        assert_eq!(trips(&record), 1);
    });
}

#[test]
fn an_id_of_the_client_takes_two_to_read() {
    let (world, record) = fresh();
    block(&world, async {
        let mut put = change("p", "Observation", "mine", Expect::Any, "a");
        put.locator = true;
        record.commit(commit(vec![put])).await.unwrap();
        assert_eq!(trips(&record), 2);
        record.read("Observation", "mine").await.unwrap().unwrap();
        assert_eq!(trips(&record), 2);
    });
}

#[test]
fn a_small_bundle_takes_three_and_a_fold() {
    let (world, record) = fresh();
    block(&world, async {
        let bundle = |expect| {
            commit(
                (0..10)
                    .map(|i| change("p", "Observation", &format!("o{i}"), expect, "a"))
                    .collect(),
            )
        };
        let made = record.commit(bundle(Expect::Absent)).await.unwrap();
        assert_eq!(trips(&record), 2);
        record.fold(*made.fold.unwrap()).await.unwrap();
        record.table().take();
        record.commit(bundle(Expect::Any)).await.unwrap();
        assert_eq!(trips(&record), 3);
    });
}

#[test]
fn a_bundle_of_thousands_takes_as_few_waves() {
    let (world, record) = fresh();
    block(&world, async {
        let one = |i: usize| change("p", "Observation", &format!("o{i}"), Expect::Any, "a");
        let made = record.commit(commit((0..3419).map(one).collect())).await.unwrap();
        // Cells, opening, locks, versions, seal.
        assert_eq!(trips(&record), 5);
        record.fold(*made.fold.unwrap()).await.unwrap();
        assert!(trips(&record) <= 6);
    });
}

#[test]
fn a_chart_takes_its_pages_and_one_wave() {
    let (world, record) = fresh();
    block(&world, async {
        let one = |i: usize| change("p", "Observation", &format!("o{i}"), Expect::Absent, "a");
        let made = record.commit(commit((0..500).map(one).collect())).await.unwrap();
        record.fold(*made.fold.unwrap()).await.unwrap();
        world.pass(60_000);
        record.table().take();
        let cells = record.cells(&Home::Person("p".into()), Some("Observation")).await.unwrap();
        assert_eq!(trips(&record), 1);
        let references: Vec<_> = cells.iter().map(|cell| cell.reference()).collect();
        assert_eq!(record.fetch(&references).await.unwrap().len(), 500);
        assert_eq!(trips(&record), 1);
    });
}
