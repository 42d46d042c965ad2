//! One region's side of the process: what its door needs to answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::door::admission::Admission;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::record::Walls;
use crate::routes::Routes;
use crate::sandbox::Function;

/// A region that is served. Nothing in it is shared with another region but
/// the functions, which hold no state, and the log.
pub struct Region {
    /// Two-digit code.
    pub code: String,
    /// Which function answers what.
    pub routes: Arc<Routes>,
    /// The functions, by the index that routes give.
    pub functions: Arc<[Arc<Function>]>,
    /// The provider behind the walls.
    pub walls: Walls,
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
    ready: AtomicBool,
}

/// The parts of a [`Region`] that the caller chooses.
pub struct Parts {
    /// See [`Region::code`].
    pub code: String,
    /// See [`Region::routes`].
    pub routes: Arc<Routes>,
    /// See [`Region::functions`].
    pub functions: Arc<[Arc<Function>]>,
    /// See [`Region::walls`].
    pub walls: Walls,
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
        let names = parts.functions.iter().map(|function| function.name.clone()).collect();
        Arc::new(Self {
            code: parts.code,
            routes: parts.routes,
            functions: parts.functions,
            walls: parts.walls,
            admission: Admission::default(),
            metrics: Metrics::new(names),
            log: parts.log,
            reuse: parts.reuse.max(1),
            secure: parts.secure,
            ready: AtomicBool::new(false),
        })
    }

    /// Whether requests should be sent here.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Opens or closes readiness; requests that come all the same are served.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }
}
