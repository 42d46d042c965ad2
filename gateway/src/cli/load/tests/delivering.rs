//! Loading through a door that fails.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::door::{Door, Fault};
use super::{chart, registry, write};
use crate::cli::load::count::Reconciliation;
use crate::cli::load::engine::{Engine, Setup};
use crate::cli::load::files;
use crate::cli::load::journal::Journal;
use crate::cli::load::limits::Insistence;
use crate::cli::load::phases;
use crate::cli::load::progress::Progress;

const QUICK: Insistence = Insistence {
    give_up: Duration::from_secs(20),
    attempt: Duration::from_secs(5),
    pause: Duration::from_millis(1),
    pause_max: Duration::from_millis(5),
    conflicts_max: 3,
};

async fn load(
    door: &Door,
    folder: &Path,
    journal: &Path,
    insistence: Insistence,
) -> (Reconciliation, Option<String>) {
    let found = files::find(&[folder.to_owned()]).unwrap();
    let engine = Engine::new(Setup {
        target: door.target(),
        mint: Box::new(|| Ok("let-me-in".to_owned())),
        journal: Journal::open(journal).unwrap(),
        insistence,
        progress: Arc::new(Progress::new(found.iter().map(|file| file.bytes).sum())),
    });
    engine.run(phases(found, 4)).await;
    (engine.reconciliation(), engine.stopped())
}

/// Twenty charts of three entries and a registry of four: 64 entries.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for index in 0..20 {
        write(folder.path(), &format!("{index:02}.json"), &chart(&format!("person-{index}"), 2));
    }
    write(folder.path(), "zz-hospitals.json", &registry(&["a", "b", "c", "d"]));
    folder
}

#[tokio::test]
async fn nothing_is_lost_or_counted_twice_over_a_bad_line() {
    use Fault::{Busy, Conflict, HalfAnswer, LostAfter, LostBefore, None};
    let faults = [LostAfter, LostBefore, None, Busy, LostAfter, HalfAnswer, Conflict, None];
    let faults: Vec<Fault> = faults.iter().copied().cycle().take(64).collect();
    let door = Door::open(&faults).await;
    let (folder, data) = (folder(), tempfile::tempdir().unwrap());
    let journal = data.path().join("load/06.done");
    let (counts, stopped) = load(&door, folder.path(), &journal, QUICK).await;
    let total = counts.total();
    assert_eq!((stopped, counts.exit_code()), (Option::None, 0), "{}", counts.table());
    // What was done before its answer was lost is this load's all the same.
    assert_eq!((total.read, total.created, total.there), (64, 64, 0), "{}", counts.table());
    assert!(
        counts.table().ends_with(
            "Balanced: 64 created + 0 updated + 0 already there + 0 refused = 64 read\n"
        )
    );
    {
        let kept = door.kept();
        assert_eq!(kept.stored.len(), 64);
        assert!(kept.stored.values().all(|times| *times == 1));
        assert!(kept.asked.len() > 21 + 20, "the faults were not met");
        assert!(kept.asked.iter().all(|key| key.starts_with("sha-256=") && key.len() == 72));
    }
    assert_eq!(std::fs::read_to_string(&journal).unwrap().lines().count(), 21);

    // Again: the journal answers. Without the journal: the door does.
    let asked = door.kept().asked.len();
    let (counts, _) = load(&door, folder.path(), &journal, QUICK).await;
    assert_eq!((counts.total().read, counts.total().there), (64, 64));
    assert_eq!(door.kept().asked.len(), asked);
    std::fs::remove_file(&journal).unwrap();
    let (counts, _) = load(&door, folder.path(), &journal, QUICK).await;
    assert_eq!((counts.total().there, counts.exit_code()), (64, 0), "{}", counts.table());
    assert_eq!(door.kept().asked.len(), asked + 21);
    assert!(door.kept().stored.values().all(|times| *times == 1));
}

#[tokio::test]
async fn batches_go_first() {
    let door = Door::open(&[]).await;
    let (folder, data) = (folder(), tempfile::tempdir().unwrap());
    load(&door, folder.path(), &data.path().join("06.done"), QUICK).await;
    let first = std::fs::read(folder.path().join("zz-hospitals.json")).unwrap();
    let hash = <sha2::Sha256 as sha2::Digest>::digest(first);
    let key = format!("sha-256={}", crate::engine::hexadecimal(&hash));
    assert_eq!(door.kept().asked[0], key);
}

#[tokio::test]
async fn what_is_refused_is_told_and_tried_again_the_next_time() {
    let door = Door::open(&[]).await;
    door.kept().wrong = vec!["person-3-1".into(), "c".into()];
    let (folder, data) = (folder(), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("half.json"), "{\"resourceType\":\"Bundle\",").unwrap();
    let journal = data.path().join("06.done");
    let (counts, stopped) = load(&door, folder.path(), &journal, QUICK).await;
    let total = counts.total();
    assert_eq!((stopped, counts.exit_code()), (None, 1));
    assert_eq!((total.read, total.created, total.refused), (65, 60, 5));
    let table = counts.table();
    for told in [
        "zz-hospitals.json, entry[2]: status 422: Not taken.",
        "03.json (3 items): status 422: The status is none of the value set. \
         [Bundle.entry[2].resource.status]",
        "half.json: line 1, column",
        "Balanced: 60 created + 0 updated + 0 already there + 5 refused = 65 read",
    ] {
        assert!(table.contains(told), "{told}\n{table}");
    }
    door.kept().wrong.clear();
    std::fs::remove_file(folder.path().join("half.json")).unwrap();
    let (counts, _) = load(&door, folder.path(), &journal, QUICK).await;
    let total = counts.total();
    assert_eq!((total.created, total.there, counts.exit_code()), (4, 60, 0), "{}", counts.table());
}

#[tokio::test]
async fn an_entry_that_a_batch_could_not_take_is_asked_for_again() {
    let door = Door::open(&[]).await;
    door.kept().later.insert("b".into(), [503, 429, 409].into());
    door.kept().later.insert("d".into(), [409, 409, 409, 409, 409, 409, 409, 409].into());
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(folder.path(), "hospitals.json", &registry(&["a", "b", "c", "d"]));
    let journal = data.path().join("06.done");
    let (counts, _) = load(&door, folder.path(), &journal, QUICK).await;
    let total = counts.total();
    assert_eq!((total.read, total.created, total.refused), (4, 3, 1), "{}", counts.table());
    assert_eq!(counts.refusals()[0].status, Some(409));
    assert!(door.kept().stored.values().all(|times| *times == 1));
    assert_eq!(std::fs::read_to_string(&journal).unwrap(), "");
}

#[tokio::test]
async fn a_door_that_stays_shut_ends_the_load_and_the_counts_balance() {
    let door = Door::open(&[Fault::Busy; 10_000]).await;
    let (folder, data) = (folder(), tempfile::tempdir().unwrap());
    let short = Insistence { give_up: Duration::from_millis(60), ..QUICK };
    let (counts, stopped) = load(&door, folder.path(), &data.path().join("06.done"), short).await;
    assert!(stopped.unwrap().contains("start the load again"));
    let total = counts.total();
    assert_eq!((total.created, counts.exit_code()), (0, 1));
    assert!(total.read > 0 && total.read == total.refused && total.read < 64, "{total:?}");
}

#[tokio::test]
async fn an_unknown_token_ends_the_load() {
    let door = Door::open(&[Fault::Stranger; 10]).await;
    let (folder, data) = (folder(), tempfile::tempdir().unwrap());
    let (counts, stopped) = load(&door, folder.path(), &data.path().join("06.done"), QUICK).await;
    assert!(stopped.unwrap().contains("token"));
    assert_eq!(counts.exit_code(), 1);
    assert_eq!(door.kept().asked.len(), 1);
}

#[tokio::test]
async fn the_same_content_in_two_files_is_created_once() {
    let door = Door::open(&[]).await;
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for name in ["a.json", "b.json", "c.json"] {
        write(folder.path(), name, &chart("twin", 3));
    }
    let (counts, _) = load(&door, folder.path(), &data.path().join("06.done"), QUICK).await;
    let total = counts.total();
    assert_eq!((total.read, total.created, total.there), (12, 4, 8), "{}", counts.table());
    assert!(door.kept().stored.values().all(|times| *times == 1));
}

#[tokio::test]
async fn lines_are_put_by_id_and_are_updates_when_they_were_there() {
    let door = Door::open(&[Fault::LostAfter]).await;
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lines = |family: &str| -> String {
        let line = |index: usize| -> Value {
            json!({"resourceType": "Patient", "id": format!("p{index}"), "name": [{"family": family}]})
        };
        (0..450).map(|index| format!("{}\n", line(index))).collect()
    };
    let journal = data.path().join("06.done");
    std::fs::write(folder.path().join("Patient.ndjson"), lines("Roy")).unwrap();
    let (counts, _) = load(&door, folder.path(), &journal, QUICK).await;
    assert_eq!(counts.of("Patient").created, 450, "{}", counts.table());
    std::fs::write(folder.path().join("Patient.ndjson"), lines("Gagnon")).unwrap();
    let (counts, _) = load(&door, folder.path(), &journal, QUICK).await;
    assert_eq!(counts.of("Patient").updated, 450, "{}", counts.table());
    assert_eq!(std::fs::read_to_string(&journal).unwrap().lines().count(), 6);
}
