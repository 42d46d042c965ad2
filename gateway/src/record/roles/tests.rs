use std::sync::Arc;

use chart::table::{Condition, Item, Key, Table, TableError, Write};
use store::definition::TableKind;
use store::embedded::Embedded;

use super::{Choice, acting, current, own};
use crate::log::Log;
use crate::record::AnyTable;

const READS: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Sid": "Reads", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}]}"#;
const NOTHING: &str = r#"{"Version": "2012-10-17", "Statement": []}"#;

fn run<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

#[test]
fn a_task_acts_in_one_name_and_what_it_spawns_in_none() {
    run(async {
        assert_eq!(current(), None);
        let inner = acting("lookup".into(), async {
            let seen = current();
            tokio::task::yield_now().await;
            assert_eq!(seen, current());
            let other = acting("update".into(), async { current() }).await;
            assert_eq!(other.as_deref(), Some("update"));
            assert_eq!(current().as_deref(), Some("lookup"));
            tokio::spawn(async { current() }).await.unwrap()
        });
        assert_eq!(inner.await, None);
        assert_eq!(current(), None);
    });
}

#[test]
fn each_role_asks_within_its_own_policy() {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    let choice = Choice { policies: Some(policies.clone()), roles: None };
    let functions = ["lookup".to_owned(), "door".to_owned()];
    let log = Arc::new(Log::default());
    let missing = choice.read(&functions, &log).unwrap_err();
    assert!(missing.to_string().contains("the policy of lookup"), "{missing}");
    for name in own::ALL.into_iter().chain(["door"]) {
        std::fs::write(policies.join(format!("{name}.json")), NOTHING).unwrap();
    }
    std::fs::write(policies.join("lookup.json"), READS).unwrap();
    let roles = choice.read(&functions, &log).unwrap().unwrap();
    let embedded = Embedded::open(&folder.path().join("store")).unwrap();
    let kind = TableKind::Access;
    let table = AnyTable::embedded(kind, embedded.table(kind)).behind(&roles);
    let key = Key::new("J#06#secret", "1");
    let denied = |result| matches!(result, Err(TableError::Denied(_)));
    run(async {
        assert_eq!(acting("lookup".into(), table.get(&key)).await, Ok(None));
        assert!(denied(acting("door".into(), table.get(&key)).await.map(drop)));
        assert!(denied(acting("other".into(), table.get(&key)).await.map(drop)));
        assert!(denied(table.get(&key).await.map(drop)));
        let write = Write::put(key.clone(), Item::default(), Condition::Always);
        assert!(denied(acting("lookup".into(), table.write(write)).await));
    });
    let text = crate::metrics::text("06", &[roles.family()]);
    let allowed = "role=\"lookup\",table=\"access\",action=\"dynamodb:GetItem\",family=\"J\",\
                   decision=\"allowed\"} 1";
    assert!(text.contains(allowed), "{text}");
    assert!(text.contains("role=\"nobody\"") && text.contains("role=\"other\""), "{text}");
    let mut told = Vec::new();
    log.flush(&mut told);
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("policy: lookup may not dynamodb:PutItem J of access"), "{told}");
    assert!(!format!("{text}{told}").contains("secret"));
}

#[test]
fn every_role_has_an_arn_of_its_own() {
    let choice = Choice { policies: None, roles: Some("arn:aws:iam::1:role/dossier-".to_owned()) };
    let roles = choice.assumed(&["lookup".to_owned()]).unwrap();
    assert_eq!(roles["lookup"], "arn:aws:iam::1:role/dossier-lookup");
    assert_eq!(roles["sweep"], "arn:aws:iam::1:role/dossier-sweep");
    assert_eq!(roles.len(), 1 + own::ALL.len());
    assert!(Choice::default().assumed(&[]).is_none());
}
