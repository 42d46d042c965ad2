use super::Sum;
use chart::table::{Item, Key, Value};

fn item(at: i64) -> (Key, Item) {
    (Key::new(format!("P#{at}"), "-"), Item::default().with("at", Value::N(at)))
}

fn sum(items: &[(Key, Item)]) -> super::Written {
    let mut sum = Sum::default();
    sum.add_page(items);
    sum.written()
}

#[test]
fn a_sum_is_the_same_in_any_order_and_another_for_any_change() {
    let items: Vec<_> = (0..50).map(item).collect();
    let turned: Vec<_> = items.iter().rev().cloned().collect();
    assert!(sum(&items).agrees(&sum(&turned)));
    for at in 0..items.len() {
        let mut fewer = items.clone();
        fewer.remove(at);
        assert!(!sum(&items).agrees(&sum(&fewer)));
        let mut altered = items.clone();
        altered[at].1.set("at", Value::N(1_000));
        assert!(!sum(&items).agrees(&sum(&altered)));
    }
    // One item in the place of another, so that the count is the same.
    let twice = [item(1), item(1)];
    assert!(!sum(&twice).agrees(&sum(&[item(1), item(2)])));
}

#[test]
fn what_expires_is_counted_and_not_compared() {
    let mut passing = item(1);
    passing.1.set("ttl", Value::N(1_700_000_000));
    let with = sum(&[item(2), passing]);
    assert!(with.agrees(&sum(&[item(2)])));
    assert_eq!((with.items, with.passing), (1, 1));
}
