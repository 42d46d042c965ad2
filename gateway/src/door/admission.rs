//! Who may come in now: wasmtime has no backpressure of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits;

/// A door's places and waiting room.
pub struct Admission {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    bodies_bytes: AtomicUsize,
    connections: AtomicUsize,
}

impl Default for Admission {
    fn default() -> Self {
        Self::with_places(limits::IN_FLIGHT_MAX)
    }
}

/// A place inside; given back when dropped.
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

/// Bytes of a body that is being held; given back when dropped.
pub struct Held {
    region: Arc<crate::region::Region>,
    bytes: usize,
}

impl Admission {
    /// A door with so many places.
    pub fn with_places(places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            waiting: AtomicUsize::new(0),
            bodies_bytes: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
        }
    }

    /// A place at once, or after waiting in turn; `None` when the waiting room
    /// is full or the wait too long.
    pub async fn enter(&self) -> Option<Place> {
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(Place { _permit: permit });
        }
        let _waiting = Waiting::new(&self.waiting)?;
        let wait = Duration::from_millis(limits::WAITING_MS);
        let permit = tokio::time::timeout(wait, Arc::clone(&self.places).acquire_owned()).await;
        Some(Place { _permit: permit.ok()?.ok()? })
    }

    /// Requests inside.
    pub fn in_flight(&self) -> usize {
        limits::IN_FLIGHT_MAX.saturating_sub(self.places.available_permits())
    }

    /// Requests waiting.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Counts a connection in; `false` when there are too many.
    pub fn connect(&self) -> bool {
        let before = self.connections.fetch_add(1, Ordering::Relaxed);
        if before >= limits::CONNECTIONS_MAX {
            self.disconnect();
            return false;
        }
        true
    }

    /// Counts a connection out.
    pub fn disconnect(&self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }

    /// Connections open.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Option<Self> {
        let waiting = Self(count);
        (count.fetch_add(1, Ordering::Relaxed) < limits::WAITING_MAX).then_some(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Held {
    /// Nothing held yet, of this region's budget.
    pub fn nothing(region: Arc<crate::region::Region>) -> Self {
        Self { region, bytes: 0 }
    }

    /// Holds so many bytes more; `false` when the budget is spent.
    pub fn more(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        let total = &self.region.admission.bodies_bytes;
        total.fetch_add(bytes, Ordering::Relaxed) + bytes <= limits::BODIES_BYTES_MAX
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.region.admission.bodies_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
