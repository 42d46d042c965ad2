//! Arithmetic: the reconciliation, the pauses, the progress, the journal.

use std::time::{Duration, Instant};

use crate::cli::load::client::Target;
use crate::cli::load::count::{Fate, Reconciliation, grouped};
use crate::cli::load::journal::Journal;
use crate::cli::load::limits::Insistence;
use crate::cli::load::parcel::{Parcel, Piece, Place, Sorting};
use crate::cli::load::progress::Progress;
use crate::cli::load::retry::{Patience, is_passing};

pub fn parcel(bundle: &serde_json::Value) -> Parcel {
    let mut pieces = Vec::new();
    let mut sorting = Sorting::new("file".into());
    sorting.take(bundle.to_string().into_bytes(), Place::Whole, &mut pieces);
    match pieces.pop() {
        Some(Piece::Parcel(parcel)) => parcel,
        other => panic!("{other:?}"),
    }
}

fn refused(reason: &str) -> Fate {
    Fate::Refused { status: Some(422), reason: reason.to_owned() }
}

#[test]
fn every_item_has_one_fate_or_it_is_said() {
    let parcel = parcel(&super::chart("x", 3));
    let mut counts = Reconciliation::default();
    counts.read(&parcel);
    assert_eq!(counts.exit_code(), 2);
    let fates = [Fate::Created, Fate::Updated, Fate::There, refused("why")];
    counts.settled(&parcel, &fates);
    assert!(counts.balances());
    assert_eq!(counts.exit_code(), 1);
    let total = counts.total();
    let each = (total.read, total.created, total.updated, total.there, total.refused);
    assert_eq!(each, (4, 1, 1, 1, 1));
    assert_eq!((counts.of("Patient").created, counts.of("Observation").read), (1, 3));
    assert_eq!(counts.json()["types"]["Observation"]["already_there"], 1);
    assert_eq!(counts.json()["balanced"], true);
    // Settled twice is as wrong as never.
    counts.settled(&parcel, &fates);
    assert_eq!(counts.exit_code(), 2);
    assert!(counts.table().contains("NOT BALANCED"), "{}", counts.table());
    assert!(counts.table().ends_with("2 refused is not 4 read\n"), "{}", counts.table());
}

#[test]
fn types_that_cancel_each_other_out_do_not_balance() {
    let mut counts = Reconciliation::default();
    counts.read(&parcel(&super::registry(&["a"])));
    counts.settled(&parcel(&super::chart("x", 0)), &[Fate::Created]);
    assert!(counts.total().balance() && !counts.balances());
    assert_eq!(counts.exit_code(), 2);
}

#[test]
fn nothing_read_is_nothing_wrong() {
    let counts = Reconciliation::default();
    assert_eq!(counts.exit_code(), 0);
    assert_eq!(grouped(0), "0");
    assert_eq!(grouped(999), "999");
    assert_eq!(grouped(18_584), "18,584");
    assert_eq!(grouped(1_000_000), "1,000,000");
}

#[test]
fn pauses_grow_and_are_spread_and_end() {
    let insistence = Insistence {
        give_up: Duration::from_secs(10),
        pause: Duration::from_millis(100),
        pause_max: Duration::from_secs(2),
        ..Insistence::default()
    };
    let now = Instant::now();
    let mut patience = Patience::new(insistence);
    let mut calm = Patience::new(insistence);
    let mut before = Duration::ZERO;
    for _ in 0..5 {
        let least = calm.pause(now, None, 0).unwrap();
        let most = patience.pause(now, None, u32::MAX).unwrap();
        assert!(
            most >= least * 2 - Duration::from_millis(1) && most > before && least > before / 4
        );
        before = most;
    }
    assert!(patience.pause(now, None, u32::MAX).unwrap() <= insistence.pause_max);
    // What the door asks for is kept, within the longest pause.
    let mut asked = Patience::new(insistence);
    let pause = asked.pause(now, Some(Duration::from_secs(1)), 0).unwrap();
    assert_eq!(pause, Duration::from_secs(1));
    assert_eq!(asked.pause(now, Some(Duration::from_secs(900)), 0).unwrap(), insistence.pause_max);
    // A hundred failures do not overflow, and the end comes.
    let mut late = now;
    let mut pauses = 0;
    while let Some(pause) = asked.pause(late, None, u32::MAX / 2) {
        late += pause;
        pauses += 1;
        assert!(late - now <= insistence.give_up && pauses < 100);
    }
    assert!(pauses > 3);
    assert!((0..insistence.conflicts_max).all(|_| asked.takes_conflict()));
    assert!(!asked.takes_conflict());
}

#[test]
fn only_what_may_pass_is_tried_again() {
    let asked = Some(Duration::from_secs(1));
    for status in [408, 429, 502, 503, 504] {
        assert!(is_passing(status, None), "{status}");
    }
    for status in [400, 401, 403, 404, 409, 412, 413, 422, 500, 501] {
        assert!(!is_passing(status, None), "{status}");
    }
    assert!(is_passing(409, asked) && !is_passing(422, asked));
}

#[test]
fn the_journal_keeps_what_is_done_and_passes_over_half_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("load/06.done");
    let (one, two, three) = ([1; 32], [2; 32], [0xAB; 32]);
    let journal = Journal::open(&path).unwrap();
    assert!(!journal.holds(&one));
    journal.add(&one).unwrap();
    assert!(journal.holds(&one));
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str("0202");
    std::fs::write(&path, text).unwrap();
    let journal = Journal::open(&path).unwrap();
    assert!(journal.holds(&one) && !journal.holds(&two));
    journal.add(&three).unwrap();
    let journal = Journal::open(&path).unwrap();
    assert!(journal.holds(&one) && journal.holds(&three) && !journal.holds(&two));
}

#[test]
fn progress_tells_how_much_and_how_long() {
    let progress = Progress::new(1_000);
    progress.done(600, 200);
    progress.passed(50);
    let line = progress.line(Duration::from_secs(2), true);
    assert_eq!(line, "[######                  ]  25 % 1 bundles, 600 resources, 300/s, 6 s left");
    progress.done(600, 10_000);
    progress.unfit();
    let line = progress.line(Duration::from_secs(3), false);
    assert_eq!(line, "100 % 2 bundles, 1,200 resources, 400/s, 1 unfit");
    assert!(Progress::new(0).line(Duration::ZERO, true).starts_with("0 bundles"));
}

#[test]
fn addresses_are_read() {
    for (url, here) in [
        ("http://127.0.0.1:8406/fhir", true),
        ("http://localhost/fhir/", true),
        ("http://[::1]:80", true),
        ("http://records.example/fhir", false),
    ] {
        assert_eq!(Target::parse(url, None).unwrap().is_here(), here, "{url}");
    }
    for url in ["127.0.0.1:8406", "/fhir", "ftp://x/", "", "http://"] {
        assert!(Target::parse(url, None).is_err(), "{url}");
    }
}
