//! Merging is associative and commutative, quantiles are within the stated
//! error, and rows are read as they were written.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use report::histogram::{Histogram, RELATIVE_ERROR};
use report::limits::{ESTABLISHMENTS_MAX, LATENCY_US_MAX, ROW_BYTES_MAX};
use report::slice::{Answered, Event, Ledger, Slice};
use report::{Row, reason};

fn histogram(times: &[u64]) -> Histogram {
    let mut histogram = Histogram::default();
    times.iter().for_each(|us| histogram.add(*us));
    histogram
}

fn time() -> impl Strategy<Value = u64> {
    prop_oneof![0..200u64, 0..100_000u64, 0..LATENCY_US_MAX, Just(LATENCY_US_MAX), any::<u64>()]
}

prop_compose! {
    fn counted()(
        requests in prop::collection::vec(
            (0..4usize, 0..3usize, 100..600u16, time(), any::<bool>(), any::<bool>(), 0..3usize),
            0..40,
        ),
        events in prop::collection::vec(0..Event::ALL.len(), 0..6),
        ledger in prop::option::of((0..1000u64, 0..1000u64, 0..100_000u64)),
    ) -> Slice {
        let mut slice = Slice::default();
        for (establishment, function, status, taken_us, change, emergency, denied) in requests {
            slice.request(&Answered {
                establishment: ["", "demo-06-nim", "demo-06-oim", "demo-04-mcq"][establishment],
                function: ["lookup", "search", "door"][function],
                status,
                taken_us,
                change,
                emergency,
                denied: [None, Some("scope"), Some("a word nobody knows")][denied],
                shed: change,
            });
        }
        events.into_iter().for_each(|at| slice.event(Event::ALL[at]));
        if let Some((size, published, lag_ms_max)) = ledger {
            slice.ledger(Ledger { size, published, lag_ms_max });
        }
        slice
    }
}

fn merged(a: &Slice, b: &Slice) -> Slice {
    let mut sum = a.clone();
    sum.merge(b);
    sum
}

proptest! {
    #[test]
    fn quantiles_are_within_the_stated_error(
        mut times in prop::collection::vec(time(), 1..300), share in 0.0..=1.0f64,
    ) {
        let told = histogram(&times).quantile(share).unwrap();
        times.iter_mut().for_each(|us| *us = (*us).min(LATENCY_US_MAX));
        times.sort_unstable();
        let rank = ((times.len() as f64 * share).ceil() as usize).clamp(1, times.len());
        let exact = times[rank - 1];
        let off = (told as f64 - exact as f64).abs();
        prop_assert!(off <= exact as f64 * RELATIVE_ERROR, "{told} for {exact}");
    }

    #[test]
    fn what_is_within_a_limit_is_off_by_one_bucket_at_most(
        times in prop::collection::vec(0..LATENCY_US_MAX, 1..200), limit in 1..LATENCY_US_MAX,
    ) {
        let told = histogram(&times).within(limit);
        let least = times.iter().filter(|us| **us <= limit).count() as u64;
        let wide = limit as f64 * (1.0 + 2.0 * RELATIVE_ERROR);
        let most = times.iter().filter(|us| **us as f64 <= wide).count() as u64;
        prop_assert!(least <= told && told <= most, "{least} {told} {most}");
    }

    #[test]
    fn merging_histograms_is_counting_all(a in prop::collection::vec(time(), 0..50), b in prop::collection::vec(time(), 0..50)) {
        let mut sum = histogram(&a);
        sum.merge(&histogram(&b));
        prop_assert_eq!(sum, histogram(&[a, b].concat()));
    }

    #[test]
    fn merging_slices_is_associative_and_commutative(a in counted(), b in counted(), c in counted()) {
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(merged(&a, &Slice::default()), a);
    }

    #[test]
    fn rows_are_read_as_they_were_written(slice in counted(), at_ms in 0..4_000_000_000_000i64) {
        let read = Row::from_bytes(at_ms, &Row::to_bytes(&slice));
        prop_assert_eq!(read, Some(Row { at_ms, slice }));
    }

    #[test]
    fn what_is_no_row_is_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        // It may be one by chance; it must not be taken for more than it holds.
        if let Some(row) = Row::from_bytes(0, &bytes) {
            prop_assert!(Row::to_bytes(&row.slice).len() <= bytes.len() + 64);
        }
    }

    #[test]
    fn refusals_are_counted_under_known_words(status in 100..1000u16, denied in ".{0,12}", shed in any::<bool>()) {
        match reason::word(status, Some(&denied), shed) {
            None => prop_assert!(status < 400),
            Some(word) => prop_assert!(reason::WORDS.contains(&word)),
        }
    }
}

#[test]
fn a_row_stays_under_the_limit_and_true_in_sum() {
    let mut slice = Slice::default();
    for establishment in 0..ESTABLISHMENTS_MAX + 40 {
        let establishment = format!("establishment-{establishment:03}");
        // Every bucket in use.
        for step in 0..800 {
            let taken_us = (1.025f64.powi(step)) as u64;
            slice.request(&Answered {
                establishment: &establishment,
                function: "lookup",
                status: 200,
                taken_us,
                change: false,
                emergency: false,
                denied: None,
                shed: false,
            });
        }
    }
    assert!(slice.establishments.len() <= ESTABLISHMENTS_MAX + 1);
    let bytes = Row::to_bytes(&slice);
    assert!(bytes.len() <= ROW_BYTES_MAX, "{}", bytes.len());
    let read = Row::from_bytes(0, &bytes).unwrap().slice;
    assert_eq!(read.total().requests(), slice.total().requests());
}
