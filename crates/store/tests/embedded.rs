//! The embedded store against the conformance suite, and across restarts.
#![cfg(feature = "embedded")]

use chart::table::{Condition, Item, Key, Table, TableError, Value, Write};
use store::conformance;
use store::embedded::Embedded;

fn put(key: &Key, number: i64) -> Write {
    let item = Item::default().with("val", Value::N(number));
    Write::put(key.clone(), item, Condition::Absent)
}

#[tokio::test]
async fn conforms() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    for table in [store.record(), store.access()] {
        let report = conformance::run(&table, "run").await;
        println!("{report}");
        assert!(report.passed(), "{report}");
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let key = |number: i64| Key::new("p", format!("{number:04}"));
    {
        let store = Embedded::open(folder.path()).unwrap();
        let writes = (0..500).map(|number| put(&key(number), number)).collect();
        let results = store.record().write_each(writes).await;
        assert!(results.iter().all(Result::is_ok));
    }
    let store = Embedded::open(folder.path()).unwrap();
    let keys: Vec<Key> = (0..500).map(key).collect();
    let items = store.record().get_many(&keys).await.unwrap();
    assert!(items.iter().all(Option::is_some));
    assert_eq!(store.access().get(&key(1)).await, Ok(None), "the tables are apart");
    let again = store.record().write(put(&key(7), 8)).await;
    assert!(matches!(again, Err(TableError::Condition(_))));
}

#[tokio::test]
async fn a_second_handle_on_the_same_folder_sees_what_the_first_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) =
        (Embedded::open(folder.path()).unwrap(), Embedded::open(folder.path()).unwrap());
    for number in 0..20 {
        let key = Key::new("p", number.to_string());
        let (writer, reader) = if number % 2 == 0 { (&first, &second) } else { (&second, &first) };
        writer.record().write(put(&key, number)).await.unwrap();
        assert!(reader.record().get(&key).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_give_each_request_its_own_result() {
    let folder = tempfile::tempdir().unwrap();
    let table = Embedded::open(folder.path()).unwrap().record();
    let mut callers = Vec::new();
    for caller in 0..64i64 {
        let table = table.clone();
        // Four callers want the same key; each also puts one of its own.
        callers.push(tokio::spawn(async move {
            let shared = put(&Key::new("shared", (caller / 4).to_string()), caller);
            let own = put(&Key::new("own", caller.to_string()), caller);
            (caller, table.transact(&format!("t-{caller}"), vec![own, shared]).await)
        }));
    }
    let mut winners = [0; 16];
    for caller in callers {
        let (caller, result) = caller.await.unwrap();
        let own = table.get(&Key::new("own", caller.to_string())).await.unwrap();
        assert_eq!(own.is_some(), result.is_ok(), "caller {caller}");
        match result {
            Ok(()) => winners[caller as usize / 4] += 1,
            Err(TableError::Condition(failed)) => assert_eq!(failed[0].0, 1),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(winners, [1; 16]);
}
