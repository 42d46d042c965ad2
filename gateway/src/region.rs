//! One region's side of the process: what its door needs to answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::door::admission::Admission;
use crate::functions::Functions;
use crate::ledger::Gauges;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::otlp::Exporter;
use crate::peers::Peers;
use crate::pilot::{Pilot, Series};
use crate::record::roles::{Role, Roles};
use crate::record::{StoreReadiness, Trips, Walls};
use crate::routes::Routes;
use crate::trace::Sampling;

/// Which requests are traced, and where the traces go.
#[derive(Clone)]
pub struct Tracing {
    /// Which.
    pub sampling: Sampling,
    /// Where; nowhere without a collector.
    pub exporter: Option<Arc<Exporter>>,
}

/// A region that is served. Nothing in it is shared with another region but
/// the functions, which hold no state, and the log.
pub struct Region {
    /// Two-digit code.
    pub code: String,
    /// Which function answers what.
    pub routes: Arc<Routes>,
    /// The functions, by the index that routes give.
    pub functions: Functions,
    /// The provider behind the walls.
    pub walls: Walls,
    /// How often the provider asked the store.
    pub trips: Arc<Trips>,
    /// Who may come in now.
    pub admission: Admission,
    /// What happened so far.
    pub metrics: Metrics,
    /// Where it is written down.
    pub log: Arc<Log>,
    /// How often an instance may answer its caller; 1 is a fresh one each time.
    pub reuse: u32,
    /// Whether TLS is spoken at the door.
    pub secure: bool,
    /// How its ledger fares.
    pub ledger: Arc<Gauges>,
    /// What the policies of roles decided, where they are enforced here.
    pub roles: Option<Roles>,
    /// In whose name each function asks the store, by the index that routes give.
    pub names: Vec<Role>,
    /// What is counted for the pilot's report.
    pub series: Arc<Series>,
    /// The report itself.
    pub pilot: Arc<Pilot>,
    /// Which requests are traced, and where to.
    pub tracing: Tracing,
    /// The gateways of other regions.
    pub peers: Arc<Peers>,
    readiness: StoreReadiness,
    open: AtomicBool,
    leaving: AtomicBool,
}

/// The parts of a [`Region`] that the caller chooses.
pub struct Parts {
    /// See [`Region::code`].
    pub code: String,
    /// See [`Region::routes`].
    pub routes: Arc<Routes>,
    /// See [`Region::functions`].
    pub functions: Functions,
    /// See [`Region::walls`].
    pub walls: Walls,
    /// See [`Region::trips`].
    pub trips: Arc<Trips>,
    /// Looks at what the region stands on.
    pub readiness: StoreReadiness,
    /// See [`Region::ledger`].
    pub ledger: Arc<Gauges>,
    /// See [`Region::roles`].
    pub roles: Option<Roles>,
    /// See [`Region::pilot`].
    pub pilot: Arc<Pilot>,
    /// See [`Region::tracing`].
    pub tracing: Tracing,
    /// Doors of this process, which share its places.
    pub doors: usize,
    /// See [`Region::peers`].
    pub peers: Arc<Peers>,
    /// See [`Region::log`].
    pub log: Arc<Log>,
    /// See [`Region::reuse`].
    pub reuse: u32,
    /// See [`Region::secure`].
    pub secure: bool,
}

impl Region {
    /// A region that is not ready yet.
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            routes: parts.routes,
            walls: parts.walls,
            trips: parts.trips,
            readiness: parts.readiness,
            ledger: parts.ledger,
            roles: parts.roles,
            names: parts.functions.names().into_iter().map(Role::from).collect(),
            admission: Admission::of_one_among(parts.doors),
            series: parts.pilot.series(&parts.code),
            pilot: parts.pilot,
            tracing: parts.tracing,
            peers: parts.peers,
            metrics: Metrics::new(parts.functions.names()),
            log: parts.log,
            reuse: parts.reuse.max(1),
            secure: parts.secure,
            functions: parts.functions,
            code: parts.code,
            open: AtomicBool::new(false),
            leaving: AtomicBool::new(false),
        })
    }

    /// Whether the door is open: from its start until it is told to stop.
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Whether requests should be sent here.
    ///
    /// # Errors
    /// Why not.
    pub async fn ready(&self) -> Result<(), &'static str> {
        if !self.is_open() {
            return Err("the door is not open");
        }
        self.readiness.look().await
    }

    /// Whether another process answers at this door by now, so that each answer
    /// is the last of its connection (RFC 9112 §9.6).
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }

    /// From now on it does.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
    }

    /// Opens or closes the door; requests that come all the same are served.
    pub fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::Release);
    }
}
