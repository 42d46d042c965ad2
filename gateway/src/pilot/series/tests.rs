use super::Series;
use crate::limits::SERIES_ROWS_WAITING_MAX;
use report::slice::{Answered, Event};
use report::{Row, Slice};

const START: i64 = 1_800_000_000_000;

fn series() -> Series {
    Series::new("06", "p".into(), vec!["demo-06-nim".into()], START)
}

fn asked(establishment: &str) -> Answered<'_> {
    Answered {
        establishment,
        function: "lookup",
        status: 200,
        taken_us: 900,
        change: false,
        emergency: false,
        denied: None,
        shed: false,
    }
}

fn requests(slice: &Slice) -> u64 {
    slice.total().requests()
}

#[test]
fn the_sum_of_the_rows_is_what_was_counted_and_hours_hold_their_minutes() {
    let series = series();
    let mut written: std::collections::BTreeMap<(String, String), Vec<u8>> = Default::default();
    for minute in 0..150 {
        (0..=minute % 3).for_each(|_| series.request(&asked("demo-06-nim")));
        series.turn(START + (minute + 1) * 60_000);
        let rows = series.waiting();
        series.written(&rows);
        written.extend(rows.into_iter().map(|row| ((row.pk, row.sk), row.bytes)));
    }
    let sum = |kind: &str| {
        let of_kind = written.iter().filter(|((pk, _), _)| pk.starts_with(kind));
        of_kind.map(|(_, bytes)| requests(&Row::from_bytes(0, bytes).unwrap().slice)).sum::<u64>()
    };
    assert_eq!((sum("PM#06#"), sum("PH#06#")), (300, 300));
    let hours = written.keys().filter(|(pk, _)| pk.starts_with("PH#")).count();
    assert!((3..=4).contains(&hours), "{hours}");
    assert_eq!(requests(&series.since_start()), 300);
    assert!(series.current().is_none() && series.waiting().is_empty());
}

#[test]
fn quiet_minutes_leave_no_rows_and_what_cannot_be_written_is_bounded() {
    let series = series();
    series.turn(START + 60_000);
    assert!(series.waiting().is_empty());
    for minute in 0..400 {
        series.event(Event::Forwarded);
        series.turn(START + minute * 60_000);
    }
    assert_eq!(series.waiting().len(), SERIES_ROWS_WAITING_MAX);
    assert!(series.backlog().1 > 0);
    assert_eq!(series.since_start().count(Event::Forwarded), 400);
}

#[test]
fn only_establishments_of_the_directory_are_told_apart() {
    let series = series();
    for id in ["demo-06-nim", "made-up-1", "made-up-2", ""] {
        series.request(&asked(id));
    }
    let told: Vec<String> = series.since_start().establishments.into_keys().collect();
    assert_eq!(told, ["", "demo-06-nim"]);
}

#[test]
fn a_clock_that_goes_back_loses_no_row() {
    let series = series();
    for at_ms in [START + 60_000, START + 1_000, START + 60_000] {
        series.request(&asked("demo-06-nim"));
        series.turn(at_ms);
    }
    let minutes: Vec<_> =
        series.waiting().into_iter().filter(|row| row.pk.starts_with("PM#")).collect();
    let sum: u64 =
        minutes.iter().map(|row| requests(&Row::from_bytes(0, &row.bytes).unwrap().slice)).sum();
    assert_eq!((minutes.len(), sum), (3, 3));
}
