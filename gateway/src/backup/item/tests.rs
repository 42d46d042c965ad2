use super::{put, take};
use chart::table::{Item, Key, Value};

fn sample() -> (Key, Item) {
    let list = Value::L(vec![Value::S("é".into()), Value::N(i64::MIN), Value::L(Vec::new())]);
    let item = Item::default()
        .with("val", list)
        .with("b", Value::B(vec![0, 255, 10]))
        .with("at", Value::N(7));
    (Key::new("P#a", "X#Patient#a"), item)
}

#[test]
fn an_item_is_read_as_it_was_written_and_in_any_order_the_same() {
    let (key, item) = sample();
    let mut bytes = Vec::new();
    put(&key, &item, &mut bytes);
    let mut turned = Item(item.0.iter().rev().cloned().collect());
    let mut other = Vec::new();
    put(&key, &turned, &mut other);
    assert_eq!(bytes, other);
    let mut rest = bytes.as_slice();
    let (read, mut found) = take(&mut rest).unwrap();
    assert!(rest.is_empty());
    found.0.sort_by(|(left, _), (right, _)| left.cmp(right));
    turned.0.sort_by(|(left, _), (right, _)| left.cmp(right));
    assert_eq!((read, found), (key, turned));
}

#[test]
fn what_is_cut_off_anywhere_is_damaged_and_nothing_worse() {
    let (key, item) = sample();
    let mut bytes = Vec::new();
    put(&key, &item, &mut bytes);
    for end in 0..bytes.len() {
        assert!(take(&mut &bytes[..end]).is_none(), "{end}");
    }
    // Lengths that no item has allocate nothing.
    let mut enormous: &[u8] = &[0xff; 64];
    assert!(take(&mut enormous).is_none());
}
