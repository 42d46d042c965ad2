use super::Admission;
use crate::limits;

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(future)
}

#[test]
fn a_full_door_makes_wait_and_lets_in_when_somebody_leaves() {
    run(async {
        let admission = Admission::with_places(1);
        let first = admission.enter().await.unwrap();
        let second = async { admission.enter().await.is_some() };
        let leave = async {
            tokio::task::yield_now().await;
            assert_eq!(admission.waiting(), 1);
            drop(first);
        };
        let (entered, ()) = futures::join!(second, leave);
        assert!(entered);
        assert_eq!(admission.waiting(), 0);
    });
}

#[test]
fn a_long_wait_ends_and_leaves_nothing_behind() {
    run(async {
        let admission = Admission::with_places(0);
        let start = std::time::Instant::now();
        assert!(admission.enter().await.is_none());
        assert!(start.elapsed().as_millis() >= u128::from(limits::WAITING_MS));
        assert_eq!(admission.waiting(), 0);
    });
}

#[test]
fn a_full_waiting_room_refuses_at_once() {
    run(async {
        let admission = Admission::with_places(0);
        let waiting: Vec<_> =
            (0..limits::WAITING_MAX).map(|_| super::Waiting::new(&admission.waiting)).collect();
        assert!(waiting.iter().all(Option::is_some));
        let start = std::time::Instant::now();
        assert!(admission.enter().await.is_none());
        assert!(start.elapsed().as_millis() < u128::from(limits::WAITING_MS) / 2);
        drop(waiting);
        assert_eq!(admission.waiting(), 0);
    });
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
