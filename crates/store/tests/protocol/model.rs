//! Small histories under every fault, checked against what a record must be:
//! versions dense from 1, nothing acknowledged lost, nothing refused done,
//! bundles whole, one access entry for each commit and none besides.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use chart::{CommitError, Done, Expect, Home, Record, Version};
use store::faults::{Faults, Faulty};
use store::memory::MemoryTable;

use crate::people::{change, commit, patient, record, retry};
use crate::world::{World, run};

type Wrapped = Record<Faulty<MemoryTable>, World>;

/// What a writer knows of one of its commits.
struct Outcome {
    mark: String,
    resources: usize,
    /// Absent when unknown; empty when refused.
    done: Option<Vec<Done>>,
}

pub struct Setting {
    pub faults: Faults,
    pub writers: usize,
    pub operations: usize,
    /// More resources than two, for commits that take waves.
    pub filling: usize,
    pub crash: bool,
    /// Pauses last so many times longer: beyond leases and the store's memory
    /// of tokens. Such clients have no retry keys, and never repeat.
    pub slow: i64,
}

async fn write(record: &Wrapped, world: &World, name: &str, setting: &Setting) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for operation in 0..setting.operations {
        let mark = format!("{name}.{operation}");
        let target = if world.chance.below(2) == 0 { "a" } else { "b" };
        let kind = world.chance.below(4);
        let mut changes = vec![patient(target, Expect::Any, &mark)];
        if kind >= 2 {
            let other = if target == "a" { "b" } else { "a" };
            changes.push(patient(other, Expect::Any, &mark));
            for index in 0..setting.filling {
                let id = format!("o{index}");
                changes.push(change("a", "Observation", &id, Expect::Any, &mark));
            }
        } else if kind == 1 {
            match record.read("Patient", target).await {
                Ok(Some(read)) => changes[0].expect = Expect::Version(read.version),
                Ok(None) => changes[0].expect = Expect::Absent,
                Err(_) => continue,
            }
        }
        let resources = changes.len();
        let mut request = commit(changes);
        let keyed = setting.slow == 1;
        request.retry = retry(&mark, &mark).filter(|_| keyed);
        let mut known = None;
        // A client repeats what it does not know the end of, some times.
        for _ in 0..1 + world.chance.below(if keyed { 3 } else { 1 }) {
            match record.commit(request.clone()).await {
                Ok(committed) => {
                    if let Some(fold) = committed.fold.filter(|_| world.chance.below(3) > 0) {
                        let _ = record.fold(*fold).await;
                    }
                    if !committed.replayed {
                        known = Some(committed.done);
                    }
                    break;
                }
                Err(CommitError::Unavailable { unknown: true, .. }) => known = None,
                Err(CommitError::Unavailable { unknown: false, .. } | CommitError::Contended) => {
                    // Refused now; but an earlier repetition may be unknown.
                }
                Err(CommitError::PreconditionFailed { .. }) => {
                    known = Some(Vec::new());
                    break;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        outcomes.push(Outcome { mark, resources, done: known });
    }
    outcomes
}

async fn sweeping(record: &Wrapped, world: &World, over: &RefCell<usize>) {
    while *over.borrow() > 0 {
        let _ = record.sweep().await;
        let ms = 2_000 + world.chance.below(20_000);
        let world = World { slow: 1, ..world.clone() };
        chart::Environment::sleep(&world, ms).await;
    }
}

/// Marks of a resource's versions, oldest first.
fn marks(versions: &[Version]) -> Vec<String> {
    let mark = |version: &Version| {
        let body = version.body.clone().unwrap();
        let (mark, number) = body.split_once('/').unwrap();
        assert_eq!(number, version.version.to_string());
        mark.to_owned()
    };
    versions.iter().rev().map(mark).collect()
}

pub fn history(seed: u64, setting: &Setting) {
    let world = World { slow: setting.slow, ..World::new(seed) };
    let quiet = Faults::default();
    let base = MemoryTable::with_clock(world.clock());
    let table = Faulty::new(base, setting.faults, seed, world.clock());
    let calm = record(table.client(quiet), world.clone());
    let open = RefCell::new(setting.writers);
    let outcomes = RefCell::new(Vec::new());
    let clients: Vec<_> = (0..setting.writers + 2).map(|_| table.client(setting.faults)).collect();
    if setting.crash {
        clients[0].die_after(1 + world.chance.below(14 + 3 * setting.filling as u64));
    }
    let records: Vec<Wrapped> =
        clients.iter().map(|client| record(client.clone(), world.clone())).collect();
    let mut tasks: Vec<std::pin::Pin<Box<dyn Future<Output = ()> + '_>>> = Vec::new();
    for (index, own) in records.iter().enumerate() {
        let (world, open, outcomes) = (&world, &open, &outcomes);
        if index < setting.writers {
            tasks.push(Box::pin(async move {
                let made = write(own, world, &format!("w{index}"), setting).await;
                outcomes.borrow_mut().extend(made);
                *open.borrow_mut() -= 1;
            }));
        } else {
            tasks.push(Box::pin(sweeping(own, world, open)));
        }
    }
    run(&world, tasks);
    world.pass(7_200_000);
    let outcomes = outcomes.into_inner();
    run(
        &world,
        vec![Box::pin(async {
            for round in 0..3 {
                calm.sweep().await.unwrap();
                check(&calm, &table, &outcomes, setting).await;
                table.deliver_late().await;
                check(&calm, &table, &outcomes, setting).await;
                world.pass(7_200_000);
                // What late writes left must not hinder anybody.
                if round == 1 {
                    for person in ["a", "b"] {
                        let next = commit(vec![patient(person, Expect::Any, "last")]);
                        calm.commit(next).await.unwrap();
                    }
                }
            }
        })],
    );
}

async fn check(
    record: &Wrapped,
    table: &Faulty<MemoryTable>,
    outcomes: &[Outcome],
    setting: &Setting,
) {
    let mut held: BTreeMap<String, usize> = BTreeMap::new();
    let mut commits = BTreeSet::new();
    let mut ids: Vec<(&str, String)> = vec![("Patient", "a".into()), ("Patient", "b".into())];
    ids.extend((0..setting.filling).map(|index| ("Observation", format!("o{index}"))));
    for (resource_type, id) in &ids {
        let home = Home::Person(if id == "b" { "b".into() } else { "a".into() });
        let place = chart::Place {
            home: home.clone(),
            resource_type: (*resource_type).into(),
            id: id.clone(),
        };
        let Some(cell) = record.cells_at(&[place]).await.unwrap().remove(0) else { continue };
        let mut versions = Vec::new();
        for number in 1..=cell.version {
            versions.extend(vread(record, &home, resource_type, id, number).await);
        }
        versions.reverse();
        let numbers: Vec<u64> = versions.iter().rev().map(|version| version.version).collect();
        assert_eq!(numbers, (1..=cell.version).collect::<Vec<_>>(), "{resource_type}/{id}");
        let times: Vec<i64> = versions.iter().rev().map(|v| v.last_updated_ms).collect();
        assert!(times.windows(2).all(|two| two[0] < two[1]));
        commits.extend(versions.iter().map(|version| version.commit.clone()));
        let marks = marks(&versions);
        for outcome in outcomes {
            let Some(done) = &outcome.done else { continue };
            for done in done.iter().filter(|d| d.resource_type == *resource_type && d.id == *id) {
                let at = usize::try_from(done.version).unwrap() - 1;
                assert_eq!(marks[at], outcome.mark, "acknowledged and lost");
            }
        }
        for mark in marks {
            *held.entry(mark).or_default() += 1;
        }
    }
    for outcome in outcomes {
        let count = held.get(&outcome.mark).copied().unwrap_or(0);
        assert!(count == 0 || count == outcome.resources, "{} in {count}", outcome.mark);
        if let Some(done) = &outcome.done {
            assert_eq!(done.len(), count, "{} was refused or done twice", outcome.mark);
        }
    }
    let dump = table.inner().dump();
    let entries: BTreeSet<String> =
        dump.keys().filter(|key| key.pk.starts_with("O#")).map(|key| key.sk.clone()).collect();
    assert_eq!(entries, commits, "an access entry for each commit, and none besides");
    let mut fed: BTreeSet<String> = BTreeSet::new();
    for item in crate::feed::whole(record).await {
        assert!(!item.changes.is_empty());
        let at: Vec<_> = item.changes.into_iter().map(|change| change.at).collect();
        for version in record.fetch(&at).await.unwrap() {
            assert_eq!(version.commit, item.place.commit);
            assert_eq!(version.last_updated_ms, item.place.at_ms);
        }
        assert!(fed.insert(item.place.commit), "a commit is in the feed once");
    }
    assert_eq!(fed, commits, "a feed item for each visible commit, and none besides");
}

/// `Patient` homes follow from the id; observations here are named plainly.
async fn vread(
    record: &Wrapped,
    home: &Home,
    resource_type: &str,
    id: &str,
    version: u64,
) -> Vec<Version> {
    if resource_type == "Patient" {
        return record.vread(resource_type, id, version).await.unwrap().into_iter().collect();
    }
    let at = chart::CellRef {
        home: home.clone(),
        resource_type: resource_type.into(),
        id: id.into(),
        version,
    };
    record.fetch(&[at]).await.unwrap()
}

fn faults() -> Faults {
    Faults {
        lost: 40,
        duplicated: 60,
        delayed: 40,
        throttled: 30,
        conflicts: 40,
        late_by_max: 600,
        page_items: 3,
    }
}

#[test]
fn three_writers_two_people_one_crash() {
    for seed in 0..800 {
        let setting = Setting {
            faults: faults(),
            writers: 3,
            operations: 4,
            filling: 0,
            crash: true,
            slow: 1,
        };
        history(seed, &setting);
    }
}

#[test]
fn three_writers_in_waves_one_crash() {
    for seed in 0..24 {
        let setting = Setting {
            faults: faults(),
            writers: 3,
            operations: 2,
            filling: 50,
            crash: true,
            slow: 1,
        };
        history(90_000 + seed, &setting);
    }
}

#[test]
fn late_deliveries_of_everything() {
    for seed in 0..250 {
        let faults = Faults { duplicated: 400, delayed: 150, late_by_max: 5_000, ..faults() };
        let setting =
            Setting { faults, writers: 3, operations: 3, filling: 1, crash: false, slow: 1 };
        history(50_000 + seed, &setting);
    }
}

#[test]
fn replies_lost_for_longer_than_tokens_and_leases_live() {
    for seed in 0..400 {
        let faults = Faults { lost: 200, delayed: 100, ..faults() };
        let setting =
            Setting { faults, writers: 3, operations: 3, filling: 1, crash: false, slow: 60_000 };
        history(70_000 + seed, &setting);
    }
}
