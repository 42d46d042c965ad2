//! A region's front door: connections, protocols, admission, and the way from
//! a request to its function.
//!
//! Each worker is one thread with a runtime of its own, and a connection stays
//! with its worker: a fresh instance then crosses no threads. One thread
//! accepts for all and gives each connection to the worker that has the fewest,
//! because sixteen connections spread by the kernel (`SO_REUSEPORT`) leave one
//! core waiting for the other.

pub mod admission;
mod body;
mod connection;
pub mod headers;
mod linger;
pub mod listeners;
mod onward;
mod own;
mod refused;
mod request;
mod reuse;
pub mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

use crate::door::admission::Admission;
use crate::limits;
use crate::peers::PeerDoor;
use crate::region::Doorway;

/// A connection on its way to a worker.
struct Arrival {
    stream: std::net::TcpStream,
    peer: SocketAddr,
    doorway: Arc<Doorway>,
    entrance: Entrance,
}

/// Who comes in by a listener, and how.
#[derive(Clone)]
pub enum Entrance {
    /// Anybody, in the clear.
    Plain,
    /// Anybody, by TLS.
    Secure(TlsAcceptor),
    /// Gateways of other regions, by mutual TLS.
    Gateways(PeerDoor),
}

impl Entrance {
    /// For anybody.
    pub fn public(tls: Option<TlsAcceptor>) -> Self {
        tls.map_or(Self::Plain, Self::Secure)
    }
}

struct Worker {
    arrivals: mpsc::UnboundedSender<Arrival>,
    connections: Arc<AtomicUsize>,
}

/// The threads that answer.
pub struct Workers {
    workers: Vec<Worker>,
    /// Nobody is accepted any more.
    full: watch::Sender<bool>,
    stop: watch::Sender<bool>,
}

impl Workers {
    /// Starts so many threads.
    ///
    /// # Errors
    /// When a thread or its runtime cannot be made.
    pub fn start(count: usize) -> Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let workers = (0..count.max(1)).map(|index| worker(index, stopped.clone()));
        let (full, _) = watch::channel(false);
        Ok(Self { workers: workers.collect::<Result<_>>()?, full, stop })
    }

    /// Connections that are open.
    pub fn connections(&self) -> usize {
        self.workers.iter().map(|worker| worker.connections.load(Ordering::Acquire)).sum()
    }

    fn hand_over(&self, arrival: Arrival) {
        let load = |worker: &&Worker| worker.connections.load(Ordering::Relaxed);
        if let Some(worker) = self.workers.iter().min_by_key(load) {
            worker.connections.fetch_add(1, Ordering::AcqRel);
            if worker.arrivals.send(arrival).is_err() {
                worker.connections.fetch_sub(1, Ordering::AcqRel);
            }
        }
    }

    /// Lets what is in flight finish, and closes every connection. `false` when
    /// some had to be cut off at the deadline.
    pub async fn finish(&self, within: Duration) -> bool {
        self.accept_no_more();
        let _ = self.stop.send(true);
        self.emptied(within).await
    }

    /// Nobody new comes in by this process.
    pub fn accept_no_more(&self) {
        self.full.send_replace(true);
    }

    /// Waits until every connection is closed; `false` when some are left then.
    async fn emptied(&self, within: Duration) -> bool {
        let until = tokio::time::Instant::now() + within;
        while self.connections() > 0 {
            if tokio::time::Instant::now() >= until {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        true
    }
}

fn worker(index: usize, stopped: watch::Receiver<bool>) -> Result<Worker> {
    let (arrivals, mut arriving) = mpsc::unbounded_channel::<Arrival>();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let serve = async move {
        tokio::task::spawn_local(reuse::expire());
        while let Some(arrival) = arriving.recv().await {
            let region = arrival.doorway.region();
            let counted = Counted(Arc::clone(&counted), Arc::clone(&region.admission));
            let stopped = stopped.clone();
            tokio::task::spawn_local(async move {
                let _counted = counted;
                connection::serve(arrival, stopped).await;
            });
        }
    };
    std::thread::Builder::new()
        .name(format!("worker-{index}"))
        .spawn(move || tokio::task::LocalSet::new().block_on(&runtime, serve))
        .context("starting a worker thread")?;
    Ok(Worker { arrivals, connections })
}

struct Counted(Arc<AtomicUsize>, Arc<Admission>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.disconnect();
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Listens at a door's address: on the socket of the process before this one, if
/// that handed it over.
///
/// # Errors
/// Says which address is taken.
pub fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listener = listeners::listen(address)?;
    listener.set_nonblocking(true)?;
    Ok(TcpListener::from_std(listener)?)
}

/// Accepts connections for a region until told to stop.
pub async fn accept(
    listener: TcpListener,
    doorway: Arc<Doorway>,
    entrance: Entrance,
    workers: Arc<Workers>,
) {
    let mut stopped = workers.full.subscribe();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stop| *stop) => return,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of file descriptors, most likely: some will come back.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        // Without it, WASI 0.3 answers in two writes wait 40 ms for the
        // client's delayed acknowledgement.
        let prepared = stream.set_nodelay(true).and_then(|()| stream.into_std());
        let Ok(stream) = prepared else { continue };
        if doorway.region().admission.connect() {
            let doorway = Arc::clone(&doorway);
            workers.hand_over(Arrival { stream, peer, doorway, entrance: entrance.clone() });
        }
    }
}

/// From now on nobody new is sent here; those inside may finish.
pub async fn close(doorways: &[Arc<Doorway>], workers: &Workers) -> bool {
    for doorway in doorways {
        doorway.region().set_open(false);
    }
    workers.finish(Duration::from_millis(limits::SHUTDOWN_MS)).await
}

/// Another process accepts at these doors by now: those who are connected here are
/// told to come again, each with its next answer. A connection on which nothing
/// was asked for is not closed under a request that is on its way.
pub async fn leave(doorways: &[Arc<Doorway>], workers: &Workers) {
    for doorway in doorways {
        doorway.region().leave();
    }
    workers.accept_no_more();
    workers.emptied(Duration::from_millis(limits::LEAVE_MS)).await;
}
