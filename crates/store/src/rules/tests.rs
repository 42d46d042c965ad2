use super::*;

fn item() -> Item {
    Item::default().with("val", Value::S("a".into())).with("n", Value::N(5))
}

#[test]
fn comparisons_do_not_hold_of_what_is_absent() {
    let (less, equals) =
        (Condition::Less("n".into(), 9), Condition::Equals("val".into(), Value::S("a".into())));
    assert!(holds(&less, Some(&item())) && holds(&equals, Some(&item())));
    assert!(!holds(&less, None) && !holds(&equals, None));
    assert!(!holds(&Condition::Less("val".into(), 9), Some(&item())));
    assert!(!holds(&Condition::Less("n".into(), 5), Some(&item())));
}

#[test]
fn without_holds_when_there_is_no_item() {
    let without = Condition::Without("val".into());
    assert!(holds(&without, None));
    assert!(!holds(&without, Some(&item())));
    assert!(holds(&Condition::Without("lx".into()), Some(&item())));
}

#[test]
fn all_of_nothing_holds_and_any_of_nothing_does_not() {
    assert!(holds(&Condition::All(vec![]), None));
    assert!(!holds(&Condition::Any(vec![]), Some(&item())));
    assert!(holds(&Condition::Any(vec![Condition::Absent, Condition::Present]), None));
    assert!(!holds(&Condition::All(vec![Condition::Absent, Condition::Present]), None));
}

#[test]
fn sizes_count_names_values_and_the_key() {
    let key = Key::new("abc", "de");
    assert_eq!(item_bytes(&key, &Item::default()), 9);
    let full = Item::default()
        .with("b", Value::B(vec![0; 10]))
        .with("n", Value::N(-1234))
        .with("l", Value::L(vec![Value::S("xy".into())]));
    assert_eq!(item_bytes(&key, &full), 9 + 11 + 1 + 4 + 1 + 3 + 3);
}

#[test]
fn refuses_what_dynamodb_refuses() {
    let key = Key::new("p", "s");
    let put = |bytes: usize| {
        let item = Item::default().with("b", Value::B(vec![0; bytes]));
        Write::put(key.clone(), item, Condition::Always)
    };
    let overhead = item_bytes(&key, &Item::default()) + 1;
    assert_eq!(check_write(&put(ITEM_BYTES_MAX - overhead)), Ok(ITEM_BYTES_MAX));
    assert!(check_write(&put(ITEM_BYTES_MAX - overhead + 1)).is_err());
    assert!(check_key(&Key::new("", "s")).is_err());
    assert!(check_key(&Key::new("p", "s".repeat(SK_BYTES_MAX + 1))).is_err());
    assert!(check_transaction("t", &[put(1), put(2)]).is_err());
    assert!(check_transaction("", &[put(1)]).is_err());
    assert!(check_transaction(&"t".repeat(37), &[put(1)]).is_err());
    assert!(check_single(&Write::check(key, Condition::Absent)).is_err());
    let many = |count: usize| -> Vec<Write> {
        (0..count)
            .map(|index| Write::delete(Key::new("p", index.to_string()), Condition::Always))
            .collect()
    };
    assert!(check_transaction("t", &many(100)).is_ok());
    assert!(check_transaction("t", &many(101)).is_err());
}
