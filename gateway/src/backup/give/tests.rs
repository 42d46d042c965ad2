use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chart::table::{Condition, Item, Key, Table, TableResult, Value, Write};
use store::definition::TableKind;
use store::embedded::{Embedded, EmbeddedTable};

use super::{compare, is_under_way, put_back, release, verify};
use crate::backup::manifest::{FILE, Manifest};
use crate::backup::source::Source;
use crate::backup::take::take;

const HALVES: [&str; 2] = ["A", "Z"];

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn tables(embedded: &Embedded) -> [EmbeddedTable; 2] {
    TableKind::ALL.map(|kind| embedded.table(kind))
}

fn half(name: &str, number: u64) -> Key {
    Key::new(format!("{name}#{}", number % 7), format!("{number:09}"))
}

/// Two items at both ends of the table, in one transaction, and then one in the
/// other table: as a commit, and the entry that moves on from it.
async fn write_pair([record, access]: &[EmbeddedTable; 2], number: u64) -> TableResult<()> {
    let item = || Item::default().with("n", Value::N(i64::try_from(number).unwrap()));
    let put = |name| Write::put(half(name, number), item(), Condition::Absent);
    record.transact(&format!("pair-{number}"), HALVES.map(put).into()).await?;
    access.write(Write::put(half("J", number), item(), Condition::Absent)).await
}

async fn copied(folder: &Path, out: &Path) -> (Manifest, String) {
    take(&mut Source::files(folder).unwrap(), out).await.unwrap()
}

#[test]
fn a_copy_taken_while_others_write_is_of_one_moment() {
    let live = tempfile::tempdir().unwrap();
    let embedded = Embedded::open(live.path()).unwrap();
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writer = {
        let (tables, stop, acknowledged) = (tables(&embedded), stop.clone(), acknowledged.clone());
        std::thread::spawn(move || {
            runtime().block_on(async {
                for number in 1.. {
                    if stop.load(Ordering::Acquire) {
                        return number - 1;
                    }
                    write_pair(&tables, number).await.unwrap();
                    acknowledged.store(number, Ordering::Release);
                }
                0
            })
        })
    };
    for round in 0..5 {
        let wanted = (round + 1) * 40;
        while acknowledged.load(Ordering::Acquire) < wanted {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let before = acknowledged.load(Ordering::Acquire);
        let out = tempfile::tempdir().unwrap();
        let scratch = tempfile::tempdir().unwrap();
        runtime().block_on(async {
            let (manifest, digest) = copied(live.path(), out.path()).await;
            let restored = Embedded::open(scratch.path()).unwrap();
            let into = tables(&restored);
            let source = Source::files(scratch.path()).unwrap();
            put_back(&into, (out.path(), &manifest, &digest), source).await.unwrap();
            compare(&mut Source::files(scratch.path()).unwrap(), &manifest).await.unwrap();
            release(&into).await.unwrap();
            let after = acknowledged.load(Ordering::Acquire);
            let mut held = 0;
            for number in 1..=after {
                let [first, last] = HALVES.map(|name| half(name, number));
                let first = into[0].get(&first).await.unwrap();
                let last = into[0].get(&last).await.unwrap();
                assert_eq!(first, last, "half of transaction {number}");
                let entry = into[1].get(&half("J", number)).await.unwrap();
                assert!(number > before || entry.is_some(), "{number} was acknowledged before");
                // At one moment the newest has its transaction and not its entry yet.
                assert!(entry.is_none() || first.is_some(), "{number} has an entry and no commit");
                held += u64::from(first.is_some());
            }
            assert!(held >= before, "{held} of {before}");
            assert_eq!(manifest.record.items, 2 * held);
        });
    }
    stop.store(true, Ordering::Release);
    assert!(writer.join().unwrap() >= 200);
}

fn filled(folder: &Path, count: u64) -> Embedded {
    let embedded = Embedded::open(folder).unwrap();
    runtime().block_on(async {
        for number in 1..=count {
            write_pair(&tables(&embedded), number).await.unwrap();
        }
    });
    embedded
}

#[test]
fn a_copy_goes_into_empty_tables_only_and_an_interrupted_one_goes_on() {
    let (live, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let scratch = tempfile::tempdir().unwrap();
    let embedded = filled(live.path(), 30);
    runtime().block_on(async {
        let (manifest, digest) = copied(live.path(), out.path()).await;
        let copy = (out.path(), &manifest, digest.as_str());
        let source = Source::files(live.path()).unwrap();
        let refused = put_back(&tables(&embedded), copy, source).await.unwrap_err();
        assert!(refused.to_string().contains("not empty"), "{refused}");

        let restored = Embedded::open(scratch.path()).unwrap();
        let into = tables(&restored);
        let files = || Source::files(scratch.path()).unwrap();
        put_back(&into, copy, files()).await.unwrap();
        // As if it had been killed before its end: some items are missing.
        let lost = Write::delete(half("A", 3), Condition::Present);
        into[0].write(lost).await.unwrap();
        assert!(is_under_way(&into).await);
        assert!(compare(&mut files(), &manifest).await.is_err());
        let refused = put_back(&into, (out.path(), &manifest, "another"), files()).await;
        assert!(refused.unwrap_err().to_string().contains("another copy"));
        put_back(&into, copy, files()).await.unwrap();
        compare(&mut files(), &manifest).await.unwrap();
        release(&into).await.unwrap();
        assert!(!is_under_way(&into).await);
        assert!(put_back(&into, copy, files()).await.is_err(), "it was finished");
    });
}

#[test]
fn a_copy_of_which_a_byte_is_another_is_refused_before_anything_is_written() {
    let (live, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    filled(live.path(), 30);
    runtime().block_on(async {
        let (manifest, digest) = copied(live.path(), out.path()).await;
        verify(out.path(), &manifest).unwrap();
        for segment in &manifest.segments {
            let path = out.path().join(&segment.file);
            let good = std::fs::read(&path).unwrap();
            for at in [0, good.len() / 2, good.len() - 1] {
                let mut bad = good.clone();
                bad[at] ^= 1;
                std::fs::write(&path, &bad).unwrap();
                assert!(verify(out.path(), &manifest).is_err(), "{} at {at}", segment.file);
            }
            std::fs::write(&path, &good[..good.len() - 1]).unwrap();
            assert!(verify(out.path(), &manifest).is_err(), "{} cut", segment.file);
            let scratch = tempfile::tempdir().unwrap();
            let into = tables(&Embedded::open(scratch.path()).unwrap());
            let files = || Source::files(scratch.path()).unwrap();
            let copy = (out.path(), &manifest, digest.as_str());
            assert!(put_back(&into, copy, files()).await.is_err());
            for kind in TableKind::ALL {
                assert_eq!(files().sum(kind, None).await.unwrap().written().items, 0);
            }
            std::fs::remove_file(&path).unwrap();
            assert!(verify(out.path(), &manifest).is_err(), "{} gone", segment.file);
            std::fs::write(&path, &good).unwrap();
        }
        verify(out.path(), &manifest).unwrap();
    });
}

#[test]
fn a_copy_that_was_not_finished_is_none_and_is_begun_again() {
    let (live, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    filled(live.path(), 10);
    runtime().block_on(async {
        let (first, _) = copied(live.path(), out.path()).await;
        let taken = take(&mut Source::files(live.path()).unwrap(), out.path()).await;
        assert!(taken.unwrap_err().to_string().contains("already"));
        // As if it had been killed before the manifest.
        std::fs::remove_file(out.path().join(FILE)).unwrap();
        assert!(Manifest::read(out.path()).is_err());
        let (again, _) = copied(live.path(), out.path()).await;
        assert_eq!(first.record, again.record);
        let foreign = tempfile::tempdir().unwrap();
        std::fs::write(foreign.path().join("letter.txt"), "dear").unwrap();
        let taken = take(&mut Source::files(live.path()).unwrap(), foreign.path()).await;
        assert!(taken.unwrap_err().to_string().contains("other files"));
        assert!(foreign.path().join("letter.txt").exists());
    });
}
