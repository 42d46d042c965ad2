use super::super::tables_of_engine;
use super::super::{Embedded, serve};
use chart::table::{Item, Key, Table as _};
use dynoxide::storage::Storage;
use futures::executor::block_on;

use super::*;
use crate::definition::tables;

/// A file as this store wrote it before it had a layout of its own.
#[test]
fn a_file_of_the_engines_layout_is_turned_over() {
    let folder = tempfile::tempdir().unwrap();
    {
        let path = folder.path().join("record.db");
        let storage = Storage::new(path.to_str().unwrap()).unwrap();
        tables_of_engine::create(&storage, &tables("")[0]).unwrap();
        for number in 0..50 {
            let json = format!(
                r#"{{"pk":{{"S":"p"}},"sk":{{"S":"{number:03}"}},"val":{{"B":"AP8="}},"ttl":{{"N":"{number}"}}}}"#
            );
            storage
                .put_item_with_hash("record", "S:p", &format!("S:{number:03}"), &json, 20, "abc")
                .unwrap();
        }
    }
    for _ in 0..2 {
        let store = Embedded::open(folder.path()).unwrap();
        let held = block_on(store.record().get(&Key::new("p", "007"))).unwrap();
        let item = Item::default().with("ttl", Value::N(7)).with("val", Value::B(vec![0, 255]));
        assert_eq!(held, Some(item));
        let scan = r#"{"TableName":"record","Select":"COUNT"}"#;
        let counted = block_on(serve::answer(&store, "DynamoDB_20120810.Scan", scan.as_bytes()));
        let counted: serde_json::Value = serde_json::from_slice(&counted.body).unwrap();
        assert_eq!(counted["Count"], 50);
    }
    let store = Embedded::open(folder.path()).unwrap();
    let census = store.record().census().unwrap();
    assert_eq!(census.kinds.iter().map(|kind| kind.items).sum::<u64>(), 50);
    assert_eq!(census.kinds.iter().map(|kind| kind.counted_bytes).sum::<u64>(), 50 * 20);
    assert_eq!(block_on(store.record().delete_expired(40)), Ok(40));
    assert_eq!(block_on(store.record().get(&Key::new("p", "007"))), Ok(None));
    assert!(block_on(store.record().get(&Key::new("p", "040"))).unwrap().is_some());
}

#[test]
fn a_new_file_has_large_pages() {
    let folder = tempfile::tempdir().unwrap();
    drop(Embedded::open(folder.path()).unwrap());
    let connection = Connection::open(folder.path().join("access.db")).unwrap();
    let read = |pragma: &str| -> String {
        let sql = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!((read("page_size"), read("journal_mode")), ("8192".to_owned(), "wal".to_owned()));
}
