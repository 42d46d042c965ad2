use std::time::{Duration, Instant};

use super::{Breaker, Budget, Hysteresis};
use crate::peers::limits;

#[test]
fn it_takes_several_probes_to_change_a_mind() {
    let mut state = Hysteresis::default();
    let told: Vec<Option<bool>> = [false, false, true, false, false, false, false]
        .map(|answered| state.note(answered))
        .to_vec();
    assert_eq!(told, [None, None, None, None, None, Some(false), None]);
    assert_eq!(
        [true, false, true, true].map(|answered| state.note(answered)),
        [None, None, None, Some(true)]
    );
}

#[test]
fn a_breaker_opens_after_failures_and_lets_one_try_at_a_time() {
    let (mut breaker, start) = (Breaker::default(), Instant::now());
    for _ in 1..limits::BREAKER_FAILURES {
        breaker.note(false, start);
        assert!(breaker.allows(start));
    }
    breaker.note(false, start);
    assert!(!breaker.allows(start));
    let later = start + Duration::from_millis(limits::BREAKER_MS);
    assert!(breaker.allows(later));
    breaker.going(later);
    assert!(!breaker.allows(later), "two tried at once");
    breaker.note(false, later);
    assert!(!breaker.allows(later));
    let again = later + Duration::from_millis(limits::BREAKER_MS);
    breaker.going(again);
    breaker.note(true, again);
    assert!(breaker.allows(again));
    breaker.note(false, again);
    assert!(breaker.allows(again), "an answer forgives what was before");
}

#[test]
fn second_attempts_are_a_tenth_of_the_first() {
    let mut budget = Budget::default();
    let saved = (0..100).filter(|_| budget.take()).count();
    assert_eq!(saved, usize::try_from(limits::RETRIES_SAVED_MAX).unwrap());
    let mut second = 0;
    for _ in 0..1_000 {
        budget.earn();
        second += usize::from(budget.take());
    }
    assert_eq!(second, 100);
}
