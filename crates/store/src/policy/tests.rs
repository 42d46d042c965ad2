use std::sync::{Arc, Mutex};

use chart::table::{Condition, Item, Key, Query, Range, Table, TableError, Write};
use futures::executor::block_on;
use proptest::prelude::*;

use super::document::like;
use super::{Acting, Asked, Decision, Enforced, Policy};
use crate::definition::TableKind;
use crate::memory::MemoryTable;

const TABLE: &str = "arn:aws:dynamodb:ca-central-1:000000000000:table/record";

fn policy(statements: &str) -> Policy {
    Policy::parse(&format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#)).unwrap()
}

const READS: &str = r#"{"Sid": "Reads", "Effect": "Allow",
    "Action": ["dynamodb:Get*", "dynamodb:Query"],
    "Resource": "arn:aws:dynamodb:*:*:table/record",
    "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["P#*", "R#?#*"]},
                  "Null": {"dynamodb:LeadingKeys": "false"}}}"#;
const NEVER: &str = r#"{"Sid": "Never", "Effect": "Deny", "Action": "dynamodb:*",
    "Resource": "*",
    "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": "P#secret*"}}}"#;

fn decided<'p>(policy: &'p Policy, action: &'static str, keys: &[&str]) -> Decision<'p> {
    policy.decide(&Asked { action, resource: TABLE, leading_keys: keys.to_vec() })
}

#[test]
fn what_nothing_speaks_of_is_denied() {
    let held = policy(READS);
    assert_eq!(decided(&held, "dynamodb:GetItem", &["P#1"]), Decision::Allowed("Reads"));
    assert_eq!(decided(&held, "dynamodb:GETITEM", &["R#a#1"]), Decision::Allowed("Reads"));
    assert_eq!(decided(&held, "dynamodb:PutItem", &["P#1"]), Decision::Unmentioned);
    assert_eq!(decided(&held, "dynamodb:GetItem", &["U#1"]), Decision::Unmentioned);
    assert_eq!(decided(&held, "dynamodb:GetItem", &["R#ab#1"]), Decision::Unmentioned);
    let other = Asked {
        action: "dynamodb:GetItem",
        resource: "arn:aws:dynamodb:ca-central-1:000000000000:table/access",
        leading_keys: vec!["P#1"],
    };
    assert_eq!(held.decide(&other), Decision::Unmentioned);
    assert_eq!(Policy::default().decide(&other), Decision::Unmentioned);
}

#[test]
fn every_key_must_match_and_a_request_without_keys_does_not() {
    let held = policy(READS);
    assert_eq!(decided(&held, "dynamodb:Query", &["P#1", "P#2"]), Decision::Allowed("Reads"));
    assert_eq!(decided(&held, "dynamodb:Query", &["P#1", "U#2"]), Decision::Unmentioned);
    assert_eq!(decided(&held, "dynamodb:Query", &[]), Decision::Unmentioned);
    // Without the Null condition ForAllValues holds of nothing, as in IAM.
    let loose = policy(&READS.replace(
        r#""Null": {"dynamodb:LeadingKeys": "false"}"#,
        r#""ForAllValues:StringLike": {"dynamodb:LeadingKeys": "*"}"#,
    ));
    assert_eq!(decided(&loose, "dynamodb:Query", &[]), Decision::Allowed("Reads"));
}

#[test]
fn a_denial_wins_wherever_it_stands() {
    for text in [format!("{READS}, {NEVER}"), format!("{NEVER}, {READS}")] {
        let held = policy(&text);
        assert_eq!(decided(&held, "dynamodb:GetItem", &["P#1"]), Decision::Allowed("Reads"));
        let keys = ["P#1", "P#secret"];
        assert_eq!(decided(&held, "dynamodb:GetItem", &keys), Decision::Denied("Never"));
        assert_eq!(held.grants().into_iter().collect::<Vec<_>>(), ["Reads"]);
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    let wrong = [
        READS.replace("Sid", "NotSid"),
        READS.replace("Allow", "Permit"),
        READS.replace(r#""Action""#, r#""NotAction""#),
        READS.replace("ForAllValues:StringLike", "StringLike"),
        READS.replace("ForAllValues:StringLike", "ForAllValues:StringEqualsIgnoreCase"),
        READS.replace("dynamodb:LeadingKeys", "aws:SourceIp"),
        READS.replace(r#""false""#, r#""perhaps""#),
        READS.replace("table/record", "table/${aws:username}"),
    ];
    for text in wrong {
        let whole = format!(r#"{{"Version": "2012-10-17", "Statement": [{text}]}}"#);
        assert!(Policy::parse(&whole).is_err(), "{text}");
    }
    assert!(Policy::parse(r#"{"Version": "2008-10-17", "Statement": []}"#).is_err());
    assert!(Policy::parse(r#"{"Version": "2012-10-17"}"#).is_err());
}

/// The same relation, by its definition.
fn like_by_definition(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|cut| like_by_definition(rest, &text[cut..])),
        [wanted, rest @ ..] => {
            text.first().is_some_and(|held| *wanted == '?' || wanted == held)
                && like_by_definition(rest, &text[1..])
        }
    }
}

proptest! {
    #[test]
    fn patterns_match_as_they_are_defined(pattern in "[ab*?#é]{0,8}", text in "[ab#é]{0,10}") {
        let (wanted, held): (Vec<char>, Vec<char>) =
            (pattern.chars().collect(), text.chars().collect());
        prop_assert_eq!(like(&pattern, &text), like_by_definition(&wanted, &held));
    }
}

#[derive(Clone)]
struct Told {
    policy: Option<Arc<Policy>>,
    heard: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Acting for Told {
    fn policy(&self) -> Option<Arc<Policy>> {
        self.policy.clone()
    }

    fn decided(&self, asked: &Asked<'_>, decision: Decision<'_>) {
        let allowed = matches!(decision, Decision::Allowed(_));
        self.heard.lock().unwrap().push((asked.action.to_owned(), allowed));
    }
}

fn enforced(policy: Option<Policy>) -> (Enforced<MemoryTable, Told>, Told) {
    let told = Told { policy: policy.map(Arc::new), heard: Arc::default() };
    (Enforced::new(MemoryTable::default(), TableKind::Record, told.clone()), told)
}

fn is_denied<V>(result: Result<V, TableError>) -> bool {
    matches!(result, Err(TableError::Denied(_)))
}

#[test]
fn a_table_does_what_the_policy_allows_and_nothing_else() {
    let writes = READS.replace(
        r#""dynamodb:Get*", "dynamodb:Query""#,
        r#""dynamodb:PutItem", "dynamodb:BatchGetItem""#,
    );
    let (table, told) = enforced(Some(policy(&writes)));
    let key = |pk: &str| Key::new(pk, "-");
    let put = |pk: &str| Write::put(key(pk), Item::default(), Condition::Always);
    let query =
        Query { pk: "P#1".into(), range: Range::All, descending: false, limit: None, after: None };
    block_on(async {
        table.write(put("P#1")).await.unwrap();
        assert!(is_denied(table.write(put("U#1")).await));
        assert!(is_denied(table.write(Write::delete(key("P#1"), Condition::Always)).await));
        assert!(is_denied(table.get(&key("P#1")).await));
        assert!(is_denied(table.query(&query).await));
        let found = table.get_many(&[key("P#1"), key("P#2")]).await.unwrap();
        assert_eq!(found, [Some(Item::default()), None]);
        assert!(is_denied(table.get_many(&[key("P#1"), key("U#1")]).await));
        let each = table.write_each(vec![put("U#1"), put("P#2"), put("L#1"), put("P#3")]).await;
        let done: Vec<bool> = each.iter().map(Result::is_ok).collect();
        assert_eq!(done, [false, true, false, true]);
        // One write that is denied stops all of a transaction.
        assert!(is_denied(table.transact("t", vec![put("P#4"), put("U#4")]).await));
        let check = Write::check(key("P#1"), Condition::Present);
        assert!(is_denied(table.transact("t", vec![put("P#4"), check]).await));
        table.transact("t", vec![put("P#5"), put("P#6")]).await.unwrap();
        let behind = table.inner();
        for (pk, there) in [("P#2", true), ("P#3", true), ("P#4", false), ("P#5", true)] {
            assert_eq!(behind.get(&key(pk)).await.unwrap().is_some(), there, "{pk}");
        }
        for pk in ["U#1", "L#1", "U#4"] {
            assert_eq!(behind.get(&key(pk)).await.unwrap(), None, "{pk}");
        }
    });
    let heard = told.heard.lock().unwrap();
    assert_eq!(heard[0], ("dynamodb:PutItem".to_owned(), true));
    assert_eq!(heard[1], ("dynamodb:PutItem".to_owned(), false));
    assert_eq!(heard[2], ("dynamodb:DeleteItem".to_owned(), false));
}

#[test]
fn nobody_in_particular_may_nothing() {
    let (table, _) = enforced(None);
    assert!(is_denied(block_on(table.get(&Key::new("P#1", "-")))));
}
