use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use chart::table::{Item, Value};
use futures::executor::block_on;
use futures::future::join_all;

use super::table::{Memory, World};
use super::*;
use crate::journal::stream::{BATCH, counter_sk};
use crate::limits::QUEUE_ENTRIES_MAX;

/// Every entry in the streams of region 06, with a check that counters are dense.
fn stored(table: &Memory) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut expected = (String::new(), 0);
    for (pk, sk) in table.keys("J#06#") {
        if expected.0 != pk {
            expected = (pk.clone(), 0);
        }
        assert_eq!(sk, counter_sk(expected.1));
        expected.1 += 1;
        let items = table.items.lock().unwrap();
        let bytes = items[&(pk, sk)].bytes(BATCH).unwrap();
        entries.extend(batch::entries(bytes).unwrap().into_iter().map(|(entry, _)| entry));
    }
    entries
}

/// Appends 1,000 entries from 8 threads; how many succeeded.
fn thousand(table: &Arc<Memory>) -> usize {
    let world = Arc::new(World::default());
    let (journal, flusher) = Journal::new(Arc::clone(table), world, "06");
    let flushing = std::thread::spawn(move || block_on(flusher));
    let threads: Vec<_> = (0..8_u32)
        .map(|thread| {
            let journal = journal.clone();
            std::thread::spawn(move || {
                let entries: Vec<Entry> =
                    (0..125).map(|each| entry(1, thread * 125 + each, &["p"])).collect();
                let results = block_on(join_all(entries.iter().map(|each| journal.append(each))));
                results.into_iter().filter(Result::is_ok).count()
            })
        })
        .collect();
    let succeeded = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    drop(journal);
    flushing.join().unwrap();
    succeeded
}

fn ids(entries: &[Entry]) -> BTreeSet<String> {
    entries.iter().map(|entry| entry.id.clone()).collect()
}

#[test]
fn a_thousand_appends_share_few_writes() {
    let table = Arc::new(Memory::default());
    table.write_us.store(500, Ordering::SeqCst);
    assert_eq!(thousand(&table), 1000);
    let entries = stored(&table);
    assert_eq!(entries.len(), 1000);
    assert_eq!(ids(&entries).len(), 1000);
    let writes = table.writes.load(Ordering::SeqCst);
    assert!(writes < 300, "{writes} writes");
}

#[test]
fn lost_replies_and_requests_lose_and_double_nothing() {
    for (reply, request) in [(2, 0), (0, 2), (2, 3), (3, 2)] {
        let table = Arc::new(Memory::default());
        table.lose_reply_every.store(reply, Ordering::SeqCst);
        table.lose_request_every.store(request, Ordering::SeqCst);
        assert_eq!(thousand(&table), 1000);
        let entries = stored(&table);
        assert_eq!(entries.len(), 1000);
        assert_eq!(ids(&entries).len(), 1000);
    }
}

/// Runs one append with its flusher on this thread.
fn append_one(
    journal: &Journal<Memory, World>,
    flusher: &mut (impl Future<Output = ()> + Unpin),
    entry: &Entry,
) -> Result<(), JournalError> {
    let append = std::pin::pin!(journal.append(entry));
    match block_on(futures::future::select(append, flusher)) {
        futures::future::Either::Left((result, _)) => result,
        futures::future::Either::Right(_) => panic!("the flusher ended"),
    }
}

#[test]
fn a_dead_table_fails_the_append_and_a_living_one_takes_the_next() {
    let table = Arc::new(Memory::default());
    let (journal, flusher) = Journal::new(Arc::clone(&table), Arc::new(World::default()), "06");
    let mut flusher = Box::pin(flusher);
    assert_eq!(append_one(&journal, &mut flusher, &entry(1, 1, &[])), Ok(()));
    table.dead.store(true, Ordering::SeqCst);
    let failed = append_one(&journal, &mut flusher, &entry(1, 2, &[]));
    assert!(matches!(failed, Err(JournalError::Table(_))), "{failed:?}");
    table.dead.store(false, Ordering::SeqCst);
    assert_eq!(append_one(&journal, &mut flusher, &entry(1, 3, &[])), Ok(()));
    let streams = table.keys("JS#06");
    assert_eq!(streams.len(), 2, "a stream whose last write is unknown is given up");
    assert_eq!(stored(&table).len(), 2);
}

#[test]
fn a_fenced_stream_is_replaced() {
    let table = Arc::new(Memory::default());
    let (journal, flusher) = Journal::new(Arc::clone(&table), Arc::new(World::default()), "06");
    let mut flusher = Box::pin(flusher);
    assert_eq!(append_one(&journal, &mut flusher, &entry(1, 1, &[])), Ok(()));
    let (pk, _) = table.keys("J#06#")[0].clone();
    let mark = Item::default().with(BATCH, Value::B(Vec::new()));
    table.items.lock().unwrap().insert((pk, counter_sk(1)), mark);
    assert_eq!(append_one(&journal, &mut flusher, &entry(1, 2, &[])), Ok(()));
    assert_eq!(table.keys("JS#06").len(), 2);
    assert_eq!(stored(&table).len(), 2);
}

#[test]
fn a_full_queue_refuses_and_a_closed_one_too() {
    let table = Arc::new(Memory::default());
    let (journal, flusher) = Journal::new(Arc::clone(&table), Arc::new(World::default()), "06");
    let entries: Vec<Entry> =
        (0..QUEUE_ENTRIES_MAX as u32).map(|each| entry(1, each, &[])).collect();
    let mut waiting: Vec<_> = entries.iter().map(|each| Box::pin(journal.append(each))).collect();
    let mut context = Context::from_waker(futures::task::noop_waker_ref());
    for append in &mut waiting {
        assert_eq!(append.as_mut().poll(&mut context), Poll::Pending);
    }
    assert_eq!(journal.waiting(), QUEUE_ENTRIES_MAX);
    let one_more = entry(1, 9_999_999, &[]);
    assert_eq!(block_on(journal.append(&one_more)), Err(JournalError::Full));

    // Closing writes what waits, then refuses.
    journal.close();
    assert_eq!(block_on(journal.append(&one_more)), Err(JournalError::Stopped));
    block_on(flusher);
    for append in &mut waiting {
        assert_eq!(append.as_mut().poll(&mut context), Poll::Ready(Ok(())));
    }
    assert_eq!(stored(&table).len(), QUEUE_ENTRIES_MAX);
}

#[test]
fn a_flusher_that_is_gone_leaves_nobody_waiting() {
    let table = Arc::new(Memory::default());
    let (journal, flusher) = Journal::new(Arc::clone(&table), Arc::new(World::default()), "06");
    let one = entry(1, 1, &[]);
    let mut append = Box::pin(journal.append(&one));
    let mut context = Context::from_waker(futures::task::noop_waker_ref());
    assert_eq!(append.as_mut().poll(&mut context), Poll::Pending);
    drop(flusher);
    assert_eq!(block_on(append), Err(JournalError::Stopped));
    assert_eq!(block_on(journal.append(&one)), Err(JournalError::Stopped));
    assert_eq!(stored(&table).len(), 0);
}

#[test]
fn alone_each_entry_is_one_write() {
    let table = Arc::new(Memory::default());
    let (journal, _) = Journal::new(Arc::clone(&table), Arc::new(World::default()), "06");
    for each in 0..5 {
        block_on(journal.append_alone(&entry(1, each, &[]))).unwrap();
    }
    assert_eq!(table.writes.load(Ordering::SeqCst), 6);
    assert_eq!(stored(&table).len(), 5);
}
