//! Other regions' gateways: who they are, whether they can be reached, and the
//! way to them. `docs/regions.md` says what passes.
//!
//! Pure: `health` (when a region is taken to be away), `hop` (what one gateway
//! says to another). Edges: `keys` (files), `link` and `probe` (connections).

mod forward;
mod health;
mod hop;
mod keys;
pub mod limits;
mod link;
mod open;
mod peer;
mod probe;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::metrics::{Family, Kind, Value};

pub use forward::{Onward, changes, forward};
pub use hop::{Hop, REGION};
pub use keys::{AUTHORITY, AUTHORITY_KEY, make};
pub use open::{Choice, Opened, Served, open};
use peer::Peer;

/// The other gateways, as one region's door sees them.
pub struct Peers {
    /// The region whose door this is.
    pub code: String,
    /// In the order of their codes; none when this gateway has no keys.
    peers: Vec<Arc<Peer>>,
    tls: Option<TlsConnector>,
    stood_in: AtomicU64,
    redirected: AtomicU64,
    retried: AtomicU64,
    /// Changes that [`Peers::changed`] told of.
    told_of: AtomicU64,
}

impl Peers {
    /// A door that knows no other gateway.
    pub fn none(code: &str) -> Self {
        Self::new(code, Vec::new(), None)
    }

    fn new(code: &str, peers: Vec<Arc<Peer>>, tls: Option<TlsConnector>) -> Self {
        Self {
            code: code.to_owned(),
            peers,
            tls,
            stood_in: AtomicU64::new(0),
            redirected: AtomicU64::new(0),
            retried: AtomicU64::new(0),
            told_of: AtomicU64::new(0),
        }
    }

    /// Whether something can be passed on at all.
    pub fn forwards(&self) -> bool {
        self.tls.is_some() && !self.peers.is_empty()
    }

    /// Whether there is a way to this region's gateway.
    pub fn leads_to(&self, code: &str) -> bool {
        self.tls.is_some() && self.peer(code).is_some()
    }

    fn peer(&self, code: &str) -> Option<&Arc<Peer>> {
        self.peers.iter().find(|peer| peer.code == code)
    }

    /// Codes of the regions that cannot be reached now. Those to which there
    /// never was a way are not among them: nobody knows.
    pub fn away(&self) -> Vec<String> {
        let away = self.peers.iter().filter(|peer| !peer.is_up());
        away.map(|peer| peer.code.clone()).collect()
    }

    /// Counts a request that is answered here for a region that is away.
    pub fn stands_in(&self) {
        self.stood_in.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a caller who was sent to another door.
    pub fn redirects(&self) {
        self.redirected.fetch_add(1, Ordering::Relaxed);
    }

    /// One line for each other gateway, for whoever looks at readiness.
    pub fn page(&self) -> String {
        let line = |peer: &Arc<Peer>| {
            let state = match (peer.answers_probes(), peer.is_up()) {
                (true, true) => "up",
                (true, false) => "answers probes, but not requests",
                (false, _) => "away",
            };
            format!("region {}: {state}\n", peer.code)
        };
        self.peers.iter().map(line).collect()
    }

    /// How often a gateway went away or came back since this was asked last.
    pub fn changed(&self) -> u64 {
        let now = self.peers.iter().map(|peer| peer.changes()).sum();
        now - self.told_of.swap(now, Ordering::Relaxed).min(now)
    }

    /// How the others fare, and what was passed on to them.
    pub fn families(&self) -> Vec<Family> {
        let each = |name, help, kind, of: &dyn Fn(&Peer) -> u64| {
            let mut family = Family::new(name, help, kind);
            for peer in &self.peers {
                family.add(vec![("peer", peer.code.clone())], Value::Whole(of(peer)));
            }
            family
        };
        let alone = |name, help, count: &AtomicU64| {
            let mut family = Family::new(name, help, Kind::Counter);
            family.add(Vec::new(), Value::Whole(count.load(Ordering::Relaxed)));
            family
        };
        let mut forwarded = Family::new("forwarded_total", "Requests passed on.", Kind::Counter);
        for peer in &self.peers {
            for (ended, count) in peer.counts() {
                let labels = vec![("peer", peer.code.clone()), ("ended", ended.to_owned())];
                forwarded.add(labels, Value::Whole(count));
            }
        }
        let up = "Whether a region's gateway can be reached.";
        let changes = "How often it went away or came back.";
        let retries = "Requests passed on to a second region because a first one failed.";
        let stood_in = "Requests answered here for a region that is away.";
        vec![
            each("peer_up", up, Kind::Gauge, &|peer| peer.is_up().into()),
            each("peer_in_flight", "Requests on their way to it.", Kind::Gauge, &|peer| {
                peer.in_flight() as u64
            }),
            each("peer_changes_total", changes, Kind::Counter, &Peer::changes),
            forwarded,
            alone("forward_retries_total", retries, &self.retried),
            alone("stood_in_total", stood_in, &self.stood_in),
            alone("redirected_total", "Callers sent to another door.", &self.redirected),
        ]
    }
}

/// What accepts other gateways' connections, and tells whose they are.
#[derive(Clone)]
pub struct PeerDoor {
    /// Of mutual TLS.
    pub acceptor: TlsAcceptor,
    /// Regions whose gateways may come.
    codes: Arc<[String]>,
}

impl PeerDoor {
    /// The region whose certificate a connection showed; `None` for a
    /// certificate of the authority that is no other region's.
    pub fn region_of(&self, connection: &rustls::ServerConnection) -> Option<&str> {
        let codes = self.codes.iter().map(String::as_str);
        keys::region_of(connection.peer_certificates(), codes)
    }
}
