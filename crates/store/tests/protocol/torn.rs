//! No reader ever sees half of a bundle.

use std::cell::Cell as Counter;

use chart::{Cell, Expect, Home, ReadError, Record};
use store::faults::{Faults, Faulty};
use store::memory::MemoryTable;

use crate::people::{change, commit, patient, record};
use crate::world::{World, run};

type Wrapped = Record<Faulty<MemoryTable>, World>;

const SLOW: Faults = Faults {
    lost: 0,
    duplicated: 0,
    delayed: 0,
    throttled: 5,
    conflicts: 20,
    late_by_max: 0,
    page_items: 3,
};

fn mark(cell: &Cell) -> String {
    String::from_utf8(cell.tokens.clone()).unwrap()
}

/// Both charts, as one reader of everything sees them.
async fn everything(record: &Wrapped) -> Result<Vec<Cell>, ReadError> {
    let mut reading = record.reading();
    loop {
        let mut cells = Vec::new();
        for person in ["a", "b"] {
            let home = Home::Person(person.into());
            cells.extend(record.cells_in(&mut reading, &home, None).await?);
        }
        if record.whole(&mut reading)? {
            return Ok(cells);
        }
    }
}

/// Bundles over two people carry one mark; somebody else updates one of the
/// resources alone, keeping the mark it read; a reader compares.
fn two_people(seed: u64, resources: usize, rounds: usize) -> (u32, u32) {
    let world = World::new(seed);
    let table = Faulty::new(MemoryTable::new(), SLOW, seed, world.clock());
    let make = || record(table.client(SLOW), world.clone());
    let (writer, toucher, reader) = (make(), make(), make());
    let done = Counter::new(false);
    let (whole, torn_avoided) = (Counter::new(0), Counter::new(0));
    let bundle = |round: usize| {
        let text = format!("m{round}");
        let mut changes = vec![patient("a", Expect::Any, &text), patient("b", Expect::Any, &text)];
        for index in 0..resources {
            let person = if index % 2 == 0 { "a" } else { "b" };
            changes.push(change(person, "Observation", &format!("o{index}"), Expect::Any, &text));
        }
        commit(changes)
    };
    run(
        &world,
        vec![
            Box::pin(async {
                for round in 0..rounds {
                    let committed = writer.commit(bundle(round)).await.unwrap();
                    if world.chance.below(4) > 0 {
                        writer.fold(*committed.fold.unwrap()).await.unwrap();
                    }
                    world.pass(world.chance.below(3000) as i64);
                }
                done.set(true);
            }),
            Box::pin(async {
                while !done.get() {
                    let home = Home::Person("b".into());
                    let Ok(cells) = toucher.cells(&home, Some("Patient")).await else { continue };
                    let Some(cell) = cells.first() else { continue };
                    let one = patient("b", Expect::Version(cell.version), &mark(cell));
                    let _ = toucher.commit(commit(vec![one])).await;
                }
            }),
            Box::pin(async {
                while !done.get() {
                    match everything(&reader).await {
                        Ok(cells) => {
                            let marks: Vec<String> = cells.iter().map(mark).collect();
                            assert!(
                                marks.windows(2).all(|two| two[0] == two[1]),
                                "torn: {marks:?}"
                            );
                            assert!(cells.is_empty() || cells.len() == resources + 2);
                            whole.set(whole.get() + 1);
                        }
                        Err(ReadError::Contended) => torn_avoided.set(torn_avoided.get() + 1),
                        Err(error) => panic!("{error}"),
                    }
                }
            }),
        ],
    );
    (whole.get(), torn_avoided.get())
}

#[test]
fn a_bundle_over_two_people_is_never_seen_torn() {
    let mut seen = 0;
    for seed in 0..60 {
        seen += two_people(seed, 2, 12).0;
    }
    assert!(seen > 200, "readers must get through: {seen}");
}

#[test]
fn a_bundle_in_waves_is_never_seen_torn() {
    let mut seen = 0;
    for seed in 0..6 {
        seen += two_people(1000 + seed, 60, 5).0;
    }
    assert!(seen > 5, "readers must get through: {seen}");
}
