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

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use regions::{Directory, Phase};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::log::Log;
use crate::metrics::{Family, Kind, Value};

pub use forward::{Onward, changes, forward};
pub use hop::{Hop, REGION};
pub use keys::{AUTHORITY, AUTHORITY_KEY, load, make};
pub use open::{Choice, Opened, Served, open};
use peer::Peer;
pub use probe::reach;

/// The other gateways, as one region's door sees them.
pub struct Peers {
    /// The region whose door this is.
    pub code: String,
    /// In the order of their codes; none when this gateway has no keys.
    peers: RwLock<Arc<[Arc<Peer>]>>,
    /// Regions whose gateways may come.
    admitted: RwLock<Arc<[String]>>,
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
        Self::new(code, Vec::new(), Vec::new(), None)
    }

    fn new(
        code: &str,
        peers: Vec<Arc<Peer>>,
        admitted: Vec<String>,
        tls: Option<TlsConnector>,
    ) -> Self {
        Self {
            code: code.to_owned(),
            peers: RwLock::new(peers.into()),
            admitted: RwLock::new(admitted.into()),
            tls,
            stood_in: AtomicU64::new(0),
            redirected: AtomicU64::new(0),
            retried: AtomicU64::new(0),
            told_of: AtomicU64::new(0),
        }
    }

    /// Whether something can be passed on at all.
    pub fn forwards(&self) -> bool {
        self.tls.is_some() && !self.all().is_empty()
    }

    /// Whether there is a way to this region's gateway.
    pub fn leads_to(&self, code: &str) -> bool {
        self.tls.is_some() && self.peer(code).is_some()
    }

    fn all(&self) -> Arc<[Arc<Peer>]> {
        // No code panics while it holds the lock.
        Arc::clone(&self.peers.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn admitted(&self) -> Arc<[String]> {
        Arc::clone(&self.admitted.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn peer(&self, code: &str) -> Option<Arc<Peer>> {
        self.all().iter().find(|peer| peer.code == code).cloned()
    }

    /// The region files say something else from now on: who opened a door is
    /// probed and may come in, who closed it comes no more. Where a gateway is
    /// reached is read at the start only.
    pub fn know(&self, directory: &Directory, log: &Arc<Log>) {
        let Some(tls) = &self.tls else { return };
        let admitted = open::admitted(directory, &self.code);
        *self.admitted.write().unwrap_or_else(PoisonError::into_inner) = admitted.into();
        let mut peers: Vec<Arc<Peer>> = self.all().to_vec();
        let known = |code: &str| code == self.code || self.peer(code).is_some();
        for region in directory.regions().iter().filter(|region| region.phase != Phase::Planned) {
            let Some(address) = region.peer.as_ref().filter(|_| !known(&region.code)) else {
                continue;
            };
            let peer = Peer::new(&region.code, address.clone(), region.link.is_narrow());
            // A code of the directory always names one.
            let Ok(peer) = peer else { continue };
            let probed = (Arc::clone(&peer), tls.clone(), Arc::clone(log));
            tokio::spawn(probe::keep(self.code.clone(), probed.0, probed.1, probed.2));
            peers.push(peer);
        }
        peers.sort_by(|one, other| one.code.cmp(&other.code));
        *self.peers.write().unwrap_or_else(PoisonError::into_inner) = peers.into();
    }

    /// Codes of the regions that cannot be reached now. Those to which there
    /// never was a way are not among them: nobody knows.
    pub fn away(&self) -> Vec<String> {
        let peers = self.all();
        let away = peers.iter().filter(|peer| !peer.is_up());
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
        self.all().iter().map(line).collect()
    }

    /// How often a gateway went away or came back since this was asked last.
    pub fn changed(&self) -> u64 {
        let now = self.all().iter().map(|peer| peer.changes()).sum();
        now - self.told_of.swap(now, Ordering::Relaxed).min(now)
    }

    /// How the others fare, and what was passed on to them.
    pub fn families(&self) -> Vec<Family> {
        let peers = self.all();
        let each = |name, help, kind, of: &dyn Fn(&Peer) -> u64| {
            let mut family = Family::new(name, help, kind);
            for peer in peers.iter() {
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
        for peer in peers.iter() {
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
    /// Knows which regions' gateways may come.
    peers: Arc<Peers>,
}

impl PeerDoor {
    /// The region whose certificate a connection showed; `None` for a
    /// certificate of the authority that is no other region's.
    pub fn region_of(&self, connection: &rustls::ServerConnection) -> Option<String> {
        let admitted = self.peers.admitted();
        let codes = admitted.iter().map(String::as_str);
        keys::region_of(connection.peer_certificates(), codes).map(str::to_owned)
    }
}
