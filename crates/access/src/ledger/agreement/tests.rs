use super::*;
use crate::entry::{ItemSeen, id};

fn entry(number: u8, items: &[(&str, u64, Change)], status: u16) -> Opening {
    let mut entry = crate::entry::tests::sample();
    entry.id = id(5, [number; 10]);
    entry.outcome.status = status;
    let item = |(id, version, change): &(&str, u64, Change)| ItemSeen {
        resource_type: "Observation".to_owned(),
        id: (*id).to_owned(),
        version: *version,
        person: None,
        change: *change,
    };
    entry.items = items.iter().map(item).collect();
    Opening { salt: [number; 16], entry: entry.to_bytes().unwrap() }
}

fn version(id: &str, version: u64) -> Version {
    ("Observation".to_owned(), id.to_owned(), version)
}

/// Two changes, a read, and a refusal.
fn house() -> (Vec<Opening>, BTreeSet<Version>) {
    let entries = vec![
        entry(1, &[("a", 1, Change::Created), ("b", 1, Change::Created)], 200),
        entry(2, &[("a", 1, Change::Read)], 200),
        entry(3, &[("a", 2, Change::Updated)], 200),
        entry(4, &[("b", 2, Change::Updated)], 412),
    ];
    (entries, BTreeSet::from([version("a", 1), version("a", 2), version("b", 1)]))
}

fn compared(entries: &[Opening], leaves: &[Opening], versions: BTreeSet<Version>) -> Vec<String> {
    let mut agreement = Agreement::new(versions);
    agreement.log(leaves.iter().map(Opening::hash).collect());
    for (leaf, opening) in entries.iter().enumerate() {
        agreement.entry(Some(leaf as u64), opening);
    }
    agreement.faults().listed
}

#[test]
fn what_agrees_has_no_faults() {
    let (entries, versions) = house();
    assert_eq!(compared(&entries, &entries, versions), Vec::<String>::new());
}

#[test]
fn each_disagreement_is_named() {
    let (entries, versions) = house();
    let one = |faults: Vec<String>, expected: &str| {
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains(expected), "{faults:?}");
    };
    let mut more = versions.clone();
    more.insert(version("c", 1));
    one(compared(&entries, &entries, more), "Observation/c/_history/1 is in the record");
    let mut fewer = versions.clone();
    fewer.remove(&version("a", 2));
    one(compared(&entries, &entries, fewer), "tells of Observation/a/_history/2");
    let mut bent = entries.clone();
    bent[1].salt = [9; 16];
    let faults = compared(&bent, &entries, versions.clone());
    assert!(faults[0].contains("not the one that leaf 1") && faults.len() == 2, "{faults:?}");
    one(compared(&entries[..3], &entries, versions.clone()), "leaf 3 has no entry");
    one(compared(&entries, &entries[..3], versions.clone()), "leaf 3, which the log has not");
    let mut agreement = Agreement::new(versions);
    agreement.log(entries.iter().map(Opening::hash).collect());
    for (leaf, opening) in entries.iter().enumerate() {
        agreement.entry(Some(leaf as u64), opening);
    }
    agreement.entry(Some(0), &entries[0]);
    agreement.entry(None, &entry(7, &[], 200));
    agreement.entry(None, &Opening { salt: [0; 16], entry: Vec::new() });
    assert_eq!(agreement.faults().count, 3);
}
