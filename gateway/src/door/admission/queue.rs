//! Who waits for a place, in the order in which they are let in: the most urgent
//! first, and among equals each caller in turn.

use std::collections::VecDeque;

/// How urgent a request is, by what is known before its function runs. The
/// order is that in which they are let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A read under a declared emergency.
    Emergency,
    /// A change: somebody waits at the bedside, and a retry costs more.
    Write,
    /// An ordinary read or search.
    Read,
    /// Exports, histories of many, searches of everybody: they can come again.
    Bulk,
}

impl Class {
    /// Every class, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Emergency, Self::Write, Self::Read, Self::Bulk];
}

/// A caller: a hash of the token, or of the address of one without.
pub type Caller = u64;

/// One who waits.
#[derive(Debug)]
struct Waiter<T> {
    ticket: u64,
    held: T,
}

/// Those of one class, by caller; callers in the order of their turns.
#[derive(Debug)]
struct Lane<T> {
    callers: VecDeque<(Caller, VecDeque<Waiter<T>>)>,
}

/// The waiting room.
#[derive(Debug)]
pub struct Queue<T> {
    lanes: [Lane<T>; Class::ALL.len()],
    length: usize,
    room: usize,
    room_of_caller: usize,
}

/// Why somebody cannot wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The room is full of those who are as urgent, or more.
    Room,
    /// This caller has its share of it.
    Caller,
}

impl<T> Queue<T> {
    /// A room for so many, and so many of one caller.
    pub fn new(room: usize, room_of_caller: usize) -> Self {
        let lanes = Class::ALL.map(|_| Lane { callers: VecDeque::new() });
        Self { lanes, length: 0, room, room_of_caller }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.length
    }

    /// How many of this class or a more urgent one wait.
    pub fn ahead_of(&self, class: Class) -> usize {
        let lanes = self.lanes.iter().zip(Class::ALL).filter(|(_, held)| *held <= class);
        lanes.map(|(lane, _)| lane.callers.iter().map(|(_, of)| of.len()).sum::<usize>()).sum()
    }

    /// Whether one more of this class and caller could wait.
    ///
    /// # Errors
    /// [`Full`].
    pub fn has_room(&self, class: Class, caller: Caller) -> Result<(), Full> {
        let own = self.lanes.iter().flat_map(|lane| &lane.callers);
        let own: usize =
            own.filter(|(of, _)| *of == caller).map(|(_, waiting)| waiting.len()).sum();
        if own >= self.room_of_caller {
            return Err(Full::Caller);
        }
        let mut less_urgent = self.lanes.iter().zip(Class::ALL).filter(|(_, held)| *held > class);
        let room = self.length < self.room || less_urgent.any(|(lane, _)| !lane.callers.is_empty());
        if room { Ok(()) } else { Err(Full::Room) }
    }

    /// Lets one in to wait. In a full room the last of the least urgent class
    /// makes way, when it is less urgent: what it held is given back.
    ///
    /// # Errors
    /// [`Full`].
    pub fn push(
        &mut self,
        class: Class,
        caller: Caller,
        ticket: u64,
        held: T,
    ) -> Result<Option<T>, Full> {
        self.has_room(class, caller)?;
        let evicted = match self.length >= self.room {
            true => Some(self.evict(class).ok_or(Full::Room)?),
            false => None,
        };
        let Some(lane) = self.lane(class) else { return Err(Full::Room) };
        let waiter = Waiter { ticket, held };
        match lane.callers.iter_mut().find(|(of, _)| *of == caller) {
            Some((_, waiting)) => waiting.push_back(waiter),
            None => lane.callers.push_back((caller, VecDeque::from([waiter]))),
        }
        self.length += 1;
        Ok(evicted)
    }

    /// Takes out who is let in next: the most urgent class that has a place, and
    /// in it the caller whose turn it is, if it may have one.
    pub fn pop(
        &mut self,
        place: impl Fn(Class) -> bool,
        may: impl Fn(Caller) -> bool,
    ) -> Option<(Class, Caller, T)> {
        for class in Class::ALL {
            if !place(class) {
                // Less urgent classes have fewer places.
                return None;
            }
            let Some(lane) = self.lane(class) else { continue };
            let Some(at) = lane.callers.iter().position(|(caller, _)| may(*caller)) else {
                continue;
            };
            let Some((caller, mut waiting)) = lane.callers.remove(at) else { continue };
            let next = waiting.pop_front();
            if !waiting.is_empty() {
                // After all others of its class.
                lane.callers.push_back((caller, waiting));
            }
            if let Some(next) = next {
                self.length -= 1;
                return Some((class, caller, next.held));
            }
        }
        None
    }

    /// Takes out one who waits no longer.
    pub fn remove(&mut self, class: Class, caller: Caller, ticket: u64) -> Option<T> {
        let lane = self.lane(class)?;
        let at = lane.callers.iter().position(|(of, _)| *of == caller)?;
        let (_, waiting) = lane.callers.get_mut(at)?;
        let place = waiting.iter().position(|waiter| waiter.ticket == ticket)?;
        let removed = waiting.remove(place)?;
        if waiting.is_empty() {
            lane.callers.remove(at);
        }
        self.length -= 1;
        Some(removed.held)
    }

    fn lane(&mut self, class: Class) -> Option<&mut Lane<T>> {
        self.lanes.iter_mut().zip(Class::ALL).find(|(_, held)| *held == class).map(|(lane, _)| lane)
    }

    /// Takes out the last of the caller with most who wait, in the least urgent
    /// class below this one.
    fn evict(&mut self, class: Class) -> Option<T> {
        for less in Class::ALL.into_iter().rev().take_while(|less| *less > class) {
            let Some(lane) = self.lane(less) else { continue };
            let longest = lane.callers.iter().enumerate().max_by_key(|(_, (_, of))| of.len());
            let Some((at, _)) = longest else { continue };
            let Some((_, waiting)) = lane.callers.get_mut(at) else { continue };
            let evicted = waiting.pop_back();
            if waiting.is_empty() {
                lane.callers.remove(at);
            }
            if let Some(evicted) = evicted {
                self.length -= 1;
                return Some(evicted.held);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
