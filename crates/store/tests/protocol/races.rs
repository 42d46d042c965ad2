//! Many at once for one thing.

use std::cell::RefCell;

use chart::{Claim, CommitError, Expect, Guard, Home, Period, keys};
use store::faults::{Faults, Faulty};
use store::memory::MemoryTable;

use crate::people::{commit, patient, record};
use crate::world::{World, run};

const BUSY: Faults = Faults {
    lost: 20,
    duplicated: 20,
    delayed: 10,
    throttled: 20,
    conflicts: 50,
    late_by_max: 500,
    page_items: 3,
};

#[test]
fn fifty_conditional_creates_make_one() {
    for seed in 0..4 {
        let world = World::new(seed);
        let faults = if seed == 0 { Faults { page_items: 3, ..Faults::default() } } else { BUSY };
        let table = Faulty::new(MemoryTable::new(), faults, seed, world.clock());
        let made = RefCell::new(Vec::new());
        let one = |index: usize| {
            let record = record(table.client(faults), world.clone());
            let (made, world) = (&made, world.clone());
            async move {
                let key = keys::claim_key("nam", "TREM");
                loop {
                    let Ok((generation, owners)) = record.generation_and_owners(&key).await else {
                        continue;
                    };
                    if let Some(owner) = owners.first() {
                        made.borrow_mut().push((owner.id.clone(), false));
                        return;
                    }
                    let id = format!("p{index}x{}", world.chance.below(1000));
                    let mut change = patient(&id, Expect::Absent, "x");
                    change.claims = vec![Claim { key: key.clone(), period: Period::ALWAYS }];
                    let mut create = commit(vec![change]);
                    create.guards = vec![Guard { key: key.clone(), generation }];
                    match record.commit(create).await {
                        Ok(_) => return made.borrow_mut().push((id, true)),
                        Err(CommitError::LostRace { .. } | CommitError::Contended) => {}
                        Err(CommitError::Unavailable { .. }) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
            }
        };
        run(&world, (0..50).map(|index| Box::pin(one(index)) as _).collect());
        let made = made.into_inner();
        assert_eq!(made.len(), 50);
        assert!(made.iter().filter(|(_, created)| *created).count() <= 1);
        let ids: std::collections::BTreeSet<&String> = made.iter().map(|(id, _)| id).collect();
        assert_eq!(ids.len(), 1);
        let cells = table.inner().dump().keys().filter(|key| key.sk.starts_with("X#")).count();
        assert_eq!(cells, 1);
    }
}

#[test]
fn fifty_updates_with_one_version_make_one() {
    for seed in 0..4 {
        let world = World::new(seed);
        let faults = if seed == 0 { Faults { page_items: 3, ..Faults::default() } } else { BUSY };
        let table = Faulty::new(MemoryTable::new(), faults, seed, world.clock());
        let first = record(table.client(Faults::default()), world.clone());
        let outcomes = RefCell::new(Vec::new());
        run(
            &world,
            vec![Box::pin(async {
                first.commit(commit(vec![patient("p", Expect::Absent, "x")])).await.unwrap();
            })],
        );
        let one = |index: usize| {
            let record = record(table.client(faults), world.clone());
            let outcomes = &outcomes;
            async move {
                let update = commit(vec![patient("p", Expect::Version(1), &format!("u{index}"))]);
                let outcome = record.commit(update).await;
                outcomes.borrow_mut().push(outcome);
            }
        };
        run(&world, (0..50).map(|index| Box::pin(one(index)) as _).collect());
        let outcomes = outcomes.into_inner();
        let refused = |outcome: &&Result<_, _>| {
            matches!(outcome, Err(CommitError::PreconditionFailed { .. }))
        };
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(outcomes.iter().filter(refused).count(), 49);
        run(
            &world,
            vec![Box::pin(async {
                let cells = first.cells(&Home::Person("p".into()), None).await.unwrap();
                assert_eq!(cells[0].version, 2);
            })],
        );
    }
}
