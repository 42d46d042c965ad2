use std::sync::Arc;

use super::{AnyTable, Trips};
use chart::table::{Key, Table};
use store::definition::TableKind;
use store::embedded::Embedded;

#[test]
fn each_region_counts_its_own_round_trips() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = Embedded::open(folder.path()).unwrap();
    let kind = TableKind::Access;
    let table = AnyTable::embedded(kind, embedded.table(kind));
    let (here, there) = (Arc::new(Trips::default()), Arc::new(Trips::default()));
    let (near, far) = (table.counted(&here), table.counted(&there));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let key = Key::new("a", "b");
        assert_eq!(near.get(&key).await, Ok(None));
        assert_eq!(near.get(&key).await, Ok(None));
        assert_eq!(far.get_many(&[key.clone(), key]).await.map(|items| items.len()), Ok(2));
    });
    let counted =
        |trips: &Trips| -> Vec<_> { trips.counts().filter(|(_, _, count)| *count > 0).collect() };
    assert_eq!(counted(&here), [("access", "get", 2)]);
    assert_eq!(counted(&there), [("access", "get_many", 1)]);
    assert_eq!(here.counts().count(), 12);
}
