//! A process that dies after any of its writes leaves nothing half done.

use chart::{Commit, Expect, Home, Record};
use store::faults::{Faults, Faulty};
use store::memory::MemoryTable;

use crate::people::{change, commit, patient, record, retry};
use crate::world::{World, block};

const SLOW: Faults = Faults {
    lost: 0,
    duplicated: 0,
    delayed: 0,
    throttled: 0,
    conflicts: 0,
    late_by_max: 0,
    page_items: 50,
};

fn bundle(resources: usize, text: &str) -> Commit {
    let mut changes = vec![patient("p", Expect::Any, text)];
    for index in 1..resources {
        let person = if index % 2 == 0 { "p" } else { "q" };
        let mut one = change(person, "Observation", &format!("o{index}"), Expect::Any, text);
        one.locator = true;
        changes.push(one);
    }
    commit(changes)
}

/// How many resources show `text`, over both charts.
async fn showing(record: &Record<Faulty<MemoryTable>, World>, text: &str) -> usize {
    let mut reading = record.reading();
    loop {
        let mut count = 0;
        for person in ["p", "q"] {
            let home = Home::Person(person.into());
            let cells = record.cells_in(&mut reading, &home, None).await.unwrap();
            count += cells.iter().filter(|cell| cell.tokens == text.as_bytes()).count();
            for cell in cells {
                let read = record.read(&cell.resource_type, &cell.id).await.unwrap().unwrap();
                assert_eq!(read.version, cell.version);
            }
        }
        if record.whole(&mut reading).unwrap() {
            return count;
        }
    }
}

/// Kills after `step` writes; says whether the process got to its end.
fn killed(resources: usize, step: u64) -> bool {
    let world = World::new(step);
    let table = Faulty::new(MemoryTable::new(), SLOW, step, world.clock());
    let (victim, other) = (table.client(SLOW), record(table.clone(), world.clone()));
    victim.die_after(step);
    if step == 0 {
        return false;
    }
    block(&world, async {
        let first = other.commit(bundle(resources, "old")).await.unwrap();
        if let Some(fold) = first.fold {
            other.fold(*fold).await.unwrap();
        }
        let dying = record(victim.clone(), world.clone());
        let mut request = bundle(resources, "new");
        request.retry = retry("k", "h");
        let outcome = dying.commit(request.clone()).await;
        if let Ok(committed) = &outcome {
            assert_eq!(committed.done.len(), resources);
        }
        let acknowledged = outcome.is_ok();
        if let Some(fold) = outcome.ok().and_then(|committed| committed.fold) {
            let _ = dying.fold(*fold).await;
        }
        let seen = showing(&other, "new").await;
        assert!(seen == resources || (seen == 0 && !acknowledged), "{seen} after {step}");
        assert_eq!(fed(&other).await, if seen == 0 { 1 } else { 2 }, "after {step}");
        world.pass(120_000);
        let (one, two) = futures::join!(other.sweep(), other.sweep());
        one.unwrap();
        two.unwrap();
        assert_eq!(showing(&other, "new").await, seen);
        assert_eq!(fed(&other).await, if seen == 0 { 1 } else { 2 }, "after {step}");
        clean(&table);
        let again = other.commit(request).await.unwrap();
        assert_eq!(again.replayed, seen == resources);
        if let Some(fold) = again.fold {
            other.fold(*fold).await.unwrap();
        }
        assert_eq!(showing(&other, "new").await, resources);
        assert_eq!(other.read("Patient", "p").await.unwrap().unwrap().version, 2);
        let entries = table.inner().dump().keys().filter(|key| key.pk.starts_with("O#")).count();
        assert_eq!(entries, 2);
        assert_eq!(fed(&other).await, 2);
    });
    !victim.is_dead()
}

/// How many commits the feed tells of; each version that it names is there.
async fn fed(record: &Record<Faulty<MemoryTable>, World>) -> usize {
    let items = crate::feed::whole(record).await;
    for item in &items {
        let at: Vec<_> = item.changes.iter().map(|change| change.at.clone()).collect();
        for version in record.fetch(&at).await.unwrap() {
            let shown = record.vread(&version.resource_type, &version.id, version.version).await;
            assert_eq!(shown.unwrap(), Some(version), "what is in the feed is visible");
        }
    }
    items.len()
}

fn clean(table: &Faulty<MemoryTable>) {
    for (key, item) in table.inner().dump() {
        assert!(item.str("lx").is_none() && item.str("cx").is_none(), "{key:?}");
        assert!(!key.pk.starts_with("N#") && !key.pk.starts_with("M#"), "{key:?}");
    }
}

fn every_step(resources: usize) {
    let mut step = 0;
    while !killed(resources, step) {
        step += 1;
        assert!(step < 1000);
    }
    assert!(step >= 2);
}

#[test]
fn of_one_resource() {
    every_step(1);
}

#[test]
fn of_a_small_bundle() {
    every_step(5);
}

#[test]
fn of_a_bundle_in_waves() {
    every_step(50);
}
