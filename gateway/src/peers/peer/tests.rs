use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::{Ended, Peer};
use crate::peers::limits;

fn peer() -> std::sync::Arc<Peer> {
    Peer::new("06", "127.0.0.1:1".to_owned(), false).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn who_waits_for_a_region_hears_that_it_goes_away() {
    let peer = peer();
    let mut gone = pin!(peer.gone());
    let waits = poll_fn(|context| Poll::Ready(gone.as_mut().poll(context).is_pending())).await;
    assert!(waits);
    for _ in 0..limits::DOWN_AFTER {
        peer.probed(false);
    }
    gone.await;
    assert!(!peer.is_up() && !peer.answers_probes());
    assert_eq!(peer.changes(), 1);
}

#[test]
fn answers_that_fail_keep_requests_away_from_who_answers_probes() {
    let peer = peer();
    for _ in 0..limits::BREAKER_FAILURES {
        assert!(peer.is_up());
        peer.note(Ended::Garbled);
    }
    assert!(!peer.is_up());
    assert!(peer.answers_probes());
    let counts: Vec<u64> = peer.counts().map(|(_, count)| count).collect();
    assert_eq!(counts, [0, 0, u64::from(limits::BREAKER_FAILURES), 0]);
}

#[test]
fn a_region_that_is_slow_takes_so_many_places_and_no_more() {
    let peer = peer();
    let places: Vec<_> = (0..limits::IN_FLIGHT_MAX).map(|_| peer.place().unwrap()).collect();
    assert!(peer.place().is_none());
    assert_eq!(peer.in_flight(), limits::IN_FLIGHT_MAX);
    drop(places);
    assert!(peer.place().is_some());
}
