use super::*;
use proptest::prelude::*;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<String>().prop_map(Value::S),
        "[0-9a-v]{26}".prop_map(Value::S),
        any::<i64>().prop_map(Value::N),
        (-40_i64..40).prop_map(Value::N),
        proptest::collection::vec(any::<u8>(), 0..64).prop_map(Value::B),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| proptest::collection::vec(inner, 0..4).prop_map(Value::L))
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,8}", ".{1,3}", "[a-z]{120,140}", Just("val".to_owned())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_written_is_read(
        attributes in proptest::collection::btree_map(name(), value(), 0..6),
    ) {
        let held: Vec<_> = attributes
            .iter()
            .map(|(name, value)| (Cow::Owned(name.clone()), Held::Known(value.clone())))
            .collect();
        let mut backwards: Vec<(Name, Value)> =
            attributes.into_iter().map(|(name, value)| (Cow::Owned(name), value)).collect();
        let item = Item(backwards.clone());
        backwards.reverse();
        let stored = encode(&Item(backwards));
        prop_assert_eq!(&stored, &encode_held(&held));
        prop_assert_eq!(decode(&stored), Ok(item));
    }

    #[test]
    fn no_bytes_break_it(mut stored in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = decode(&stored);
        if let Some(first) = stored.first_mut() {
            *first = LAYOUT;
        }
        let _ = (decode(&stored), decode_held(&stored));
    }

    #[test]
    fn a_cut_item_is_damaged_or_shorter(
        attributes in proptest::collection::btree_map("[a-z]{3,8}", value(), 1..4),
        cut in 1_usize..20,
    ) {
        let count = attributes.len();
        let item = Item(attributes.into_iter().map(|(n, v)| (Cow::Owned(n), v)).collect());
        let mut stored = encode(&item);
        stored.truncate(stored.len().saturating_sub(cut).max(1));
        if let Ok(read) = decode(&stored) {
            prop_assert!(read.0.len() < count);
        }
    }
}

#[test]
fn other_types_pass_through_and_are_refused_as_items() {
    let flag = Held::Foreign(r#"{"BOOL":true}"#.to_owned());
    let stored = encode_held(&[
        (Cow::Borrowed("at"), Held::Known(Value::N(7))),
        (Cow::Borrowed("flag"), flag.clone()),
    ]);
    let read = decode_held(&stored).unwrap();
    assert_eq!(read[1], (Cow::Borrowed("flag"), flag));
    assert_eq!(decode(&stored), Err(Damaged));
}

#[test]
fn a_commit_takes_sixteen_bytes() {
    let id = chart::ids::commit_id(1_700_000_000_000, [0xab; 10]);
    let stored = encode(&Item::default().with("c", Value::S(id.clone())));
    assert_eq!(stored.len(), 1 + 1 + 1 + 16);
    assert_eq!(decode(&stored).unwrap().str("c"), Some(id.as_str()));
}

/// Files of other days are read: these bytes never change.
#[test]
fn the_stored_form_is_pinned() {
    let item = Item::default()
        .with("val", Value::L(vec![Value::N(-2), Value::B(vec![9])]))
        .with("at", Value::N(300));
    let mut stored =
        vec![1, 0, 0b010_11111, 0xb9, 0x04, 14, 0b011_00010, 0b010_00011, 0b001_00001, 9];
    assert_eq!(encode(&item), stored);
    stored[0] = 2;
    assert_eq!(decode(&stored), Err(Damaged));
}
