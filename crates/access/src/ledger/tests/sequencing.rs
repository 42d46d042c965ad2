use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use chart::table::{Key, Table, Value};
use futures::executor::block_on;
use store::faults::{Faults, Faulty};
use store::memory::MemoryTable;

use super::entry;
use super::world::{Task, World, audit, run, settle, turn, write};
use crate::journal::stream::SEED;
use crate::journal::{Drain, Environment, NoOutbox};
use crate::ledger::Sequencer;
use crate::ledger::rows::{finished_pk, head_key, positions_pk};
use crate::limits::{SEQUENCE_ENTRIES_MAX, STREAM_IDLE_MS};

const WRONG: Faults = Faults {
    lost: 30,
    duplicated: 30,
    delayed: 30,
    throttled: 30,
    conflicts: 30,
    late_by_max: 40,
    page_items: 7,
};

/// What a drain does twice when it dies between writing and acknowledging.
fn doubled(number: u32) -> bool {
    number % 11 == 3
}

/// A gateway that writes entries into its stream; those whose write it knows of.
async fn writes(
    table: Faulty<MemoryTable>,
    world: &Arc<World>,
    numbers: std::ops::Range<u32>,
    accepted: &RefCell<BTreeSet<String>>,
) {
    let mut stream = None;
    let mut next = numbers.start;
    while next < numbers.end {
        let until = (next + 1 + world.below(40) as u32).min(numbers.end);
        // Made within some seconds, rarely within many: an outbox after an outage.
        let span = if world.below(4) == 0 { 90_000 } else { 3_000 };
        let base = world.now_ms() - 100_000;
        let made = |number| {
            // An entry that is written twice is the same entry.
            let at_ms = if doubled(number) { 1_789_000_000_000 } else { base + world.below(span) };
            entry(at_ms, number)
        };
        let all: Vec<_> = (next..until).map(made).collect();
        if write(&table, world, &mut stream, &all).await.is_ok() {
            accepted.borrow_mut().extend(all.iter().map(|entry| entry.id.clone()));
        }
        let again: Vec<_> = (next..until).filter(|number| doubled(*number)).map(made).collect();
        if !again.is_empty() {
            let mut another = None;
            let _ = write(&table, world, &mut another, &again).await;
        }
        next = until;
        for _ in 0..60 {
            turn().await;
        }
    }
}

/// A sequencer that dies after a few writes, again and again; how often.
async fn sequences(
    table: Faulty<MemoryTable>,
    world: Arc<World>,
    ended: &Cell<bool>,
    died: &Cell<u32>,
) {
    while !ended.get() {
        let mine = table.client(WRONG);
        mine.die_after(1 + world.below(4));
        let sequencer = Sequencer::new(Arc::new(mine.clone()), Arc::clone(&world), "06");
        while !mine.is_dead() && !ended.get() {
            // Whatever a fault makes of it, the next pass goes on.
            let _ = sequencer.run().await;
            turn().await;
        }
        died.set(died.get() + u32::from(mine.is_dead()));
    }
}

async fn drains(table: Faulty<MemoryTable>, world: Arc<World>, ended: &Cell<bool>) {
    let table = Arc::new(table.client(WRONG));
    let drain = Drain::new(table, Arc::clone(&world), Arc::new(NoOutbox), "06");
    while !ended.get() {
        let _ = drain.run().await;
        // Now and then, every stream has been silent for long.
        if world.below(6) == 0 {
            world.pass(STREAM_IDLE_MS);
        }
        turn().await;
    }
}

fn simulated(seed: u64) -> u32 {
    let world = World::new(seed);
    let memory = MemoryTable::with_clock(world.clock());
    let table = Faulty::new(memory.clone(), WRONG, seed, world.clock());
    let (accepted, ended, died) = (RefCell::default(), Cell::new(false), Cell::new(0));
    let open = Cell::new(2);
    let writer = |numbers: std::ops::Range<u32>| -> Task<'_> {
        let (table, world, accepted) = (table.client(WRONG), &world, &accepted);
        let (open, ended) = (&open, &ended);
        Box::pin(async move {
            writes(table, world, numbers, accepted).await;
            open.set(open.get() - 1);
            ended.set(open.get() == 0);
        })
    };
    let tasks: Vec<Task<'_>> = vec![
        writer(0..330),
        writer(1000..1330),
        Box::pin(sequences(table.clone(), Arc::clone(&world), &ended, &died)),
        Box::pin(sequences(table.clone(), Arc::clone(&world), &ended, &died)),
        Box::pin(drains(table.clone(), Arc::clone(&world), &ended)),
    ];
    run(&world, tasks);
    block_on(async {
        table.deliver_late().await;
        settle(&Arc::new(memory.clone()), &world).await;
        let logged = audit(&memory).await;
        let accepted = accepted.into_inner();
        assert!(accepted.is_subset(&logged), "an accepted entry was lost");
        assert!(accepted.len() > 300, "{} accepted", accepted.len());
    });
    died.get()
}

#[test]
fn two_sequencers_that_die_lose_and_double_nothing() {
    // Each seed kills several times, between any two of a sequencer's writes.
    let died: u32 = (0..200).map(simulated).sum();
    assert!(died > 400, "{died} deaths");
}

#[test]
fn many_passes_make_one_log() {
    let world = World::new(5);
    let table = Arc::new(MemoryTable::with_clock(world.clock()));
    block_on(async {
        let mut stream = None;
        let mut number = 0;
        for _ in 0..6 {
            let all: Vec<_> =
                (number..number + 900).map(|each| entry(world.now_ms(), each)).collect();
            number += 900;
            write(&*table, &world, &mut stream, &all).await.unwrap();
        }
        let sequencer = Sequencer::new(Arc::clone(&table), Arc::clone(&world), "06");
        let first = sequencer.run().await.unwrap();
        assert_eq!(first.appended, SEQUENCE_ENTRIES_MAX as u64);
        assert!(first.more && !first.overtaken);
        assert_eq!(settle(&table, &world).await, 5400);
        assert_eq!(audit(&table).await.len(), 5400);
        let again = sequencer.run().await.unwrap();
        assert_eq!((again.appended, again.more, again.size), (0, false, 5400));
    });
}

#[test]
fn whoever_was_overtaken_changes_nothing() {
    let world = World::new(6);
    let memory = MemoryTable::with_clock(world.clock());
    let slow = Faults { page_items: 3, ..Faults::default() };
    let table = Arc::new(Faulty::new(memory.clone(), slow, 6, world.clock()));
    let mut stream = None;
    let all: Vec<_> = (0..50).map(|each| entry(world.now_ms(), each)).collect();
    block_on(write(&*table, &world, &mut stream, &all)).unwrap();
    block_on(settle(&table, &world));
    let more: Vec<_> = (50..90).map(|each| entry(world.now_ms(), each)).collect();
    block_on(write(&*table, &world, &mut stream, &more)).unwrap();
    let (overtaken, appended) = (Cell::new(0), Cell::new(0));
    let tasks: Vec<Task<'_>> = (0..4)
        .map(|_| -> Task<'_> {
            let sequencer = Sequencer::new(Arc::clone(&table), Arc::clone(&world), "06");
            let (overtaken, appended) = (&overtaken, &appended);
            Box::pin(async move {
                match sequencer.run().await {
                    Ok(done) => {
                        overtaken.set(overtaken.get() + u32::from(done.overtaken));
                        appended.set(appended.get() + done.appended);
                    }
                    Err(_) => overtaken.set(overtaken.get() + 1),
                }
            })
        })
        .collect();
    run(&world, tasks);
    assert_eq!(appended.get(), 40);
    assert!(overtaken.get() > 0, "nobody was overtaken");
    assert_eq!(block_on(audit(&memory)).len(), 90);
}

/// Keys of a partition.
fn keys(table: &MemoryTable, pk: &str) -> Vec<Key> {
    table.dump().into_keys().filter(|key| key.pk == pk).collect()
}

#[test]
fn a_stream_that_was_drained_and_closed_is_sequenced_once() {
    let world = World::new(7);
    let table = Arc::new(MemoryTable::with_clock(world.clock()));
    let drain = Drain::new(Arc::clone(&table), Arc::clone(&world), Arc::new(NoOutbox), "06");
    block_on(async {
        let mut stream = None;
        let all: Vec<_> = (0..20).map(|each| entry(world.now_ms(), each)).collect();
        write(&*table, &world, &mut stream, &all).await.unwrap();
        // Nobody sequences while the drain indexes, marks and unregisters it.
        for _ in 0..3 {
            drain.run().await.unwrap();
            world.pass(STREAM_IDLE_MS);
        }
        assert_eq!(keys(&table, "JS#06").len(), 0);
        assert_eq!(keys(&table, "JZ#06").len(), 1);
        assert_eq!(settle(&table, &world).await, 20);
        assert_eq!(keys(&table, &positions_pk("06")).len(), 0);
        assert_eq!(keys(&table, &finished_pk("06")).len(), 1);
        // Neither a drain nor a sequencer brings it back.
        drain.run().await.unwrap();
        assert_eq!(settle(&table, &world).await, 20);
        audit(&table).await;
    });
}

#[test]
fn what_was_closed_before_there_was_a_ledger_is_taken_in() {
    let world = World::new(8);
    let table = Arc::new(MemoryTable::with_clock(world.clock()));
    block_on(async {
        let mut stream = None;
        let all: Vec<_> = (0..9).map(|each| entry(world.now_ms(), each)).collect();
        write(&*table, &world, &mut stream, &all).await.unwrap();
        let register = keys(&table, "JS#06")[0].clone();
        let item = table.get(&register).await.unwrap().unwrap();
        let kept = Key::new("JZ#06", &register.sk);
        let put = |key, item| chart::table::Write::put(key, item, chart::table::Condition::Always);
        table.write(put(kept, item)).await.unwrap();
        let gone = chart::table::Write::delete(register.clone(), chart::table::Condition::Always);
        table.write(gone).await.unwrap();
        // And its items had no seeds.
        let written = Key::new(format!("J#06#{}", register.sk), "000000000000");
        let mut item = table.get(&written).await.unwrap().unwrap();
        assert!(matches!(item.get(SEED), Some(Value::B(seed)) if seed.len() == 32));
        item.remove(SEED);
        table.write(put(written, item)).await.unwrap();
        assert_eq!(settle(&table, &world).await, 9);
        let open: BTreeSet<String> =
            keys(&table, &positions_pk("06")).into_iter().map(|key| key.sk).collect();
        assert_eq!(open, BTreeSet::from([register.sk]));
        assert!(table.get(&head_key("06")).await.unwrap().is_some());
    });
}
