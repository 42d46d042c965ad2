use std::time::{Duration, Instant};

use super::{Admission, Class};
use crate::limits;

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(tokio::task::LocalSet::new().run_until(future))
}

/// A thread runs only so many of its tasks at a turn.
async fn settled() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_full_door_makes_wait_and_lets_in_when_somebody_leaves() {
    run(async {
        let admission = Admission::with_places(1);
        let first = admission.enter(Class::Read, 1).await.unwrap();
        let second = async { admission.enter(Class::Read, 2).await.is_some() };
        let leave = async {
            tokio::task::yield_now().await;
            assert_eq!((admission.waiting(), admission.in_flight()), (1, 1));
            drop(first);
        };
        let (entered, ()) = futures::join!(second, leave);
        assert!(entered);
        assert_eq!((admission.waiting(), admission.in_flight()), (0, 0));
    });
}

#[test]
fn a_long_wait_ends_and_leaves_nothing_behind() {
    run(async {
        let admission = Admission::with_places(0);
        let start = Instant::now();
        assert!(admission.enter(Class::Read, 1).await.is_none());
        assert!(start.elapsed().as_millis() >= u128::from(limits::WAITING_MS));
        assert_eq!(admission.waiting(), 0);
    });
}

#[test]
fn a_full_waiting_room_refuses_at_once_and_the_least_urgent_make_way() {
    run(async {
        let admission = std::rc::Rc::new(Admission::with_places(0));
        let waiting: Vec<_> = (0..limits::WAITING_MAX as u64)
            .map(|caller| {
                let admission = std::rc::Rc::clone(&admission);
                tokio::task::spawn_local(async move {
                    admission.enter(Class::Bulk, caller).await.is_none()
                })
            })
            .collect();
        settled().await;
        assert_eq!(admission.waiting(), limits::WAITING_MAX);
        assert!(admission.is_overrun(Class::Bulk, 5_000));
        assert!(!admission.is_overrun(Class::Read, 5_000));
        let start = Instant::now();
        assert!(admission.enter(Class::Bulk, 9_999).await.is_none());
        assert!(start.elapsed() < Duration::from_millis(limits::WAITING_MS / 2));
        // An emergency is let in to wait, and one of the others hears at once.
        let urgent = tokio::time::timeout(
            Duration::from_millis(50),
            admission.enter(Class::Emergency, 9_999),
        );
        assert!(urgent.await.is_err(), "it waits");
        assert_eq!(admission.waiting(), limits::WAITING_MAX - 1);
        waiting.iter().for_each(tokio::task::JoinHandle::abort);
        settled().await;
        assert_eq!(admission.waiting(), 0);
    });
}

#[test]
fn who_hangs_up_while_waiting_leaves_no_place_taken() {
    run(async {
        let admission = std::rc::Rc::new(Admission::with_places(2));
        let held = [
            admission.enter(Class::Read, 1).await.unwrap(),
            admission.enter(Class::Emergency, 2).await.unwrap(),
        ];
        let waiting = {
            let admission = std::rc::Rc::clone(&admission);
            tokio::task::spawn_local(async move { admission.enter(Class::Read, 3).await })
        };
        tokio::task::yield_now().await;
        // The place is given before it is taken, and then nobody takes it.
        drop(held);
        waiting.abort();
        let _ = waiting.await;
        assert_eq!((admission.waiting(), admission.in_flight()), (0, 0));
    });
}

#[test]
fn one_caller_has_half_of_the_places_and_the_least_urgent_a_quarter() {
    run(async {
        let admission = Admission::with_places(32);
        let soon = |class, caller| {
            let entering = admission.enter(class, caller);
            async move { tokio::time::timeout(Duration::from_millis(5), entering).await.ok().flatten() }
        };
        let mut places = Vec::new();
        while let Some(place) = soon(Class::Read, 1).await {
            places.push(place);
        }
        assert_eq!(places.len(), 16);
        assert!(soon(Class::Bulk, 2).await.is_none(), "a quarter is taken");
        while let Some(place) = soon(Class::Read, 2).await {
            places.push(place);
        }
        assert_eq!(places.len(), 28, "an eighth is kept for the more urgent");
        for (class, inside) in [(Class::Write, 30), (Class::Emergency, 32)] {
            while let Some(place) = soon(class, 3 + inside).await {
                places.push(place);
            }
            assert_eq!(places.len() as u64, inside);
        }
        drop(places);
        assert_eq!(admission.in_flight(), 0);
    });
}

#[test]
fn the_regions_of_a_process_share_its_places() {
    let of = |regions, workers| Admission::of_one_among(regions, workers).gate.places;
    assert_eq!(of(1, 1), limits::IN_FLIGHT_PER_WORKER);
    assert_eq!(of(1, 1_000), limits::IN_FLIGHT_MAX);
    assert!(of(2, 4) * 2 <= limits::IN_FLIGHT_MAX);
    assert_eq!(of(1_000, 2), limits::IN_FLIGHT_MIN);
}

#[tokio::test(flavor = "current_thread")]
async fn who_was_refused_is_kept_back_once_and_so_many_at_a_time() {
    let admission = Admission::with_places(1);
    let began = Instant::now();
    let held = Duration::from_millis(limits::SHED_HELD_MS);
    admission.hold_back(began).await;
    assert!(began.elapsed() >= held);
    let later = Instant::now();
    admission.hold_back(began).await;
    assert!(later.elapsed() < held / 2, "it waited already");
    let many: Vec<_> =
        (0..limits::SHED_HELD_MAX).map(|_| admission.held_back.try_acquire()).collect();
    admission.hold_back(later).await;
    assert!(later.elapsed() < held / 2, "there are too many");
    drop(many);
}

#[test]
fn connections_are_counted_and_capped() {
    let admission = Admission::with_places(1);
    for _ in 0..limits::CONNECTIONS_MAX {
        assert!(admission.connect());
    }
    assert!(!admission.connect());
    admission.disconnect();
    assert!(admission.connect());
    assert_eq!(admission.connections(), limits::CONNECTIONS_MAX);
}
