//! Who may come in now: wasmtime has no backpressure of its own.
//!
//! A door has so many places, its share of the process's, so that the flood of
//! one region leaves the others theirs. Less urgent requests have fewer of them,
//! and one caller at most half. Who finds none waits in the [`queue`], where the
//! most urgent go first and make the least urgent make way.

mod class;
mod queue;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, oneshot};

use crate::limits;
pub use class::{caller, class};
use queue::Queue;
pub use queue::{Caller, Class};

/// A door's places and waiting room.
pub struct Admission {
    gate: Arc<Gate>,
    bodies_bytes: AtomicUsize,
    connections: AtomicUsize,
    held_back: Semaphore,
}

struct Gate {
    places: usize,
    state: Mutex<State>,
}

struct State {
    inside: usize,
    /// Places by caller, of those who have some.
    callers: HashMap<Caller, usize>,
    queue: Queue<oneshot::Sender<()>>,
    ticket: u64,
}

/// A place inside; given back when dropped.
pub struct Place {
    gate: Arc<Gate>,
    caller: Caller,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        state.leave(self.caller);
        self.gate.fill(&mut state);
    }
}

impl State {
    fn enter(&mut self, caller: Caller) {
        self.inside += 1;
        *self.callers.entry(caller).or_default() += 1;
    }

    fn leave(&mut self, caller: Caller) {
        self.inside = self.inside.saturating_sub(1);
        if let Some(held) = self.callers.get_mut(&caller) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                self.callers.remove(&caller);
            }
        }
    }

    fn held(&self, caller: Caller) -> usize {
        self.callers.get(&caller).copied().unwrap_or_default()
    }
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// With so many inside, one more of this class may come in.
    fn has_place(&self, class: Class, inside: usize) -> bool {
        let kept_back = match class {
            Class::Emergency => 0,
            Class::Write => self.places / 16,
            Class::Read => self.places / 8,
            Class::Bulk => self.places - self.places / 4,
        };
        // A door of few places still lets everybody in at some time.
        inside < self.places.saturating_sub(kept_back).max(self.places.min(1))
    }

    /// One of this class and caller may come in at once.
    fn is_free(&self, state: &State, class: Class, caller: Caller) -> bool {
        self.has_place(class, state.inside)
            && state.held(caller) < self.caller_max()
            && state.queue.ahead_of(class) == 0
    }

    fn caller_max(&self) -> usize {
        self.places.div_ceil(2)
    }

    /// Gives places that are free to those who wait.
    fn fill(&self, state: &mut State) {
        loop {
            let State { inside, callers, queue, .. } = &mut *state;
            let (inside, most) = (*inside, self.caller_max());
            let may = |caller| callers.get(&caller).is_none_or(|held| *held < most);
            let next = queue.pop(|class| self.has_place(class, inside), may);
            let Some((_, caller, waiting)) = next else { return };
            // Who waits no longer takes none.
            if waiting.send(()).is_ok() {
                state.enter(caller);
            }
        }
    }
}

/// One who waits: leaves the queue, or gives the place on, when dropped.
struct Waiting<'a> {
    gate: &'a Arc<Gate>,
    class: Class,
    caller: Caller,
    ticket: u64,
    called: oneshot::Receiver<()>,
}

impl Waiting<'_> {
    /// The place that was given, if one was; none will be any more.
    fn place(&mut self) -> Option<Place> {
        self.called.close();
        let given = self.called.try_recv().is_ok();
        given.then(|| Place { gate: Arc::clone(self.gate), caller: self.caller })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.place().is_none() {
            self.gate.state().queue.remove(self.class, self.caller, self.ticket);
        }
    }
}

/// Bytes of a body that is being held; given back when dropped.
pub struct Held {
    region: Arc<crate::region::Region>,
    bytes: usize,
}

impl Admission {
    /// The door of one of so many regions of a process with so many workers: its
    /// share of the places.
    pub fn of_one_among(regions: usize, workers: usize) -> Self {
        let places = limits::IN_FLIGHT_PER_WORKER.saturating_mul(workers.max(1));
        let share = places.min(limits::IN_FLIGHT_MAX) / regions.max(1);
        Self::with_places(share.max(limits::IN_FLIGHT_MIN))
    }

    /// A door with so many places.
    pub fn with_places(places: usize) -> Self {
        let room = limits::WAITING_MAX;
        let state = State {
            inside: 0,
            callers: HashMap::new(),
            queue: Queue::new(room, room / 2),
            ticket: 0,
        };
        Self {
            gate: Arc::new(Gate { places, state: Mutex::new(state) }),
            bodies_bytes: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            held_back: Semaphore::new(limits::SHED_HELD_MAX),
        }
    }

    /// Whether [`Admission::enter`] would refuse at once: what then need not be
    /// done for the request first.
    pub fn is_overrun(&self, class: Class, caller: Caller) -> bool {
        let state = self.gate.state();
        !self.gate.is_free(&state, class, caller) && state.queue.has_room(class, caller).is_err()
    }

    /// A place at once, or after waiting; `None` when there is no room to wait
    /// for one so little urgent, or the wait too long.
    pub async fn enter(&self, class: Class, caller: Caller) -> Option<Place> {
        let (called, ticket) = {
            let mut state = self.gate.state();
            if self.gate.is_free(&state, class, caller) {
                state.enter(caller);
                return Some(Place { gate: Arc::clone(&self.gate), caller });
            }
            state.ticket += 1;
            let ticket = state.ticket;
            let (call, called) = oneshot::channel();
            // Who makes way hears it by the loss of its sender.
            state.queue.push(class, caller, ticket, call).ok()?;
            // Those ahead may wait for their callers' share and not for a place.
            self.gate.fill(&mut state);
            (called, ticket)
        };
        let mut waiting = Waiting { gate: &self.gate, class, caller, ticket, called };
        let wait = Duration::from_millis(limits::WAITING_MS);
        match tokio::time::timeout(wait, &mut waiting.called).await {
            Ok(Ok(())) => Some(Place { gate: Arc::clone(&self.gate), caller }),
            Ok(Err(_)) => None,
            // Called at the last moment all the same.
            Err(_) => waiting.place(),
        }
    }

    /// Keeps the answer to who was refused back, from when the request began.
    /// Nobody waits for it twice: who waited for a place in vain goes at once.
    pub async fn hold_back(&self, began: Instant) {
        if let Ok(_held) = self.held_back.try_acquire() {
            let until = began + Duration::from_millis(limits::SHED_HELD_MS);
            tokio::time::sleep_until(until.into()).await;
        }
    }

    /// Requests inside.
    pub fn in_flight(&self) -> usize {
        self.gate.state().inside
    }

    /// Requests waiting.
    pub fn waiting(&self) -> usize {
        self.gate.state().queue.len()
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
