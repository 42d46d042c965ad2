use super::*;
use proptest::prelude::*;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<String>().prop_map(Value::S),
        any::<i64>().prop_map(Value::N),
        proptest::collection::vec(any::<u8>(), 0..64).prop_map(Value::B),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| proptest::collection::vec(inner, 0..4).prop_map(Value::L))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_written_is_read(
        pk in ".{1,20}", sk in ".{1,20}",
        attributes in proptest::collection::btree_map("[a-z]{3,8}", value(), 0..6),
    ) {
        let attributes: Vec<(Name, Value)> =
            attributes.into_iter().map(|(name, value)| (Cow::Owned(name), value)).collect();
        let held: Vec<(Name, Held)> =
            attributes.iter().cloned().map(|(name, value)| (name, Held::Known(value))).collect();
        let json = encode(&pk, &sk, &held).unwrap();
        let read = Stored { pk: Some(pk.clone()), sk: Some(sk.clone()), item: Item(attributes) };
        prop_assert_eq!(&serde_json::from_str::<Stored>(&json).unwrap(), &read);
        let foreign: dynoxide::Item = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&foreign["pk"], &dynoxide::AttributeValue::S(pk));
        prop_assert_eq!(&foreign["sk"], &dynoxide::AttributeValue::S(sk));
        prop_assert_eq!(foreign.len(), held.len() + 2);
    }
}

#[test]
fn refuses_types_that_the_record_does_not_use() {
    for json in [
        r#"{"a":{"BOOL":true}}"#,
        r#"{"a":{"N":"1.5"}}"#,
        r#"{"a":{}}"#,
        r#"{"a":{"S":"x","N":"1"}}"#,
        r#"{"a":{"B":"@"}}"#,
    ] {
        assert!(serde_json::from_str::<Stored>(json).is_err(), "{json}");
    }
}
