//! The feed, and changes that ask for what is there already.

use std::collections::BTreeSet;

use chart::table::Table;
use chart::{Change, Did, Environment, Expect, FeedItem, Record};
use store::memory::MemoryTable;

use crate::people::{change, commit, patient, record, retry};
use crate::world::{World, block};

/// All of the feed, page after page.
pub async fn whole<T: Table, E: Environment>(record: &Record<T, E>) -> Vec<FeedItem> {
    walk(record, 0, 7).await
}

async fn walk<T: Table, E: Environment>(
    record: &Record<T, E>,
    since_ms: i64,
    wanted: u32,
) -> Vec<FeedItem> {
    let mut items: Vec<FeedItem> = Vec::new();
    loop {
        let upto = items.last().map(|item| item.place.clone());
        let page = record.feed(upto.as_ref(), since_ms, wanted).await.unwrap();
        // The range includes its end, so that a page may stop within an item.
        let again = usize::from(upto.is_some());
        assert!(!page.more || page.items.len() > again, "every page goes on");
        items.extend(page.items.into_iter().skip(again));
        if !page.more {
            return items;
        }
    }
}

fn items_place(items: &[FeedItem]) -> chart::FeedPlace {
    items.last().unwrap().place.clone()
}

fn world() -> (World, Record<MemoryTable, World>) {
    let world = World::new(3);
    (world.clone(), record(MemoryTable::with_clock(world.clock()), world))
}

#[test]
fn every_commit_is_there_once_newest_first() {
    let (world, record) = world();
    block(&world, async {
        let mut commits = BTreeSet::new();
        let mut halfway = 0;
        for round in 0..300 {
            world.pass(if round % 5 == 0 { 0 } else { 3 });
            let id = format!("p{}", round % 40);
            let mut changes = vec![patient(&id, Expect::Any, &round.to_string())];
            if round % 10 == 0 {
                let more = |i| change(&id, "Observation", &format!("o{i}"), Expect::Any, "x");
                changes.extend((0..round / 2).map(more));
            }
            let made = record.commit(commit(changes)).await.unwrap();
            commits.insert(made.id);
            if round == 150 {
                halfway = made.done[0].last_updated_ms;
            }
        }
        for wanted in [1, 10, 1000] {
            let items = walk(&record, 0, wanted).await;
            assert!(items.windows(2).all(|two| two[0].place > two[1].place), "newest first");
            let found: BTreeSet<String> =
                items.iter().map(|item| item.place.commit.clone()).collect();
            assert_eq!((items.len(), &found), (300, &commits), "each once, by {wanted}");
        }
        let since = walk(&record, halfway, 9).await;
        assert!(since.iter().all(|item| item.place.at_ms >= halfway));
        let later = record.feed(Some(&items_place(&since)), i64::MAX, 9).await.unwrap();
        assert_eq!(later, chart::FeedPage::default(), "nothing is after all there is");
        assert!((149..=152).contains(&since.len()), "{}", since.len());
    });
}

#[test]
fn an_item_tells_what_was_done() {
    let (world, record) = world();
    block(&world, async {
        let home = chart::Home::Person("p".into());
        let gone = || Change {
            content: chart::Content::Deleted,
            ..change("p", "Observation", "o", Expect::Any, "")
        };
        for content in [change("p", "Observation", "o", Expect::Any, "a"), gone()] {
            record.commit(commit(vec![content])).await.unwrap();
            world.pass(1);
        }
        for text in ["b", "c"] {
            let one = change("p", "Observation", "o", Expect::Any, text);
            record.commit(commit(vec![patient("p", Expect::Any, text), one])).await.unwrap();
            world.pass(1);
        }
        let told: Vec<Vec<(String, u64, Did)>> = whole(&record)
            .await
            .into_iter()
            .map(|item| {
                item.changes
                    .into_iter()
                    .map(|change| {
                        assert_eq!(change.at.home, home);
                        (change.at.id, change.at.version, change.did)
                    })
                    .collect()
            })
            .collect();
        let (p, o) = ("p".to_owned(), "o".to_owned());
        assert_eq!(
            told,
            [
                vec![(p.clone(), 2, Did::Updated), (o.clone(), 4, Did::Updated)],
                vec![(p, 1, Did::Created), (o.clone(), 3, Did::Created)],
                vec![(o.clone(), 2, Did::Deleted)],
                vec![(o, 1, Did::Created)],
            ]
        );
    });
}

#[test]
fn a_commit_of_tens_of_thousands_is_one_item_in_pieces() {
    let (world, record) = world();
    block(&world, async {
        // Names that do not pack well, as ids in practice.
        let id = |i: u64| format!("{:016x}{:016x}{i}", world.chance.next(), world.chance.next());
        let one = |i| change("p", "Observation", &id(i), Expect::Absent, "a");
        let made = record.commit(commit((0..20_000).map(one).collect())).await.unwrap();
        let items = whole(&record).await;
        assert_eq!((items.len(), items[0].changes.len()), (1, 20_000));
        assert_eq!(items[0].place.commit, made.id);
    });
}

fn held(id: &str, digest: u8) -> Change {
    Change { digest: Some([digest; 16]), ..patient(id, Expect::Any, &digest.to_string()) }
}

#[test]
fn what_is_there_already_makes_no_version() {
    let (world, record) = world();
    block(&world, async {
        // A cell from before digests were kept.
        record.commit(commit(vec![patient("p", Expect::Any, "old")])).await.unwrap();
        let first = record.commit(commit(vec![held("p", 1)])).await.unwrap();
        assert_eq!((first.done[0].version, first.journaled), (2, true));
        let again = record.commit(commit(vec![held("p", 1)])).await.unwrap();
        let done = &again.done[0];
        assert_eq!((done.version, done.unchanged, again.journaled), (2, true, false));
        assert_eq!(done.last_updated_ms, first.done[0].last_updated_ms);
        let wrong = Change { expect: Expect::Version(1), ..held("p", 1) };
        assert!(record.commit(commit(vec![wrong])).await.is_err(), "If-Match is asked first");
        // In a bundle, only what changes is written.
        let both = record.commit(commit(vec![held("p", 1), held("q", 1)])).await.unwrap();
        assert_eq!((both.done[0].version, both.done[0].unchanged), (2, true));
        assert_eq!((both.done[1].version, both.done[1].unchanged), (1, false));
        record.fold(*both.fold.unwrap()).await.unwrap();
        let none = record.commit(commit(vec![held("p", 1), held("q", 1)])).await.unwrap();
        assert!(none.done.iter().all(|done| done.unchanged) && !none.journaled);
        assert_eq!(whole(&record).await.len(), 3);
        // A deletion is no content: the same again is a new version.
        let gone = Change { content: chart::Content::Deleted, digest: None, ..held("p", 1) };
        record.commit(commit(vec![gone])).await.unwrap();
        let back = record.commit(commit(vec![held("p", 1)])).await.unwrap();
        assert_eq!((back.done[0].version, back.done[0].unchanged), (4, false));
    });
}

#[test]
fn a_repetition_after_anothers_change_undoes_nothing() {
    let (world, record) = world();
    block(&world, async {
        record.commit(commit(vec![held("p", 1)])).await.unwrap();
        for (key, bundle) in
            [("one", vec![held("p", 1)]), ("two", vec![held("p", 1), held("p2", 1)])]
        {
            record.commit(commit(vec![held("p2", 1)])).await.unwrap();
            let mut request = commit(bundle);
            request.retry = retry(key, "h");
            let first = record.commit(request.clone()).await.unwrap();
            assert!(first.journaled && first.done.iter().all(|done| done.unchanged));
            record.commit(commit(vec![held("p", 9)])).await.unwrap();
            let again = record.commit(request).await.unwrap();
            assert!(again.replayed && again.result == first.result);
            let read = record.read("Patient", "p").await.unwrap().unwrap();
            assert!(read.body.unwrap().starts_with("9/"), "the other's change stands");
            record.commit(commit(vec![held("p", 1)])).await.unwrap();
        }
    });
}
