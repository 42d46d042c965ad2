use super::*;

fn text(held: &Condition) -> Option<String> {
    condition(held).map(|expression| expression.text)
}

#[test]
fn every_kind_of_condition_has_its_expression() {
    let version = || Condition::Equals("ver".into(), Value::N(3));
    let unlocked = || Condition::Without("lx".into());
    assert_eq!(text(&Condition::Always), None);
    assert_eq!(text(&Condition::Absent).unwrap(), "attribute_not_exists(#n0)");
    assert_eq!(text(&Condition::Present).unwrap(), "attribute_exists(#n0)");
    assert_eq!(text(&version()).unwrap(), "#n0 = :v0");
    assert_eq!(text(&Condition::Less("exp".into(), 9)).unwrap(), "#n0 < :v0");
    let both = condition(&Condition::All(vec![Condition::Always, version(), unlocked()])).unwrap();
    assert_eq!(both.text, "(#n0 = :v0) AND (attribute_not_exists(#n1))");
    assert_eq!(both.names, [("#n0".into(), "ver".into()), ("#n1".into(), "lx".into())]);
    assert_eq!(both.values, [(":v0".into(), Value::N(3))]);
    let nested =
        Condition::Any(vec![Condition::Absent, Condition::All(vec![version(), unlocked()])]);
    assert_eq!(
        text(&nested).unwrap(),
        "(attribute_not_exists(#n0)) OR ((#n1 = :v0) AND (attribute_not_exists(#n2)))"
    );
}

#[test]
fn what_always_holds_leaves_no_placeholder_behind() {
    let held = Condition::Any(vec![Condition::Less("a".into(), 1), Condition::All(vec![])]);
    assert_eq!(condition(&held), None);
    assert_eq!(condition(&Condition::All(vec![Condition::Always])), None);
    assert!(text(&Condition::Any(vec![])).is_some());
}

#[test]
fn queries_have_their_key_condition() {
    let query =
        |range| Query { pk: "P".into(), range, descending: false, limit: None, after: None };
    assert_eq!(key_condition(&query(Range::All)).text, "#n0 = :v0");
    assert_eq!(key_condition(&query(Range::Prefix(String::new()))).text, "#n0 = :v0");
    let prefix = key_condition(&query(Range::Prefix("X#".into())));
    assert_eq!(prefix.text, "#n0 = :v0 AND begins_with(#n1, :v1)");
    let between = key_condition(&query(Range::Between("a".into(), "b".into())));
    assert_eq!(between.text, "#n0 = :v0 AND #n1 BETWEEN :v1 AND :v2");
}
