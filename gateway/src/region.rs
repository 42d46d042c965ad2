//! One region's side of the process: what its door needs to answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::door::admission::Admission;
use crate::functions::Functions;
use crate::ledger::Gauges;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::otlp::Exporter;
use crate::peers::Peers;
use crate::pilot::{Pilot, Series};
use crate::record::roles::{Role, Roles};
use crate::record::{Ground, Signs, StoreReadiness, Trips, Walls};
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
    pub admission: Arc<Admission>,
    /// What happened so far.
    pub metrics: Arc<Metrics>,
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
    /// On which tables it works.
    pub ground: Ground,
    readiness: StoreReadiness,
    open: Arc<AtomicBool>,
    leaving: Arc<AtomicBool>,
}

/// The parts of a [`Region`] that the caller chooses.
pub struct Parts {
    /// See [`Region::code`].
    pub code: String,
    /// See [`Region::routes`].
    pub routes: Arc<Routes>,
    /// See [`Region::functions`].
    pub functions: Functions,
    /// What it stands on.
    pub footing: Footing,
    /// See [`Region::tracing`].
    pub tracing: Tracing,
    /// Doors of this process, which share its places.
    pub doors: usize,
    /// Threads that answer, for all of them.
    pub workers: usize,
    /// See [`Region::peers`].
    pub peers: Arc<Peers>,
    /// See [`Region::log`].
    pub log: Arc<Log>,
    /// See [`Region::reuse`].
    pub reuse: u32,
    /// See [`Region::secure`].
    pub secure: bool,
}

/// What a region stands on as long as it works on the same tables.
pub struct Footing {
    /// See [`Region::ground`].
    pub ground: Ground,
    /// See [`Region::walls`].
    pub walls: Walls,
    /// What tells of them.
    pub signs: Signs,
    /// See [`Region::pilot`].
    pub pilot: Arc<Pilot>,
}

/// A door, and the region behind it: another one once its phase has it work on
/// other tables. A request goes on with the one that it met.
pub struct Doorway(RwLock<Arc<Region>>);

impl Doorway {
    /// The door of a region.
    pub fn new(region: Arc<Region>) -> Arc<Self> {
        Arc::new(Self(RwLock::new(region)))
    }

    /// The region behind it now.
    pub fn region(&self) -> Arc<Region> {
        // No code panics while it holds the lock.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same region on another footing from now on; gives back the one before,
    /// in which requests may still be under way.
    pub fn move_to(&self, footing: Footing) -> Arc<Region> {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let moved = Arc::new(held.on(footing));
        std::mem::replace(&mut *held, moved)
    }
}

impl Region {
    /// A region that is not ready yet.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Footing { ground, walls, signs, pilot } = parts.footing;
        Arc::new(Self {
            ground,
            routes: parts.routes,
            walls,
            trips: signs.trips,
            readiness: signs.readiness,
            ledger: signs.ledger,
            roles: signs.roles,
            names: parts.functions.names().into_iter().map(Role::from).collect(),
            admission: Arc::new(Admission::of_one_among(parts.doors, parts.workers)),
            series: pilot.series(&parts.code),
            pilot,
            tracing: parts.tracing,
            peers: parts.peers,
            metrics: Arc::new(Metrics::new(parts.functions.names())),
            log: parts.log,
            reuse: parts.reuse.max(1),
            secure: parts.secure,
            functions: parts.functions,
            code: parts.code,
            open: Arc::default(),
            leaving: Arc::default(),
        })
    }

    /// The same region, with its door, its places and its counts, on another
    /// footing.
    fn on(&self, footing: Footing) -> Self {
        let Footing { ground, walls, signs, pilot } = footing;
        Self {
            ground,
            walls,
            trips: signs.trips,
            readiness: signs.readiness,
            ledger: signs.ledger,
            roles: signs.roles,
            series: pilot.series(&self.code),
            pilot,
            code: self.code.clone(),
            routes: Arc::clone(&self.routes),
            functions: self.functions.clone(),
            names: self.names.clone(),
            admission: Arc::clone(&self.admission),
            metrics: Arc::clone(&self.metrics),
            log: Arc::clone(&self.log),
            reuse: self.reuse,
            secure: self.secure,
            tracing: self.tracing.clone(),
            peers: Arc::clone(&self.peers),
            open: Arc::clone(&self.open),
            leaving: Arc::clone(&self.leaving),
        }
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
