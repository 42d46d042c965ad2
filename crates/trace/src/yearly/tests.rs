use access::claims::{Function, Purpose};
use access::entry::{Agent, Basis, Decided, Entry, Interaction, Outcome as Ended, id};
use regions::Directory;

use super::*;
use crate::register;

fn entry(number: u64) -> Entry {
    let at_ms = 1_795_719_900_000 + number * 86_400_000;
    let physician = number.is_multiple_of(2);
    let query = match number % 7 {
        0 => Some("AuditEvent/e.0/$review?outcome=not-justified&note-sha256=00".to_owned()),
        1 => Some("Observation?code=\"a\",b\r\nc".to_owned()),
        _ => None,
    };
    Entry {
        id: id(at_ms, [3; 10]),
        at_ms,
        region: "06".into(),
        establishment: if physician { "demo-06-nim".into() } else { String::new() },
        agent: Agent {
            subject: format!("u{}", number % 3),
            name: None,
            function: if physician { Function::Physician } else { Function::Auditor },
            licence: physician.then(|| "12345".to_owned()),
            client_id: "app".into(),
            token_id: None,
            issuer: "https://issuer".into(),
        },
        persons: vec!["ann".into(), "bob".into()],
        interaction: if number.is_multiple_of(7) {
            Interaction::Review
        } else {
            Interaction::Search
        },
        items: Vec::new(),
        query,
        purpose: Purpose::Treatment,
        basis: Some(Basis::Law),
        request_id: "r".into(),
        network_address: "::1".into(),
        outcome: Ended { status: if number.is_multiple_of(5) { 403 } else { 200 }, denied: None },
        decided: Decided {
            stands_in_for: None,
            emergency: number.is_multiple_of(4).then(|| "=cmd, \"now\"".to_owned()),
            consents: Vec::new(),
        },
    }
}

fn pages() -> (Vec<Entry>, Vec<String>) {
    let entries: Vec<Entry> = (0..60).map(entry).collect();
    let page =
        |some: &[Entry]| register::heading() + &some.iter().map(register::line).collect::<String>();
    let pages = entries.chunks(7).map(page).collect();
    (entries, pages)
}

#[test]
fn totals_equal_the_entries() {
    let (entries, pages) = pages();
    let mut counts = Counts::default();
    let added: u64 = pages.iter().map(|page| counts.add_page(page).unwrap()).sum();
    assert_eq!(added, 60);
    assert_eq!(counts.total.accesses, 60);
    assert_eq!(counts.disagrees(), None);
    let brute = |holds: fn(&Entry) -> bool| entries.iter().filter(|one| holds(one)).count() as u64;
    assert_eq!(counts.total.refused, brute(|one| one.outcome.status == 403));
    assert_eq!(counts.total.emergency, brute(|one| one.decided.emergency.is_some()));
    assert_eq!(
        counts.by["function"]["physician"].accesses,
        brute(|one| one.agent.function == Function::Physician)
    );
    assert_eq!(counts.by["establishment"][""].accesses, brute(|one| one.establishment.is_empty()));
    assert_eq!(
        counts.emergencies.values().sum::<u64>(),
        brute(|one| one.decided.emergency.is_some() && one.outcome.status < 400)
    );
    assert_eq!(
        counts.reviews["not-justified"],
        brute(|one| one.interaction == Interaction::Review && one.outcome.status < 400)
    );
}

#[test]
fn a_count_that_was_altered_disagrees() {
    let (_, pages) = pages();
    let mut counts = Counts::default();
    counts.add_page(&pages[0]).unwrap();
    counts.by.get_mut("action").unwrap().values_mut().next().unwrap().accesses += 1;
    assert_eq!(counts.disagrees(), Some("action"));
}

#[test]
fn what_is_no_register_is_refused() {
    let (_, pages) = pages();
    let mut counts = Counts::default();
    for wrong in ["", "a,b\r\n", "{\"resourceType\":\"OperationOutcome\"}", &pages[0][5..]] {
        assert_eq!(counts.add_page(wrong), Err(NotARegister));
    }
    let short = register::heading() + "1,2\r\n";
    assert_eq!(counts.add_page(&short), Err(NotARegister));
    assert_eq!(counts, Counts::default());
}

#[test]
fn the_page_is_in_both_languages() {
    let (_, pages) = pages();
    let mut counts = Counts::default();
    for page in &pages {
        counts.add_page(page).unwrap();
    }
    let directory = Directory::default();
    let period =
        Period { from: "2026-01-01", to: "2026-12-31", region: Some("06"), directory: &directory };
    let french = markdown(&counts, &period, Language::French);
    assert!(french.contains("# Accès aux renseignements de santé"));
    assert!(french.contains("| médecin | 30 |"), "{french}");
    let english = html(&counts, &period, Language::English);
    assert!(english.contains("lang=\"en") && english.contains("<td>physician</td><td>30</td>"));
    assert!(!english.contains("src=") && !english.contains("href="));
    let table = csv::records(&counts.to_csv()).unwrap();
    assert!(table.iter().all(|record| record.len() == 6));
    assert_eq!(table[1][..3], ["total".to_owned(), String::new(), "60".to_owned()]);
}
