//! What commits and reads do when nothing goes wrong.

use std::sync::Arc;

use chart::{
    Claim, CommitError, Content, Expect, Guard, Home, Period, Place, Record, Row, keys,
    table::{Item, Key, Query, Range, Value},
};
use store::memory::MemoryTable;

use crate::people::{change, commit, patient, record, retry};
use crate::world::{World, block};

fn fresh() -> (World, Record<MemoryTable, World>) {
    let world = World::new(7);
    let table = MemoryTable::with_clock(world.clock());
    (world.clone(), record(table, world))
}

#[test]
fn one_resource_is_created_read_updated_and_deleted() {
    let (world, record) = fresh();
    block(&world, async {
        let made = record.commit(commit(vec![patient("p1", Expect::Absent, "a")])).await.unwrap();
        assert_eq!(made.done[0].version, 1);
        assert_eq!(made.done[0].previous, None);
        assert_eq!(record.read("Patient", "p1").await.unwrap().unwrap().body.unwrap(), "a/1");
        let again = record.commit(commit(vec![patient("p1", Expect::Absent, "b")])).await;
        assert!(matches!(again, Err(CommitError::PreconditionFailed { index: 0, .. })));
        let next = record.commit(commit(vec![patient("p1", Expect::Version(1), "b")])).await;
        assert_eq!(next.unwrap().done[0].version, 2);
        let stale = record.commit(commit(vec![patient("p1", Expect::Version(1), "c")])).await;
        assert!(matches!(stale, Err(CommitError::PreconditionFailed { .. })));
        let future = record.commit(commit(vec![patient("p1", Expect::Version(3), "c")])).await;
        assert!(matches!(future, Err(CommitError::PreconditionFailed { .. })));
        let mut gone = patient("p1", Expect::Exists, "");
        gone.content = Content::Deleted;
        record.commit(commit(vec![gone.clone()])).await.unwrap();
        assert!(record.read("Patient", "p1").await.unwrap().unwrap().deleted);
        assert!(record.commit(commit(vec![gone])).await.is_err());
        let back = record.commit(commit(vec![patient("p1", Expect::Absent, "d")])).await.unwrap();
        assert_eq!((back.done[0].version, back.done[0].was_live), (4, false));
        let versions = record.history("Patient", "p1", None, 10).await.unwrap();
        let seen: Vec<u64> = versions.iter().map(|version| version.version).collect();
        assert_eq!(seen, [4, 3, 2, 1]);
        let older = record.history("Patient", "p1", Some(3), 1).await.unwrap();
        assert_eq!(older[0].body.as_deref(), Some("b/2"));
        assert_eq!(record.vread("Patient", "p1", 1).await.unwrap().unwrap().version, 1);
        assert_eq!(record.vread("Patient", "p1", 9).await.unwrap(), None);
        assert_eq!(record.read("Patient", "nobody").await.unwrap(), None);
    });
}

#[test]
fn bundles_of_every_size_are_whole_before_and_after_folding() {
    for size in [2_usize, 30, 31, 47, 48, 49, 200, 1200] {
        let (world, record) = fresh();
        block(&world, async {
            let mut changes = vec![patient("p", Expect::Absent, "x")];
            for index in 1..size {
                let id = format!("o{index}");
                let mut one = change("p", "Observation", &id, Expect::Any, "obs");
                one.locator = true;
                changes.push(one);
            }
            let done = record.commit(commit(changes)).await.unwrap();
            assert_eq!(done.done.len(), size);
            let home = Home::Person("p".into());
            let before = record.cells(&home, None).await.unwrap();
            assert_eq!(before.len(), size);
            let last = format!("o{}", size - 1);
            let read = record.read("Observation", &last).await.unwrap().unwrap();
            assert_eq!(read.body.as_deref(), Some("obs/1"));
            record.fold(*done.fold.unwrap()).await.unwrap();
            world.pass(10_000);
            assert_eq!(record.cells(&home, None).await.unwrap(), before);
            let references: Vec<_> = before.iter().map(|cell| cell.reference()).collect();
            assert_eq!(record.fetch(&references).await.unwrap().len(), size);
            let left = record.table().dump();
            let marks = |sign: &str| left.keys().filter(|key| key.pk.starts_with(sign)).count();
            assert_eq!((marks("N#"), marks("M#"), marks("T#"), marks("O#")), (0, 0, 1, 1));
            assert!(left.values().all(|item| item.str("cx").is_none() && item.str("lx").is_none()));
        });
    }
}

#[test]
fn a_body_longer_than_an_item_is_kept_in_pieces() {
    for bundle in [false, true] {
        let (world, record) = fresh();
        block(&world, async {
            let noise: String =
                (0..900_000).map(|_| char::from(b'!' + (world.chance.next() % 90) as u8)).collect();
            let text = noise.clone();
            let mut long = patient("p", Expect::Absent, "");
            long.tokens.clear();
            long.content = Content::Body(Arc::new(move |_, _| text.clone()));
            let mut changes = vec![long];
            if bundle {
                changes.push(change("p", "Observation", "o", Expect::Absent, "x"));
            }
            let made = record.commit(commit(changes)).await.unwrap();
            assert_eq!(record.read("Patient", "p").await.unwrap().unwrap().body.unwrap(), noise);
            if let Some(fold) = made.fold {
                record.fold(*fold).await.unwrap();
            }
            assert_eq!(record.read("Patient", "p").await.unwrap().unwrap().body.unwrap(), noise);
        });
    }
}

fn claim(value: &str, from: Option<i64>, to: Option<i64>) -> Claim {
    Claim { key: keys::claim_key("nam", value), period: Period { from_ms: from, to_ms: to } }
}

#[test]
fn an_identifier_has_one_owner_at_a_time() {
    let (world, record) = fresh();
    block(&world, async {
        let with = |id: &str, expect, claims| {
            let mut change = patient(id, expect, "x");
            change.claims = claims;
            change
        };
        let put = |change| record.commit(commit(vec![change]));
        put(with("a", Expect::Absent, vec![claim("N1", None, Some(100))])).await.unwrap();
        let taken = put(with("b", Expect::Absent, vec![claim("N1", Some(99), None)])).await;
        let Err(CommitError::Conflict { holder, .. }) = taken else { panic!("{taken:?}") };
        assert_eq!(holder, ("Patient".to_owned(), "a".to_owned()));
        put(with("b", Expect::Absent, vec![claim("N1", Some(100), None)])).await.unwrap();
        assert_eq!(record.owners(&keys::claim_key("nam", "N1")).await.unwrap().len(), 2);
        // Releasing by an update that no longer claims, and by a deletion.
        put(with("a", Expect::Exists, vec![])).await.unwrap();
        put(with("c", Expect::Absent, vec![claim("N1", None, Some(50))])).await.unwrap();
        let mut gone = patient("b", Expect::Exists, "");
        gone.content = Content::Deleted;
        put(gone).await.unwrap();
        put(with("d", Expect::Absent, vec![claim("N1", Some(50), None)])).await.unwrap();
        // One commit of two hands it over.
        let over = vec![
            with("e", Expect::Absent, vec![claim("N1", Some(50), None)]),
            with("d", Expect::Exists, vec![]),
        ];
        record.commit(commit(over)).await.unwrap();
        let owners = record.owners(&keys::claim_key("nam", "N1")).await.unwrap();
        let ids: Vec<&str> = owners.iter().map(|owner| owner.id.as_str()).collect();
        assert_eq!(ids, ["c", "e"]);
    });
}

#[test]
fn a_guard_notices_that_another_came_first() {
    let (world, record) = fresh();
    block(&world, async {
        let key = keys::criteria_key("Patient?x=1");
        let guarded = |id: &str, generation| {
            let mut made = commit(vec![patient(id, Expect::Absent, "x")]);
            made.guards = vec![Guard { key: key.clone(), generation }];
            made
        };
        assert_eq!(record.generation(&key).await.unwrap(), 0);
        record.commit(guarded("a", 0)).await.unwrap();
        let lost = record.commit(guarded("b", 0)).await;
        assert!(matches!(lost, Err(CommitError::LostRace { .. })), "{lost:?}");
        assert_eq!(record.generation(&key).await.unwrap(), 1);
        record.commit(guarded("b", 1)).await.unwrap();
    });
}

#[test]
fn a_retry_key_gives_the_same_answer_once() {
    for size in [1_usize, 3, 120] {
        let (world, record) = fresh();
        block(&world, async {
            let request = |key: &str, hash: &str, mark: &str| {
                let one =
                    |i| change("p", "Observation", &format!("{mark}{i}"), Expect::Absent, "x");
                let mut request = commit((0..size).map(one).collect());
                request.retry = retry(key, hash);
                request
            };
            let first = record.commit(request("k", "h", "a")).await.unwrap();
            assert!(!first.replayed);
            // The planner would assign other ids to a repeated creation.
            let again = record.commit(request("k", "h", "b")).await.unwrap();
            assert!(again.replayed);
            assert_eq!((again.id, again.result), (first.id.clone(), first.result.clone()));
            let kept = record.replayed(&retry("k", "h").unwrap()).await.unwrap().unwrap();
            assert_eq!(kept.result, first.result);
            let other = record.commit(request("k", "other", "c")).await;
            assert_eq!(other.unwrap_err(), CommitError::RetryKeyReused);
            assert_eq!(record.read("Observation", "b0").await.unwrap(), None);
            record.commit(request("sha-256=abc", "h", "e")).await.unwrap();
            world.pass(86_400_001);
            assert!(!record.commit(request("k", "other", "d")).await.unwrap().replayed);
            assert!(record.commit(request("sha-256=abc", "h", "f")).await.unwrap().replayed);
        });
    }
}

#[test]
fn rows_and_pointers_lead_to_cells() {
    let (world, record) = fresh();
    block(&world, async {
        let row = |name: &str| Row {
            key: Key::new("I#Patient#name", format!("{name}#a")),
            item: Item::default().with("v", Value::S("a".into())),
        };
        let mut made = patient("a", Expect::Absent, "x");
        made.rows = vec![row("tremblay")];
        record.commit(commit(vec![made.clone()])).await.unwrap();
        made.expect = Expect::Any;
        made.rows = vec![row("gagnon")];
        made.drop_rows = vec![row("tremblay").key, row("gagnon").key];
        record.commit(commit(vec![made])).await.unwrap();
        let query = Query {
            pk: "I#Patient#name".into(),
            range: Range::All,
            descending: false,
            limit: None,
            after: None,
        };
        let rows = record.rows(&query).await.unwrap().items;
        assert_eq!(rows.iter().map(|(sk, _)| sk.as_str()).collect::<Vec<_>>(), ["gagnon#a"]);
        let place = |id: &str| Place {
            home: Home::Person(id.into()),
            resource_type: "Patient".into(),
            id: id.into(),
        };
        let cells = record.cells_at(&[place("a"), place("z")]).await.unwrap();
        assert_eq!(cells[0].as_ref().unwrap().version, 2);
        assert_eq!(cells[1], None);
        let mut shared = change("a", "Observation", "o", Expect::Absent, "x");
        shared.pointers = vec![Home::Person("b".into())];
        record.commit(commit(vec![shared, patient("b", Expect::Absent, "y")])).await.unwrap();
        let chart = record.cells(&Home::Person("b".into()), None).await.unwrap();
        let ids: Vec<(&str, &Home)> = chart.iter().map(|c| (c.id.as_str(), &c.home)).collect();
        assert_eq!(ids, [("o", &Home::Person("a".into())), ("b", &Home::Person("b".into()))]);
        let typed = record.cells(&Home::Person("b".into()), Some("Observation")).await.unwrap();
        assert_eq!(typed.len(), 1);
    });
}

#[test]
fn what_was_current_at_an_instant() {
    let (world, record) = fresh();
    block(&world, async {
        let mut times = Vec::new();
        for _ in 0..20 {
            world.pass(1000);
            let done = record.commit(commit(vec![patient("a", Expect::Any, "x")])).await.unwrap();
            times.push(done.done[0].last_updated_ms);
        }
        let cell = record.cells(&Home::Person("a".into()), None).await.unwrap().remove(0);
        for (index, at) in times.iter().enumerate() {
            let then = record.as_of(&cell, at + 500).await.unwrap().unwrap();
            assert_eq!(then.version, index as u64 + 1);
        }
        assert_eq!(record.as_of(&cell, times[0] - 1).await.unwrap(), None);
    });
}

#[test]
fn an_id_lives_in_one_chart() {
    let (world, record) = fresh();
    block(&world, async {
        let at = |person: &str| {
            let mut change = change(person, "Observation", "client-1", Expect::Any, "x");
            change.locator = true;
            change
        };
        record.commit(commit(vec![at("a")])).await.unwrap();
        record.commit(commit(vec![at("a")])).await.unwrap();
        let other = record.commit(commit(vec![at("b")])).await;
        assert!(matches!(other, Err(CommitError::Conflict { claim: None, .. })), "{other:?}");
        let home = record.locate("Observation", "client-1").await.unwrap();
        assert_eq!(home, Some(Home::Person("a".into())));
    });
}

#[test]
fn the_outbox_hands_over_every_entry_once() {
    let (world, record) = fresh();
    block(&world, async {
        for index in 0..20 {
            let id = format!("p{index}");
            record.commit(commit(vec![patient(&id, Expect::Absent, "x")])).await.unwrap();
        }
        let mut taken = Vec::new();
        for shard in 0..chart::limits::OUTBOX_SHARDS {
            loop {
                let entries = record.outbox("06", shard, None, 3).await.unwrap();
                if entries.is_empty() {
                    break;
                }
                let ids: Vec<String> = entries.iter().map(|entry| entry.commit.clone()).collect();
                assert!(ids.is_sorted());
                record.acknowledge("06", &ids).await.unwrap();
                taken.extend(entries);
            }
        }
        assert_eq!(taken.len(), 20);
        assert!(taken.iter().all(|e| e.entry == format!("{}:1", e.commit).into_bytes()));
    });
}
