use super::*;

fn read(text: &str, names: &[(&str, &str)], values: &[(&str, Value)]) -> Option<Condition> {
    let names = names.iter().map(|(key, name)| ((*key).to_owned(), (*name).to_owned())).collect();
    let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    parse(text, &names, &values)
}

#[test]
fn reads_the_record_s_conditions() {
    let pk = [("#n0", "pk")];
    assert_eq!(read("attribute_not_exists(#n0)", &pk, &[]), Some(Condition::Absent));
    assert_eq!(read("attribute_exists ( #n0 )", &pk, &[]), Some(Condition::Present));
    let text = "(attribute_not_exists(#a)) OR ((#b = :x) AND (#c<:y))";
    let names = [("#a", "lx"), ("#b", "ver"), ("#c", "exp")];
    let values = [(":x", Value::N(1)), (":y", Value::N(9))];
    let locked = Condition::All(vec![
        Condition::Equals("ver".into(), Value::N(1)),
        Condition::Less("exp".into(), 9),
    ]);
    let wanted = Condition::Any(vec![Condition::Without("lx".into()), locked]);
    assert_eq!(read(text, &names, &values), Some(wanted));
}

#[test]
fn leaves_the_rest_to_the_engine() {
    let (name, value) = ([("#n", "a")], [(":v", Value::N(1))]);
    for text in [
        "",
        "#n",
        "#n = ",
        "#n > :v",
        "#n <= :v",
        "NOT #n = :v",
        "#n = :v AND",
        "(#n = :v",
        "#n = :v)",
        "#n = :w",
        "a = :v",
        "size(#n) = :v",
        "begins_with(#n, :v)",
        "#n BETWEEN :v AND :v",
    ] {
        assert_eq!(read(text, &name, &value), None, "{text}");
    }
    assert!(read("#n = :v", &name, &value).is_some());
    assert_eq!(read("#n = :v", &[("#n", "a"), ("#m", "b")], &value), None, "an unused name");
    assert_eq!(read("#n = :v", &[("#n", "pk")], &value), None, "a key's value");
    assert_eq!(read("attribute_exists(#n)", &name, &[]), None);
    let deep = format!("{}#n = :v{}", "(".repeat(20), ")".repeat(20));
    assert_eq!(read(&deep, &name, &value), None);
}

#[cfg(feature = "sdk")]
mod written {
    use super::*;
    use proptest::prelude::*;

    fn condition() -> impl Strategy<Value = Condition> {
        let name = "[a-z]{3,6}";
        let leaf = prop_oneof![
            Just(Condition::Always),
            Just(Condition::Absent),
            Just(Condition::Present),
            name.prop_map(Condition::Without),
            (name, any::<i64>()).prop_map(|(name, n)| Condition::Equals(name, Value::N(n))),
            (name, any::<i64>()).prop_map(|(name, n)| Condition::Less(name, n)),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Condition::All),
                proptest::collection::vec(inner, 0..4).prop_map(Condition::Any),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn what_is_written_is_read_and_means_the_same(held in condition(), n in any::<i64>()) {
            let Some(written) = crate::expression::condition(&held) else {
                prop_assert!(crate::rules::holds(&held, None));
                return Ok(());
            };
            let names = written.names.into_iter().collect();
            let values = written.values.into_iter().collect();
            let read = parse(&written.text, &names, &values).expect("it is of our kind");
            let item = chart::table::Item::default().with("abc", Value::N(n));
            for stored in [None, Some(&item)] {
                prop_assert_eq!(
                    crate::rules::holds(&read, stored),
                    crate::rules::holds(&held, stored)
                );
            }
        }
    }
}
